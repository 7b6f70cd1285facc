//! RocksDB: plain tables, its format for data in memory that is not compressed, read through mmap.
//!
//! The rows come sorted and are written without a log. (Tables that a `SstFileWriter` made could be
//! ingested, which is quicker, but RocksDB 11 refuses plain ones: they do not name their comparator.)
//! A compaction at the end leaves one sorted run. A hash index leads to the rows of one URL and
//! granularity, and a binary search among them to the bucket.
use crate::rows::{Query, Rows, key};
use crate::{Peer, Result, timed};
use rust_rocksdb::{
    DB, DBCompressionType, KeyEncodingType, Options, PlainTableFactoryOptions, ReadOptions,
    SliceTransform, WriteBatch, WriteOptions,
};
use std::path::Path;

/// Bytes that are collected in memory before a table is written.
const WRITTEN_AT_ONCE: usize = 1 << 28;

#[derive(Default)]
pub struct RocksDb {
    open: Option<DB>,
}

/// The URL and the granularity of a key.
fn prefix(key: &[u8]) -> &[u8] {
    &key[..key.len().saturating_sub(8)]
}

fn options() -> Options {
    let mut options = Options::default();
    options.create_if_missing(true);
    options.set_compression_type(DBCompressionType::None);
    options.set_allow_mmap_reads(true);
    options.set_max_open_files(-1);
    options.set_prefix_extractor(SliceTransform::create("url_granularity", prefix, None));
    options.set_plain_table_factory(&PlainTableFactoryOptions {
        user_key_length: 0,
        bloom_bits_per_key: 10,
        hash_table_ratio: 0.75,
        index_sparseness: 16,
        huge_page_tlb_size: 0,
        encoding_type: KeyEncodingType::Plain,
        full_scan_mode: false,
        store_index_in_file: false,
    });
    options
}

fn count(value: &[u8]) -> i64 {
    value.try_into().map_or(0, i64::from_le_bytes)
}

impl Peer for RocksDb {
    fn build(&mut self, path: &Path, mut rows: Rows) -> Result<()> {
        self.open = None;
        let _ = std::fs::remove_dir_all(path);
        let mut options = options();
        options.prepare_for_bulk_load();
        options.set_write_buffer_size(WRITTEN_AT_ONCE);
        let database = DB::open(&options, path)?;
        let mut without_log = WriteOptions::default();
        without_log.disable_wal(true);
        while let Some((url, rows)) = rows.next()? {
            let mut batch = WriteBatch::default();
            for (code, ts, count) in rows {
                batch.put(key(&url, code, ts), count.to_le_bytes());
            }
            database.write_opt(&batch, &without_log)?;
        }
        database.flush()?;
        // One sorted run, so that a read looks into one table.
        database.compact_range(None::<&[u8]>, None::<&[u8]>);
        self.open = Some(database);
        Ok(())
    }

    fn ask(&self, queries: &[Query]) -> Result<(Vec<u64>, i64)> {
        let database = self.open.as_ref().ok_or("build first")?;
        let mut read = ReadOptions::default();
        read.set_prefix_same_as_start(true);
        let mut rows = database.raw_iterator_opt(read);
        let (mut times, mut sum) = (Vec::with_capacity(queries.len()), 0);
        for query in queries {
            let keys = query.keys();
            sum += timed(&mut times, || {
                let mut sum = 0;
                for (from, to, sign) in &keys {
                    match to {
                        None => {
                            let found = database.get_pinned(from)?;
                            sum += sign * found.map_or(0, |value| count(&value));
                        }
                        Some(to) => {
                            rows.seek(from);
                            while let Some((_, value)) =
                                rows.item().filter(|(key, _)| *key < &to[..])
                            {
                                sum += sign * count(value);
                                rows.next();
                            }
                            rows.status()?;
                        }
                    }
                }
                Ok(sum)
            })?;
        }
        Ok((times, sum))
    }
}
