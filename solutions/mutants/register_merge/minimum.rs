// found by first_visitors: differs in `rank`
// Keeps the smaller of each two registers.
fn register_merge(mine: &[u8], theirs: &[u8]) -> Result<Vec<u8>, String> {
    if mine.len() != theirs.len() {
        return Err(format!("{} and {} registers", mine.len(), theirs.len()));
    }
    Ok(mine.iter().zip(theirs).map(|(a, b)| *a.min(b)).collect())
}
