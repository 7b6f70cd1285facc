// found by window: differs in `new`
// Remembers everything.
fn new_views(log: &[speed::Arrival], from: usize, window: usize) -> Vec<bool> {
    (from..log.len()).map(|at| !log[..at].contains(&log[at])).collect()
}
