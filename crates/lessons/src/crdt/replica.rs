//! Who writes: every replica under an id of its own.
use super::{Crdt, CrdtError};
use serde::{Deserialize, Serialize};
use std::fmt;

/// Names a replica. No two that write may share one.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize,
)]
pub struct ReplicaId(pub u32);

impl fmt::Display for ReplicaId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Checks that ids are different, and hands them back.
///
/// ```
/// use lambda_workbook::crdt::{ReplicaId, distinct};
/// assert!(distinct([1, 2, 3].map(ReplicaId)).is_ok());
/// let error = distinct([1, 2, 1].map(ReplicaId)).unwrap_err();
/// assert!(error.to_string().starts_with("two replicas write as replica 1"));
/// ```
pub fn distinct(ids: impl IntoIterator<Item = ReplicaId>) -> Result<Vec<ReplicaId>, CrdtError> {
    let ids: Vec<ReplicaId> = ids.into_iter().collect();
    let mut sorted = ids.clone();
    sorted.sort();
    match sorted.windows(2).find(|pair| pair[0] == pair[1]) {
        Some(pair) => Err(CrdtError::Clash {
            replica: pair[0],
            what: "the id was given out twice",
        }),
        None => Ok(ids),
    }
}

/// A state that knows how many changes of each replica it holds.
pub trait Causal: Crdt {
    /// The changes of this replica, by their number or their sum.
    fn seen(&self, replica: ReplicaId) -> u64;
}

/// A state and who writes to it.
///
/// Nobody can know more of a replica's own changes than the replica itself. If
/// somebody does, another one writes under its id, or this one lost its state
/// and began anew; either would silently lose changes in a merge by maximum.
///
/// ```
/// use lambda_workbook::crdt::{GCounter, Replica, ReplicaId};
/// let mut first = Replica::new(ReplicaId(1), GCounter::default());
/// let mut second = Replica::new(ReplicaId(1), GCounter::default()); // a copied configuration
/// second.change(|state, id| state.add(id, 5))?;
/// assert!(first.receive(second.state()).is_err());
/// # Ok::<(), lambda_workbook::crdt::CrdtError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replica<C> {
    id: ReplicaId,
    state: C,
}

impl<C: Causal> Replica<C> {
    /// A replica that writes as `id`, from what it stored or from nothing.
    pub fn new(id: ReplicaId, state: C) -> Self {
        Replica { id, state }
    }

    /// Its id.
    pub fn id(&self) -> ReplicaId {
        self.id
    }

    /// Its state, to be sent.
    pub fn state(&self) -> &C {
        &self.state
    }

    /// Changes the state under the replica's own id.
    pub fn change<T>(&mut self, change: impl FnOnce(&mut C, ReplicaId) -> T) -> T {
        change(&mut self.state, self.id)
    }

    /// Merges what another replica sent.
    ///
    /// # Errors
    /// It holds changes of this replica that this replica never made.
    pub fn receive(&mut self, sent: &C) -> Result<(), CrdtError> {
        if sent.seen(self.id) > self.state.seen(self.id) {
            return Err(CrdtError::Clash {
                replica: self.id,
                what: "it was sent changes of its own that it never made",
            });
        }
        self.state.merge(sent)
    }
}
