// Has the model checker find the schedule.
// exercise: stale_schedule
// scanned: forbidden|compile
// unscanned: forbidden|compile
use cap::quorum_model::*;
fn stale_schedule(n: usize, r: usize, w: usize) -> Vec<Event> {
    let store = QuorumStore::new(n, r, w).unwrap();
    let _ = store.check();
    vec![Event::Write, Event::Read]
}
