// Merges counters by a version vector.
// exercise: counter_merge
// scanned: forbidden
// unscanned: forbidden
use crdt::{by_hand::ReplicaCounts, *};
fn counter_merge(mine: &ReplicaCounts, theirs: &ReplicaCounts) -> (ReplicaCounts, ReplicaCounts) {
    let vector = VersionVector::default();
    let _ = format!("{vector:?}{mine:?}");
    (theirs.clone(), ReplicaCounts::new())
}
