// found by two_sets: differs in
// Takes a set of sums that begins earlier.
fn pair(batches: &[(u64, bool)], sets: &[(u64, bool)]) -> Result<(u64, usize), String> {
    let mut good: Vec<u64> = batches.iter().filter(|batch| batch.1).map(|batch| batch.0).collect();
    good.sort();
    for batch in good.into_iter().rev() {
        let fits = |&(since, by_cut): &(u64, bool)| (since <= batch, by_cut).0;
        if let Some(set) = sets.iter().position(fits) {
            return Ok((batch, set));
        }
    }
    Err("no set begins at a batch that is kept".to_owned())
}
