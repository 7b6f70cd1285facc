//! Where rows of a key come together: parts are made by each worker, cut by
//! partition, and merged there.
use super::aggregate::Aggregate;
use super::error::{MicroBatchError, Result};
use super::event_time::BatchTime;
use super::state_store::StatePartition;
use super::stored::{Base, Kind, StoredValue};
use super::value::{FieldValue, Owned, TupleValues, decode};
use foldhash::fast::FixedState;
use lambda::speed::partition_of;
use std::any::Any;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;

/// An operator that needs all rows of a key.
pub(super) trait Exchange: Send + Sync {
    /// How many of the fields that it reads are its keys.
    fn keys(&self) -> Keys;
    /// What a worker gathers rows into.
    fn collector(&self) -> Box<dyn Collector>;
    /// What is stored as fields: those that it adds to its keys.
    fn values(&self, _stored: &[u8]) -> Result<Vec<Owned>> {
        Ok(Vec::new())
    }
    /// Merges the parts of a partition, updates its state, hands out rows.
    fn finish(&self, parts: Vec<Box<dyn Collector>>, at: &mut Finish<'_>) -> Result<()>;
}

/// How the fields that an exchange reads are divided.
#[derive(Clone, Copy)]
pub(super) enum Keys {
    /// So many keys, then what is gathered.
    First(usize),
    /// All are keys, and all fields that anybody reads later are gathered.
    All,
}

/// Rows of one worker.
pub(super) trait Collector: Send {
    fn add(&mut self, key: &[u8], fields: &[FieldValue<'_>]) -> Result<()>;
    /// By the partition of the key.
    fn split(self: Box<Self>, partitions: u32) -> Vec<Box<dyn Collector>>;
    fn into_any(self: Box<Self>) -> Box<dyn Any>;
}

/// What takes a row.
pub(super) type Take<'a> = dyn FnMut(&[FieldValue<'_>]) -> Result<()> + 'a;

/// A batch in a partition, when all of its rows are there.
pub(super) struct Finish<'a> {
    pub batch: u64,
    /// The batch was begun before.
    pub replayed: bool,
    /// The watermark before and after the batch.
    pub time: BatchTime,
    /// Of a stateful operator.
    pub part: Option<StatePartition>,
    /// Rows that were handed out, or would be if anybody read them.
    pub made: u64,
    /// Takes rows of the operator's fields; none if nobody reads them.
    pub emit: Option<&'a mut Take<'a>>,
    /// Rows for the side output, those that came too late; gathered only if `wants_side`.
    pub side: Vec<TupleOwned>,
    /// Whether an operator reads the side output.
    pub wants_side: bool,
}

/// A row that is handed on when the operator is done.
pub(super) type TupleOwned = Vec<Owned>;

