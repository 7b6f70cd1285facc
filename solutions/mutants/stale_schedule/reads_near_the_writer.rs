// found by halves: the read is done and sees the write
// The read asks the writer's end first.
fn stale_schedule(n: usize, r: usize, w: usize) -> Vec<cap::quorum_model::Event> {
    use cap::quorum_model::Event::*;
    if r + w > n {
        return vec![];
    }
    let mut events = vec![Write];
    (1..w).for_each(|to| events.extend([Deliver(0, to), Deliver(to, 0)]));
    events.push(Read);
    (1..r).for_each(|to| events.extend([Deliver(n - 1, to), Deliver(to, n - 1)]));
    events
}
