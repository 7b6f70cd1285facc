//! The form of a HyperLogLog++ sketch: its estimate, its standard error and its size.
use crate::table::{Grid, grouped};
use crate::{Render, Rich};
use hyperloglogplus::{HyperLogLog, HyperLogLogPlus};
use std::collections::hash_map::DefaultHasher;
use std::hash::{BuildHasher, BuildHasherDefault, Hash};

/// The precisions that a sketch can have.
const PRECISIONS: std::ops::RangeInclusive<u8> = 4..=18;

/// An empty sketch of a known precision. Nothing is inserted, so its hasher does not matter.
type Probe = HyperLogLogPlus<u64, BuildHasherDefault<DefaultHasher>>;

impl<H: Hash + ?Sized, B: BuildHasher> Render for HyperLogLogPlus<H, B> {
    fn render(&self) -> Rich {
        // A sketch does not tell its precision, and counting needs mutable access. But it can be
        // merged only into a sketch of the same precision, which then has the same count. So try
        // all precisions.
        let merged = PRECISIONS.into_iter().find_map(|precision| {
            let mut probe = Probe::new(precision, Default::default()).ok()?;
            probe.merge(self).ok()?;
            Some((precision, probe.count()))
        });
        match merged {
            Some((precision, estimate)) => facts(precision, estimate).render(),
            None => Rich::text("HyperLogLog++ sketch of unknown precision"),
        }
    }
}

/// Returns the facts about a sketch of this precision and estimate.
fn facts(precision: u8, estimate: f64) -> Grid {
    let registers = 1i64 << precision;
    let error = 1.04 / (registers as f64).sqrt();
    // A word of 32 bits holds five registers of six bits.
    let bytes = (registers as u64).div_ceil(5) * 4;
    let spread = (estimate * error).round() as i64;
    Grid::of_facts(
        "HyperLogLog++ sketch",
        &[
            ("estimate", &grouped(estimate.round() as i64)),
            (
                "standard error",
                &format!("{:.2} % or less, here {}", error * 100.0, grouped(spread)),
            ),
            (
                "precision",
                &format!("{precision}: {} registers", grouped(registers)),
            ),
            (
                "registers in memory",
                &format!(
                    "{} bytes, fewer while few are in use",
                    grouped(bytes as i64)
                ),
            ),
        ],
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sketch(
        precision: u8,
        items: u64,
    ) -> HyperLogLogPlus<u64, BuildHasherDefault<DefaultHasher>> {
        let mut sketch = HyperLogLogPlus::new(precision, Default::default()).unwrap();
        (0..items).for_each(|item| sketch.insert(&item));
        sketch
    }

    #[test]
    fn a_sketch_says_its_estimate_and_how_exact_it_is() {
        let mut uniques = sketch(14, 100_000);
        let text = uniques.render().get("text/plain").unwrap().to_owned();
        let estimate = grouped(uniques.count().round() as i64);
        assert!(
            text.contains(&format!("estimate             {estimate}\n")),
            "{text}"
        );
        assert!(text.contains("0.81 % or less, here 8"), "{text}");
        assert!(text.contains("14: 16,384 registers"), "{text}");
        assert!(text.contains("13,108 bytes"), "{text}");
    }

    #[test]
    fn every_precision_is_found_for_sparse_and_full_sketches() {
        for precision in PRECISIONS {
            for items in [0, 5, 30_000] {
                let mut uniques = sketch(precision, items);
                let text = uniques.render().get("text/plain").unwrap().to_owned();
                let estimate = grouped(uniques.count().round() as i64);
                assert!(text.contains(&format!("{precision}: ")), "{text}");
                assert!(text.contains(&format!(" {estimate}\n")), "{text}");
            }
        }
    }
}
