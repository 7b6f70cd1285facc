//! How many duplicates a window finds, by its size.
use lambda::speed::Window;
use polars::prelude::{DataFrame, df};

/// Different events.
const EVENTS: u64 = 1_000;
/// Every so many of them is sent again.
const AGAIN: usize = 10;
/// How many events later at most.
const LATEST: u64 = 500;

/// Sends 1,000 events, and every tenth of them again up to 500 events later; another 500 events follow,
/// so that the last duplicates stand as far from their originals as the first. Returns a row for each
/// size of the window: `offsets in the window`, and `found`, the duplicates that it finds of
/// 100.
///
/// ```
/// use lambda_workbook::speed::duplicates_found;
/// let found = duplicates_found(&[0, 10_000]);
/// let found = found.column("found").unwrap().i64().unwrap();
/// assert_eq!(found.to_vec(), [Some(0), Some(100)]);
/// ```
pub fn duplicates_found(windows: &[usize]) -> DataFrame {
    // When each arrives: an event at its number, its duplicate a drawn distance later.
    let mut arrivals: Vec<(f64, u128)> = Vec::new();
    arrivals.extend((0..EVENTS + LATEST).map(|n| (n as f64, n.into())));
    let again = (0..EVENTS).step_by(AGAIN);
    arrivals.extend(again.map(|n| ((n + n * 37 % LATEST) as f64 + 0.5, n.into())));
    arrivals.sort_by(|a, b| a.0.total_cmp(&b.0));
    let found = |size: &usize| {
        let mut window = Window::of(*size);
        let duplicates = arrivals.iter().filter(|(_, event)| !window.is_new(*event));
        duplicates.count() as i64
    };
    df!(
        "offsets in the window" => windows.iter().map(|size| *size as i64).collect::<Vec<_>>(),
        "found" => windows.iter().map(found).collect::<Vec<_>>(),
    )
    .expect("columns of one length")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_larger_window_finds_more_duplicates_and_a_large_one_all() {
        let found = duplicates_found(&[10, 50, 100, 300, 600]);
        let found: Vec<i64> = found
            .column("found")
            .unwrap()
            .i64()
            .unwrap()
            .iter()
            .flatten()
            .collect();
        assert_eq!(found, [2, 10, 20, 56, 100]);
    }
}
