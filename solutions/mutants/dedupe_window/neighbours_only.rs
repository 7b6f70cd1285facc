// found by retry: differs in `new`
// Compares with the record before.
fn new_views(log: &[speed::Arrival], from: usize, window: usize) -> Vec<bool> {
    (from..log.len()).map(|at| at == 0 || log[at - 1] != log[at]).collect()
}
