//! A plain number.
use crate::crdt::{Crdt, CrdtError};

/// One number for all replicas, merged by maximum.
///
/// The laws of a lattice hold. What breaks is that two replicas raise the same
/// number: 1 here and 1 there are the same 1, and one page view is lost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Integer(pub u64);

impl Crdt for Integer {
    type Value = u128;

    fn merge(&mut self, other: &Self) -> Result<(), CrdtError> {
        self.0 = self.0.max(other.0);
        Ok(())
    }

    fn value(&self) -> u128 {
        self.0.into()
    }
}
