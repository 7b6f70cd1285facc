//! A counter that grows.
use super::{Causal, Crdt, CrdtError, ReplicaId, VersionVector};
use serde::{Deserialize, Serialize};

/// A grow-only counter: each replica adds to a count of its own.
///
/// Lattice: the maximum at each replica. A count of one replica only grows and
/// only that replica raises it, so of two values the larger is the newer one.
///
/// A change returns its *delta*: a state of the same lattice with the changed
/// count alone. Merging the delta is as good as merging the whole state, and a
/// thousand replicas need not send a thousand counts for one page view.
///
/// ```
/// use lambda_workbook::crdt::{Crdt, GCounter, ReplicaId};
/// let ids = [1, 2, 3].map(ReplicaId);
/// let counter = |counts: [u64; 3]| GCounter::from_counts(ids.into_iter().zip(counts));
/// let (left, right) = (counter([11, 7, 21])?, counter([10, 13, 18])?);
/// let both = left.merged(&right)?;
/// assert_eq!((both.counts(&ids), both.value()), (vec![11, 13, 21], 45));
/// # Ok::<(), lambda_workbook::crdt::CrdtError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct GCounter(VersionVector);

impl GCounter {
    /// A counter from the counts of replicas.
    ///
    /// # Errors
    /// A replica is named twice.
    pub fn from_counts(
        counts: impl IntoIterator<Item = (ReplicaId, u64)>,
    ) -> Result<Self, CrdtError> {
        let counts: Vec<_> = counts.into_iter().collect();
        super::distinct(counts.iter().map(|entry| entry.0))?;
        let counts: std::collections::BTreeMap<_, _> = counts.into_iter().collect();
        Ok(GCounter(counts.into()))
    }

    /// Adds to the count of `replica`, and returns the delta.
    pub fn add(&mut self, replica: ReplicaId, by: u64) -> Result<GCounter, CrdtError> {
        let raised = self.0.raise(replica, by)?;
        let mut delta = VersionVector::default();
        delta.raise(replica, raised)?;
        Ok(GCounter(delta))
    }

    /// What `known` lacks: one delta for all changes since.
    pub fn since(&self, known: &GCounter) -> GCounter {
        GCounter(self.0.since(&known.0))
    }

    /// The count of one replica.
    pub fn count(&self, replica: ReplicaId) -> u64 {
        self.0.get(replica)
    }

    /// The counts of these replicas.
    pub fn counts(&self, replicas: &[ReplicaId]) -> Vec<u64> {
        replicas.iter().map(|id| self.count(*id)).collect()
    }

    /// Replicas and their counts; zeros are left out.
    pub fn iter(&self) -> impl Iterator<Item = (ReplicaId, u64)> + '_ {
        self.0.iter()
    }
}

impl Crdt for GCounter {
    /// Larger than a count, so that the sum of counts always fits.
    type Value = u128;

    fn merge(&mut self, other: &Self) -> Result<(), CrdtError> {
        self.0.merge(&other.0)
    }

    fn value(&self) -> u128 {
        self.0.total()
    }
}

impl Causal for GCounter {
    fn seen(&self, replica: ReplicaId) -> u64 {
        self.count(replica)
    }
}