impl Finish<'_> {
    /// Hands out a row, if anybody reads it: only then is it made.
    pub(super) fn emit(&mut self, row: impl FnOnce(&mut Take<'_>) -> Result<()>) -> Result<()> {
        self.made += 1;
        self.emit.as_mut().map_or(Ok(()), |emit| row(emit))
    }

    /// Hands a row to the side output, if an operator reads it.
    pub(super) fn emit_side(
        &mut self,
        row: impl FnOnce(&mut Take<'_>) -> Result<()>,
    ) -> Result<()> {
        if !self.wants_side {
            return Ok(());
        }
        let side = &mut self.side;
        row(&mut |fields| {
            side.push(fields.iter().map(FieldValue::owned).collect());
            Ok(())
        })
    }
}

/// A row of the values of a key, and others.
pub(super) fn keyed(key: &[u8], others: &[FieldValue<'_>], emit: &mut Take<'_>) -> Result<()> {
    let key = decode(key)?;
    let mut row: TupleValues = key.iter().map(Owned::as_value).collect();
    row.extend(others.iter().copied());
    emit(&row)
}

/// Hashes of keys: the same in every run, so that runs repeat. Keys that collide
/// on purpose would slow a batch down, and not make it wrong.
pub(super) type Grouped<V> = HashMap<Box<[u8]>, V, FixedState>;

/// The collectors as what they are; all are made by one exchange.
pub(super) fn own<C: 'static>(parts: Vec<Box<dyn Collector>>) -> impl Iterator<Item = C> {
    let own = |part: Box<dyn Collector>| *part.into_any().downcast::<C>().expect("its own kind");
    parts.into_iter().map(own)
}

/// Cuts groups by the partitions of their keys.
pub(super) fn cut<V>(groups: Grouped<V>, partitions: u32) -> Vec<Grouped<V>> {
    if partitions == 1 {
        return vec![groups];
    }
    let each = groups.len() / partitions as usize + 1;
    let empty = || Grouped::with_capacity_and_hasher(each + each / 4, FixedState::default());
    let mut parts: Vec<Grouped<V>> = (0..partitions).map(|_| empty()).collect();
    for (key, value) in groups {
        parts[partition_of(&key, partitions) as usize].insert(key, value);
    }
    parts
}

/// Aggregates by key, of the batch or kept in a state.
pub(super) struct Groups<A> {
    aggregate: Arc<A>,
    keys: usize,
    name: String,
    kind: Option<Kind>,
}

struct GroupsPart<A: Aggregate> {
    aggregate: Arc<A>,
    groups: Grouped<A::Value>,
}

impl<A: Aggregate> Groups<A> {
    pub(super) fn new(aggregate: A, keys: usize, name: &str, kind: Option<Kind>) -> Self {
        Self {
            aggregate: Arc::new(aggregate),
            keys,
            name: name.to_owned(),
            kind,
        }
    }

    fn named(&self, error: MicroBatchError) -> MicroBatchError {
        match error {
            MicroBatchError::Overflow { .. } => MicroBatchError::Overflow {
                state: self.name.clone(),
            },
            other => other,
        }
    }

    fn hand_out(&self, at: &mut Finish<'_>, key: &[u8], value: &A::Value) -> Result<()> {
        at.emit(|emit| {
            let mut text = String::new();
            let shown = self.aggregate.shown(value, &mut text);
            keyed(key, &[shown], emit)
        })
    }

    /// Applies the batch to the state: as often as it comes, once.
    fn apply(&self, kind: Kind, groups: Grouped<A::Value>, at: &mut Finish<'_>) -> Result<()> {
        let mut part = at.part.take().expect("a stateful operator has a state");
        let aggregate = &self.aggregate;
        if kind == Kind::Opaque && at.replayed {
            // The batch may have had other rows when it was begun: what they did is
            // undone.
            for (key, stored) in part.scan()? {
                if stored.batch == at.batch && !groups.contains_key(&key[..]) {
                    part.put(&key, revert(stored));
                }
            }
        }
        for (key, more) in groups {
            let value = match kind.base(part.get(&key)?, at.batch) {
                Base::Has(value) => match value {
                    Some(value) => aggregate.decode(&value)?,
                    None => continue,
                },
                Base::Apply(base) => {
                    let mut value = match &base {
                        Some(bytes) => aggregate.decode(bytes)?,
                        None => aggregate.empty(),
                    };
                    aggregate
                        .merge(&mut value, more)
                        .map_err(|error| self.named(error))?;
                    let stored = StoredValue {
                        batch: at.batch,
                        value: Some(aggregate.encode(&value)),
                        previous: base,
                    };
                    part.put(&key, stored);
                    value
                }
            };
            self.hand_out(at, &key, &value)?;
        }
        at.part = Some(part);
        Ok(())
    }
}

/// As it was before its batch.
pub(super) fn revert(stored: StoredValue<Vec<u8>>) -> StoredValue<Vec<u8>> {
    StoredValue {
        value: stored.previous.clone(),
        ..stored
    }
}

impl<A: Aggregate> Exchange for Groups<A> {
    fn keys(&self) -> Keys {
        Keys::First(self.keys)
    }

    fn collector(&self) -> Box<dyn Collector> {
        Box::new(GroupsPart {
            aggregate: self.aggregate.clone(),
            groups: Grouped::default(),
        })
    }

    fn values(&self, stored: &[u8]) -> Result<Vec<Owned>> {
        let mut text = String::new();
        let value = self.aggregate.decode(stored)?;
        Ok(vec![self.aggregate.shown(&value, &mut text).owned()])
    }

    fn finish(&self, parts: Vec<Box<dyn Collector>>, at: &mut Finish<'_>) -> Result<()> {
        let mut parts = own::<GroupsPart<A>>(parts).map(|part| part.groups);
        let mut groups = parts.next().unwrap_or_default();
        for part in parts {
            for (key, value) in part {
                match groups.entry(key) {
                    Entry::Occupied(mut there) => {
                        let merged = self.aggregate.merge(there.get_mut(), value);
                        merged.map_err(|error| self.named(error))?;
                    }
                    Entry::Vacant(free) => _ = free.insert(value),
                }
            }
        }
        match self.kind {
            Some(kind) => self.apply(kind, groups, at),
            None => groups
                .iter()
                .try_for_each(|(key, value)| self.hand_out(at, key, value)),
        }
    }
}

impl<A: Aggregate> Collector for GroupsPart<A> {
    fn add(&mut self, key: &[u8], fields: &[FieldValue<'_>]) -> Result<()> {
        if let Some(value) = self.groups.get_mut(key) {
            return self.aggregate.add(value, fields);
        }
        let mut value = self.aggregate.empty();
        self.aggregate.add(&mut value, fields)?;
        self.groups.insert(key.into(), value);
        Ok(())
    }

    fn split(self: Box<Self>, partitions: u32) -> Vec<Box<dyn Collector>> {
        let aggregate = self.aggregate;
        let part = |groups| -> Box<dyn Collector> {
            Box::new(GroupsPart {
                aggregate: aggregate.clone(),
                groups,
            })
        };
        cut(self.groups, partitions).into_iter().map(part).collect()
    }

    fn into_any(self: Box<Self>) -> Box<dyn Any> {
        self
    }
}

/// Rows as they are, in the partition of their key.
pub(super) struct Repartition;

#[derive(Default)]
struct RowsPart(Vec<(u32, Vec<Owned>)>);

impl Exchange for Repartition {
    fn keys(&self) -> Keys {
        Keys::All
    }

    fn collector(&self) -> Box<dyn Collector> {
        Box::new(RowsPart::default())
    }

    fn finish(&self, parts: Vec<Box<dyn Collector>>, at: &mut Finish<'_>) -> Result<()> {
        for part in own::<RowsPart>(parts) {
            for (_, fields) in part.0 {
                let row: TupleValues = fields.iter().map(Owned::as_value).collect();
                at.emit(|emit| emit(&row))?;
            }
        }
        Ok(())
    }
}

impl Collector for RowsPart {
    fn add(&mut self, key: &[u8], fields: &[FieldValue<'_>]) -> Result<()> {
        let hash = partition_of(key, u32::MAX);
        self.0
            .push((hash, fields.iter().map(FieldValue::owned).collect()));
        Ok(())
    }

    fn split(self: Box<Self>, partitions: u32) -> Vec<Box<dyn Collector>> {
        let mut parts: Vec<RowsPart> = (0..partitions).map(|_| RowsPart::default()).collect();
        for (hash, row) in self.0 {
            parts[(hash % partitions) as usize].0.push((hash, row));
        }
        parts
            .into_iter()
            .map(|part| -> Box<dyn Collector> { Box::new(part) })
            .collect()
    }

    fn into_any(self: Box<Self>) -> Box<dyn Any> {
        self
    }
}
