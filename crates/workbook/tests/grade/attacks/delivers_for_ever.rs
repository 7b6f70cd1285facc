// Gives a schedule of very many events.
// exercise: stale_schedule
// scanned: error|wrong
// unscanned: error|wrong
use cap::quorum_model::Event;
fn stale_schedule(_: usize, _: usize, _: usize) -> Vec<Event> {
    vec![Event::Write; 60_000]
}
