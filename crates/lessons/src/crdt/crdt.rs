//! The one trait of all replicated types.
use super::CrdtError;
use std::fmt::Debug;

/// A state whose merge is the least upper bound of a lattice.
///
/// ```
/// use lambda_workbook::crdt::{Crdt, GSet};
/// let (tokyo, paris) = (GSet::from(["Tokyo"]), GSet::from(["Paris"]));
/// let both = tokyo.merged(&paris)?;
/// assert!(tokyo.leq(&both)? && paris.leq(&both)?);
/// assert!(!tokyo.leq(&paris)? && !paris.leq(&tokyo)?); // they are concurrent
/// # Ok::<(), lambda_workbook::crdt::CrdtError>(())
/// ```
pub trait Crdt: Clone + PartialEq + Debug {
    /// What the state means to a reader.
    type Value;

    /// Takes in what another replica knows: the least upper bound of both.
    ///
    /// # Errors
    /// The two are no states of one object: other types, clocks, precisions, or
    /// one event with two contents. `self` is then as it was.
    fn merge(&mut self, other: &Self) -> Result<(), CrdtError>;

    /// The value that the state stands for.
    fn value(&self) -> Self::Value;

    /// The merge of both, as a new state.
    fn merged(&self, other: &Self) -> Result<Self, CrdtError> {
        let mut both = self.clone();
        both.merge(other)?;
        Ok(both)
    }

    /// The lattice's order: `other` knows all that `self` knows.
    fn leq(&self, other: &Self) -> Result<bool, CrdtError> {
        Ok(self.merged(other)? == *other)
    }
}
