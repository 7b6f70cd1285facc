// found by most_writes: the read is done before the write
// Delivers the copies, and not their acknowledgements.
fn stale_schedule(n: usize, r: usize, w: usize) -> Vec<cap::quorum_model::Event> {
    use cap::quorum_model::Event::*;
    if r + w > n {
        return vec![];
    }
    let mut events = vec![Write];
    (1..w).for_each(|to| events.push(Deliver(0, to)));
    events.push(Read);
    (n - r..n - 1).for_each(|to| events.push(Deliver(n - 1, to)));
    events
}
