// found by retry: differs in `new`
// Compares with the record before.
fn new_views(log: &[speed::Arrival], first: usize, from: usize, window: usize) -> Result<Vec<bool>, String> {
    if first > from.saturating_sub(window) {
        return Err("the window is not kept".to_owned());
    }
    let from = from - first;
    Ok((from..log.len()).map(|at| at == 0 || log[at - 1] != log[at]).collect())
}
