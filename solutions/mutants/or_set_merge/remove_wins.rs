// found by add_wins: differs in `elements`
// Compares elements, not additions: a removal takes a concurrent addition along.
fn or_set_merge(mine: &crdt::by_hand::OrSetState, theirs: &crdt::by_hand::OrSetState) -> crdt::by_hand::OrSetState {
    let mut merged = mine.clone();
    let dead = |one: &crdt::by_hand::OrSetState, other: &crdt::by_hand::OrSetState| -> std::collections::BTreeSet<String> {
        let saw = |a: &&(u32, u64, String)| other.seen.get(&a.0).is_some_and(|n| a.1 <= *n);
        one.live.iter().filter(saw).filter(|a| !other.live.contains(*a)).map(|a| a.2.clone()).collect()
    };
    let (one, two) = (dead(mine, theirs), dead(theirs, mine));
    merged.live.extend(theirs.live.iter().cloned());
    merged.live.retain(|a| !one.contains(&a.2) && !two.contains(&a.2));
    for (id, n) in &theirs.seen {
        let kept = merged.seen.entry(*id).or_insert(0);
        *kept = (*kept).max(*n);
    }
    merged
}
