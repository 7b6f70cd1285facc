//! The realtime store: random reads and random writes, in rows and columns.
//!
//! The serving store is written as a whole, by a batch run. A realtime view must be able to
//! write a single value at any time. The data model is that of HBase: a *row* has a key and
//! consists of *column families*, and a family consists of cells, each with a *qualifier*
//! (its name in the row) and a timestamp.
//!
//! Guarantees, and the tests that hold them for both stores (in `tests/store_promises.rs`):
//!
//! 1. Rows are in the order of their keys, and the cells of a row in the order of their
//!    qualifiers, so a range of either is one scan (`is_a_sorted_map_of_versions`).
//! 2. A reader sees all of a mutation of a row or nothing of it (`a_row_is_seen_whole`).
//! 3. An acknowledged write is seen by every reader that is created after it
//!    (`is_a_sorted_map_of_versions`).
//! 4. Of several writers that change a row on the same [condition](Conditional), one succeeds
//!    (`one_of_many_conditional_writers_succeeds`).
//! 5. No [increment](RealtimeStore::increment) that was acknowledged is lost
//!    (`increments_of_many_writers_add_up`).
//!
//! | guarantee | HBase | [`EmbeddedStore`](super::EmbeddedStore) |
//! |---|---|---|
//! | atomic | the changes of one row | all mutations of one [`apply`](RealtimeStore::apply), of any rows |
//! | a [`Reader`] sees | each row as it is when it is read; of a row with thousands of cells, each page | the whole store as it was when the reader was created |
//! | family with one version | the cell with the largest timestamp wins, of equal ones the last write | the last write wins |
//! | family with several versions | keeps those with the largest timestamps | keeps the last write, and of the others those with the largest timestamps |
//! | a deletion removes | cells with timestamps up to the server's time; until the next major compaction also those that are written later | what was written before it |
//! | timestamps | 0 or more | any |
//! | TTL | whole seconds, by the server's clock; removed by a major compaction | by the clock in the options; removed by [`compact`](super::EmbeddedStore::compact) |
//! | an acknowledged write is stored | by the replicas of the write-ahead log; on a local file system through a crash of the process | as [`Durability`](super::Durability) says |
//! | processes at a time | any number | one |
//!
//! So a program that is to run on both writes timestamps that do not decrease for a cell, and
//! times of a clock to a cell that it also deletes.
//!
//! In a store where only a row is atomic ([`RealtimeStore::atomicity`] is
//! [`Row`](Atomicity::Row)), a view that counts must keep in each row which events are
//! already counted there. [`RealtimeViews`](super::RealtimeViews) do so.
use super::error::{Result, SpeedError};
use std::collections::HashMap;
use std::ops::Range;

/// A column family: a group of cells with common options.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Family {
    /// Its name, unique in the store.
    pub name: &'static str,
    /// Number of versions of a cell that are kept, 1 or more.
    pub versions: u32,
    /// Time to live: how many milliseconds after its timestamp a cell expires. `None` if cells
    /// never expire.
    pub ttl: Option<i64>,
}

impl Family {
    /// Creates a family with one version of each cell and no TTL.
    pub const fn new(name: &'static str) -> Self {
        Self {
            name,
            versions: 1,
            ttl: None,
        }
    }
}

/// A version of a cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cell {
    /// The time of the write in epoch milliseconds. In a family without a TTL it may be any
    /// number that grows from version to version.
    pub timestamp: i64,
    /// The value.
    pub value: Vec<u8>,
}

/// One change of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// Writes a version of a cell.
    Put {
        /// The name of the column family.
        family: &'static str,
        /// The cell's name in the row, of at least one byte: HBase may show deleted cells again in a row
        /// that has a cell without a name, so the store there refuses one.
        qualifier: Vec<u8>,
        /// The timestamp and the value.
        cell: Cell,
    },
    /// Deletes all versions of a cell.
    Delete {
        /// The name of the column family.
        family: &'static str,
        /// The cell's name in the row.
        qualifier: Vec<u8>,
    },
    /// Deletes all cells of the row in one family.
    DeleteFamily {
        /// The name of the column family.
        family: &'static str,
    },
}

