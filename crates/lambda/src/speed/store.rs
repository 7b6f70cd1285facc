//! The realtime store: random reads and random writes, in rows and columns.
//!
//! The serving store is written as a whole, by a batch run. A realtime view must be able to
//! write a single value at any time. The data model is that of HBase: a *row* has a key and
//! consists of *column families*, and a family consists of cells, each with a *qualifier*
//! (its name in the row) and a timestamp.
//!
//! Guarantees:
//!
//! 1. Rows are in the order of their keys, and the cells of a row in the order of their
//!    qualifiers, so a range of either is one scan.
//! 2. A reader sees all of a mutation of a row or nothing of it.
//! 3. An acknowledged write is seen by every reader that is created after it.
//!
//! | guarantee | HBase | [`EmbeddedStore`](super::EmbeddedStore) |
//! |---|---|---|
//! | atomic | the changes of one row | all mutations of one [`apply`](RealtimeStore::apply), of any rows |
//! | a [`Reader`] sees | each row as it is when it is read | the whole store as it was when the reader was created |
//! | family with one version | the cell with the largest timestamp wins | the last write wins |
//! | family with several versions | keeps those with the largest timestamps | keeps the last write, and of the others those with the largest timestamps |
//! | TTL | by the server's clock; removed by a major compaction | by the clock in the options; removed by [`compact`](super::EmbeddedStore::compact) |
//! | an acknowledged write is stored | by the replicas of the write-ahead log | as [`Durability`](super::Durability) says |
//! | processes at a time | any number | one |
//!
//! In a store where only a row is atomic ([`RealtimeStore::atomicity`] is
//! [`Row`](Atomicity::Row)), a view that counts must keep in each row which events are
//! already counted there.
use super::error::Result;
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
        /// The cell's name in the row.
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

/// A reader of a store. It sees a consistent state of each row, or of the whole store, as
/// [`RealtimeStore::atomicity`] says. Cells whose TTL has ended are not returned.
///
/// Every method returns an error if the family does not exist, the storage cannot be read, or
/// a cell is damaged.
pub trait Reader {
    /// Returns the newest version of a cell; `None` if there is none.
    fn get(&self, row: &[u8], family: &str, qualifier: &[u8]) -> Result<Option<Cell>>;

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
