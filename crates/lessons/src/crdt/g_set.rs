//! A set that grows.
use super::{Crdt, CrdtError};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// A grow-only set.
///
/// Lattice: sets by inclusion; merge is the union.
///
/// ```
/// use lambda_workbook::crdt::{Crdt, GSet};
/// let mut visitors = GSet::from(["ABCDE"]);
/// visitors.add("FGHIJ");
/// visitors.merge(&GSet::from(["ABCDE", "KLMNO"]))?;
/// assert_eq!(visitors.value().len(), 3);
/// # Ok::<(), lambda_workbook::crdt::CrdtError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
#[serde(bound(serialize = "T: Serialize", deserialize = "T: Ord + Deserialize<'de>"))]
pub struct GSet<T>(BTreeSet<T>);

impl<T> Default for GSet<T> {
    fn default() -> Self {
        GSet(BTreeSet::new())
    }
}

impl<T: Ord, const N: usize> From<[T; N]> for GSet<T> {
    fn from(items: [T; N]) -> Self {
        GSet(items.into())
    }
}

impl<T: Ord> GSet<T> {
    /// Adds an element.
    pub fn add(&mut self, element: T) {
        self.0.insert(element);
    }
}

impl<T: Ord + Clone + std::fmt::Debug> Crdt for GSet<T> {
    type Value = BTreeSet<T>;

    fn merge(&mut self, other: &Self) -> Result<(), CrdtError> {
        self.0.extend(other.0.iter().cloned());
        Ok(())
    }

    fn value(&self) -> BTreeSet<T> {
        self.0.clone()
    }
}
