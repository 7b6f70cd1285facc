// found by lesson: differs in `count`
// The message replaces what was known.
fn counter_merge(mine: &crdt::by_hand::ReplicaCounts, theirs: &crdt::by_hand::ReplicaCounts) -> (crdt::by_hand::ReplicaCounts, crdt::by_hand::ReplicaCounts) {
    let mut merged = mine.clone();
    merged.extend(theirs);
    let reply = mine.iter().filter(|(id, count)| theirs.get(id).is_none_or(|known| known < count)).map(|(id, n)| (*id, *n)).collect();
    (merged, reply)
}
