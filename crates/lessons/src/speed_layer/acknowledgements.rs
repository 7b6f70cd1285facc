//! What acknowledgements cost, and what a crash costs with few of them.
//!
//! Each acknowledgement is a write of the queue's own. Several items may share one:
//! then fewer writes are made, and more items are handed out again after a crash.
use super::work_queue::WorkQueue;
use lambda::faults::{self, CrashPoint, Crashes};
use lambda::speed::{Result, SpeedError};
use polars::prelude::{DataFrame, df};
use std::collections::HashSet;
use std::path::Path;
use std::time::Instant;

/// Hands out the items of a queue, with one acknowledgement for each number of items in
/// `together`. The consumer crashes once, half-way, when items are done and not yet
/// acknowledged. Returns a row for each number: `events for one` (the number),
/// `acknowledgements`, `done again` (items that were done and handed out again), `ms` (of the
/// taking and acknowledging).
///
/// ```
/// use lambda_workbook::speed::acknowledgements;
///
/// let folder = tempfile::tempdir()?;
/// let table = acknowledgements(folder.path(), 60, &[1, 10])?;
/// let column = |name| table.column(name).unwrap().i64().unwrap().to_vec();
/// assert_eq!(column("acknowledgements"), [Some(60), Some(6)]);
/// assert_eq!(column("done again"), [Some(1), Some(10)]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn acknowledgements(folder: &Path, items: u64, together: &[usize]) -> Result<DataFrame> {
    let runs = together
        .iter()
        .map(|&n| run(&folder.join(n.to_string()), items, n));
    let runs: Vec<(i64, i64, f64)> = runs.collect::<Result<_>>()?;
    Ok(df!(
        "events for one" => together.iter().map(|n| *n as i64).collect::<Vec<_>>(),
        "acknowledgements" => runs.iter().map(|run| run.0).collect::<Vec<_>>(),
        "done again" => runs.iter().map(|run| run.1).collect::<Vec<_>>(),
        "ms" => runs.iter().map(|run| run.2).collect::<Vec<_>>(),
    )?)
}

fn run(folder: &Path, items: u64, together: usize) -> Result<(i64, i64, f64)> {
    let mut queue = WorkQueue::open(folder, i64::MAX)?;
    let bytes: Vec<[u8; 8]> = (0..items).map(u64::to_be_bytes).collect();
    queue.push(&bytes.iter().map(|item| &item[..]).collect::<Vec<_>>())?;
    // A step is an acknowledgement. The crash is before the one of the item in the middle.
    let half = (items / 2).div_ceil(together as u64).saturating_sub(1);
    let crashes = Crashes::at([CrashPoint::before(half)]);
    let (mut acknowledgements, mut again, mut done) = (0, 0, HashSet::new());
    let started = Instant::now();
    loop {
        let taken = queue.take(together, 0)?;
        if taken.is_empty() {
            return Ok((
                acknowledgements as i64,
                again,
                started.elapsed().as_secs_f64() * 1e3,
            ));
        }
        let new = taken.iter().filter(|(id, _)| done.insert(*id)).count();
        again += (taken.len() - new) as i64;
        let ids = taken.iter().map(|(id, _)| *id).collect::<Vec<_>>();
        match faults::step(&crashes, acknowledgements, || queue.acknowledge(&ids)) {
            Ok(()) => acknowledgements += 1,
            Err(SpeedError::Crashed(_)) => {
                // The next process opens the queue, which hands out again what was taken.
                drop(queue);
                queue = WorkQueue::open(folder, i64::MAX)?;
                crashes.restart();
            }
            Err(error) => return Err(error),
        }
    }
}
