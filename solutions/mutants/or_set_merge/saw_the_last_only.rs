// found by earlier: differs in `elements`
// Takes only the last addition that was seen for seen.
fn or_set_merge(mine: &crdt::by_hand::OrSetState, theirs: &crdt::by_hand::OrSetState) -> crdt::by_hand::OrSetState {
    let saw = |state: &crdt::by_hand::OrSetState, a: &(u32, u64, String)| state.seen.get(&a.0) == Some(&a.1);
    let kept = mine.live.iter().filter(|a| theirs.live.contains(*a) || !saw(theirs, a));
    let new = theirs.live.iter().filter(|a| mine.live.contains(*a) || !saw(mine, a));
    let mut merged = crdt::by_hand::OrSetState { seen: mine.seen.clone(), live: kept.chain(new).cloned().collect() };
    for (id, n) in &theirs.seen {
        let most = merged.seen.entry(*id).or_insert(0);
        *most = (*most).max(*n);
    }
    merged
}
