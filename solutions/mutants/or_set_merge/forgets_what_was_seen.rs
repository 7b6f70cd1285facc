// found by removed: differs in `elements`
// Merges the additions and not what was seen of them.
fn or_set_merge(mine: &crdt::by_hand::OrSetState, theirs: &crdt::by_hand::OrSetState) -> crdt::by_hand::OrSetState {
    let saw = |state: &crdt::by_hand::OrSetState, a: &(u32, u64, String)| state.seen.get(&a.0).is_some_and(|n| a.1 <= *n);
    let mut merged = mine.clone();
    merged.live.retain(|a| theirs.live.contains(a) || !saw(theirs, a));
    merged.live.extend(theirs.live.iter().filter(|a| mine.live.contains(*a) || !saw(mine, a)).cloned());
    merged
}
