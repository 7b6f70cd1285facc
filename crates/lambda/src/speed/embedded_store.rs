//! The realtime store on this machine: an LSM tree for each column family.
use super::cell_key::{bytes_of, cell, key_of, version_key};
use super::clock::{Clock, SystemClock};
use super::database;
use super::embedded_log::Durability;
use super::error::{Result, SpeedError, at};
use super::store::{
    Atomicity, Cell, Change, Conditional, Family, Mutation, Reader, RealtimeStore, no_family,
};
use super::store_reader::SnapshotReader;
use fjall::{Database, Keyspace, KeyspaceCreateOptions, OwnedWriteBatch, UserKey};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

/// A store in a folder of this machine, for one process at a time.
///
/// ```
/// use lambda_workbook::speed::{EmbeddedStore, Family, Mutation, RealtimeStore};
///
/// let folder = tempfile::tempdir()?;
/// let store = EmbeddedStore::open(folder.path(), &[Family::new("views")])?;
/// let before = store.reader();
/// store.apply(&[Mutation::of("foo.com/").put("views", "10:00", 1, "17")])?;
/// let now = store.reader().get(b"foo.com/", "views", b"10:00")?;
/// assert_eq!(now.map(|cell| cell.value), Some(b"17".to_vec()));
/// assert_eq!(before.get(b"foo.com/", "views", b"10:00")?, None); // as it was
/// # drop(before);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct EmbeddedStore {
    path: PathBuf,
    db: Database,
    families: Vec<(Family, Keyspace)>,
    /// A single cell, which is written after each compaction (see `remove_merged_files`).
    released: Keyspace,
    durability: Durability,
    clock: Arc<dyn Clock>,
    /// Locked by a write while it is committed, and by a reader while its snapshot is taken.
    /// Without it a snapshot could contain half a batch: when a flush or compaction finishes,
    /// fjall 3.1 makes all smaller sequence numbers visible, including those of a batch that
    /// is still being written.
    writing: RwLock<()>,
    /// Held by a write from its first read of the store to its commit, so that a condition is
    /// still true when its mutation is committed.
    turn: Mutex<()>,
}

/// Options with which a store is opened.
#[derive(Clone)]
pub struct RealtimeStoreOptions {
    /// Which failure an acknowledged write survives.
    pub durability: Durability,
    /// The clock by which cells expire.
    pub clock: Arc<dyn Clock>,
    /// Size of a family's memtable in bytes: writes are held in memory up to this size before
    /// they are flushed to a file. A smaller memtable causes more compaction.
    pub memtable: u64,
    /// Whether files are compacted in the background. If not, call
    /// [`compact`](EmbeddedStore::compact) before a family has 20 files, because writes are
    /// slowed down from 20 files on and stop at 30.
    pub compaction: bool,
}

impl Default for RealtimeStoreOptions {
    fn default() -> Self {
        Self {
            durability: Durability::default(),
            clock: Arc::new(SystemClock),
            memtable: 64 << 20,
            compaction: true,
        }
    }
}

impl EmbeddedStore {
    /// Opens the store in a folder, or creates an empty one there, with the default options.
    ///
    /// # Errors
    /// If the folder cannot be read or written, or another process has the store open.
    pub fn open(folder: impl AsRef<Path>, families: &[Family]) -> Result<Self> {
        Self::open_with(folder, families, RealtimeStoreOptions::default())
    }

    /// Opens the store in a folder, or creates an empty one there, with the given options.
    ///
    /// # Errors
    /// If the folder cannot be read or written, or another process has the store open.
    pub fn open_with(
        folder: impl AsRef<Path>,
        families: &[Family],
        options: RealtimeStoreOptions,
    ) -> Result<Self> {
        // Open the engine.
        let path = folder.as_ref().to_owned();
        let failed = || at("opening the realtime store at", &path);
        let db = database::open(&path, "opening the realtime store at")?;

        // Open a keyspace for each family, and one for what was released.
        let create = || {
            let create = KeyspaceCreateOptions::default().max_memtable_size(options.memtable);
            if options.compaction {
                return create;
            }
            // fjall cannot switch compaction off, so it begins at a number of files that is
            // never reached.
            let never = fjall::compaction::Leveled::default().with_l0_threshold(u8::MAX);
            create.compaction_strategy(Arc::new(never))
        };
        let mut open = Vec::new();
        for family in families {
            let keyspace = db.keyspace(family.name, create).map_err(failed())?;
            open.push((family.clone(), keyspace));
        }
        let released = db
            .keyspace(".released", KeyspaceCreateOptions::default)
            .map_err(failed())?;
        Ok(Self {
            released,
            db,
            families: open,
            path,
            durability: options.durability,
            clock: options.clock,
            writing: RwLock::new(()),
            turn: Mutex::new(()),
        })
    }

