//! The realtime views in a store, and the update that counts each event once.
//!
//! | row | family | qualifier | value |
//! |---|---|---|---|
//! | generation, URL | `count` | hour | page views |
//! | generation, URL | `persons` | hour | sketch |
//! | generation, domain | `visits` | person | stretches of time |
//! | `offset` | `meta` | partition | the next offset to apply |
//! | `generation` | `meta` | generation | the offsets at which it begins |
//! | `rejected` | `meta` | partition, offset | why a record could not be read |
//!
//! A *generation* is the events between two batch runs, so that they can expire
//! together (see [`super::expiry`]).
//!
//! 1. **Exactly once**: what an update adds to the views and the offsets up to
//!    which it has read are one atomic mutation. After a crash either both are
//!    there or none; the update is then made again from the same offsets.
//! 2. An update that was applied already changes nothing.
use super::delta::Delta;
use super::error::{Result, SpeedError};
use super::event::Who;
use super::store::{Atomicity, Family, Mutation, Reader, RealtimeStore, time_key, time_of};
use crate::batch::bounces::{Stretch, join};
use crate::batch::sketch::{Gather, Precision, Sketch};
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

/// The families of the views.
pub const FAMILIES: [Family; 4] = [COUNT, PERSONS, VISITS, META];
const COUNT: Family = Family::new("count");
const PERSONS: Family = Family::new("persons");
const VISITS: Family = Family::new("visits");
const META: Family = Family::new("meta");

/// Where some partitions stand.
pub type Offsets = Vec<u64>;

/// What an updater wants applied.
#[derive(Clone, Debug)]
pub struct Update {
    /// The offsets that the store must stand at.
    pub from: Offsets,
    /// Those that it stands at afterwards.
    pub to: Offsets,
    /// What the events in between add, by generation.
    pub deltas: BTreeMap<u64, Delta>,
    /// Partition, offset and reason of what could not be read.
    pub rejected: Vec<(u32, u64, String)>,
}

/// Realtime views in any store whose calls are atomic.
#[derive(Clone)]
pub struct RealtimeViews {
    store: Arc<dyn RealtimeStore>,
    precision: Precision,
}

impl RealtimeViews {
    /// Views in a store that was opened with [`FAMILIES`].
    ///
    /// # Panics
    /// If only a row is atomic there: an event touches several rows.
    pub fn new(store: Arc<dyn RealtimeStore>, precision: Precision) -> Self {
        assert_eq!(
            store.atomicity(),
            Atomicity::Call,
            "views and offsets are written in one atomic call; keep the offset in each row for a \
             store that has only atomic rows"
        );
        Self { store, precision }
    }

    /// Of the sketches.
    pub fn precision(&self) -> Precision {
        self.precision
    }

    /// Applies an update; whether it was new. One that begins elsewhere than the
    /// store stands is left alone.
    pub fn apply(&self, update: &Update) -> Result<bool> {
        let reader = self.reader();
        if reader.offsets(update.from.len())? != update.from {
            return Ok(false);
        }
        let mut mutations = Vec::new();
        for (generation, delta) in &update.deltas {
            reader.add(*generation, delta, &mut mutations)?;
        }
        let mut offsets = Mutation::of("offset");
        for (partition, offset) in (0u32..).zip(&update.to) {
            offsets = offsets.put("meta", partition.to_be_bytes(), 0, offset.to_be_bytes());
        }
        mutations.push(offsets);
        let mut rejected = Mutation::of("rejected");
        for (partition, offset, reason) in &update.rejected {
            let place = [&partition.to_be_bytes()[..], &offset.to_be_bytes()].concat();
            rejected = rejected.put("meta", place, 0, reason.as_bytes());
        }
        mutations.push(rejected);
        drop(reader);
        self.store.apply(&mutations)?;
        Ok(true)
    }

