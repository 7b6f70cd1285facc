//! A clock to pass in: what is measured by it here, a test tells by hand.
use std::time::{Duration, Instant};

/// The time since this call, at each call of what it returns.
///
/// ```
/// let mut now = lambda_workbook::systems::stopwatch();
/// let (start, end) = (now(), now());
/// assert!(start <= end);
/// ```
pub fn stopwatch() -> impl FnMut() -> Duration {
    let begun = Instant::now();
    move || begun.elapsed()
}
