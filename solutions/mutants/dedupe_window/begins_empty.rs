// found by restart: differs in `new`
// The window begins at the offset at which the reader continues.
fn new_views(log: &[speed::Arrival], from: usize, window: usize) -> Vec<bool> {
    (from..log.len())
        .map(|at| !log[at.saturating_sub(window).max(from)..at].contains(&log[at]))
        .collect()
}
