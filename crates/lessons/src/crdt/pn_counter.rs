//! A counter that also falls.
use super::{Causal, Crdt, CrdtError, GCounter, ReplicaId};
use serde::{Deserialize, Serialize};

/// A counter that grows and falls: two G-counters, what was added and what was
/// taken away.
///
/// Lattice: the product of both. A single number for each replica would not do:
/// of 5 and 4, the larger need not be the newer.
///
/// ```
/// use lambda_workbook::crdt::{Crdt, PnCounter, ReplicaId};
/// let mut visitors = PnCounter::default();
/// visitors.add(ReplicaId(1), 5)?;
/// let delta = visitors.take(ReplicaId(2), 7)?;
/// assert_eq!((visitors.value(), delta.value()), (-2, -7));
/// # Ok::<(), lambda_workbook::crdt::CrdtError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct PnCounter {
    added: GCounter,
    taken: GCounter,
}

impl PnCounter {
    /// Adds, and returns the delta.
    pub fn add(&mut self, replica: ReplicaId, by: u64) -> Result<PnCounter, CrdtError> {
        let added = self.added.add(replica, by)?;
        let taken = GCounter::default();
        Ok(PnCounter { added, taken })
    }

    /// Takes away, and returns the delta.
    pub fn take(&mut self, replica: ReplicaId, by: u64) -> Result<PnCounter, CrdtError> {
        let taken = self.taken.add(replica, by)?;
        let added = GCounter::default();
        Ok(PnCounter { added, taken })
    }

    /// What was ever added, and what was ever taken away.
    pub fn parts(&self) -> (&GCounter, &GCounter) {
        (&self.added, &self.taken)
    }
}

impl Crdt for PnCounter {
    type Value = i128;

    fn merge(&mut self, other: &Self) -> Result<(), CrdtError> {
        self.added.merge(&other.added)?;
        self.taken.merge(&other.taken)
    }

    fn value(&self) -> i128 {
        // Sums of 64-bit counts of at most 2^32 replicas stay far below 2^127.
        self.added.value() as i128 - self.taken.value() as i128
    }
}

impl Causal for PnCounter {
    fn seen(&self, replica: ReplicaId) -> u64 {
        let (added, taken) = (self.added.seen(replica), self.taken.seen(replica));
        added.saturating_add(taken)
    }
}
