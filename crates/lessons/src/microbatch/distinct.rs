//! Duplicates: rows whose keys came before.
//!
//! A row is let through if its keys are new. For that the keys are remembered, and as the stream
//! has no end, not for ever: until the [watermark](super::event_time) is further past the time of
//! the row than a given time. A row that is older than that cannot be told from a duplicate. It is
//! not let through: it goes to the [side output](super::TopologyBuilder::side_output) and is counted
//! ([`Job::late`](super::Job::late)). The batch layer, which has all rows, corrects the view.
//!
//! Every batch looks through all keys that are remembered.
//!
//! Spark has the same as `dropDuplicatesWithinWatermark`.
use super::error::Result;
use super::exchange::{Collector, Exchange, Finish, Grouped, Keys, cut, keyed, own, revert};
use super::sessions::{add_late, ints, is_past};
use super::stored::{Base, Kind, StoredValue};
use super::value::FieldValue;
use std::any::Any;

/// How duplicates are recognised.
///
/// ```
/// use lambda_workbook::microbatch::DistinctWithin;
/// // A copy that comes up to a day later is dropped.
/// let day = DistinctWithin::by("secs").within(86_400);
/// assert_eq!(day.time(), "secs");
/// ```
#[derive(Clone, Debug)]
pub struct DistinctWithin {
    time: String,
    within: i64,
}

impl DistinctWithin {
    /// By the seconds in a field; keys are remembered for a day.
    pub fn by(time: &str) -> Self {
        Self {
            time: time.to_owned(),
            within: 86_400,
        }
    }

    /// Seconds that the keys of a row are remembered, in the time of the rows.
    pub fn within(self, secs: i64) -> Self {
        Self {
            within: secs.max(0),
            ..self
        }
    }

    /// The field with the seconds.
    pub fn time(&self) -> &str {
        &self.time
    }

    pub(super) fn words(&self) -> String {
        format!("the first within {} s", self.within)
    }

    pub(super) fn keyed(self, keys: usize) -> KeyedDistinct {
        KeyedDistinct {
            distinct: self,
            keys,
        }
    }
}

pub(super) struct KeyedDistinct {
    distinct: DistinctWithin,
    keys: usize,
}

impl Exchange for KeyedDistinct {
    fn keys(&self) -> Keys {
        Keys::First(self.keys)
    }

    fn collector(&self) -> Box<dyn Collector> {
        Box::new(DistinctPart::default())
    }

    fn finish(&self, parts: Vec<Box<dyn Collector>>, at: &mut Finish<'_>) -> Result<()> {
        let (within, batch) = (self.distinct.within, at.batch);
        let mut groups = Grouped::<Rows>::default();
        for (key, rows) in own::<DistinctPart>(parts).flat_map(|part| part.groups) {
            let all = groups.entry(key).or_insert(Rows { count: 0, ..rows });
            all.count += rows.count;
        }
        let mut part = at.part.take().expect("duplicates have a state");
        let was = at.time.before;
        let gone = |secs: i64| is_past(secs, within, was);
        let mut late: Vec<(&[u8], Rows)> = Vec::new();
        for (key, rows) in groups.iter().filter(|(_, rows)| gone(rows.secs)) {
            late.push((key, *rows));
        }
        late.sort_unstable_by_key(|(key, _)| *key);
        for (key, rows) in &late {
            for _ in 0..rows.count {
                at.emit_side(|emit| keyed(key, &[], emit))?;
            }
        }
        let count = late.iter().map(|(_, rows)| rows.count).sum();
        add_late(&mut part, batch, count)?;

        // What is remembered: the rest of a first try is undone, and what is old is forgotten.
        for (key, stored) in part.scan()? {
            let again = stored.batch == batch;
            if groups.contains_key(&key[..]) {
                continue;
            }
            let Some(secs) = stored.value.as_deref().map(ints).transpose()? else {
                if !again {
                    part.remove(&key);
                }
                continue;
            };
            if again {
                part.put(&key, revert(stored));
            } else if gone(secs[0]) {
                // The watermark is that of the batch before, which cannot come again.
                part.remove(&key);
            }
        }

        // What is new is let through.
        for (key, rows) in groups {
            if gone(rows.secs) {
                continue;
            }
            let (Base::Apply(base) | Base::Has(base)) = Kind::Opaque.base(part.get(&key)?, batch);
            if base.is_none() {
                at.emit(|emit| keyed(&key, &[], emit))?;
            }
            let stored = StoredValue {
                batch,
                value: Some(rows.secs.to_le_bytes().to_vec()),
                previous: base,
            };
            part.put(&key, stored);
        }
        at.part = Some(part);
        Ok(())
    }
}

/// Rows with the same keys: their second, and how many there are.
#[derive(Clone, Copy, Debug)]
struct Rows {
    secs: i64,
    count: i64,
}

#[derive(Default)]
struct DistinctPart {
    groups: Grouped<Rows>,
}

impl Collector for DistinctPart {
    fn add(&mut self, key: &[u8], fields: &[FieldValue<'_>]) -> Result<()> {
        let secs = fields[0].int();
        match self.groups.get_mut(key) {
            Some(rows) => rows.count += 1,
            None => _ = self.groups.insert(key.into(), Rows { secs, count: 1 }),
        }
        Ok(())
    }

    fn split(self: Box<Self>, partitions: u32) -> Vec<Box<dyn Collector>> {
        let part = |groups| -> Box<dyn Collector> { Box::new(DistinctPart { groups }) };
        cut(self.groups, partitions).into_iter().map(part).collect()
    }

    fn into_any(self: Box<Self>) -> Box<dyn Any> {
        self
    }
}