    /// Returns the folder of the store.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Returns the size of a family's files in bytes.
    ///
    /// # Errors
    /// If there is no such family.
    pub fn file_bytes(&self, family: &str) -> Result<u64> {
        Ok(self.family(family)?.1.disk_space())
    }

    /// Returns the number of a family's files.
    ///
    /// # Errors
    /// If there is no such family.
    pub fn files(&self, family: &str) -> Result<usize> {
        Ok(self.family(family)?.1.table_count())
    }

    /// Returns the number of compactions that were completed since the store was opened.
    pub fn compactions(&self) -> usize {
        self.db.compactions_completed()
    }

    /// Flushes a family's memtable to a file, and waits until it is written.
    ///
    /// # Errors
    /// If there is no such family, or the file cannot be written.
    pub fn flush(&self, family: &str) -> Result<()> {
        let keyspace = &self.family(family)?.1;
        keyspace
            .rotate_memtable_and_wait()
            .map_err(at("flushing", &self.path))
    }

    /// Runs a major compaction of a family: removes the cells whose TTL has ended, and merges
    /// all files into as few as possible. Deleted cells leave the disk with it, or, while an
    /// open reader can still see them, with a later compaction. The cost is reading and
    /// writing the whole family.
    ///
    /// # Errors
    /// If there is no such family, or a file cannot be read or written.
    pub fn compact(&self, family: &str) -> Result<()> {
        let failed = || at("compacting", &self.path);
        let (options, keyspace) = self.family(family)?;
        // Delete what has expired, then merge the files.
        if options.ttl.is_some() {
            let mut batch = self.db.batch();
            for entry in keyspace.iter() {
                let (key, bytes) = entry.into_inner().map_err(failed())?;
                if expired(options, cell(&bytes)?.timestamp, self.clock.now()) {
                    batch.remove(keyspace, key);
                }
            }
            self.commit(batch).map_err(failed())?;
        }
        keyspace.rotate_memtable_and_wait().map_err(failed())?;
        keyspace.major_compact().map_err(failed())?;
        self.remove_merged_files().map_err(failed())
    }

    /// Makes fjall remove the files that a compaction has merged. It keeps the previous list
    /// of files, and so the files, until something is written and flushed after the merge.
    fn remove_merged_files(&self) -> fjall::Result<()> {
        let mut batch = self.db.batch();
        batch.insert(&self.released, "1", "");
        self.commit(batch)?;
        self.released.rotate_memtable_and_wait()
    }

    /// Waits until no other write is between its reads and its commit.
    fn turn(&self) -> MutexGuard<'_, ()> {
        self.turn.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Commits a batch while no snapshot is taken.
    fn commit(&self, batch: fjall::OwnedWriteBatch) -> fjall::Result<()> {
        let _no_snapshot = self.writing.write().unwrap_or_else(PoisonError::into_inner);
        batch.commit()
    }

    /// Returns a column family's options and its keyspace.
    ///
    /// # Errors
    /// If the store was opened without it.
    pub(super) fn family(&self, name: &str) -> Result<&(Family, Keyspace)> {
        let found = self.families.iter().find(|(family, _)| family.name == name);
        found.ok_or_else(|| no_family(name, self.families.iter().map(|(family, _)| family)))
    }
}

/// Returns true if a cell with this timestamp has expired at `now`. Both are in epoch
/// milliseconds.
pub(super) fn expired(family: &Family, timestamp: i64, now: i64) -> bool {
    family
        .ttl
        .is_some_and(|ttl| timestamp.saturating_add(ttl) <= now)
}

impl RealtimeStore for EmbeddedStore {
    fn atomicity(&self) -> Atomicity {
        Atomicity::Call
    }

