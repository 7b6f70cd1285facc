// found by kept: expected
// Asks for one record more than the window holds.
fn new_views(log: &[speed::Arrival], first: usize, from: usize, window: usize) -> Result<Vec<bool>, String> {
    if first > 0 && first >= from.saturating_sub(window) {
        return Err("the window is not kept".to_owned());
    }
    let from = from - first;
    Ok((from..log.len())
        .map(|at| !log[at.saturating_sub(window)..at].contains(&log[at]))
        .collect())
}
