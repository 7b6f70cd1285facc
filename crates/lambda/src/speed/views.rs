//! The realtime views in a store, and the update that counts each event exactly once.
//!
//! | row | family | qualifier | value |
//! |---|---|---|---|
//! | generation, URL | `count` | hour | number of page views |
//! | generation, URL | `persons` | hour | sketch of the visitors |
//! | generation, domain | `visits` | person | visits, as stretches of time |
//! | `offset` | `meta` | partition | the next offset to apply |
//! | `generation` | `meta` | generation | the offsets at which it begins |
//! | `rejected` | `meta` | partition, offset | why a record could not be read |
//!
//! A *generation* consists of the events between the cuts of two batch runs, so that they can
//! expire together (see [`super::expiry`]). Its number is that of the batch after whose cut it
//! begins. Rejected records do not expire.
//!
//! Guarantees:
//!
//! 1. **Exactly once**: what an update adds to the views, and the offsets up to which it has
//!    read, are written by one atomic call. After a crash either both are stored or neither
//!    is, and then the update is computed again from the same offsets.
//! 2. Applying an update a second time changes nothing. There must be one writer at a time:
//!    the offsets are compared before the call that writes them.
use super::delta::Delta;
use super::error::Result;
use super::store::{Atomicity, Family, Mutation, RealtimeStore};
use super::view_reader::ViewReader;
use crate::batch::sketch::Precision;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The column families with which a store of realtime views must be opened.
pub const FAMILIES: [Family; 4] = [COUNT, PERSONS, VISITS, META];
/// Page views by hour.
pub(super) const COUNT: Family = Family::new("count");
/// Sketches of the visitors by hour.
pub(super) const PERSONS: Family = Family::new("persons");
/// Visits by person.
pub(super) const VISITS: Family = Family::new("visits");
/// Offsets, generations and rejected records.
const META: Family = Family::new("meta");

/// One offset for each partition of a topic: the next one to read.
pub type Offsets = Vec<u64>;

/// The effect of a range of records on the views.
#[derive(Clone, Debug)]
pub struct Update {
    /// The first offset of the range in each partition. The update is applied only if the views
    /// have applied exactly the records before these.
    pub from: Offsets,
    /// The end of the range in each partition.
    pub to: Offsets,
    /// What the events of the range add, by generation.
    pub deltas: BTreeMap<u64, Delta>,
    /// The records that could not be read, each as (partition, offset, reason).
    pub rejected: Vec<(u32, u64, String)>,
}

/// Realtime views in a store that applies each call atomically.
#[derive(Clone)]
pub struct RealtimeViews {
    store: Arc<dyn RealtimeStore>,
    precision: Precision,
}

impl RealtimeViews {
    /// Creates the views in a store that was opened with [`FAMILIES`].
    ///
    /// # Panics
    /// If the store applies only single rows atomically, because one event changes several
    /// rows.
    pub fn new(store: Arc<dyn RealtimeStore>, precision: Precision) -> Self {
        assert_eq!(
            store.atomicity(),
            Atomicity::Call,
            "realtime views need a store that applies each call atomically; for a store with atomic rows \
             only, keep the offset in each row"
        );
        Self { store, precision }
    }

    /// Returns the precision of the sketches.
    pub fn precision(&self) -> Precision {
        self.precision
    }

    /// Applies an update and returns true. Returns false, and changes nothing, if the stored
    /// offsets are not those at which the update begins, for example because it was applied
    /// already.
    ///
    /// # Errors
    /// If the store cannot be read or written, or a value is damaged.
    pub fn apply(&self, update: &Update) -> Result<bool> {
        let reader = self.reader();
        if reader.offsets(update.from.len())? != update.from {
            return Ok(false);
        }
        // The views.
        let mut mutations = Vec::new();
        for (generation, delta) in &update.deltas {
            reader.add(*generation, delta, &mut mutations)?;
        }
        // The offsets, and the rejected records.
        let mut offsets = Mutation::of("offset");
        for (partition, offset) in (0u32..).zip(&update.to) {
            offsets = offsets.put("meta", partition.to_be_bytes(), 0, offset.to_be_bytes());
        }
        mutations.push(offsets);
        let mut rejected = Mutation::of("rejected");
        for (partition, offset, reason) in &update.rejected {
            let position = [&partition.to_be_bytes()[..], &offset.to_be_bytes()].concat();
            rejected = rejected.put("meta", position, 0, reason.as_bytes());
        }
        mutations.push(rejected);
        drop(reader);
        // All of it in one atomic call: this is what makes the views exactly once.
        self.store.apply(&mutations)?;
        Ok(true)
    }

    /// Begins a generation at the offsets `at`. `start` is true for an empty store: then its
    /// own offsets are set to `at` too, so that the log is applied from there on.
    ///
    /// # Errors
    /// If the store cannot be written.
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

    /// Deletes the generations before this one, and returns the number of cells deleted. Their
    /// space is released by a compaction. The cost is a scan of what is deleted.
    ///
    /// # Errors
    /// If the store cannot be read or written.
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

    /// Returns a reader of the current state of the views.
    pub fn reader(&self) -> ViewReader<'_> {
        ViewReader {
            inner: self.store.reader(),
            precision: self.precision,
        }
    }
}