impl Change {
    /// Returns the name of the column family.
    pub fn family(&self) -> &'static str {
        match self {
            Self::Put { family, .. }
            | Self::Delete { family, .. }
            | Self::DeleteFamily { family } => family,
        }
    }
}

/// Changes of one row, which are applied atomically.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mutation {
    /// The key of the row.
    pub row: Vec<u8>,
    /// The changes, in the order in which they are applied.
    pub changes: Vec<Change>,
}

impl Mutation {
    /// Creates a mutation of a row, without any change.
    pub fn of(row: impl Into<Vec<u8>>) -> Self {
        Self {
            row: row.into(),
            changes: Vec::new(),
        }
    }

    /// Adds a write of one version of a cell. The timestamp is in epoch milliseconds.
    pub fn put(
        mut self,
        family: &'static str,
        qualifier: impl Into<Vec<u8>>,
        timestamp: i64,
        value: impl Into<Vec<u8>>,
    ) -> Self {
        self.changes.push(Change::Put {
            family,
            qualifier: qualifier.into(),
            cell: Cell {
                timestamp,
                value: value.into(),
            },
        });
        self
    }

    /// Adds the deletion of all versions of a cell.
    pub fn delete(mut self, family: &'static str, qualifier: impl Into<Vec<u8>>) -> Self {
        let qualifier = qualifier.into();
        self.changes.push(Change::Delete { family, qualifier });
        self
    }
}

/// A mutation of a row that is applied only if a cell of the same row has an expected value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conditional {
    /// The column family of the cell.
    pub family: &'static str,
    /// The cell's name in the row.
    pub qualifier: Vec<u8>,
    /// The expected value of its newest version. `None` if the cell must be absent; a cell with
    /// an empty value counts as absent.
    pub expected: Option<Vec<u8>>,
    /// The changes of the row.
    pub mutation: Mutation,
}

/// Which mutations a store applies atomically.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Atomicity {
    /// Those of one row, as in HBase.
    Row,
    /// All mutations of one call of [`RealtimeStore::apply`].
    Call,
}

/// A cell that a scan returns: (qualifier, newest version).
pub type Column = (Vec<u8>, Cell);

/// A cell's place: (row, column family, qualifier).
pub type Place<'a> = (&'a [u8], &'a str, &'a [u8]);

/// A reader of a store. It sees a consistent state of each row, or of the whole store, as
/// [`RealtimeStore::atomicity`] says. Cells whose TTL has ended are not returned.
///
/// Every method returns an error if the family does not exist, the storage cannot be read, or
/// a cell is damaged.
pub trait Reader {
    /// Returns the newest version of a cell; `None` if there is none.
    fn get(&self, row: &[u8], family: &str, qualifier: &[u8]) -> Result<Option<Cell>>;

    /// Returns the newest version of each of several cells; `None` for one that there is not.
    /// A store elsewhere is asked for many cells at once.
    fn get_all(&self, places: &[Place<'_>]) -> Result<Vec<Option<Cell>>> {
        let get = |(row, family, qualifier): &Place<'_>| self.get(row, family, qualifier);
        places.iter().map(get).collect()
    }

    /// Returns the versions of a cell that are kept, the newest first.
    fn versions(&self, row: &[u8], family: &str, qualifier: &[u8]) -> Result<Vec<Cell>>;

    /// Returns the cells of a row whose qualifiers are in a range, in the order of the
    /// qualifiers, each in its newest version.
    fn row(&self, row: &[u8], family: &str, qualifiers: Range<&[u8]>) -> Result<Vec<Column>>;

    /// Returns all cells of the rows whose keys begin with `prefix`, as (row, column), in the
    /// order of rows and qualifiers, each in its newest version.
    fn scan(&self, prefix: &[u8], family: &str) -> Result<Vec<(Vec<u8>, Column)>>;
}

/// A store of realtime views.
pub trait RealtimeStore: Send + Sync {
    /// Says which mutations [`apply`](Self::apply) applies atomically.
    fn atomicity(&self) -> Atomicity;

