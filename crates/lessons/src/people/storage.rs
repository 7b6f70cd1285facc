//! Bytes of exact sets beside bytes of sketches, for one page and for a million.

use lambda::batch::Sketch;
use lambda::batch::sketch::user_hash;
use polars::prelude::{DataFrame, PolarsResult, df};
use std::collections::BTreeMap;

/// Pages of the site.
const PAGES: u64 = 1_000_000;
/// Visitors of the busiest page in an hour. The page in place n has one n-th of that.
const BUSIEST: u64 = 1_000_000;
/// Bytes of an identifier in a set: a 64-bit number.
const IDENTIFIER: u64 = 8;
/// Hours of a year.
const YEAR: u64 = 8_760;

/// Compares the bytes of sets and sketches for a site of a million pages, whose popularity falls
/// as 1/n: in an hour, the busiest page has a million visitors, the second half as many, and half
/// of all pages have one. The sketches are real ones of the default precision.
///
/// The columns are `stored`, `visitors`, `set_bytes`, `sketch_bytes` and `times` (the bytes of the
/// set divided by those of the sketch).
///
/// # Errors
/// None in practice: the numbers are fixed.
pub fn storage() -> PolarsResult<DataFrame> {
    let sizes = Sizes::new();
    let page = |place: u64| (BUSIEST / place, sizes.of(BUSIEST / place));
    let (mut visitors, mut sketches) = (0, 0);
    for (of_page, pages) in pages_by_visitors() {
        visitors += of_page * pages;
        sketches += sizes.of(of_page) * pages;
    }
    let rows = [
        ("page 1, one hour", page(1)),
        ("page 100, one hour", page(100)),
        ("page 1,000, one hour", page(1_000)),
        ("page 1,000,000, one hour", page(PAGES)),
        ("all pages, one hour", (visitors, sketches)),
        (
            "all pages, each hour of a year",
            (visitors * YEAR, sketches * YEAR),
        ),
    ];
    let column = |value: fn(&(u64, u64)) -> u64| -> Vec<i64> {
        rows.iter().map(|(_, row)| value(row) as i64).collect()
    };
    let times = |(visitors, sketch): &(u64, u64)| (visitors * IDENTIFIER) as f64 / *sketch as f64;
    df!(
        "stored" => rows.iter().map(|(name, _)| *name).collect::<Vec<_>>(),
        "visitors" => column(|row| row.0),
        "set_bytes" => column(|row| row.0 * IDENTIFIER),
        "sketch_bytes" => column(|row| row.1),
        "times" => rows.iter().map(|(_, row)| (times(row) * 10.0).round() / 10.0).collect::<Vec<_>>(),
    )
}

/// Returns the number of pages with each number of visitors.
fn pages_by_visitors() -> BTreeMap<u64, u64> {
    let mut pages = BTreeMap::new();
    for place in 1..=PAGES {
        *pages.entry(BUSIEST / place).or_default() += 1;
    }
    pages
}

/// The bytes of the sketches of some numbers of visitors.
struct Sizes {
    /// Sketches that hold codes, by their number of visitors.
    of_codes: BTreeMap<u64, u64>,
    /// Bytes of a sketch that holds registers, however many visitors it has.
    of_registers: u64,
}

impl Sizes {
    /// Measures the sketches that [`pages_by_visitors`] needs.
    fn new() -> Self {
        let mut sketch = Sketch::default();
        let (mut of_codes, mut of_registers, mut added) = (BTreeMap::new(), 0, 0);
        for visitors in pages_by_visitors().into_keys() {
            for user in added..visitors {
                sketch.add_hash(user_hash(user as i64));
            }
            added = visitors;
            let bytes = sketch.to_bytes();
            // The third byte of a stored sketch says which form follows.
            if bytes[2] == 1 {
                of_registers = bytes.len() as u64;
                break;
            }
            of_codes.insert(visitors, bytes.len() as u64);
        }
        Sizes {
            of_codes,
            of_registers,
        }
    }

    fn of(&self, visitors: u64) -> u64 {
        self.of_codes
            .get(&visitors)
            .copied()
            .unwrap_or(self.of_registers)
    }
}
