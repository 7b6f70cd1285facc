// found by forgotten: is missing
// Walks over the replicas of the message.
fn counter_merge(mine: &crdt::by_hand::ReplicaCounts, theirs: &crdt::by_hand::ReplicaCounts) -> crdt::by_hand::ReplicaCounts {
    theirs.iter().map(|(id, count)| (*id, *count.max(mine.get(id).unwrap_or(&0)))).collect()
}
