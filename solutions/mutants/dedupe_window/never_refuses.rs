// found by forgotten: expected
// Goes on with the part of the window that is kept.
fn new_views(log: &[speed::Arrival], first: usize, from: usize, window: usize) -> Result<Vec<bool>, String> {
    let from = from.saturating_sub(first);
    Ok((from..log.len())
        .map(|at| !log[at.saturating_sub(window)..at].contains(&log[at]))
        .collect())
}
