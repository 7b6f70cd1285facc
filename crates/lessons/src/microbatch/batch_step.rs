//! The steps of a batch, at which a job can crash.
use lambda::faults;
use std::fmt;

/// A step of any batch that takes effect on a disk, or reads one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum BatchPhase {
    /// Writes down which offsets the batch takes.
    Plan,
    /// Reads a partition of the log.
    Read(u32),
    /// Commits a partition of a state: values and batch ids, together.
    Commit(String, u32),
    /// Writes down that the batch is done.
    Done,
}

/// A step of one batch, as [`Faults`](faults::Faults) are asked about it.
///
/// ```
/// use lambda_workbook::faults::CrashPoint;
/// use lambda_workbook::microbatch::{BatchStep, BatchPhase};
/// let point = CrashPoint::after(BatchStep { batch: 2, step: BatchPhase::Plan });
/// assert_eq!(point.to_string(), "after the plan, in batch 2");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BatchStep {
    /// The number of the batch, from 1.
    pub batch: u64,
    pub step: BatchPhase,
}

impl fmt::Display for BatchPhase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            BatchPhase::Plan => f.write_str("the plan"),
            BatchPhase::Read(partition) => write!(f, "reading partition {partition}"),
            BatchPhase::Commit(state, partition) => {
                write!(f, "the commit of partition {partition} of {state}")
            }
            BatchPhase::Done => f.write_str("the record that it is done"),
        }
    }
}

impl faults::Step for BatchStep {
    fn name(&self) -> String {
        format!("{}, in batch {}", self.step, self.batch)
    }
}
