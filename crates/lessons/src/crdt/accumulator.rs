//! Spark's accumulator, for what it is.
//!
//! An accumulator looks like a G-counter: each task adds to a part of its own,
//! and the driver's total is the sum of the parts. But the driver *adds* what a
//! finished task sends, and adding is not idempotent. Spark therefore promises
//! exactly once for updates made inside an action, where it can tell a task that
//! ran twice; inside a transformation, a stage that runs again is added again.
//! Its parts are ordered only by the driver that receives them, so it is a
//! total with one owner and not a replicated type: no second driver could merge
//! with it.
use super::{Crdt, CrdtError, GCounter, ReplicaId};

/// The sum of what finished tasks sent, once for each time they finished.
///
/// ```
/// use lambda_workbook::crdt::{Accumulator, ByPartition};
/// let (mut spark, mut slots) = (Accumulator::default(), ByPartition::default());
/// // Partition 1's machine dies after its task finished, so the task runs again.
/// for (partition, rows) in [(0, 100), (1, 40), (2, 60), (1, 40)] {
///     spark.task_ended(rows)?;
///     slots.task_ended(partition, rows)?;
/// }
/// assert_eq!((spark.total(), slots.total()), (240, 200));
/// # Ok::<(), lambda_workbook::crdt::CrdtError>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Accumulator(u64);

impl Accumulator {
    /// Adds what a task counted.
    pub fn task_ended(&mut self, counted: u64) -> Result<(), CrdtError> {
        let overflow = CrdtError::Overflow {
            replica: ReplicaId(0),
            count: self.0,
            by: counted,
        };
        self.0 = self.0.checked_add(counted).ok_or(overflow)?;
        Ok(())
    }

    /// The sum.
    pub fn total(&self) -> u64 {
        self.0
    }
}

/// The same as a G-counter with a count for each partition: merged by maximum,
/// a task that runs again says nothing new.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ByPartition(GCounter);

impl ByPartition {
    /// Merges what the task of a partition counted.
    pub fn task_ended(&mut self, partition: u32, counted: u64) -> Result<(), CrdtError> {
        let sent = GCounter::from_counts([(ReplicaId(partition), counted)])?;
        self.0.merge(&sent)
    }

    /// The sum over partitions.
    pub fn total(&self) -> u128 {
        self.0.value()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_task_that_runs_again_is_added_again_unless_its_partition_has_a_count_of_its_own() {
        let (mut spark, mut slots) = (Accumulator::default(), ByPartition::default());
        for (partition, rows) in [(0, 5), (1, 7), (0, 5), (0, 5)] {
            spark.task_ended(rows).unwrap();
            slots.task_ended(partition, rows).unwrap();
        }
        assert_eq!((spark.total(), slots.total()), (22, 12));
        assert!(spark.task_ended(u64::MAX).is_err());
        assert_eq!(spark.total(), 22); // what cannot be added changes nothing
    }
}
