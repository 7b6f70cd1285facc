// found by retry: differs in `new`
// Each offset is one event, as for a redelivery.
fn new_views(log: &[speed::Arrival], from: usize, window: usize) -> Vec<bool> {
    vec![true; log.len() - from]
}
