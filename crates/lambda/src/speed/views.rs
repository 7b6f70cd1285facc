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
use super::error::Result;
use super::store::{Atomicity, Family, Mutation, RealtimeStore};
use super::view_reader::ViewReader;
use crate::batch::sketch::Precision;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The families of the views.
pub const FAMILIES: [Family; 4] = [COUNT, PERSONS, VISITS, META];
pub(super) const COUNT: Family = Family::new("count");
pub(super) const PERSONS: Family = Family::new("persons");
pub(super) const VISITS: Family = Family::new("visits");
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
