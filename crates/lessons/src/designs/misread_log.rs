//! A log whose reader may have a bug, and which counts what is read of it.
use super::scenario::misread;
use lambda::speed::{self, EmbeddedLog, Log, Records};
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

/// A log whose reader has a bug while it is told so. What is stored is as it came.
pub(super) struct MisreadLog {
    pub inner: EmbeddedLog,
    pub buggy: AtomicBool,
    records: AtomicI64,
    bytes: AtomicI64,
}

impl MisreadLog {
    pub fn new(inner: EmbeddedLog) -> Self {
        Self {
            inner,
            buggy: AtomicBool::new(false),
            records: AtomicI64::new(0),
            bytes: AtomicI64::new(0),
        }
    }

    /// Returns how many records, and bytes of keys and values, were read since the last call.
    pub fn read_since(&self) -> (i64, i64) {
        let records = self.records.swap(0, Ordering::SeqCst);
        (records, self.bytes.swap(0, Ordering::SeqCst))
    }

    /// Returns the bytes of all keys and values that are stored.
    pub fn stored(&self, topic: &str) -> speed::Result<i64> {
        let mut bytes = 0;
        for partition in 0..self.inner.partitions(topic)? {
            let (mut next, end) = (self.begin(topic, partition)?, self.end(topic, partition)?);
            while next < end {
                let records = self.inner.read(topic, partition, next, 10_000)?;
                bytes += bytes_of(&records);
                next = records.next();
            }
        }
        Ok(bytes)
    }
}

fn bytes_of(records: &Records) -> i64 {
    let bytes = records
        .iter()
        .map(|record| record.key.len() + record.value.len());
    bytes.sum::<usize>() as i64
}

impl Log for MisreadLog {
    fn create_topic(&self, topic: &str, partitions: u32) -> speed::Result<()> {
        self.inner.create_topic(topic, partitions)
    }

    fn partitions(&self, topic: &str) -> speed::Result<u32> {
        self.inner.partitions(topic)
    }

    fn append(&self, topic: &str, to: u32, records: &[(&[u8], &[u8])]) -> speed::Result<u64> {
        self.inner.append(topic, to, records)
    }

    fn read(&self, topic: &str, partition: u32, from: u64, n: usize) -> speed::Result<Records> {
        let records = self.inner.read(topic, partition, from, n)?;
        let count = records.iter().count() as i64;
        self.records.fetch_add(count, Ordering::SeqCst);
        self.bytes.fetch_add(bytes_of(&records), Ordering::SeqCst);
        if !self.buggy.load(Ordering::SeqCst) {
            return Ok(records);
        }
        let mut misread_all = Records::from(from);
        for record in records.iter() {
            let read = serde_json::from_slice(record.value).map(|datum| misread(&datum));
            let value = read.and_then(|datum| serde_json::to_vec(&datum));
            misread_all.push(record.key, &value.unwrap_or(record.value.to_vec()));
        }
        Ok(misread_all)
    }

    fn begin(&self, topic: &str, partition: u32) -> speed::Result<u64> {
        self.inner.begin(topic, partition)
    }

    fn end(&self, topic: &str, partition: u32) -> speed::Result<u64> {
        self.inner.end(topic, partition)
    }

    fn commit(&self, group: &str, topic: &str, partition: u32, offset: u64) -> speed::Result<()> {
        self.inner.commit(group, topic, partition, offset)
    }

    fn committed(&self, group: &str, topic: &str, partition: u32) -> speed::Result<Option<u64>> {
        self.inner.committed(group, topic, partition)
    }

    fn delete_before(&self, topic: &str, partition: u32, offset: u64) -> speed::Result<()> {
        self.inner.delete_before(topic, partition, offset)
    }
}
