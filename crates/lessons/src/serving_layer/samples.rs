//! Times that were measured once, for readers of a page without a kernel. They are the output of
//! the chapter's own cells on a named machine, on a named day. They are not tested, because times
//! differ from run to run; a reader compares their own beside them.

/// The machine and the day of the samples.
pub const SAMPLE_MACHINE: &str =
    "a virtual machine with 2 cores of an Intel Xeon, Linux, 2026-11-29";

/// Measured shares of slow queries: (servers, share), each of 400 queries to real threads.
const SLOW: [(u32, f64); 4] = [(1, 0.015), (3, 0.035), (20, 0.16), (100, 0.665)];

/// Milliseconds that 20 queries took, for each layout: for one hour, and for 300 hours.
const DESIGN_MS: [[f64; 3]; 2] = [[1.2, 1.2, 1.2], [482.0, 567.0, 1.8]];

/// Returns the measured share of slow queries to a number of servers. `None` if it was not
/// measured.
pub fn sample_slow(servers: u32) -> Option<f64> {
    let of = SLOW.iter().find(|(n, _)| *n == servers);
    of.map(|(_, share)| *share)
}

/// Returns the milliseconds that 20 queries took in the layouts of
/// [`IndexLayout::ALL`](super::IndexLayout::ALL): for one hour if `all_hours` is false, and for
/// 300 hours otherwise.
pub fn sample_design_ms(all_hours: bool) -> [f64; 3] {
    DESIGN_MS[usize::from(all_hours)]
}
