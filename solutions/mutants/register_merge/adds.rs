// found by twice: differs in `rank`
// Adds the ranks, as counts are added.
fn register_merge(mine: &[u8], theirs: &[u8]) -> Result<Vec<u8>, String> {
    if mine.len() != theirs.len() {
        return Err(format!("{} and {} registers", mine.len(), theirs.len()));
    }
    Ok(mine.iter().zip(theirs).map(|(a, b)| a + b).collect())
}
