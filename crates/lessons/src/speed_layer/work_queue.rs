//! The single-consumer queue: a server that hands out items and waits to hear
//! that they are done.
//!
//! An item is taken by one consumer, and hidden from others until it is
//! acknowledged, which deletes it. If the acknowledgement does not come, the item
//! is handed out again: so none is lost, and some are done twice. Every item costs
//! the server a write when it comes and another when it is done, and it can be
//! read once: a second application needs a second queue, or must share.
//!
//! Source: *Big Data*, Marz and Warren, section 14.2.1.
use fjall::{Database, Keyspace, KeyspaceCreateOptions};
use lambda::speed::Durability;
use lambda::speed::{Result, at, open_database};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// A durable queue in a folder.
///
/// ```
/// use lambda_workbook::speed::WorkQueue;
///
/// let folder = tempfile::tempdir()?;
/// let mut queue = WorkQueue::open(folder.path(), 30_000)?;
/// queue.push(&[b"a", b"b"])?;
/// let taken = queue.take(1, 0)?;
/// assert_eq!(queue.take(5, 0)?.len(), 1); // the other one
/// queue.acknowledge(&[taken[0].0])?;
/// // The second was not acknowledged in time: it is handed out again.
/// assert_eq!(queue.take(5, 30_000)?[0].1, b"b");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct WorkQueue {
    path: PathBuf,
    db: Database,
    items: Keyspace,
    next: u64,
    /// Items handed out, until when they are hidden. A restart forgets them.
    hidden: BTreeMap<u64, i64>,
    timeout: i64,
}

impl WorkQueue {
    /// Opens the queue; an item is handed out again so many milliseconds after it
    /// was taken.
    pub fn open(folder: &Path, timeout: i64) -> Result<Self> {
        let failed = || at("opening the queue at", folder);
        let db = open_database(folder, "opening the queue at")?;
        let items = db
            .keyspace("items", KeyspaceCreateOptions::default)
            .map_err(failed())?;
        let last = items.last_key_value().map(fjall::Guard::key).transpose();
        let last = last.map_err(failed())?;
        let next = last.and_then(|key| Some(u64::from_be_bytes(key.as_ref().try_into().ok()?) + 1));
        Ok(Self {
            path: folder.to_owned(),
            db,
            items,
            next: next.unwrap_or(0),
            hidden: BTreeMap::new(),
            timeout,
        })
    }

    /// Adds items.
    pub fn push(&mut self, items: &[&[u8]]) -> Result<()> {
        let mut batch = self.db.batch().durability(Some(Durability::Process.mode()));
        for item in items {
            batch.insert(&self.items, self.next.to_be_bytes(), *item);
            self.next += 1;
        }
        batch
            .commit()
            .map_err(at("adding to the queue at", &self.path))
    }

    /// Hands out up to `n` items that nobody has, with their numbers.
    pub fn take(&mut self, n: usize, now: i64) -> Result<Vec<(u64, Vec<u8>)>> {
        let mut taken = Vec::new();
        for entry in self.items.iter() {
            if taken.len() == n {
                break;
            }
            let (key, value) = entry
                .into_inner()
                .map_err(at("reading the queue at", &self.path))?;
            let id = key.as_ref().try_into().map_or(0, u64::from_be_bytes);
            if self.hidden.get(&id).is_none_or(|until| *until <= now) {
                self.hidden.insert(id, now + self.timeout);
                taken.push((id, value.to_vec()));
            }
        }
        Ok(taken)
    }

    /// Deletes items that are done.
    pub fn acknowledge(&mut self, ids: &[u64]) -> Result<()> {
        let mut batch = self.db.batch().durability(Some(Durability::Process.mode()));
        for id in ids {
            self.hidden.remove(id);
            batch.remove(&self.items, id.to_be_bytes());
        }
        batch
            .commit()
            .map_err(at("acknowledging to the queue at", &self.path))
    }

    /// Returns the items that are not done yet as text, in order, whether a consumer has taken them
    /// or not.
    ///
    /// # Errors
    /// If the queue cannot be read.
    pub fn items(&self) -> Result<Vec<String>> {
        let read = |entry: fjall::Guard| {
            let value = entry
                .value()
                .map_err(at("reading the queue at", &self.path))?;
            Ok(String::from_utf8_lossy(&value).into_owned())
        };
        self.items.iter().map(read).collect()
    }

    /// Whether every item is done.
    pub fn is_empty(&self) -> Result<bool> {
        self.items
            .is_empty()
            .map_err(at("reading the queue at", &self.path))
    }
}
