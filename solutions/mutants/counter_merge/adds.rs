// found by twice: differs in `count`
// Adds where it should take the maximum.
fn counter_merge(mine: &crdt::by_hand::ReplicaCounts, theirs: &crdt::by_hand::ReplicaCounts) -> (crdt::by_hand::ReplicaCounts, crdt::by_hand::ReplicaCounts) {
    let mut merged = mine.clone();
    for (id, count) in theirs {
        *merged.entry(*id).or_insert(0) += count;
    }
    let reply = mine.iter().filter(|(id, count)| theirs.get(id).is_none_or(|known| known < count)).map(|(id, n)| (*id, *n)).collect();
    (merged, reply)
}
