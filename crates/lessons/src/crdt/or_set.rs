//! A set that also shrinks.
use super::{Causal, Crdt, CrdtError, Dots, ReplicaId};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// An observed-remove set: a removal takes away the additions that its replica
/// has seen, so an addition that is concurrent with it wins.
///
/// Lattice: that of [`Dots`]. No tombstones: an event that was seen and is not
/// live is dead, and the version vector of what was seen is all there is to keep.
///
/// ```
/// use lambda_workbook::crdt::{Crdt, OrSet, ReplicaId};
/// let mut one = OrSet::default();
/// one.add(ReplicaId(1), "Tokyo")?;
/// let mut other = one.clone();
/// one.remove(&"Tokyo");
/// other.add(ReplicaId(2), "Tokyo")?; // concurrent, so it wins
/// one.merge(&other)?;
/// assert!(one.contains(&"Tokyo"));
/// # Ok::<(), lambda_workbook::crdt::CrdtError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
#[serde(bound(
    serialize = "T: Clone + Serialize",
    deserialize = "T: Deserialize<'de>"
))]
pub struct OrSet<T>(Dots<T>);

impl<T> Default for OrSet<T> {
    fn default() -> Self {
        OrSet(Dots::default())
    }
}

impl<T: Clone + Ord> OrSet<T> {
    /// Adds an element. The new event stands for the older ones of the element.
    pub fn add(&mut self, replica: ReplicaId, element: T) -> Result<(), CrdtError> {
        let dot = self.0.put(replica, element)?;
        self.0.drop_older_twins(dot);
        Ok(())
    }

    /// Removes an element, as far as it was seen here.
    pub fn remove(&mut self, element: &T) {
        self.0.retain(|live| live != element);
    }

    /// Whether an element is in the set.
    pub fn contains(&self, element: &T) -> bool {
        self.0.iter().any(|(_, live)| live == element)
    }
}

impl<T: Clone + Ord + std::fmt::Debug> Crdt for OrSet<T> {
    type Value = BTreeSet<T>;

    fn merge(&mut self, other: &Self) -> Result<(), CrdtError> {
        self.0.merge(&other.0)
    }

    fn value(&self) -> BTreeSet<T> {
        self.0.value().into_iter().collect()
    }
}

impl<T: Clone + Ord + std::fmt::Debug> Causal for OrSet<T> {
    fn seen(&self, replica: ReplicaId) -> u64 {
        Causal::seen(&self.0, replica)
    }
}
