//! How much of whom was seen.
use super::{Causal, Crdt, CrdtError, ReplicaId};
use serde::{Deserialize, Serialize};
use std::cmp::Ordering;

/// For each replica, the number of its changes that are known.
///
/// Lattice: functions from replicas to numbers; merge is the maximum at each
/// replica, the order holds if it holds at each. Replicas that are not named
/// stand at 0.
///
/// ```
/// use lambda_workbook::crdt::{Crdt, ReplicaId, VersionVector};
/// use std::cmp::Ordering;
/// let (mut one, mut other) = (VersionVector::default(), VersionVector::default());
/// one.advance(ReplicaId(1))?;
/// other.advance(ReplicaId(2))?;
/// assert_eq!(one.partial_cmp(&other), None); // concurrent
/// other.merge(&one)?;
/// assert_eq!(one.partial_cmp(&other), Some(Ordering::Less));
/// # Ok::<(), lambda_workbook::crdt::CrdtError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(
    from = "std::collections::BTreeMap<ReplicaId, u64>",
    into = "std::collections::BTreeMap<ReplicaId, u64>"
)]
pub struct VersionVector {
    /// Sorted by replica, without zeros: equal vectors are equal bytes, and a
    /// merge is one walk over both.
    counts: Vec<(ReplicaId, u64)>,
}

impl From<std::collections::BTreeMap<ReplicaId, u64>> for VersionVector {
    fn from(counts: std::collections::BTreeMap<ReplicaId, u64>) -> Self {
        let counts = counts.into_iter().filter(|(_, n)| *n > 0).collect();
        VersionVector { counts }
    }
}

impl From<VersionVector> for std::collections::BTreeMap<ReplicaId, u64> {
    fn from(vector: VersionVector) -> Self {
        vector.counts.into_iter().collect()
    }
}

impl VersionVector {
    /// The number at a replica.
    pub fn get(&self, replica: ReplicaId) -> u64 {
        match self.place(replica) {
            Ok(place) => self.counts[place].1,
            Err(_) => 0,
        }
    }

    /// Raises the number at a replica by `by`, and returns it.
    pub fn raise(&mut self, replica: ReplicaId, by: u64) -> Result<u64, CrdtError> {
        let count = self.get(replica);
        let overflow = CrdtError::Overflow { replica, count, by };
        let raised = count.checked_add(by).ok_or(overflow)?;
        match self.place(replica) {
            Ok(place) => self.counts[place].1 = raised,
            Err(_) if raised == 0 => {}
            Err(place) => self.counts.insert(place, (replica, raised)),
        }
        Ok(raised)
    }

    /// One more change of a replica; returns its number.
    pub fn advance(&mut self, replica: ReplicaId) -> Result<u64, CrdtError> {
        self.raise(replica, 1)
    }

    /// Replicas and their numbers, by replica; zeros are left out.
    pub fn iter(&self) -> impl Iterator<Item = (ReplicaId, u64)> + '_ {
        self.counts.iter().copied()
    }

    /// The sum of all numbers.
    pub fn total(&self) -> u128 {
        self.counts.iter().map(|(_, n)| u128::from(*n)).sum()
    }

    /// What is beyond `known`: the entries that are larger here.
    pub fn since(&self, known: &VersionVector) -> VersionVector {
        let beyond = self.iter().filter(|(id, n)| *n > known.get(*id));
        VersionVector {
            counts: beyond.collect(),
        }
    }

    fn place(&self, replica: ReplicaId) -> Result<usize, usize> {
        self.counts.binary_search_by_key(&replica, |entry| entry.0)
    }

    /// The maximum at each replica. It cannot fail.
    pub(crate) fn join(&mut self, other: &VersionVector) {
        let same = self.counts.len() == other.counts.len()
            && self
                .counts
                .iter()
                .zip(&other.counts)
                .all(|(a, b)| a.0 == b.0);
        if same {
            for (mine, theirs) in self.counts.iter_mut().zip(&other.counts) {
                mine.1 = mine.1.max(theirs.1);
            }
            return;
        }
        let mine = std::mem::take(&mut self.counts);
        self.counts.reserve(mine.len().max(other.counts.len()));
        let (mut a, mut b) = (mine.into_iter().peekable(), other.iter().peekable());
        loop {
            let next = match (a.peek(), b.peek()) {
                (Some(x), Some(y)) => match x.0.cmp(&y.0) {
                    Ordering::Less => a.next(),
                    Ordering::Greater => b.next(),
                    Ordering::Equal => a.next().zip(b.next()).map(|(x, y)| (x.0, x.1.max(y.1))),
                },
                (Some(_), None) => a.next(),
                (None, _) => b.next(),
            };
            let Some(next) = next else { return };
            self.counts.push(next);
        }
    }
}

impl PartialOrd for VersionVector {
    /// `None` for vectors of which neither has seen all of the other.
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        let below = |a: &Self, b: &Self| a.iter().all(|(id, n)| n <= b.get(id));
        match (below(self, other), below(other, self)) {
            (true, true) => Some(Ordering::Equal),
            (true, false) => Some(Ordering::Less),
            (false, true) => Some(Ordering::Greater),
            (false, false) => None,
        }
    }
}

impl Crdt for VersionVector {
    type Value = u128;

    fn merge(&mut self, other: &Self) -> Result<(), CrdtError> {
        self.join(other);
        Ok(())
    }

    fn value(&self) -> u128 {
        self.total()
    }
}

impl Causal for VersionVector {
    fn seen(&self, replica: ReplicaId) -> u64 {
        self.get(replica)
    }
}
