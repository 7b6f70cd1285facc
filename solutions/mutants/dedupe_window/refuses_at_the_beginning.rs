// found by retry: expected
// Refuses where a log begins, because fewer records than the window holds were ever before it.
fn new_views(log: &[speed::Arrival], first: usize, from: usize, window: usize) -> Result<Vec<bool>, String> {
    if from < first + window {
        return Err("the window is not kept".to_owned());
    }
    let from = from - first;
    Ok((from..log.len())
        .map(|at| !log[at.saturating_sub(window)..at].contains(&log[at]))
        .collect())
}
