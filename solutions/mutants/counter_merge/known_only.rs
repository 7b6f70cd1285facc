// found by newcomer: is missing
// Walks over the replicas that it knows.
fn counter_merge(mine: &crdt::by_hand::Counts, theirs: &crdt::by_hand::Counts) -> crdt::by_hand::Counts {
    mine.iter().map(|(id, count)| (*id, *count.max(theirs.get(id).unwrap_or(&0)))).collect()
}
