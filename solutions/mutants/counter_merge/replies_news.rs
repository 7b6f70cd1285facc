// found by lesson: 
// Sends back what was news to itself.
fn counter_merge(mine: &crdt::by_hand::ReplicaCounts, theirs: &crdt::by_hand::ReplicaCounts) -> (crdt::by_hand::ReplicaCounts, crdt::by_hand::ReplicaCounts) {
    let mut merged = mine.clone();
    for (id, count) in theirs {
        let kept = merged.entry(*id).or_insert(0);
        *kept = (*kept).max(*count);
    }
    let reply = theirs.iter().filter(|(id, count)| mine.get(id).is_none_or(|known| known < count)).map(|(id, n)| (*id, *n)).collect();
    (merged, reply)
}
