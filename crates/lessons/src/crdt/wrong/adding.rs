//! A G-counter that adds where it should take the maximum.
use crate::crdt::{Crdt, CrdtError, GCounter, ReplicaId};

/// Counts by replica, merged by addition.
///
/// Commutative and associative, but not idempotent: a message that comes twice,
/// or goes there and back, counts twice.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct AddingCounter(GCounter);

impl AddingCounter {
    /// Adds to the count of `replica`.
    pub fn add(&mut self, replica: ReplicaId, by: u64) -> Result<(), CrdtError> {
        self.0.add(replica, by).map(|_| ())
    }
}

impl Crdt for AddingCounter {
    type Value = u128;

    fn merge(&mut self, other: &Self) -> Result<(), CrdtError> {
        let mut sum = self.0.clone();
        for (replica, count) in other.0.iter() {
            sum.add(replica, count)?;
        }
        self.0 = sum;
        Ok(())
    }

    fn value(&self) -> u128 {
        self.0.value()
    }
}
