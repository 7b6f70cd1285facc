//! Where a process can die in a batch, and a process that does.
use super::error::{MicroBatchError, Result};
use std::fmt;
use std::sync::Mutex;

/// A step of a batch that takes effect on a disk, or reads one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Step {
    /// Write down which offsets the batch takes.
    Plan,
    /// Read a partition of the log.
    Read(u32),
    /// Commit a partition of a state: values and batch ids, together.
    Commit(String, u32),
    /// Write down that the batch is done.
    Done,
}

/// A moment at which a process can die.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Point {
    /// The batch, from 1.
    pub batch: u64,
    pub step: Step,
    /// After the step took effect, before anybody heard of it; else before it.
    pub after: bool,
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Step::Plan => f.write_str("the plan"),
            Step::Read(partition) => write!(f, "reading partition {partition}"),
            Step::Commit(state, partition) => {
                write!(f, "the commit of partition {partition} of {state}")
            }
            Step::Done => f.write_str("the record that it is done"),
        }
    }
}

impl fmt::Display for Point {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let when = if self.after { "after" } else { "before" };
        write!(f, "in batch {} {when} {}", self.batch, self.step)
    }
}

/// Deaths to come: the process dies at each of them once, in any order.
///
/// ```
/// use lambda_workbook::microbatch::{Faults, Point, Step};
/// let point = Point { batch: 2, step: Step::Plan, after: true };
/// assert_eq!(point.to_string(), "in batch 2 after the plan");
/// let faults = Faults::at([point]);
/// assert_eq!(faults.left(), 1);
/// ```
#[derive(Debug, Default)]
pub struct Faults {
    to_come: Mutex<Vec<Point>>,
    /// Every point that was passed, if they are asked for.
    passed: Option<Mutex<Vec<Point>>>,
}

impl Faults {
    /// Dies at these points. A point that is given twice is died at twice.
    pub fn at(points: impl IntoIterator<Item = Point>) -> Self {
        Self {
            to_come: Mutex::new(points.into_iter().collect()),
            passed: None,
        }
    }

    /// Dies nowhere, and notes where it could have died.
    pub fn watching() -> Self {
        Self {
            to_come: Mutex::default(),
            passed: Some(Mutex::default()),
        }
    }

    /// Deaths that have not come.
    pub fn left(&self) -> usize {
        lock(&self.to_come).len()
    }

    /// The points passed so far, in their order.
    pub fn passed(&self) -> Vec<Point> {
        self.passed
            .as_ref()
            .map_or_else(Vec::new, |points| lock(points).clone())
    }

    pub(super) fn pass(&self, batch: u64, step: &Step, after: bool) -> Result<()> {
        let mut to_come = lock(&self.to_come);
        if to_come.is_empty() && self.passed.is_none() {
            return Ok(());
        }
        let point = Point {
            batch,
            step: step.clone(),
            after,
        };
        if let Some(passed) = &self.passed {
            lock(passed).push(point.clone());
        }
        match to_come.iter().position(|other| *other == point) {
            Some(place) => Err(MicroBatchError::Crashed(to_come.remove(place))),
            None => Ok(()),
        }
    }

    /// Takes a step, unless the process dies before it or after it.
    pub(super) fn step<T>(
        &self,
        batch: u64,
        step: &Step,
        take: impl FnOnce() -> Result<T>,
    ) -> Result<T> {
        self.pass(batch, step, false)?;
        let taken = take()?;
        self.pass(batch, step, true)?;
        Ok(taken)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}
