//! What a sketch keeps of a hash: a code while it has few persons, and later a rank.
//!
//! The first bits of a hash are the index of one of 2^precision registers. The position of the
//! first 1 among the other bits is the *rank* of the hash, and a register keeps the largest
//! rank of all its hashes. While a sketch has few persons, it instead keeps a
//! 32-bit *code* for each hash. It contains a longer index, of 25 bits, so the estimate is
//! nearly exact, and the register and rank at any lower precision can be computed from it.
//!
//! The functions here compute the code of a hash ([`code_of`]), and read and write lists of codes, which
//! the bytes of a sketch contain. The codes are those of `hyperloglogplus`.
//!
//! ```text
//! code with a rank:     fine index 25 | rank 6 | 1    if the bits after the index are all 0
//! code without a rank:  000000 | fine index 25 | 0    otherwise: those bits contain the rank
//! ```
//!
//! Source: Heule, Nunkesser, Hall, "HyperLogLog in Practice" (2013), section 5.3.

/// Bits of the fine index in a code.
pub(super) const FINE: u32 = 25;

/// The precision of a sketch, from 4 to 18: the number of registers is 2^precision.
///
/// One more doubles the bytes, and divides the error by the square root of 2.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Precision(u8);

/// The error for a precision that is not between 4 and 18. It holds that number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "invalid sketch precision {}; use 4 (16 registers) to 18 (262,144 registers), such as {}",
    .0,
    Precision::DEFAULT.bits()
)]
pub struct InvalidPrecision(pub u8);

impl Precision {
    /// The default precision, 14: an error of 0.81 % in 13 kB.
    pub const DEFAULT: Precision = Precision(14);

    /// Creates a precision.
    ///
    /// # Errors
    /// If `bits` is not between 4 and 18.
    pub fn new(bits: u8) -> Result<Precision, InvalidPrecision> {
        if (4..=18).contains(&bits) {
            Ok(Precision(bits))
        } else {
            Err(InvalidPrecision(bits))
        }
    }

    /// Returns all precisions, from 4 to 18.
    pub fn all() -> impl Iterator<Item = Precision> {
        (4..=18).map(Precision)
    }

    /// Returns the precision as a number, from 4 to 18: the number of bits of an index.
    pub const fn bits(self) -> u8 {
        self.0
    }

    /// Returns the number of registers, 2^precision.
    pub const fn registers(self) -> usize {
        1 << self.0
    }

    /// Returns the largest rank that a register can hold.
    pub const fn most_rank(self) -> u8 {
        64 - self.0 + 1
    }

    /// Returns the relative standard error of an estimate from registers, 1.04 /
    /// sqrt(registers). About two in three estimates are off by less than that, and nineteen
    /// in twenty by less than twice that.
    ///
    /// ```
    /// use lambda_workbook::batch::sketch::Precision;
    /// assert_eq!(Precision::DEFAULT.standard_error(), 0.008125);
    /// ```
    pub fn standard_error(self) -> f64 {
        1.04 / (self.registers() as f64).sqrt()
    }

    /// Returns the number of 32-bit words for the registers, five to a word.
    pub(super) const fn words(self) -> usize {
        self.registers().div_ceil(5)
    }

    /// Returns the most bytes that codes may take. With more, a sketch holds registers instead.
    pub const fn most_code_bytes(self) -> usize {
        4 * self.registers() / 5
    }

    /// Returns whether there is a hash with this code.
    pub(super) fn is_code(self, code: u32) -> bool {
        if code & 1 == 1 {
            let rank = code >> 1 & 0x3f;
            self.below(code >> 7) == 0 && (1..=64 - FINE + 1).contains(&rank)
        } else {
            code >> 1 < 1 << FINE && self.below(code >> 1) != 0
        }
    }

    /// Returns the bits of a fine index that come after the register's index.
    fn below(self, fine: u32) -> u32 {
        fine & ((1 << (FINE - u32::from(self.0))) - 1)
    }
}

/// Returns the code of a hash. The same in SQL is in the queries for Spark, which write it as
/// arithmetic on a `BIGINT`.
///
/// ```
/// use lambda_workbook::batch::sketch::{Precision, code::code_of};
///
/// let fine = |index: u64| index << 39; // the first 25 bits
/// // The bits after the index of 14 bits are not all 0, so they contain the rank.
/// assert_eq!(code_of(fine(0b11) | 1, Precision::DEFAULT), 0b11 << 1);
/// // They are all 0, so the code has the rank of what follows: here the first bit is a 1.
/// assert_eq!(code_of(fine(1 << 11) | 1 << 38, Precision::DEFAULT), 1 << 18 | 1 << 1 | 1);
/// ```
pub fn code_of(hash: u64, precision: Precision) -> u32 {
    let fine = (hash >> (64 - FINE)) as u32;
    if precision.below(fine) != 0 {
        return fine << 1;
    }
    let rank = (hash << FINE).leading_zeros().min(64 - FINE) + 1;
    fine << 7 | rank << 1 | 1
}

