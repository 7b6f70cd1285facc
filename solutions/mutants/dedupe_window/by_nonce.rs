// found by same_nonce: differs in `new`
// Takes the nonce alone for the identity.
fn new_views(log: &[speed::Arrival], first: usize, from: usize, window: usize) -> Result<Vec<bool>, String> {
    if first > from.saturating_sub(window) {
        return Err("the window is not kept".to_owned());
    }
    let from = from - first;
    let same = |one: &speed::Arrival, other: &speed::Arrival| one.nonce == other.nonce;
    Ok((from..log.len())
        .map(|at| !log[at.saturating_sub(window)..at].iter().any(|one| same(one, &log[at])))
        .collect())
}
