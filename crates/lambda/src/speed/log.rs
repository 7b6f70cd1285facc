//! The log: a queue that many consumers read, each at its own pace.
//!
//! A topic is some partitions, a partition is records in the order in which they
//! came, each with its *offset*: 0, 1, 2 ... Reading takes nothing away. "Three
//! items from position 4" is all that a consumer asks, and where it has come to
//! is its own business: it may keep its offset wherever its results are, or have
//! it kept here under the name of its *group*.
//!
//! 1. An offset that was given to a record is never given to another one.
//! 2. What was acknowledged is there after a crash, in order, once.
//! 3. Records with one key lie in one partition.
//! 4. A read answers from the kept offsets, or says which they are.
//!
//! | promise | Kafka | [`EmbeddedLog`](super::EmbeddedLog) |
//! |---|---|---|
//! | acknowledged | on the replicas in sync (`acks=all`) | on this machine: with the system, or on the disk ([`Durability`](super::Durability)) |
//! | a key's partition | murmur2 in the standard client | [`partition_of`], XXH3 |
//! | a retried append | once, with an idempotent producer | twice, if the caller did not hear that it was stored |
//! | groups | share partitions among their members | keep offsets; who reads what is the caller's affair |
//! | retention | by time or bytes, in whole segments | [`Log::delete_before`] an offset |
//! | waiting for more | a long poll | the caller asks again |
//!
//! Source: *Big Data*, Marz and Warren (Manning), section 14.2.
use super::error::Result;
use xxhash_rust::xxh3::xxh3_64;

/// A partitioned, durable log.
pub trait Log: Send + Sync {
    /// Makes a topic; one that is there with as many partitions stays as it is.
    fn create_topic(&self, topic: &str, partitions: u32) -> Result<()>;

    /// How many partitions a topic has.
    fn partitions(&self, topic: &str) -> Result<u32>;

    /// Appends records, keys and values, to a partition, all or none; the offset
    /// of the first. On return they are acknowledged.
    fn append(&self, topic: &str, partition: u32, records: &[(&[u8], &[u8])]) -> Result<u64>;

    /// Up to `n` records from an offset on; none at the end.
    fn read(&self, topic: &str, partition: u32, from: u64, n: usize) -> Result<Records>;

    /// The first offset that is kept.
    fn begin(&self, topic: &str, partition: u32) -> Result<u64>;

    /// The offset of the next record to come.
    fn end(&self, topic: &str, partition: u32) -> Result<u64>;

    /// Keeps the offset of the next record that a group wants.
    fn commit(&self, group: &str, topic: &str, partition: u32, offset: u64) -> Result<()>;

    /// What the group committed last.
    fn committed(&self, group: &str, topic: &str, partition: u32) -> Result<Option<u64>>;

    /// Retention: drops records before an offset. Some may be kept a while longer.
    fn delete_before(&self, topic: &str, partition: u32, offset: u64) -> Result<()>;

    /// Appends records by their keys; the partitions' ends after that.
    fn append_by_key(&self, topic: &str, records: &[(&[u8], &[u8])]) -> Result<()> {
        let partitions = self.partitions(topic)?;
        let mut parts: Vec<Vec<(&[u8], &[u8])>> = vec![Vec::new(); partitions as usize];
        for record in records {
            parts[partition_of(record.0, partitions) as usize].push(*record);
        }
        for (partition, part) in (0..).zip(&parts) {
            if !part.is_empty() {
                self.append(topic, partition, part)?;
            }
        }
        Ok(())
    }

    /// The ends of all partitions.
    fn ends(&self, topic: &str) -> Result<Vec<u64>> {
        let partitions = 0..self.partitions(topic)?;
        partitions.map(|p| self.end(topic, p)).collect()
    }
}

/// The partition of a key among `partitions`.
///
/// ```
/// use lambda_workbook::speed::partition_of;
/// assert_eq!(partition_of(b"ABCDE", 4), partition_of(b"ABCDE", 4));
/// assert!((0..100u32).all(|user| partition_of(&user.to_be_bytes(), 3) < 3));
/// ```
///
/// # Panics
/// With no partitions at all.
pub fn partition_of(key: &[u8], partitions: u32) -> u32 {
    assert!(partitions > 0, "a topic has at least one partition");
    (xxh3_64(key) % u64::from(partitions)) as u32
}

/// A record as it was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Record<'a> {
    pub offset: u64,
    pub key: &'a [u8],
    pub value: &'a [u8],
}

/// Records of one partition, with consecutive offsets.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Records {
    first: u64,
    bytes: Vec<u8>,
    /// Ends of each record's key and value.
    ends: Vec<(usize, usize)>,
}

impl Records {
    /// None yet; the next one has this offset.
    pub fn from(first: u64) -> Self {
        Self {
            first,
            ..Self::default()
        }
    }

    /// Adds the next record.
    pub fn push(&mut self, key: &[u8], value: &[u8]) {
        self.bytes.extend_from_slice(key);
        let key_end = self.bytes.len();
        self.bytes.extend_from_slice(value);
        self.ends.push((key_end, self.bytes.len()));
    }

    /// How many.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The offset after the last one.
    pub fn next(&self) -> u64 {
        self.first + self.len() as u64
    }

    /// In the order of their offsets.
    pub fn iter(&self) -> impl Iterator<Item = Record<'_>> {
        let mut start = 0;
        (self.first..)
            .zip(&self.ends)
            .map(move |(offset, &(key_end, end))| {
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
