// found by hours: differs in `rank`
// Unites the bits of two numbers, as if a register were a set.
fn register_merge(mine: &[u8], theirs: &[u8]) -> Result<Vec<u8>, String> {
    if mine.len() != theirs.len() {
        return Err(format!("{} and {} registers", mine.len(), theirs.len()));
    }
    Ok(mine.iter().zip(theirs).map(|(a, b)| a | b).collect())
}
