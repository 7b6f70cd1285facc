// found by same_nonce: differs in `new`
// Leaves the person out.
fn new_views(log: &[speed::Arrival], from: usize, window: usize) -> Vec<bool> {
    let same = |one: &speed::Arrival, other: &speed::Arrival| (one.secs, &one.url, one.nonce) == (other.secs, &other.url, other.nonce);
    (from..log.len())
        .map(|at| !log[at.saturating_sub(window)..at].iter().any(|one| same(one, &log[at])))
        .collect()
}
