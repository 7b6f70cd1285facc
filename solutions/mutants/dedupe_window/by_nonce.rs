// found by same_nonce: differs in `new`
// Takes the nonce alone for the identity.
fn new_views(log: &[speed::Arrival], from: usize, window: usize) -> Vec<bool> {
    let same = |one: &speed::Arrival, other: &speed::Arrival| one.nonce == other.nonce;
    (from..log.len())
        .map(|at| !log[at.saturating_sub(window)..at].iter().any(|one| same(one, &log[at])))
        .collect()
}
