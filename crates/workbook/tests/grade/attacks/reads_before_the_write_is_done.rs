// Gives a read that is asked before the write is done, as if it were stale.
// exercise: stale_schedule
// scanned: wrong
// unscanned: wrong
use cap::quorum_model::Event;
fn stale_schedule(n: usize, r: usize, w: usize) -> Vec<Event> {
    if r + w > n { return vec![]; }
    let mut events = vec![Event::Write, Event::Read];
    for to in 1..w { events.extend([Event::Deliver(0, to), Event::Deliver(to, 0)]); }
    for to in n - r..n - 1 { events.extend([Event::Deliver(n - 1, to), Event::Deliver(to, n - 1)]); }
    events
}
