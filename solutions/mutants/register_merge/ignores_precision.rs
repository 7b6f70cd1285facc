// found by precisions: expected a refusal
// `zip` stops at the end of the shorter sketch, and says nothing.
fn register_merge(mine: &[u8], theirs: &[u8]) -> Result<Vec<u8>, String> {
    Ok(mine.iter().zip(theirs).map(|(a, b)| *a.max(b)).collect())
}
