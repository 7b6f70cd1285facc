// found by kept: panicked
// Takes the offset for the place in the list.
fn new_views(log: &[speed::Arrival], first: usize, from: usize, window: usize) -> Result<Vec<bool>, String> {
    if first > from.saturating_sub(window) {
        return Err("the window is not kept".to_owned());
    }
    Ok((from..first + log.len())
        .map(|at| !log[at.saturating_sub(window)..at].contains(&log[at]))
        .collect())
}
