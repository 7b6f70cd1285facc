// found by one_copy: the read is done before the write
// The read comes before the write, so it need not see it.
fn stale_schedule(_n: usize, _r: usize, _w: usize) -> Vec<cap::quorum_model::Event> {
    use cap::quorum_model::Event::*;
    vec![Read, Write]
}