    /// Returns a reader of the current state.
    fn reader(&self) -> Box<dyn Reader + '_>;

    /// Applies mutations. They are acknowledged when this returns.
    ///
    /// # Errors
    /// If a family does not exist, or the storage refuses.
    fn apply(&self, mutations: &[Mutation]) -> Result<()>;

    /// Applies each of several conditional mutations, one after another or at the same time,
    /// each atomically by itself. Returns for each of them, in their order, whether its
    /// condition was true and the mutation is applied. No two of them may be of one row.
    ///
    /// # Errors
    /// If a family does not exist, or the storage refuses. Then each of them may be applied or
    /// not.
    fn apply_if(&self, conditionals: &[Conditional]) -> Result<Vec<bool>>;

    /// Adds `by` to a cell atomically, and returns its new value. The cell has an `i64` in
    /// big-endian bytes; one that is absent counts as 0. It gets the timestamp of the store's
    /// clock. An increment is not idempotent: one whose acknowledgement was lost may be done.
    ///
    /// # Errors
    /// If the family does not exist, the value has not eight bytes, or the storage refuses.
    fn increment(&self, row: &[u8], family: &'static str, qualifier: &[u8], by: i64)
    -> Result<i64>;

    /// Releases the space of the deleted cells of a family now, if the store can be asked to.
    /// HBase cannot through its Thrift gateway: it releases it with its next major compaction, for
    /// which `workbook compact hbase TABLE` asks.
    ///
    /// # Errors
    /// If the family does not exist, or the storage refuses.
    fn release(&self, family: &str) -> Result<()>;
}

/// Joins the mutations of each row into one, so that all changes of a row are applied atomically.
/// Rows are in the order in which they first come, and the changes of a row in their order.
pub fn by_row(mutations: &[Mutation]) -> Vec<Mutation> {
    let mut places: HashMap<&[u8], usize> = HashMap::with_capacity(mutations.len());
    let mut rows: Vec<Mutation> = Vec::with_capacity(mutations.len());
    for mutation in mutations.iter().filter(|m| !m.changes.is_empty()) {
        let place = *places.entry(&mutation.row).or_insert(rows.len());
        match rows.get_mut(place) {
            Some(row) => row.changes.extend_from_slice(&mutation.changes),
            None => rows.push(mutation.clone()),
        }
    }
    rows
}

/// Returns the place of a family among those with which a store was opened.
///
/// # Errors
/// If it is none of them.
pub fn family_at(families: &[Family], name: &str) -> Result<usize> {
    let place = families.iter().position(|family| family.name == name);
    place.ok_or_else(|| no_family(name, families.iter()))
}

/// Returns the error for a family that a store was not opened with.
pub(super) fn no_family<'a>(name: &str, known: impl Iterator<Item = &'a Family>) -> SpeedError {
    SpeedError::NoFamily {
        family: name.to_owned(),
        known: known.map(|family| family.name.to_owned()).collect(),
    }
}

/// Encodes a number, such as an instant in epoch seconds, as bytes for a key or a qualifier.
/// The order of the bytes is the order of the numbers, of negative ones, too.
///
/// ```
/// use lambda_workbook::speed::sortable;
/// assert!(sortable(-3600) < sortable(0) && sortable(0) < sortable(3600));
/// ```
pub fn sortable(number: i64) -> [u8; 8] {
    (number as u64 ^ 1 << 63).to_be_bytes()
}

/// Decodes a number that [`sortable`] has encoded; `None` unless there are eight bytes.
pub(super) fn from_sortable(key: &[u8]) -> Option<i64> {
    let bytes = key.try_into().ok()?;
    Some((u64::from_be_bytes(bytes) ^ 1 << 63) as i64)
}
