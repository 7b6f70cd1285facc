// found by retry: differs in `new`
// Each offset is one event, as for a redelivery.
fn new_views(log: &[speed::Arrival], first: usize, from: usize, window: usize) -> Result<Vec<bool>, String> {
    if first > from.saturating_sub(window) {
        return Err("the window is not kept".to_owned());
    }
    let from = from - first;
    Ok(vec![true; log.len() - from])
}
