// found by room: events, but
// Brings a write of several copies to a majority where that does no harm, although W copies are enough.
fn stale_schedule(n: usize, r: usize, w: usize) -> Vec<cap::quorum_model::Event> {
    use cap::quorum_model::Event;
    if r + w > n {
        return vec![];
    }
    let mut events = vec![Event::Write];
    for to in 1..w {
        events.extend([Event::Deliver(0, to), Event::Deliver(to, 0)]);
    }
    if w > 1 {
        events.extend((w..(n - r).min(n / 2 + 1)).map(|to| Event::Deliver(0, to)));
    }
    events.push(Event::Read);
    for to in n - r..n - 1 {
        events.extend([Event::Deliver(n - 1, to), Event::Deliver(to, n - 1)]);
    }
    events
}
