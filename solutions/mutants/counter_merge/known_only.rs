// found by newcomer: is missing
// Walks over the replicas that it knows.
fn counter_merge(mine: &std::collections::BTreeMap<u32, u64>, theirs: &std::collections::BTreeMap<u32, u64>) -> std::collections::BTreeMap<u32, u64> {
    mine.iter().map(|(id, count)| (*id, *count.max(theirs.get(id).unwrap_or(&0)))).collect()
}
