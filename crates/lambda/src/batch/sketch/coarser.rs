//! A sketch of fewer registers from one of more.
//!
//! A register's index is the first bits of a hash, its rank the place of the first
//! 1 after them. With fewer bits of index, the bits that are left over lead the
//! rest: if there is a 1 among them it gives the rank, and if not, the old rank
//! goes on after them. So a small sketch can be had from a large one, never the
//! other way round. Source: Heule, Nunkesser, Hall (2013), section 5.3, where the
//! registers of a sparse sketch come from finer ones in the same way.
use super::bytes::{Content, packed, ranks};
use super::code::{FINE, Precision};
use super::{Sketch, SketchError, state, words};

impl Sketch {
    /// The sketch that the same persons have at a lower precision, to the byte.
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
    /// A higher precision than its own.
    pub fn coarser(&self, precision: Precision) -> Result<Sketch, SketchError> {
        if precision > self.precision {
            return Err(SketchError::Finer(self.precision, precision));
        }
        if precision == self.precision {
            return Ok(self.clone());
        }
        match self.content() {
            Content::Codes(codes) => {
                let mut coarse = Sketch::new(precision);
                codes
                    .into_iter()
                    .map(hash_of)
                    .for_each(|hash| coarse.add_hash(hash));
                Ok(coarse)
            }
            Content::Words(words) => {
                let mut folded = vec![0; precision.registers()];
                let fine = ranks(&words).take(self.precision.registers());
                for (register, rank) in fine.enumerate().filter(|(_, rank)| *rank > 0) {
                    let (register, rank) = fold(register, rank, self.precision, precision);
                    folded[register] = rank.max(folded[register]);
                }
                let content = Content::Words(packed(&folded));
                let inner = words::from_words(state(precision, &content).into_iter());
                Ok(Sketch {
                    precision,
                    inner: inner.expect("the state of a sketch"),
                })
            }
        }
    }
}

/// A hash that has this code. What the code does not say does not matter to any
/// lower precision either.
fn hash_of(code: u32) -> u64 {
    if code & 1 == 0 {
        return u64::from(code >> 1) << (64 - FINE);
    }
    let rank = code >> 1 & 0x3f;
    let rest = (1u64 << (64 - FINE)) >> rank;
    u64::from(code >> 7) << (64 - FINE) | rest
}

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
        /// Of few persons and of many, with hashes whose rest begins with zeros.
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
