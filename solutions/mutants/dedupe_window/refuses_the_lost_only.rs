// found by forgotten: expected
// Refuses only if the next record itself is gone.
fn new_views(log: &[speed::Arrival], first: usize, from: usize, window: usize) -> Result<Vec<bool>, String> {
    if first > from {
        return Err("the record is not kept".to_owned());
    }
    let from = from - first;
    Ok((from..log.len())
        .map(|at| !log[at.saturating_sub(window)..at].contains(&log[at]))
        .collect())
}
