// found by forgotten: is missing
// Sends back only counts of replicas that the other side knows.
fn counter_merge(mine: &crdt::by_hand::ReplicaCounts, theirs: &crdt::by_hand::ReplicaCounts) -> (crdt::by_hand::ReplicaCounts, crdt::by_hand::ReplicaCounts) {
    let mut merged = mine.clone();
    for (id, count) in theirs {
        let kept = merged.entry(*id).or_insert(0);
        *kept = (*kept).max(*count);
    }
    let reply = mine.iter().filter(|(id, count)| theirs.get(id).is_some_and(|known| known < count)).map(|(id, n)| (*id, *n)).collect();
    (merged, reply)
}
