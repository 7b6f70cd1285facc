//! The realtime store: random reads and random writes, in rows and columns.
//!
//! What the serving store could leave out, a realtime view needs: to write one
//! value now. The shape is HBase's: a *row* by its key, in it *column families*,
//! in those cells by *qualifier*, each with a timestamp.
//!
//! 1. Rows lie in the order of their keys, cells of a row in the order of their
//!    qualifiers: a range is one scan.
//! 2. A reader sees each mutation of a row whole or not at all.
//! 3. What was acknowledged is seen by every reader that begins later.
//!
//! | promise | HBase | [`EmbeddedStore`](super::EmbeddedStore) |
//! |---|---|---|
//! | atomic | one row | all mutations of one [`apply`](RealtimeStore::apply), of any rows |
//! | a [`Reader`] | each row as it is when it is read | everything as it was when the reader was made |
//! | families with one version | the largest timestamp wins | the last write wins |
//! | more versions | the newest, up to as many | the same |
//! | TTL | by the server's clock; gone at major compaction | by the clock passed in; gone at [`compact`](super::EmbeddedStore::compact) |
//! | acknowledged | on the replicas of its write-ahead log | as [`Durability`](super::Durability) says |
//! | a process at a time | any number | one |
//!
//! Where only a row is atomic, [`RealtimeStore::atomicity`] says so, and a view
//! that counts must keep what it has applied in the row itself.
use super::error::Result;
use std::ops::Range;

/// A column family, as a store is opened with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Family {
    pub name: &'static str,
    /// Versions of a cell that are kept: 1 or more.
    pub versions: u32,
    /// Milliseconds after its timestamp that a cell lives.
    pub ttl: Option<i64>,
}

impl Family {
    /// One version, for ever.
    pub const fn new(name: &'static str) -> Self {
        Self {
            name,
            versions: 1,
            ttl: None,
        }
    }
}

/// A value and when it was written: epoch milliseconds, or any number that grows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cell {
    pub timestamp: i64,
    pub value: Vec<u8>,
}

/// One change of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    Put {
        family: &'static str,
        qualifier: Vec<u8>,
        cell: Cell,
    },
    /// All versions of a cell.
    Delete {
        family: &'static str,
        qualifier: Vec<u8>,
    },
    /// A whole family of the row.
    DeleteFamily { family: &'static str },
}

/// Changes of one row, applied together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mutation {
    pub row: Vec<u8>,
    pub changes: Vec<Change>,
}

impl Mutation {
    /// Of a row, nothing yet.
    pub fn of(row: impl Into<Vec<u8>>) -> Self {
        Self {
            row: row.into(),
            changes: Vec::new(),
        }
    }

    /// Writes a cell.
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

    /// Deletes a cell.
    pub fn delete(mut self, family: &'static str, qualifier: impl Into<Vec<u8>>) -> Self {
        let qualifier = qualifier.into();
        self.changes.push(Change::Delete { family, qualifier });
        self
    }
}

/// What is atomic when mutations are applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Atomicity {
    /// The mutations of a row: HBase.
    Row,
    /// All mutations of a call.
    Call,
}

/// A cell found by a scan of a row: qualifier and newest version.
pub type Column = (Vec<u8>, Cell);

/// Reads that see one state of a row, or of everything.
pub trait Reader {
    /// The newest version of a cell.
    fn get(&self, row: &[u8], family: &str, qualifier: &[u8]) -> Result<Option<Cell>>;

    /// The versions of a cell, the newest first.
    fn versions(&self, row: &[u8], family: &str, qualifier: &[u8]) -> Result<Vec<Cell>>;

    /// The cells of a row with qualifiers in a range, in their order.
    fn row(&self, row: &[u8], family: &str, qualifiers: Range<&[u8]>) -> Result<Vec<Column>>;

    /// The rows that begin with `prefix`, cell by cell, in the order of the keys.
    fn scan(&self, prefix: &[u8], family: &str) -> Result<Vec<(Vec<u8>, Column)>>;
}

/// A store of realtime views.
pub trait RealtimeStore: Send + Sync {
    /// What is atomic in [`apply`](Self::apply).
    fn atomicity(&self) -> Atomicity;

    /// A reader of what is there now.
    fn reader(&self) -> Box<dyn Reader + '_>;

    /// Applies mutations; acknowledged on return.
    fn apply(&self, mutations: &[Mutation]) -> Result<()>;
}

/// An instant as a qualifier: bytes in the order of time, before 1970 too.
///
/// ```
/// use lambda_workbook::speed::time_key;
/// assert!(time_key(-3600) < time_key(0) && time_key(0) < time_key(3600));
/// ```
pub fn time_key(secs: i64) -> [u8; 8] {
    (secs as u64 ^ 1 << 63).to_be_bytes()
}

/// The instant of a qualifier.
pub(super) fn time_of(key: &[u8]) -> Option<i64> {
    let bytes = key.try_into().ok()?;
    Some((u64::from_be_bytes(bytes) ^ 1 << 63) as i64)
}
