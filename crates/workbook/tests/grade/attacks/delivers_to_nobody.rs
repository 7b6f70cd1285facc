// Delivers messages between replicas that are not there.
// exercise: stale_schedule
// scanned: wrong
// unscanned: wrong
use cap::quorum_model::Event;
fn stale_schedule(n: usize, _: usize, _: usize) -> Vec<Event> {
    vec![Event::Write, Event::Deliver(n, 1_000_000_000), Event::Read]
}
