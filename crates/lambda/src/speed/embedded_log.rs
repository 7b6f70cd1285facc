//! The log on this machine: appends are entries of an LSM tree.
//!
//! One append is one entry. Its key is the partition and the offset of its first record, and
//! its value holds all of its records. So an append is atomic, the next offset follows from
//! the last entry and needs no counter on the disk, and a producer that sends a thousand
//! records at a time pays for one write. Values of 1 KiB and more are stored apart from the
//! keys, so that compaction does not copy them each time.
use super::database;
use super::entry::{count_of, damaged, entry, entry_key, offset_of, unpack};
use super::error::{Result, SpeedError, at};
use super::log::{Log, Records};
use fjall::{Database, Keyspace, KeyspaceCreateOptions, KvSeparationOptions, PersistMode};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

/// Which failure a write survives once it is acknowledged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Durability {
    /// A crash of this process, `kill -9` included, but not a crash of the machine: the
    /// operating system has the write, and the disk may not. Kafka's brokers acknowledge at
    /// the same moment by default, and rely on replicas for the rest.
    #[default]
    Process,
    /// A power cut: the write is flushed to the disk before it is acknowledged.
    Power,
}

impl Durability {
    /// Returns fjall's persist mode that gives this guarantee.
    pub fn mode(self) -> PersistMode {
        match self {
            Self::Process => PersistMode::Buffer,
            Self::Power => PersistMode::SyncData,
        }
    }
}

/// A log in a folder of this machine, for one process at a time.
///
/// ```
/// use lambda_workbook::speed::{EmbeddedLog, Log};
///
/// let folder = tempfile::tempdir()?;
/// let log = EmbeddedLog::open(folder.path())?;
/// log.create_topic("views", 1)?;
/// let items: Vec<[u8; 1]> = (0..8u8).map(|item| [item]).collect();
/// for item in &items {
///     log.append("views", 0, &[(b"key", item)])?;
/// }
/// let three = log.read("views", 0, 4, 3)?; // "three items from position 4"
/// assert_eq!(three.iter().map(|r| r.value[0]).collect::<Vec<_>>(), [4, 5, 6]);
/// assert_eq!(log.read("views", 0, 6, 10)?.len(), 2); // "ten items from 6": there are two
/// log.commit("counter", "views", 0, 7)?;
/// drop(log);
/// assert_eq!(EmbeddedLog::open(folder.path())?.committed("counter", "views", 0)?, Some(7));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct EmbeddedLog {
    path: PathBuf,
    db: Database,
    /// Numbers by name: each topic's partitions, the first offset that is kept of each
    /// partition, and the committed offsets of groups.
    meta: Keyspace,
    /// The topics that were used since the log was opened.
    topics: RwLock<HashMap<String, Arc<Topic>>>,
    durability: Durability,
}

/// An open topic.
struct Topic {
    entries: Keyspace,
    /// The offset of the next record of each partition. Its lock is held during an append.
    partitions: Vec<Mutex<u64>>,
}

impl EmbeddedLog {
    /// Opens the log in a folder, or creates an empty one there, with the default durability.
    ///
    /// # Errors
    /// If the folder cannot be read or written, or another process has the log open.
    pub fn open(folder: impl AsRef<Path>) -> Result<Self> {
        Self::open_with(folder, Durability::default())
    }

    /// Opens the log in a folder, or creates an empty one there, with the given durability of
    /// appends and commits.
    ///
    /// # Errors
    /// If the folder cannot be read or written, or another process has the log open.
    pub fn open_with(folder: impl AsRef<Path>, durability: Durability) -> Result<Self> {
        let path = folder.as_ref().to_owned();
        let db = database::open(&path, "opening the log")?;
        let meta = db.keyspace("meta", KeyspaceCreateOptions::default);
        Ok(Self {
            meta: meta.map_err(at("opening the log", &path))?,
            db,
            topics: RwLock::default(),
            path,
            durability,
        })
    }

