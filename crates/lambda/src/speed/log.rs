//! The log: a queue that many consumers read, each at its own pace.
//!
//! A topic consists of partitions. A partition is a sequence of records in the order in which
//! they were appended, and each record has an *offset*: 0, 1, 2 and so on. Reading removes
//! nothing: a consumer asks for, say, "three records from offset 4". The consumer keeps its
//! own position. It can store its offset together with its results, or commit it to the log
//! under the name of its *consumer group*.
//!
//! Guarantees:
//!
//! 1. The offset of a record is never given to another record of its partition.
//! 2. Acknowledged records survive a crash, in order, exactly once.
//! 3. Records that are appended by key ([`Log::append_by_key`]) are in one partition if their
//!    keys are equal.
//! 4. A read from an offset that is no longer kept is an error that names the kept offsets.
//!
//! Both logs are held to these by the same tests (`tests/log_promises.rs`), Kafka on a real broker
//! that is killed. They differ here:
//!
//! | | Kafka | [`EmbeddedLog`](super::EmbeddedLog) |
//! |---|---|---|
//! | an acknowledged record is stored | by all replicas in sync (`acks=all`); a single broker, as `workbook up kafka` starts, keeps it through a crash of its process | by this machine: by the operating system, or on the disk ([`Durability`](super::Durability)) |
//! | partition of a key | murmur2 in the standard client | [`partition_of`], XXH3 |
//! | a retried append | stored once, with an idempotent producer; twice without | stored twice if the first one succeeded and its acknowledgement was lost |
//! | consumer groups | assign partitions to their members | keep committed offsets; the caller assigns partitions |
//! | retention | by time or size, in whole segments | by offset, with [`Log::delete_before`] |
//! | waiting for new records | long poll | the caller polls again |
//! | offsets | some carry no record: ends of transactions, and keys that a compaction removed | each carries a record |
//!
//! Source: *Big Data*, Marz and Warren (Manning), section 14.2.
use super::error::Result;
use xxhash_rust::xxh3::xxh3_64;

/// A partitioned, durable log.
///
/// Every method returns an error if the topic or the partition does not exist, or if the
/// storage refuses.
pub trait Log: Send + Sync {
    /// Creates a topic. A topic that exists with the same number of partitions is left
    /// unchanged.
    ///
    /// # Errors
    /// If the name is invalid, `partitions` is 0, or the topic exists with another number of
    /// partitions.
    fn create_topic(&self, topic: &str, partitions: u32) -> Result<()>;

    /// Returns the number of partitions of a topic.
    fn partitions(&self, topic: &str) -> Result<u32>;

    /// Appends records, each a (key, value) pair, to a partition, and returns the offset of
    /// the first one. Either all are stored or none. They are acknowledged when this returns.
    fn append(&self, topic: &str, partition: u32, records: &[(&[u8], &[u8])]) -> Result<u64>;

    /// Reads the records whose offsets are in `from..from + n`, of those before the end of the
    /// log. [`Records::next`] is then the end of that range, or of the log.
    ///
    /// # Errors
    /// [`OutOfRange`](super::SpeedError::OutOfRange) if `from` is before the first offset that
    /// is kept, or after the end.
    fn read(&self, topic: &str, partition: u32, from: u64, n: usize) -> Result<Records>;

    /// Returns the first offset that is kept (Kafka's log start offset).
    fn begin(&self, topic: &str, partition: u32) -> Result<u64>;

    /// Returns the offset that the next record will get (Kafka's log end offset).
    fn end(&self, topic: &str, partition: u32) -> Result<u64>;

    /// Commits the offset of the next record that a consumer group will read.
    fn commit(&self, group: &str, topic: &str, partition: u32, offset: u64) -> Result<()>;

    /// Returns the offset that the group committed last; `None` if it never committed.
    fn committed(&self, group: &str, topic: &str, partition: u32) -> Result<Option<u64>>;

    /// Applies retention: no record before `offset` can be read any more. The space of some of
    /// them may be released later.
    fn delete_before(&self, topic: &str, partition: u32, offset: u64) -> Result<()>;

