//! One value, or several if nobody saw the other write.
use super::{Causal, Crdt, CrdtError, Dots, ReplicaId};
use serde::{Deserialize, Serialize};

/// A multi-value register: a write replaces what its replica has seen, and
/// concurrent writes stay side by side until somebody writes again.
///
/// Lattice: that of [`Dots`].
///
/// ```
/// use lambda_workbook::crdt::{Crdt, MvRegister, ReplicaId};
/// let mut one = MvRegister::default();
/// one.write(ReplicaId(1), "New York")?;
/// let mut other = one.clone();
/// one.write(ReplicaId(1), "Tokyo")?;
/// other.write(ReplicaId(2), "Osaka")?;
/// one.merge(&other)?;
/// assert_eq!(one.value(), ["Osaka", "Tokyo"]);
/// one.write(ReplicaId(1), "Kyoto")?; // who has seen both settles it
/// assert_eq!(one.value(), ["Kyoto"]);
/// # Ok::<(), lambda_workbook::crdt::CrdtError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
#[serde(bound(
    serialize = "T: Clone + Serialize",
    deserialize = "T: Deserialize<'de>"
))]
pub struct MvRegister<T>(Dots<T>);

impl<T> Default for MvRegister<T> {
    fn default() -> Self {
        MvRegister(Dots::default())
    }
}

impl<T: Clone + Ord> MvRegister<T> {
    /// Replaces all values that this state holds.
    pub fn write(&mut self, replica: ReplicaId, value: T) -> Result<(), CrdtError> {
        let dot = self.0.put(replica, value)?;
        self.0.keep_only(dot);
        Ok(())
    }
}

impl<T: Clone + Ord + std::fmt::Debug> Crdt for MvRegister<T> {
    /// Sorted, each once.
    type Value = Vec<T>;

    fn merge(&mut self, other: &Self) -> Result<(), CrdtError> {
        self.0.merge(&other.0)
    }

    fn value(&self) -> Vec<T> {
        let mut values = self.0.value();
        values.sort();
        values.dedup();
        values
    }
}

impl<T: Clone + Ord + std::fmt::Debug> Causal for MvRegister<T> {
    fn seen(&self, replica: ReplicaId) -> u64 {
        Causal::seen(&self.0, replica)
    }
}