    /// Begins a generation at some offsets; `start` says whether the store itself
    /// begins there, and has nothing from before.
    pub fn begin(&self, generation: u64, at: &[u64], start: bool) -> Result<()> {
        let bytes: Vec<u8> = at.iter().flat_map(|offset| offset.to_be_bytes()).collect();
        let mut mutations =
            vec![Mutation::of("generation").put("meta", generation.to_be_bytes(), 0, bytes)];
        if start {
            let mut offsets = Mutation::of("offset");
            for (partition, offset) in (0u32..).zip(at) {
                offsets = offsets.put("meta", partition.to_be_bytes(), 0, offset.to_be_bytes());
            }
            mutations.push(offsets);
        }
        self.store.apply(&mutations)
    }

    /// Removes generations before this one.
    pub fn expire_before(&self, generation: u64) -> Result<u64> {
        let reader = self.reader();
        let mut mutations = Vec::new();
        let mut cells = 0;
        for old in reader
            .generations()?
            .into_keys()
            .filter(|g| *g < generation)
        {
            for family in [COUNT, PERSONS, VISITS] {
                for (row, (qualifier, _)) in reader.inner.scan(&old.to_be_bytes(), family.name)? {
                    mutations.push(Mutation::of(row).delete(family.name, qualifier));
                    cells += 1;
                }
            }
            mutations.push(Mutation::of("generation").delete("meta", old.to_be_bytes()));
        }
        drop(reader);
        self.store.apply(&mutations)?;
        Ok(cells)
    }

    /// A reader of the views as they are now.
    pub fn reader(&self) -> ViewReader<'_> {
        ViewReader {
            inner: self.store.reader(),
            precision: self.precision,
        }
    }
}

/// The views at one moment.
pub struct ViewReader<'a> {
    inner: Box<dyn Reader + 'a>,
    precision: Precision,
}

fn damaged(place: &str) -> SpeedError {
    SpeedError::Damaged {
        what: "a value of another length than was written",
        place: format!("the realtime view {place}"),
    }
}

fn row_of(generation: u64, name: &str) -> Vec<u8> {
    [&generation.to_be_bytes()[..], name.as_bytes()].concat()
}

fn number(bytes: &[u8]) -> Option<u64> {
    bytes.try_into().ok().map(u64::from_be_bytes)
}

