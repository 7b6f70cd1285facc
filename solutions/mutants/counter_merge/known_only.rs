// found by newcomer: is missing
// Walks over the replicas that it knows.
fn counter_merge(mine: &crdt::by_hand::ReplicaCounts, theirs: &crdt::by_hand::ReplicaCounts) -> crdt::by_hand::ReplicaCounts {
    mine.iter().map(|(id, count)| (*id, *count.max(theirs.get(id).unwrap_or(&0)))).collect()
}
