// found by hours: differs in `rank`
// Keeps the larger of the two lists: that with the larger number at the first difference.
fn register_merge(mine: &[u8], theirs: &[u8]) -> Result<Vec<u8>, String> {
    if mine.len() != theirs.len() {
        return Err(format!("{} and {} registers", mine.len(), theirs.len()));
    }
    Ok(mine.max(theirs).to_vec())
}
