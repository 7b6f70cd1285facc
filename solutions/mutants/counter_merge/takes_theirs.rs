// found by lesson: differs in `count`
// The message replaces what was known.
fn counter_merge(mine: &crdt::by_hand::Counts, theirs: &crdt::by_hand::Counts) -> crdt::by_hand::Counts {
    let mut merged = mine.clone();
    merged.extend(theirs);
    merged
}
