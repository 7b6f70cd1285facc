//! The realtime views in a store, and the update that counts each event exactly once.
//!
//! | row | family | qualifier | value |
//! |---|---|---|---|
//! | generation, URL | `count` | hour | number of page views |
//! | generation, URL | `persons` | hour | sketch of the visitors |
//! | generation, domain | `visits` | person | visits, as stretches of time |
//! | any of these | `meta` | `applied` | the last update in the row, where only a row is atomic |
//! | `offset` | `meta` | partition | the next offset to apply |
//! | `offset` | `meta` | `intent` | the update that was begun last, where only a row is atomic |
//! | `generation` | `meta` | generation | the offsets at which it begins; then a byte 1, if it names persons by equivs |
//! | `rejected` | `meta` | partition, offset | why a record could not be read |
//!
//! A *generation* consists of the events between the cuts of two batch runs, so that they can
//! expire together (see [`super::expiry`]). Its number is that of the batch after whose cut it
//! begins. Rejected records do not expire. A generation that names persons by the equivs before its
//! cut ([`super::resolution`]) holds the persons and visits of *all* events since its cut, under its
//! own names; page views, and all of a generation without names, are those up to the next cut.
//!
//! Guarantees:
//!
//! 1. **Exactly once**: each event is counted once, through crashes at any moment. In a store
//!    that applies a call atomically ([`Atomicity::Call`]), what an update adds and the offsets
//!    up to which it has read are one call: after a crash either both are stored or neither is,
//!    and then the update is computed again from the same offsets. Where only a row is atomic
//!    ([`Atomicity::Row`], HBase), each row says which updates it contains; `row_by_row` has the
//!    crash points.
//! 2. Applying an update a second time changes nothing.
//! 3. Two updaters at once do not count an event twice if only a row is atomic. If a call is,
//!    there must be one writer at a time: the offsets are compared before the call that writes
//!    them. An embedded store belongs to one process, so that is the case.
//! 4. In a store with atomic calls a reader sees an update whole. Where only a row is atomic it
//!    sees each row whole, and some rows before others.
use super::delta::Delta;
use super::error::Result;
use super::resolution::IdentityResolution;
use super::row_by_row;
use super::store::{Atomicity, Change, Family, Mutation, RealtimeStore};
use super::view_reader::ViewReader;
use crate::batch::sketch::Precision;
use std::collections::{BTreeMap, BTreeSet};
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
pub(super) const META: Family = Family::new("meta");

/// The byte after the offsets of a generation that names persons by equivs.
pub(super) const RESOLVED: u8 = 1;

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

/// Realtime views in a store.
#[derive(Clone)]
pub struct RealtimeViews {
    store: Arc<dyn RealtimeStore>,
    precision: Precision,
}

impl RealtimeViews {
    /// Creates the views in a store that was opened with [`FAMILIES`].
    pub fn new(store: Arc<dyn RealtimeStore>, precision: Precision) -> Self {
        Self { store, precision }
    }

    /// Returns the store.
    pub(super) fn store(&self) -> &dyn RealtimeStore {
        self.store.as_ref()
    }

    /// Returns the precision of the sketches.
    pub fn precision(&self) -> Precision {
        self.precision
    }

    /// Applies an update and returns true. Returns false if the stored offsets are not those at
    /// which the update begins, for example because it was applied already, or if another update
    /// was begun there and not ended ([`pending`](Self::pending)).
    ///
    /// # Errors
    /// If the store cannot be read or written, or a value is damaged. In a store with atomic
    /// calls nothing is applied then; otherwise the update may be pending.
    pub fn apply(&self, update: &Update) -> Result<bool> {
        match self.store.atomicity() {
            Atomicity::Call => self.apply_at_once(update),
            Atomicity::Row => row_by_row::apply(self, update),
        }
    }

    /// Applies an update in one atomic call.
    fn apply_at_once(&self, update: &Update) -> Result<bool> {
        let reader = self.reader();
        if reader.offsets(update.from.len())? != update.from {
            return Ok(false);
        }
        let mut mutations = Vec::new();
        for (generation, delta) in &update.deltas {
            reader.add(*generation, delta, &|_| true, &mut mutations)?;
        }
        mutations.push(offsets_row(&update.to));
        mutations.push(rejected_row(&update.rejected));
        drop(reader);
        // All of it in one atomic call: this is what makes the views exactly once.
        self.store.apply(&mutations)?;
        Ok(true)
    }

