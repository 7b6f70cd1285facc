// found by precisions: expected a refusal
// Fills the shorter sketch up with registers that have seen nobody.
fn register_merge(mine: &[u8], theirs: &[u8]) -> Result<Vec<u8>, String> {
    let at = |ranks: &[u8], place: usize| ranks.get(place).copied().unwrap_or(0);
    Ok((0..mine.len().max(theirs.len())).map(|n| at(mine, n).max(at(theirs, n))).collect())
}
