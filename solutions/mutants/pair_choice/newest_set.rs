// found by two_sets: differs in
// Takes the newest batch, and the set that begins first.
fn pair(batches: &[(u64, bool)], sets: &[(u64, bool)]) -> Result<(u64, usize), String> {
    let batch = batches.iter().filter(|batch| batch.1).map(|batch| batch.0).max().ok_or("no batch")?;
    let set = (0..sets.len()).min_by_key(|set| sets[*set].0).ok_or("no set")?;
    Ok((batch, set))
}
