//! A map of CRDTs.
use super::{Causal, Crdt, CrdtError, ReplicaId};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A map whose values are CRDTs: a realtime view, say, of URLs and counters.
///
/// Lattice: the lattice of the values at each key, where a missing key stands
/// below all. Keys are added and never removed: what a removed counter had
/// counted would come back with the next merge.
///
/// ```
/// use lambda_workbook::crdt::{Crdt, GCounter, Map, ReplicaId};
/// let mut views: Map<&str, GCounter> = Map::default();
/// views.at("mysite.com/").add(ReplicaId(1), 3)?;
/// let mut other: Map<&str, GCounter> = Map::default();
/// other.at("mysite.com/blog").add(ReplicaId(2), 4)?;
/// views.merge(&other)?;
/// assert_eq!(views.value()["mysite.com/blog"], 4);
/// # Ok::<(), lambda_workbook::crdt::CrdtError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
#[serde(bound(
    serialize = "K: Serialize, V: Serialize",
    deserialize = "K: Ord + Deserialize<'de>, V: Deserialize<'de>"
))]
pub struct Map<K, V>(BTreeMap<K, V>);

impl<K, V> Default for Map<K, V> {
    fn default() -> Self {
        Map(BTreeMap::new())
    }
}

impl<K: Ord, V> Map<K, V> {
    /// The value at a key.
    pub fn get(&self, key: &K) -> Option<&V> {
        self.0.get(key)
    }

    /// The value at a key, to be changed; a new one if the key is new.
    pub fn at(&mut self, key: K) -> &mut V
    where
        V: Default,
    {
        self.0.entry(key).or_default()
    }

    /// The value at a key, to be changed; `new` if the key is new.
    pub fn at_or(&mut self, key: K, new: V) -> &mut V {
        self.0.entry(key).or_insert(new)
    }

    /// Keys and values, by key.
    pub fn iter(&self) -> impl Iterator<Item = (&K, &V)> {
        self.0.iter()
    }
}

impl<K: Ord + Clone + std::fmt::Debug, V: Crdt> Crdt for Map<K, V> {
    type Value = BTreeMap<K, V::Value>;

    fn merge(&mut self, other: &Self) -> Result<(), CrdtError> {
        // All of it or nothing: a value that does not merge leaves the map.
        let mut changed = Vec::new();
        for (key, theirs) in &other.0 {
            match self.0.get(key) {
                Some(mine) => changed.push((key.clone(), mine.merged(theirs)?)),
                None => changed.push((key.clone(), theirs.clone())),
            }
        }
        self.0.extend(changed);
        Ok(())
    }

    fn value(&self) -> Self::Value {
        let value = |(key, state): (&K, &V)| (key.clone(), state.value());
        self.0.iter().map(value).collect()
    }
}

impl<K: Ord + Clone + std::fmt::Debug, V: Causal> Causal for Map<K, V> {
    /// The sum over all keys, each of which only grows.
    fn seen(&self, replica: ReplicaId) -> u64 {
        let seen = self.0.values().map(|state| state.seen(replica));
        seen.fold(0, u64::saturating_add)
    }
}