    /// Returns the ends of an update that was begun and not ended, one offset for each of the
    /// first `partitions` partitions; `None` if there is none. The next update must be that one:
    /// it begins at the stored offsets.
    ///
    /// # Errors
    /// If the store cannot be read, or a value is damaged.
    pub fn pending(&self, partitions: usize) -> Result<Option<Offsets>> {
        match self.store.atomicity() {
            Atomicity::Call => Ok(None),
            Atomicity::Row => row_by_row::pending(&self.reader(), partitions),
        }
    }

    /// Begins a generation at the offsets `at`. `start` is true for an empty store: then its
    /// own offsets are set to `at` too, so that the log is applied from there on. `resolution`
    /// says how the generation names persons, for as long as it is kept.
    ///
    /// # Errors
    /// If the store cannot be written.
    pub fn begin(
        &self,
        generation: u64,
        at: &[u64],
        start: bool,
        resolution: IdentityResolution,
    ) -> Result<()> {
        let mut bytes: Vec<u8> = at.iter().flat_map(|offset| offset.to_be_bytes()).collect();
        if resolution == IdentityResolution::AtCut {
            bytes.push(RESOLVED);
        }
        let begun = Mutation::of("generation").put("meta", generation.to_be_bytes(), 0, bytes);
        match (start, self.store.atomicity()) {
            (false, _) => self.store.apply(&[begun]),
            (true, Atomicity::Call) => self.store.apply(&[begun, offsets_row(at)]),
            // The generation last: views without one are begun again.
            (true, Atomicity::Row) => {
                self.store.apply(&[offsets_row(at)])?;
                self.store.apply(&[begun])
            }
        }
    }

    /// Deletes the generations before this one, and returns the number of cells deleted. Their
    /// space is released by a compaction. The cost is a scan of what is deleted.
    ///
    /// # Errors
    /// If the store cannot be read or written.
    pub fn expire_before(&self, generation: u64) -> Result<u64> {
        // The cells of each row, and the rows.
        let reader = self.reader();
        let (mut rows, mut forgotten) = (Vec::new(), Mutation::of("generation"));
        let mut cells = 0;
        for old in reader
            .generations()?
            .into_keys()
            .filter(|g| *g < generation)
        {
            for family in [COUNT, PERSONS, VISITS, META] {
                let mut of_family: BTreeSet<Vec<u8>> = BTreeSet::new();
                for (row, _) in reader.inner.scan(&old.to_be_bytes(), family.name)? {
                    of_family.insert(row);
                    cells += 1;
                }
                rows.extend(of_family.into_iter().map(|row| {
                    let family = family.name;
                    let changes = vec![Change::DeleteFamily { family }];
                    Mutation { row, changes }
                }));
            }
            forgotten = forgotten.delete("meta", old.to_be_bytes());
        }
        drop(reader);
        if forgotten.changes.is_empty() {
            return Ok(0);
        }
        match self.store.atomicity() {
            Atomicity::Call => {
                rows.push(forgotten);
                self.store.apply(&rows)?;
            }
            // The generations last: while they are there, an expiry that crashed is done again.
            Atomicity::Row => {
                self.store.apply(&rows)?;
                self.store.apply(&[forgotten])?;
            }
        }
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

/// Returns the mutation that sets the offsets.
pub(super) fn offsets_row(offsets: &[u64]) -> Mutation {
    let mut row = Mutation::of("offset");
    for (partition, offset) in (0u32..).zip(offsets) {
        row = row.put("meta", partition.to_be_bytes(), 0, offset.to_be_bytes());
    }
    row
}

/// Returns the mutation that adds rejected records.
pub(super) fn rejected_row(rejected: &[(u32, u64, String)]) -> Mutation {
    let mut row = Mutation::of("rejected");
    for (partition, offset, reason) in rejected {
        let position = [&partition.to_be_bytes()[..], &offset.to_be_bytes()].concat();
        row = row.put("meta", position, 0, reason.as_bytes());
    }
    row
}
