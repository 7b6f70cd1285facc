// found by forgotten: is missing
// Walks over the replicas of the message.
fn counter_merge(mine: &std::collections::BTreeMap<u32, u64>, theirs: &std::collections::BTreeMap<u32, u64>) -> std::collections::BTreeMap<u32, u64> {
    theirs.iter().map(|(id, count)| (*id, *count.max(mine.get(id).unwrap_or(&0)))).collect()
}