    fn reader(&self) -> Box<dyn Reader + '_> {
        let _no_commit = self.writing.read().unwrap_or_else(PoisonError::into_inner);
        Box::new(SnapshotReader {
            snapshot: self.db.snapshot(),
            now: self.clock.now(),
            store: self,
        })
    }

    fn apply(&self, mutations: &[Mutation]) -> Result<()> {
        let _turn = self.turn();
        self.apply_in_turn(mutations)
    }

    fn apply_if(&self, conditionals: &[Conditional]) -> Result<Vec<bool>> {
        let _turn = self.turn();
        let apply = |conditional: &Conditional| {
            let row = &conditional.mutation.row;
            let reader = self.reader();
            let found = reader.get(row, conditional.family, &conditional.qualifier)?;
            drop(reader);
            // An empty value counts as absent.
            let found = found.map(|cell| cell.value).unwrap_or_default();
            let holds = found == conditional.expected.as_deref().unwrap_or_default();
            if holds {
                self.apply_in_turn(std::slice::from_ref(&conditional.mutation))?;
            }
            Ok(holds)
        };
        conditionals.iter().map(apply).collect()
    }

    fn increment(
        &self,
        row: &[u8],
        family: &'static str,
        qualifier: &[u8],
        by: i64,
    ) -> Result<i64> {
        let _turn = self.turn();
        let before = self.reader().get(row, family, qualifier)?;
        let (value, timestamp) = match before {
            None => (0, i64::MIN),
            Some(cell) => match cell.value.try_into() {
                Ok(bytes) => (i64::from_be_bytes(bytes), cell.timestamp),
                Err(_) => {
                    return Err(SpeedError::Damaged {
                        what: "a cell that is incremented has not eight bytes",
                        place: format!("the realtime store, family {family:?}"),
                    });
                }
            },
        };
        // As in HBase, the sum wraps around, and the timestamp does not go back.
        let sum = value.wrapping_add(by);
        let now = self.clock.now().max(timestamp);
        let put = Mutation::of(row).put(family, qualifier, now, sum.to_be_bytes());
        self.apply_in_turn(&[put])?;
        Ok(sum)
    }

    fn release(&self, family: &str) -> Result<()> {
        self.compact(family)
    }
}

impl EmbeddedStore {
    /// Applies mutations atomically; the caller holds the turn.
    fn apply_in_turn(&self, mutations: &[Mutation]) -> Result<()> {
        // Translate all changes into one batch of the engine, and commit it atomically.
        let mut batch = self.db.batch().durability(Some(self.durability.mode()));
        for Mutation { row, changes } in mutations {
            for change in changes {
                match change {
                    Change::Put {
                        family,
                        qualifier,
                        cell,
                    } => self.put(&mut batch, row, family, qualifier, cell)?,
                    Change::Delete { family, qualifier } => {
                        self.delete(&mut batch, row, family, qualifier)?
                    }
                    Change::DeleteFamily { family } => {
                        self.delete_family(&mut batch, row, family)?
                    }
                }
            }
        }
        self.commit(batch).map_err(at("writing to", &self.path))
    }

    /// Adds a cell to a batch, and the removal of its versions beyond the family's number.
    fn put(
        &self,
        batch: &mut OwnedWriteBatch,
        row: &[u8],
        family: &str,
        qualifier: &[u8],
        cell: &Cell,
    ) -> Result<()> {
        let (family, keyspace) = self.family(family)?;
        let mut key = key_of(row, qualifier);
        if family.versions > 1 {
            // The new version is kept beside the newest of the stored ones.
            let stored = self.versions(keyspace, &key);
            for (old, kept) in stored.zip(2..) {
                let old = old.map_err(at("writing", &self.path))?;
                if kept > family.versions {
                    batch.remove(keyspace, old);
                }
            }
            key.extend(version_key(cell.timestamp));
        }
        batch.insert(keyspace, key, bytes_of(cell));
        Ok(())
    }

    /// Adds the removal of a cell, with all of its versions, to a batch.
    fn delete(
        &self,
        batch: &mut OwnedWriteBatch,
        row: &[u8],
        family: &str,
        qualifier: &[u8],
    ) -> Result<()> {
        let (family, keyspace) = self.family(family)?;
        let key = key_of(row, qualifier);
        if family.versions == 1 {
            batch.remove(keyspace, key);
            return Ok(());
        }
        for version in self.versions(keyspace, &key) {
            batch.remove(keyspace, version.map_err(at("deleting", &self.path))?);
        }
        Ok(())
    }

    /// Adds the removal of all cells that a row has in a family to a batch.
    fn delete_family(&self, batch: &mut OwnedWriteBatch, row: &[u8], family: &str) -> Result<()> {
        let keyspace = &self.family(family)?.1;
        for entry in keyspace.prefix(key_of(row, b"")) {
            let key = entry.key().map_err(at("deleting", &self.path))?;
            batch.remove(keyspace, key);
        }
        Ok(())
    }

    /// The stored versions of a cell with the key `key`, the newest first: their keys.
    fn versions<'a>(
        &'a self,
        keyspace: &'a Keyspace,
        key: &'a [u8],
    ) -> impl Iterator<Item = fjall::Result<UserKey>> + 'a {
        let keys = keyspace.prefix(key).map(|entry| entry.key());
        // The prefix also matches cells with longer qualifiers.
        keys.filter(|found| {
            let is_other = |found: &UserKey| found.len() != key.len() + 8;
            !found.as_ref().is_ok_and(is_other)
        })
    }
}
