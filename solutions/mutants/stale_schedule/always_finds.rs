// found by majorities: the read is done and sees the write
// Believes that any quorums can be kept apart.
fn stale_schedule(n: usize, r: usize, w: usize) -> Vec<cap::quorum_model::Event> {
    use cap::quorum_model::Event::*;
    let mut events = vec![Write];
    (1..w).for_each(|to| events.extend([Deliver(0, to), Deliver(to, 0)]));
    events.push(Read);
    (n - r..n - 1).for_each(|to| events.extend([Deliver(n - 1, to), Deliver(to, n - 1)]));
    events
}
