// Merges sets by the CRDT that is asked for.
// exercise: or_set_merge
// scanned: forbidden
// unscanned: forbidden
use crdt::{by_hand::OrSetState, *};
fn or_set_merge(mine: &OrSetState, theirs: &OrSetState) -> OrSetState {
    let set = OrSet::<String>::default();
    let _ = format!("{set:?}{mine:?}");
    theirs.clone()
}
