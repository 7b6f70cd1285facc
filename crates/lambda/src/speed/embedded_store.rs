//! The realtime store on this machine: an LSM tree for each column family.
use super::cell_key::{bytes_of, cell, key_of, version_key};
use super::clock::{Clock, SystemClock};
use super::database;
use super::embedded_log::Durability;
use super::error::{Result, SpeedError, at};
use super::store::{Atomicity, Change, Family, Mutation, Reader, RealtimeStore};
use super::store_reader::At;
use fjall::{Database, Keyspace, KeyspaceCreateOptions};
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

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
    /// One cell, written after each compaction.
    released: Keyspace,
    durability: Durability,
    clock: Arc<dyn Clock>,
    /// Held by a write while it is made, and by a reader while its snapshot is
    /// taken. fjall 3.1 publishes the number of a finished flush or compaction,
    /// and with it the numbers before: those of a batch that is half written, too.
    writing: RwLock<()>,
}

/// How a store is opened.
#[derive(Clone)]
pub struct StoreOptions {
    pub durability: Durability,
    pub clock: Arc<dyn Clock>,
    /// Bytes of a family's writes that are held in memory before they become a
    /// file. Smaller makes more compaction.
    pub memtable: u64,
    /// Whether files are merged in the background. Without that, call
    /// [`compact`](EmbeddedStore::compact) before a family has 20 files: from 30 on,
    /// writes stand still.
    pub compaction: bool,
}

impl Default for StoreOptions {
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
    /// Opens the store in a folder, or makes one.
    pub fn open(folder: impl AsRef<Path>, families: &[Family]) -> Result<Self> {
        Self::open_with(folder, families, StoreOptions::default())
    }

    /// The same, with other options.
    pub fn open_with(
        folder: impl AsRef<Path>,
        families: &[Family],
        options: StoreOptions,
    ) -> Result<Self> {
        let path = folder.as_ref().to_owned();
        let failed = || at("opening the realtime store at", &path);
        let db = database::open(&path, "opening the realtime store at")?;
        let create = || {
            let create = KeyspaceCreateOptions::default().max_memtable_size(options.memtable);
            if options.compaction {
                return create;
            }
            // Merging begins at a number of files that is never met.
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
        })
    }

    /// Where it lies.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Bytes of a family's files.
    pub fn file_bytes(&self, family: &str) -> Result<u64> {
        Ok(self.family(family)?.1.disk_space())
    }

    /// How many files a family has.
    pub fn files(&self, family: &str) -> Result<usize> {
        Ok(self.family(family)?.1.table_count())
    }

    /// Compactions that came to their end since the store was opened.
    pub fn compactions(&self) -> usize {
        self.db.compactions_completed()
    }

    /// Writes what is in memory into a file and waits for it.
    pub fn flush(&self, family: &str) -> Result<()> {
        let keyspace = &self.family(family)?.1;
        keyspace
            .rotate_memtable_and_wait()
            .map_err(at("flushing", &self.path))
    }

    /// Major compaction: drops cells past their TTL, and merges all files of a
    /// family into as few as there need be. Deleted cells leave the disk now, or,
    /// where a reader is open that may still see them, with a later compaction.
    pub fn compact(&self, family: &str) -> Result<()> {
        let failed = || at("compacting", &self.path);
        let (options, keyspace) = self.family(family)?;
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
        self.release().map_err(failed())
    }

    /// Lets go of the files that were merged. fjall keeps the last list of files,
    /// and so the files, until something is written after the merge and flushed.
    fn release(&self) -> fjall::Result<()> {
        let mut batch = self.db.batch();
        batch.insert(&self.released, "1", "");
        self.commit(batch)?;
        self.released.rotate_memtable_and_wait()
    }

    fn commit(&self, batch: fjall::OwnedWriteBatch) -> fjall::Result<()> {
        let _alone = self.writing.write().unwrap_or_else(PoisonError::into_inner);
        batch.commit()
    }

    pub(super) fn family(&self, name: &str) -> Result<&(Family, Keyspace)> {
        let found = self.families.iter().find(|(family, _)| family.name == name);
        found.ok_or_else(|| SpeedError::NoFamily {
            family: name.to_owned(),
            known: self
                .families
                .iter()
                .map(|(f, _)| f.name.to_owned())
                .collect(),
        })
    }
}

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
        let _whole = self.writing.read().unwrap_or_else(PoisonError::into_inner);
        Box::new(At {
            snapshot: self.db.snapshot(),
            now: self.clock.now(),
            store: self,
        })
    }

    fn apply(&self, mutations: &[Mutation]) -> Result<()> {
        let mut batch = self.db.batch().durability(Some(self.durability.mode()));
        for Mutation { row, changes } in mutations {
            for change in changes {
                match change {
                    Change::Put {
                        family,
                        qualifier,
                        cell,
                    } => {
                        let (family, keyspace) = self.family(family)?;
                        let mut key = key_of(row, qualifier);
                        if family.versions > 1 {
                            let mut kept = 1;
                            for entry in keyspace.prefix(&key) {
                                let old = entry.key().map_err(at("writing", &self.path))?;
                                // A longer key is a longer qualifier's.
                                if old.len() == key.len() + 8 {
                                    kept += 1;
                                    if kept > family.versions {
                                        batch.remove(keyspace, old);
                                    }
                                }
                            }
                            key.extend(version_key(cell.timestamp));
                        }
                        batch.insert(keyspace, key, bytes_of(cell));
                    }
                    Change::Delete { family, qualifier } => {
                        let (family, keyspace) = self.family(family)?;
                        let key = key_of(row, qualifier);
                        if family.versions == 1 {
                            batch.remove(keyspace, key);
                            continue;
                        }
                        for entry in keyspace.prefix(&key) {
                            let found = entry.key().map_err(at("deleting", &self.path))?;
                            if found.len() == key.len() + 8 {
                                batch.remove(keyspace, found);
                            }
                        }
                    }
                    Change::DeleteFamily { family } => {
                        let keyspace = &self.family(family)?.1;
                        for entry in keyspace.prefix(key_of(row, b"")) {
                            let key = entry.key().map_err(at("deleting", &self.path))?;
                            batch.remove(keyspace, key);
                        }
                    }
                }
            }
        }
        self.commit(batch).map_err(at("writing to", &self.path))
    }
}
