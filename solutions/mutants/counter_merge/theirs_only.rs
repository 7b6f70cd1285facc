// found by forgotten: is missing
// Walks over the replicas of the message.
fn counter_merge(mine: &crdt::by_hand::Counts, theirs: &crdt::by_hand::Counts) -> crdt::by_hand::Counts {
    theirs.iter().map(|(id, count)| (*id, *count.max(mine.get(id).unwrap_or(&0)))).collect()
}
