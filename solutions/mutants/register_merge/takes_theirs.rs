// found by quiet_hour: differs in `rank`
// Replaces what it has by what comes.
fn register_merge(mine: &[u8], theirs: &[u8]) -> Result<Vec<u8>, String> {
    if mine.len() != theirs.len() {
        return Err(format!("{} and {} registers", mine.len(), theirs.len()));
    }
    Ok(theirs.to_vec())
}
