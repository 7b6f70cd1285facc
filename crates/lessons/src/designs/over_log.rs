//! What designs over a log have in common: how arrivals are handed over, through crashes and a loss.
use super::misread_log::MisreadLog;
use super::scenario::Scenario;
use super::system::{Arrived, Recovery};
use crate::systems::Result;
use lambda::datum::Datum;
use lambda::faults::{CrashPoint, Crashes, Faults};
use std::time::Instant;

/// A design whose process reads a log, to which arrivals are appended.
pub(super) trait OverLog {
    fn trial(&self) -> &Scenario;

    fn crashes(&mut self) -> &mut Crashes<u64>;

    /// Appends datums to the log, and takes them.
    fn append(&mut self, datums: &[Datum]) -> Result<()>;

    /// Appends a datum after which the process crashes before it acknowledges it, and starts again.
    fn crash_after(&mut self, datum: &Datum) -> Result<()>;

    /// Loses the store of answers, and makes it again.
    fn lose(&mut self) -> Result<()>;

    /// Whether the offset is to be committed between arrivals at these seconds.
    fn is_commit_due(&self, _before: i64, _at: i64) -> bool {
        false
    }

    /// Commits the offset.
    fn commit(&mut self) -> Result<()> {
        Ok(())
    }
}

/// Hands arrivals to a design, with the faults of its trial. A datum that was not acknowledged is sent
/// again.
pub(super) fn hand_over(design: &mut impl OverLog, arrived: &Arrived<'_>) -> Result<()> {
    let datums: Vec<Datum> = arrived.datums.iter().map(|a| a.datum.clone()).collect();
    let loses = design.trial().loses(arrived.hour);
    let mut done = 0;
    for n in 0..datums.len() {
        if n > done && design.is_commit_due(arrived.datums[n - 1].at, arrived.datums[n].at) {
            design.append(&datums[done..n])?;
            design.commit()?;
            done = n;
        }
        let point = CrashPoint::after((arrived.first + n) as u64);
        if design.crashes().reached(point).is_err() {
            design.append(&datums[done..n])?;
            design.crash_after(&datums[n])?;
            design.crashes().restart();
            done = n;
        }
        if loses && n == datums.len() / 2 {
            design.append(&datums[done..n])?;
            design.lose()?;
            done = n;
        }
    }
    design.append(&datums[done..])
}

/// What was read of a log while something was done about a fault, and how long that took.
pub(super) struct Measured {
    how: &'static str,
    started: Instant,
}

impl Measured {
    /// Begins to measure.
    pub fn begin(log: &MisreadLog, how: &'static str) -> Self {
        log.read_since();
        Self {
            how,
            started: Instant::now(),
        }
    }

    /// Ends it.
    pub fn end(self, log: &MisreadLog) -> Recovery {
        let took = self.started.elapsed();
        let (records, bytes) = log.read_since();
        Recovery {
            how: self.how,
            records,
            bytes,
            took,
        }
    }
}
