//! The number of persons, estimated from what a sketch holds.
//!
//! Registers go to the crate `hyperloglogplus`, which has the measured corrections of "HyperLogLog in
//! Practice" (Heule, Nunkesser, Hall, 2013).
use super::code::Precision;
use super::hash::PassThrough;
use super::registers::ranks;
use super::words;
use hyperloglogplus::{HyperLogLog, HyperLogLogPlus};

/// Registers over which codes are counted.
const FINE_REGISTERS: u64 = 1 << 24;

/// Estimates the persons with so many different codes, by linear counting over 2^24 registers
/// (Whang, Vander-Zanden, Taylor, 1990): for some thousands it differs from their number by less than
/// one in a thousand.
pub(super) fn of_codes(codes: usize) -> f64 {
    let registers = FINE_REGISTERS as f64;
    registers * (registers / (FINE_REGISTERS - codes as u64) as f64).ln()
}

/// Estimates the persons of whom there are these registers, packed.
pub(super) fn of_registers(packed: &[u32], precision: Precision) -> f64 {
    let registers = precision.registers();
    let zeros = ranks(packed).take(registers).filter(|rank| *rank == 0);
    // The fields of the crate's struct in their order: precision and three sizes, no newest codes, no
    // list of codes, and the registers with their number and that of those which are 0.
    let (bits, most) = (precision.bits().into(), precision.most_code_bytes() as u64);
    let mut state = vec![bits, registers as u64, FINE_REGISTERS, most, 0];
    state.extend([0, 0, 0, 1, packed.len() as u64]);
    state.extend(packed.iter().map(|&word| u64::from(word)));
    state.extend([registers as u64, zeros.count() as u64]);
    let sketch: Result<HyperLogLogPlus<u64, PassThrough>, _> = words::from_words(state.into_iter());
    sketch.expect("the state of a sketch").count()
}

#[cfg(test)]
mod tests {
    use super::super::{Sketch, bytes::Content, user_hash};
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(crate::extent::rounds(64, 1_000)))]
        /// Rule: a sketch estimates what `hyperloglogplus` estimates of the same hashes, to the last
        /// bit: with few persons and with many, repeated, and merged from parts.
        #[test]
        fn the_estimate_is_that_of_the_crate(
            bits in 4..=14u8, zeros in 0..40u32,
            parts in prop::collection::vec((0..9_000i64, 0..3_000i64), 1..6),
        ) {
            let precision = Precision::new(bits).unwrap();
            let mut theirs: HyperLogLogPlus<u64, _> = HyperLogLogPlus::new(bits, PassThrough).unwrap();
            let mut ours = Sketch::new(precision);
            for (from, len) in parts {
                let mut part = Sketch::new(precision);
                for user in from..from + len {
                    // Some with many zeros after the index, which codes of a rank have.
                    let hash = user_hash(user) & if user % 3 == 0 { !(u64::MAX >> 4 >> zeros) } else { u64::MAX };
                    theirs.insert(&hash);
                    part.add_hash(hash);
                }
                ours.merge(&part)?;
                prop_assert_eq!(ours.estimate(), theirs.count());
                // Their registers, which serde shows.
                let state = serde_json::to_value(&theirs).unwrap();
                let words = match ours.content().as_ref() {
                    Content::Codes(_) => serde_json::Value::Null,
                    Content::Words(words) => serde_json::json!(words),
                };
                prop_assert_eq!(&state["registers"]["buf"], &words);
            }
        }
    }
}
