// found by window: differs in `new`
// Looks at one offset too few.
fn new_views(log: &[speed::Arrival], from: usize, window: usize) -> Vec<bool> {
    (from..log.len())
        .map(|at| !log[at.saturating_sub(window - 1)..at].contains(&log[at]))
        .collect()
}