/// Returns a hash that has this code, which must be one.
pub(super) fn hash_with(code: u32) -> u64 {
    let (fine, rank) = match code & 1 {
        1 => (code >> 7, code >> 1 & 0x3f),
        _ => (code >> 1, 1),
    };
    // A 1 at the rank's place among the bits after the fine index, if there is such a place.
    let rest = match (64 - FINE).checked_sub(rank) {
        Some(place) => 1 << place,
        None => 0,
    };
    u64::from(fine) << (64 - FINE) | rest
}

/// Appends sorted codes as differences, each in groups of seven bits, the lowest first; all
/// but the last byte of a difference have the highest bit set (LEB128).
pub(super) fn write_codes(codes: &[u32], bytes: &mut Vec<u8>) {
    let mut last = 0;
    for &code in codes {
        let mut rest = code - last;
        last = code;
        while rest >= 0x80 {
            bytes.push(rest as u8 | 0x80);
            rest >>= 7;
        }
        bytes.push(rest as u8);
    }
}

/// Returns the number of bytes that [`write_codes`] would append.
pub(super) fn code_bytes(codes: &[u32]) -> usize {
    let mut last = 0;
    let len = |code: &u32| {
        let bits = 32 - (code - last).leading_zeros();
        last = *code;
        bits.div_ceil(7).max(1) as usize
    };
    codes.iter().map(len).sum()
}

/// Reads the bytes of [`write_codes`]; `None` if the codes do not rise, do not fit 32 bits, or
/// are not in their shortest form.
pub(super) fn read_codes(bytes: &[u8]) -> Option<Vec<u32>> {
    let mut codes: Vec<u32> = Vec::with_capacity(bytes.len() / 2);
    let mut rest = bytes.iter();
    while let Some(&first) = rest.next() {
        let (mut byte, mut step, mut shift) = (first, u64::from(first & 0x7f), 7);
        while byte & 0x80 != 0 {
            byte = *rest.next()?;
            step |= u64::from(byte & 0x7f) << shift;
            shift += 7;
            if shift > 35 || byte == 0 {
                return None;
            }
        }
        let last = codes.last().map_or(0, |&last| u64::from(last));
        if step == 0 && !codes.is_empty() {
            return None;
        }
        codes.push(u32::try_from(last + step).ok()?);
    }
    Some(codes)
}

#[cfg(test)]
mod tests {
    use super::super::hash::PassThrough;
    use super::*;
    use hyperloglogplus::{HyperLogLog, HyperLogLogPlus};
    use proptest::prelude::*;

    proptest! {
        /// The code is the one that the crate computes, and a hash with it has it.
        #[test]
        fn the_code_of_a_hash_is_that_of_the_crate(
            high in any::<u32>(), zeros in 0..64u32, bits in 4..=18u8,
        ) {
            let precision = Precision::new(bits).unwrap();
            // Long runs of zeros after any of the first bits.
            let hash = (u64::from(high) << 32).rotate_right(zeros) & u64::MAX << (zeros / 2);
            let code = code_of(hash, precision);
            prop_assert!(precision.is_code(code));
            prop_assert_eq!(code_of(hash_with(code), precision), code);
            // Its newest codes are in a set; at a low precision they go to the list at once, whose last
            // code is kept apart. serde shows both.
            let mut theirs: HyperLogLogPlus<u64, _> = HyperLogLogPlus::new(bits, PassThrough).unwrap();
            theirs.insert(&hash);
            let state = serde_json::to_value(&theirs).unwrap();
            let newest = state["tmpset"].get(0).unwrap_or(&state["sparse"]["last"]);
            prop_assert_eq!(newest, &serde_json::json!(code));
        }

        #[test]
        fn codes_read_back(mut codes in prop::collection::vec(any::<u32>(), 0..50)) {
            codes.sort();
            codes.dedup();
            let mut bytes = Vec::new();
            write_codes(&codes, &mut bytes);
            prop_assert_eq!(code_bytes(&codes), bytes.len());
            prop_assert_eq!(read_codes(&bytes), Some(codes));
        }

        #[test]
        fn bytes_that_read_are_the_only_ones_of_their_codes(bytes in prop::collection::vec(any::<u8>(), 0..12)) {
            if let Some(codes) = read_codes(&bytes) {
                let mut again = Vec::new();
                write_codes(&codes, &mut again);
                prop_assert_eq!(again, bytes);
            }
        }
    }
}
