// found by newcomer: is missing
// Walks over the replicas that it knows.
fn counter_merge(mine: &crdt::by_hand::ReplicaCounts, theirs: &crdt::by_hand::ReplicaCounts) -> (crdt::by_hand::ReplicaCounts, crdt::by_hand::ReplicaCounts) {
    let merged = mine.iter().map(|(id, count)| (*id, *count.max(theirs.get(id).unwrap_or(&0)))).collect();
    let reply = mine.iter().filter(|(id, count)| theirs.get(id).is_none_or(|known| known < count)).map(|(id, n)| (*id, *n)).collect();
    (merged, reply)
}