    /// Returns a topic, which is opened at its first use.
    fn topic(&self, name: &str) -> Result<Arc<Topic>> {
        let open = self.topics.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(topic) = open.get(name) {
            return Ok(topic.clone());
        }
        drop(open);
        // Open it under the write lock, unless another thread did so in between.
        let mut open = self.topics.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(topic) = open.get(name) {
            return Ok(topic.clone());
        }
        let Some(partitions) = self.number(&format!("partitions/{name}"))? else {
            return Err(SpeedError::NoTopic {
                topic: name.to_owned(),
                path: self.path.clone(),
            });
        };
        let failed = || at("opening a topic of", &self.path);
        let options = || {
            let separated = KvSeparationOptions::default();
            KeyspaceCreateOptions::default().with_kv_separation(Some(separated))
        };
        let entries = self.db.keyspace(&format!("topic-{name}"), options);
        let entries = entries.map_err(failed())?;
        // Find the end of each partition: it follows the last entry. Retention may have
        // removed all entries; then the end is the first offset that is kept.
        let mut ends = Vec::new();
        for partition in 0..partitions as u32 {
            let mut end = self.number(&begin_name(name, partition))?.unwrap_or(0);
            if let Some(last) = entries.prefix(partition.to_be_bytes()).next_back() {
                let (key, value) = last.into_inner().map_err(failed())?;
                end = end.max(offset_of(&key) + u64::from(count_of(&value)?));
            }
            ends.push(Mutex::new(end));
        }
        let topic = Arc::new(Topic {
            entries,
            partitions: ends,
        });
        open.insert(name.to_owned(), topic.clone());
        Ok(topic)
    }

    /// Reads a number of the metadata; `None` if it was never written.
    fn number(&self, name: &str) -> Result<Option<u64>> {
        let found = self.meta.get(name);
        let found = found.map_err(at("reading the log", &self.path))?;
        let number =
            |bytes: fjall::Slice| Some(u64::from_be_bytes(bytes.as_ref().try_into().ok()?));
        Ok(found.and_then(number))
    }

    /// Writes a number of the metadata.
    fn put(&self, name: &str, number: u64) -> Result<()> {
        let failed = || at("writing to the log", &self.path);
        let mut batch = self.db.batch().durability(Some(self.durability.mode()));
        batch.insert(&self.meta, name, number.to_be_bytes());
        batch.commit().map_err(failed())
    }
}

impl Topic {
    /// Returns the lock of a partition's end, or the error that there is no such partition.
    /// `name` is the topic's, for the error.
    fn end(&self, name: &str, partition: u32) -> Result<&Mutex<u64>> {
        let found = self.partitions.get(partition as usize);
        found.ok_or_else(|| SpeedError::NoPartition {
            topic: name.to_owned(),
            partition,
            partitions: self.partitions.len() as u32,
        })
    }
}

/// The name under which a partition's first kept offset is stored.
fn begin_name(topic: &str, partition: u32) -> String {
    format!("begin/{topic}/{partition}")
}

/// The name under which a group's committed offset is stored.
fn group_name(group: &str, topic: &str, partition: u32) -> String {
    format!("group/{topic}/{partition}/{group}")
}

impl Log for EmbeddedLog {
    fn create_topic(&self, topic: &str, partitions: u32) -> Result<()> {
        let refused = |problem: String| SpeedError::Topic {
            topic: topic.to_owned(),
            problem,
        };
        let plain = |b: u8| b.is_ascii_alphanumeric() || b"-_.".contains(&b);
        if topic.is_empty() || topic.len() > 200 || !topic.bytes().all(plain) {
            return Err(refused(
                "invalid name; use 1 to 200 letters, digits, dots, hyphens and underscores".into(),
            ));
        }
        if partitions == 0 {
            return Err(refused("needs at least one partition, got 0".into()));
        }
        let name = format!("partitions/{topic}");
        match self.number(&name)? {
            Some(existing) if existing == u64::from(partitions) => Ok(()),
            Some(existing) => Err(refused(format!(
                "exists with {existing} partitions, not {partitions}; use it as it is, or create another topic, \
                 because another number would move keys to other partitions"
            ))),
            None => self.put(&name, partitions.into()),
        }
    }