impl ViewReader<'_> {
    /// Where the partitions stand; 0 where nothing was read.
    pub fn offsets(&self, partitions: usize) -> Result<Offsets> {
        let partition = |p: usize| {
            let cell = self
                .inner
                .get(b"offset", "meta", &(p as u32).to_be_bytes())?;
            Ok(match cell {
                Some(cell) => number(&cell.value).ok_or_else(|| damaged("offset"))?,
                None => 0,
            })
        };
        (0..partitions).map(partition).collect()
    }

    /// The generations that are kept, with the offsets at which they begin.
    pub fn generations(&self) -> Result<BTreeMap<u64, Offsets>> {
        let cells = self
            .inner
            .row(b"generation", "meta", b"".as_slice()..&[0xff; 9])?;
        let read = |(qualifier, cell): super::store::Column| {
            let generation = number(&qualifier)?;
            let offsets: Option<Offsets> = cell.value.chunks(8).map(number).collect();
            Some((generation, offsets?))
        };
        let all: Option<BTreeMap<_, _>> = cells.into_iter().map(read).collect();
        all.ok_or_else(|| damaged("generation"))
    }

    /// Partition, offset and reason of what could not be read.
    pub fn rejected(&self) -> Result<Vec<(u32, u64, String)>> {
        let cells = self
            .inner
            .row(b"rejected", "meta", b"".as_slice()..&[0xff; 13])?;
        let read = |(place, cell): super::store::Column| {
            let (partition, offset) = place.split_first_chunk()?;
            let reason = String::from_utf8_lossy(&cell.value).into_owned();
            Some((u32::from_be_bytes(*partition), number(offset)?, reason))
        };
        let all: Option<Vec<_>> = cells.into_iter().map(read).collect();
        all.ok_or_else(|| damaged("rejected"))
    }

    /// Page views of a URL in hours that begin in a range, by hour.
    pub fn counts(&self, generation: u64, url: &str, hours: Range<i64>) -> Result<Vec<(i64, i64)>> {
        let read = |(hour, bytes): (i64, Vec<u8>)| {
            let count = bytes.try_into().map(i64::from_be_bytes);
            Ok((hour, count.map_err(|_| damaged("count"))?))
        };
        self.by_hour(&COUNT, generation, url, hours)?
            .into_iter()
            .map(read)
            .collect()
    }

    /// Who came to a URL in hours that begin in a range.
    pub fn persons(&self, generation: u64, url: &str, hours: Range<i64>) -> Result<Sketch> {
        let mut all = Gather::new(self.precision);
        for (_, bytes) in self.by_hour(&PERSONS, generation, url, hours)? {
            all.merge(&Gather::from_bytes(&bytes)?)?;
        }
        Ok(all.sketch())
    }

    fn by_hour(
        &self,
        family: &Family,
        generation: u64,
        url: &str,
        hours: Range<i64>,
    ) -> Result<Vec<(i64, Vec<u8>)>> {
        let (from, to) = (time_key(hours.start), time_key(hours.end));
        let cells = self
            .inner
            .row(&row_of(generation, url), family.name, &from..&to)?;
        let read = |(key, cell): super::store::Column| {
            Ok((time_of(&key).ok_or_else(|| damaged("hour"))?, cell.value))
        };
        cells.into_iter().map(read).collect()
    }

    /// The visits to a domain: each person's key, with stretches in order.
    pub fn visits(&self, generation: u64, domain: &str) -> Result<Vec<(Vec<u8>, Vec<Stretch>)>> {
        let row = row_of(generation, domain);
        let cells = self.inner.row(&row, VISITS.name, b"".as_slice()..&[0xff])?;
        let read = |(person, cell): super::store::Column| Ok((person, stretches(&cell.value)?));
        cells.into_iter().map(read).collect()
    }

    /// The mutations that add a delta to what is there.
    fn add(&self, generation: u64, delta: &Delta, mutations: &mut Vec<Mutation>) -> Result<()> {
        for (url, ts, hour) in delta.hours() {
            let (row, key) = (row_of(generation, url), time_key(ts));
            let before = match self.inner.get(&row, COUNT.name, &key)? {
                Some(cell) => cell.value.try_into().map(i64::from_be_bytes),
                None => Ok(0),
            };
            let count = before.map_err(|_| damaged("count"))? + hour.count;
            let persons = match self.inner.get(&row, PERSONS.name, &key)? {
                Some(cell) => {
                    let mut all = Gather::from_bytes(&cell.value)?;
                    all.merge(&hour.persons)?;
                    all.finish()
                }
                None => hour.persons.clone().finish(),
            };
            let mutation = Mutation::of(row)
                .put(COUNT.name, key, 0, count.to_be_bytes())
                .put(PERSONS.name, key, 0, persons);
            mutations.push(mutation);
        }
        for (domain, who, mut visits) in delta.visits() {
            let (row, key) = (row_of(generation, domain), who.key());
            if let Some(cell) = self.inner.get(&row, VISITS.name, &key)? {
                visits.extend(stretches(&cell.value)?);
                join(&mut visits);
            }
            mutations.push(Mutation::of(row).put(VISITS.name, key, 0, stretch_bytes(&visits)));
        }
        Ok(())
    }
}

/// A person's key in [`ViewReader::visits`].
pub fn person_key(who: &Who<'_>) -> Vec<u8> {
    who.key()
}

/// Stretches as bytes: first, last, whether many.
pub fn stretch_bytes(stretches: &[Stretch]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(17 * stretches.len());
    for stretch in stretches {
        bytes.extend(stretch.first.to_be_bytes());
        bytes.extend(stretch.last.to_be_bytes());
        bytes.push(stretch.many.into());
    }
    bytes
}

/// Reads what [`stretch_bytes`] wrote.
pub fn stretches(bytes: &[u8]) -> Result<Vec<Stretch>> {
    let read = |bytes: &[u8]| {
        let (first, rest) = bytes.split_first_chunk()?;
        let (last, many) = rest.split_first_chunk()?;
        Some(Stretch {
            first: i64::from_be_bytes(*first),
            last: i64::from_be_bytes(*last),
            many: *many == [1],
        })
    };
    let all: Option<Vec<_>> = bytes.chunks(17).map(read).collect();
    all.ok_or_else(|| damaged("visits"))
}
