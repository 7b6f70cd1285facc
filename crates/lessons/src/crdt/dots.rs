//! Events that can be forgotten without being forgotten twice.
//!
//! [`MvRegister`](super::MvRegister) and [`OrSet`](super::OrSet) are both made of
//! this: writes that are live, and a version vector of all writes ever seen.
use super::{Causal, Crdt, CrdtError, ReplicaId, VersionVector};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One event: the n-th of a replica.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Dot {
    /// Whose event.
    pub replica: ReplicaId,
    /// The how manieth, from 1.
    pub n: u64,
}

/// Live events with their contents, and all events ever seen.
///
/// Lattice: an event is unseen, then live, then dead, and never goes back; merge
/// is the later of the three at each event. What the other has seen and does not
/// hold, it has removed.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "Parts<T>", into = "Parts<T>")]
#[serde(bound(
    serialize = "T: Clone + Serialize",
    deserialize = "T: Deserialize<'de>"
))]
pub struct Dots<T> {
    seen: VersionVector,
    live: BTreeMap<Dot, T>,
}

/// The form in which it is stored: JSON has no maps from events.
#[derive(Serialize, Deserialize)]
struct Parts<T> {
    seen: VersionVector,
    live: Vec<(Dot, T)>,
}

impl<T> From<Dots<T>> for Parts<T> {
    fn from(dots: Dots<T>) -> Self {
        Parts {
            seen: dots.seen,
            live: dots.live.into_iter().collect(),
        }
    }
}

impl<T> TryFrom<Parts<T>> for Dots<T> {
    type Error = String;

    fn try_from(parts: Parts<T>) -> Result<Self, String> {
        let seen = parts.seen;
        let unseen = |dot: &Dot| dot.n == 0 || dot.n > seen.get(dot.replica);
        if let Some((dot, _)) = parts.live.iter().find(|(dot, _)| unseen(dot)) {
            return Err(format!(
                "event {} of replica {} is live but was never seen; ask another replica for its state",
                dot.n, dot.replica
            ));
        }
        let live = parts.live.into_iter().collect();
        Ok(Dots { seen, live })
    }
}

impl<T> Default for Dots<T> {
    fn default() -> Self {
        Dots {
            seen: VersionVector::default(),
            live: BTreeMap::new(),
        }
    }
}

impl<T: Clone + PartialEq> Dots<T> {
    /// A new event of `replica`.
    pub fn put(&mut self, replica: ReplicaId, content: T) -> Result<Dot, CrdtError> {
        let n = self.seen.advance(replica)?;
        let dot = Dot { replica, n };
        self.live.insert(dot, content);
        Ok(dot)
    }

    /// Removes the live events whose content is not to be kept. Events of others
    /// that were not seen yet are not touched.
    pub fn retain(&mut self, mut keep: impl FnMut(&T) -> bool) {
        self.live.retain(|_, content| keep(content));
    }

    /// Removes all live events but this.
    pub fn keep_only(&mut self, dot: Dot) {
        self.live.retain(|live, _| *live == dot);
    }

    /// Removes the other live events of this one's content.
    pub fn drop_older_twins(&mut self, dot: Dot) {
        let Some(content) = self.live.get(&dot).cloned() else {
            return;
        };
        self.live
            .retain(|live, twin| *live == dot || *twin != content);
    }

    /// The contents of live events.
    pub fn iter(&self) -> impl Iterator<Item = (Dot, &T)> {
        self.live.iter().map(|(dot, content)| (*dot, content))
    }

    /// All events ever seen.
    pub fn seen(&self) -> &VersionVector {
        &self.seen
    }

    fn has_seen(&self, dot: Dot) -> bool {
        dot.n <= self.seen.get(dot.replica)
    }
}

impl<T: Clone + PartialEq + std::fmt::Debug> Crdt for Dots<T> {
    type Value = Vec<T>;

    fn merge(&mut self, other: &Self) -> Result<(), CrdtError> {
        let clash = |(dot, content): (&Dot, &T)| {
            let theirs = other.live.get(dot)?;
            (theirs != content).then_some(CrdtError::Clash {
                replica: dot.replica,
                what: "one event, two contents",
            })
        };
        if let Some(error) = self.live.iter().find_map(clash) {
            return Err(error);
        }
        self.live
            .retain(|dot, _| other.live.contains_key(dot) || !other.has_seen(*dot));
        for (dot, content) in &other.live {
            if dot.n > self.seen.get(dot.replica) {
                self.live.insert(*dot, content.clone());
            }
        }
        self.seen.join(&other.seen);
        Ok(())
    }

    fn value(&self) -> Vec<T> {
        self.live.values().cloned().collect()
    }
}

impl<T: Clone + PartialEq + std::fmt::Debug> Causal for Dots<T> {
    fn seen(&self, replica: ReplicaId) -> u64 {
        self.seen.get(replica)
    }
}
