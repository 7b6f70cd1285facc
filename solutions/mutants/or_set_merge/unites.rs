// found by removed: differs in `elements`
// Keeps what either holds.
fn or_set_merge(mine: &crdt::by_hand::OrSetState, theirs: &crdt::by_hand::OrSetState) -> crdt::by_hand::OrSetState {
    let mut merged = mine.clone();
    merged.live.extend(theirs.live.iter().cloned());
    for (id, n) in &theirs.seen {
        let kept = merged.seen.entry(*id).or_insert(0);
        *kept = (*kept).max(*n);
    }
    merged
}
