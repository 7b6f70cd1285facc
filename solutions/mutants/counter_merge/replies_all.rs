// found by twice: one too many
// Sends the whole state back, always.
fn counter_merge(mine: &crdt::by_hand::ReplicaCounts, theirs: &crdt::by_hand::ReplicaCounts) -> (crdt::by_hand::ReplicaCounts, crdt::by_hand::ReplicaCounts) {
    let mut merged = mine.clone();
    for (id, count) in theirs {
        let kept = merged.entry(*id).or_insert(0);
        *kept = (*kept).max(*count);
    }
    (merged, mine.clone())
}