    /// Returns the partition of a key: [`partition_of`], unless the system has a rule of its own.
    fn partition_of_key(&self, key: &[u8], partitions: u32) -> u32 {
        partition_of(key, partitions)
    }

    /// Appends each record to the partition of its key. Only the records of one partition are
    /// stored atomically: after an error, some partitions may have theirs and others not.
    fn append_by_key(&self, topic: &str, records: &[(&[u8], &[u8])]) -> Result<()> {
        let partitions = self.partitions(topic)?;
        let mut parts: Vec<Vec<(&[u8], &[u8])>> = vec![Vec::new(); partitions as usize];
        for record in records {
            parts[self.partition_of_key(record.0, partitions) as usize].push(*record);
        }
        for (partition, part) in (0..).zip(&parts) {
            if !part.is_empty() {
                self.append(topic, partition, part)?;
            }
        }
        Ok(())
    }

    /// Returns the end offsets of all partitions.
    fn ends(&self, topic: &str) -> Result<Vec<u64>> {
        let partitions = 0..self.partitions(topic)?;
        partitions.map(|p| self.end(topic, p)).collect()
    }
}

/// Returns the partition of a key, from 0 to `partitions` - 1.
///
/// ```
/// use lambda_workbook::speed::partition_of;
/// assert_eq!(partition_of(b"ABCDE", 4), partition_of(b"ABCDE", 4));
/// assert!((0..100u32).all(|user| partition_of(&user.to_be_bytes(), 3) < 3));
/// ```
///
/// # Panics
/// If `partitions` is 0.
pub fn partition_of(key: &[u8], partitions: u32) -> u32 {
    assert!(partitions > 0, "a topic has at least one partition");
    (xxh3_64(key) % u64::from(partitions)) as u32
}

/// A record that was read from a partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Record<'a> {
    /// Its offset in the partition.
    pub offset: u64,
    /// Its key, by which [`Log::append_by_key`] chose the partition.
    pub key: &'a [u8],
    /// Its value.
    pub value: &'a [u8],
}

/// Records of one partition, in the order of their offsets.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Records {
    /// The offset at which the next read begins.
    next: u64,
    /// All keys and values, one after another.
    bytes: Vec<u8>,
    /// For each record its offset, and where its key and its value end in `bytes`.
    ends: Vec<(u64, usize, usize)>,
}

impl Records {
    /// Creates an empty batch whose first record will have the offset `first`.
    pub fn from(first: u64) -> Self {
        Self {
            next: first,
            ..Self::default()
        }
    }

    /// Adds a record with the next offset.
    pub fn push(&mut self, key: &[u8], value: &[u8]) {
        self.bytes.extend_from_slice(key);
        let key_end = self.bytes.len();
        self.bytes.extend_from_slice(value);
        self.ends.push((self.next, key_end, self.bytes.len()));
        self.next += 1;
    }

    /// Leaves out the offsets before `next`, which carry no record: a log may use offsets for
    /// marks of its own, or remove records whose key was written again. An offset that was
    /// passed already changes nothing.
    ///
    /// ```
    /// use lambda_workbook::speed::Records;
    /// let mut records = Records::from(4);
    /// records.push(b"", b"first");
    /// records.skip_to(7);
    /// records.push(b"", b"second");
    /// assert_eq!(records.iter().map(|record| record.offset).collect::<Vec<_>>(), [4, 7]);
    /// assert_eq!((records.len(), records.next()), (2, 8));
    /// ```
    pub fn skip_to(&mut self, next: u64) {
        self.next = self.next.max(next);
    }

    /// Returns the number of records.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Returns true if there is no record.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Returns the offset at which the next read begins.
    pub fn next(&self) -> u64 {
        self.next
    }

    /// Returns the records in the order of their offsets.
    pub fn iter(&self) -> impl Iterator<Item = Record<'_>> {
        let mut start = 0;
        self.ends.iter().map(move |&(offset, key_end, end)| {
            let record = Record {
                offset,
                key: &self.bytes[start..key_end],
                value: &self.bytes[key_end..end],
            };
            start = end;
            record
        })
    }
}
