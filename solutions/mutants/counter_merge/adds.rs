// found by twice: differs in `count`
// Adds where it should take the maximum.
fn counter_merge(mine: &std::collections::BTreeMap<u32, u64>, theirs: &std::collections::BTreeMap<u32, u64>) -> std::collections::BTreeMap<u32, u64> {
    let mut merged = mine.clone();
    for (id, count) in theirs {
        *merged.entry(*id).or_insert(0) += count;
    }
    merged
}
