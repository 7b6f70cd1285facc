// found by first_visitors: differs in `rank`
// Keeps what it has.
fn register_merge(mine: &[u8], theirs: &[u8]) -> Result<Vec<u8>, String> {
    if mine.len() != theirs.len() {
        return Err(format!("{} and {} registers", mine.len(), theirs.len()));
    }
    Ok(mine.to_vec())
}
