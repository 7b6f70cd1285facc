// found by most_writes: the read is done before the write
// Does not wait for W and R copies.
fn stale_schedule(n: usize, r: usize, w: usize) -> Vec<cap::quorum_model::Event> {
    use cap::quorum_model::Event::*;
    if r + w > n { vec![] } else { vec![Write, Read] }
}
