//! Computes a sketch with fewer registers from one with more.
//!
//! The index of a register is the first bits of a hash, and its rank is the position of the
//! first 1 after them. If the index has fewer bits, the remaining bits of the old index come
//! before the rest of the hash. If there is a 1 among them, it gives the new rank; if not, the
//! new rank is their number plus the old rank. So a sketch of a lower precision can be computed
//! from one of a higher precision, and never the other way round. Source: Heule, Nunkesser,
//! Hall (2013), section 5.3, where a sparse sketch is converted in the same way.
use super::bytes::Content;
use super::code::{Precision, hash_with};
use super::registers::{packed, ranks};
use super::{Sketch, SketchError};

impl Sketch {
    /// Returns the sketch of the same persons at a lower precision. It equals, byte by byte, the
    /// one that is computed from the persons.
    ///
    /// ```
    /// use lambda_workbook::batch::sketch::{Precision, Sketch, user_hash};
    ///
    /// let (fine, coarse) = (Precision::new(14)?, Precision::new(8)?);
    /// let (mut large, mut small) = (Sketch::new(fine), Sketch::new(coarse));
    /// for user in 0..5_000 {
    ///     large.add_hash(user_hash(user));
    ///     small.add_hash(user_hash(user));
    /// }
    /// assert_eq!(large.coarser(coarse)?, small);
    /// assert!(small.coarser(fine).is_err());
    /// # Ok::<(), lambda_workbook::batch::sketch::SketchError>(())
    /// ```
    ///
    /// # Errors
    /// A precision higher than that of the sketch.
    pub fn coarser(&self, precision: Precision) -> Result<Sketch, SketchError> {
        if precision > self.precision {
            return Err(SketchError::PrecisionTooHigh(self.precision, precision));
        }
        if precision == self.precision {
            return Ok(self.clone());
        }
        match self.content().as_ref() {
            // Codes: add a hash for each. The bits that a code does not determine have no effect at
            // lower precisions either.
            Content::Codes(codes) => {
                let mut coarse = Sketch::new(precision);
                for &code in codes {
                    coarse.add_hash(hash_with(code));
                }
                Ok(coarse)
            }
            // Registers: each new one is the maximum of those that fall into it.
            Content::Words(words) => {
                let mut folded = vec![0; precision.registers()];
                let fine = ranks(words).take(self.precision.registers());
                for (register, rank) in fine.enumerate().filter(|(_, rank)| *rank > 0) {
                    let (register, rank) = fold(register, rank, self.precision, precision);
                    folded[register] = rank.max(folded[register]);
                }
                Ok(Sketch::with(precision, Content::Words(packed(&folded))))
            }
        }
    }
}

/// Returns the register and rank at the precision `to`, from those at the higher precision
/// `from`. The rank must not be 0.
fn fold(register: usize, rank: u8, from: Precision, to: Precision) -> (usize, u8) {
    let bits = from.bits() - to.bits();
    let left_over = register & ((1 << bits) - 1);
    let rank = match left_over {
        0 => rank + bits,
        some => bits - some.ilog2() as u8,
    };
    (register >> bits, rank)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(crate::extent::rounds(64, 1_000)))]
        /// For few persons and for many, with hashes in which many zeros follow the index.
        #[test]
        fn coarser_is_what_the_same_persons_have(
            hashes in prop::collection::vec((any::<u64>(), 0u32..64), 0..3_000),
            bits in 4u8..=14, more in 0u8..=4,
        ) {
            let (coarse, fine) = (Precision::new(bits).unwrap(), Precision::new(bits + more).unwrap());
            let (mut large, mut small) = (Sketch::new(fine), Sketch::new(coarse));
            for (hash, zeros) in hashes {
                for hash in [hash, hash & !(u64::MAX >> zeros >> 4)] {
                    large.add_hash(hash);
                    small.add_hash(hash);
                }
            }
            prop_assert_eq!(large.coarser(coarse).unwrap(), small);
        }
    }
}
