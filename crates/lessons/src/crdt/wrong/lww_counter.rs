//! A number in a register whose last write wins.
use crate::crdt::{Crdt, CrdtError, LwwRegister, ReplicaId, Stamp};

/// Read, add one, write back: what many stores offer for counting.
///
/// It converges, and of two concurrent writes one is gone with all that it
/// counted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct LwwCounter(LwwRegister<u64>);

impl LwwCounter {
    /// Reads, adds, writes back with this stamp.
    pub fn add(&mut self, stamp: Stamp, by: u64) -> Result<(), CrdtError> {
        let count = self.0.value().unwrap_or(0);
        let replica: ReplicaId = stamp.replica;
        let overflow = CrdtError::Overflow { replica, count, by };
        self.0.write(stamp, count.checked_add(by).ok_or(overflow)?)
    }

    /// The stamp of the last write.
    pub fn stamp(&self) -> Option<Stamp> {
        self.0.stamp()
    }
}

impl Crdt for LwwCounter {
    type Value = u128;

    fn merge(&mut self, other: &Self) -> Result<(), CrdtError> {
        self.0.merge(&other.0)
    }

    fn value(&self) -> u128 {
        self.0.value().unwrap_or(0).into()
    }
}