    fn partitions(&self, topic: &str) -> Result<u32> {
        Ok(self.topic(topic)?.partitions.len() as u32)
    }

    fn append(&self, topic: &str, partition: u32, records: &[(&[u8], &[u8])]) -> Result<u64> {
        let found = self.topic(topic)?;
        // The lock is held until the write is acknowledged, so appends to one partition come
        // one after another and leave no gap when one of them fails.
        let mut end = found
            .end(topic, partition)?
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let first = *end;
        if records.is_empty() {
            return Ok(first);
        }
        let mut batch = self.db.batch().durability(Some(self.durability.mode()));
        batch.insert(&found.entries, entry_key(partition, first), entry(records));
        batch
            .commit()
            .map_err(at("appending to the log", &self.path))?;
        *end += records.len() as u64;
        Ok(first)
    }

    fn read(&self, topic: &str, partition: u32, from: u64, n: usize) -> Result<Records> {
        // Check that the log has the offset.
        let found = self.topic(topic)?;
        let begin = self.begin(topic, partition)?;
        let end = self.end(topic, partition)?;
        if from < begin || from > end {
            return Err(SpeedError::OutOfRange {
                topic: topic.to_owned(),
                partition,
                offset: from,
                begin,
                end,
            });
        }
        let mut records = Records::from(from);
        if from == end || n == 0 {
            return Ok(records);
        }
        let failed = || at("reading the log", &self.path);
        // Find the entry that contains `from`: the last one that begins at or before it.
        let mut upto = found
            .entries
            .range(entry_key(partition, 0)..=entry_key(partition, from));
        let start = match upto.next_back() {
            Some(entry) => entry.key().map_err(failed())?,
            None => return Err(damaged()),
        };
        // Decode entries from there on, until there are `n` records.
        let stop = entry_key(partition, u64::MAX);
        for entry in found.entries.range(&start[..]..&stop[..]) {
            let (key, value) = entry.into_inner().map_err(failed())?;
            unpack(
                &value,
                from.saturating_sub(offset_of(&key)),
                n,
                &mut records,
            )?;
            if records.len() == n {
                break;
            }
        }
        Ok(records)
    }

    fn begin(&self, topic: &str, partition: u32) -> Result<u64> {
        self.topic(topic)?.end(topic, partition)?;
        Ok(self.number(&begin_name(topic, partition))?.unwrap_or(0))
    }

    fn end(&self, topic: &str, partition: u32) -> Result<u64> {
        let topic_found = self.topic(topic)?;
        let end = topic_found.end(topic, partition)?.lock();
        Ok(*end.unwrap_or_else(PoisonError::into_inner))
    }

    fn commit(&self, group: &str, topic: &str, partition: u32, offset: u64) -> Result<()> {
        self.topic(topic)?.end(topic, partition)?;
        self.put(&group_name(group, topic, partition), offset)
    }

    fn committed(&self, group: &str, topic: &str, partition: u32) -> Result<Option<u64>> {
        self.topic(topic)?.end(topic, partition)?;
        self.number(&group_name(group, topic, partition))
    }

    fn delete_before(&self, topic: &str, partition: u32, offset: u64) -> Result<()> {
        let found = self.topic(topic)?;
        let end = found
            .end(topic, partition)?
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let begin = self.number(&begin_name(topic, partition))?.unwrap_or(0);
        let offset = offset.min(*end);
        if offset <= begin {
            return Ok(());
        }
        // The new first offset and the removal of entries are one atomic write.
        let failed = || at("deleting from the log", &self.path);
        let mut batch = self.db.batch().durability(Some(self.durability.mode()));
        batch.insert(
            &self.meta,
            begin_name(topic, partition),
            offset.to_be_bytes(),
        );
        let old = found
            .entries
            .range(entry_key(partition, 0)..entry_key(partition, offset));
        for entry in old {
            let (key, value) = entry.into_inner().map_err(failed())?;
            // An entry that also has later records is kept whole.
            if offset_of(&key) + u64::from(count_of(&value)?) <= offset {
                batch.remove(&found.entries, key);
            }
        }
        batch.commit().map_err(failed())
    }
}
