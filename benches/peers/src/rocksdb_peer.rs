//! RocksDB: plain tables, its format for data in memory that is not compressed, read through mmap.
//!
//! The rows come sorted, so they are written straight into tables and ingested, without a log, memory
//! tables and compactions: the fastest way in. A hash index leads to the rows of one URL and
//! granularity, and a binary search among them to the bucket.
use crate::rows::{Query, Rows, key};
use crate::{Peer, Result, timed};
use rust_rocksdb::{
    DB, DBCompressionType, IngestExternalFileOptions, KeyEncodingType, Options,
    PlainTableFactoryOptions, ReadOptions, SliceTransform, SstFileWriter,
};
use std::path::Path;

/// Bytes of keys and values in one table. A plain table addresses 2^31 bytes.
const TABLE: usize = 1 << 30;

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
        let options = options();
        let tables = path.with_extension("tables");
        std::fs::create_dir_all(&tables)?;
        let mut files = Vec::new();
        let mut writer: Option<(SstFileWriter, usize)> = None;
        while let Some((url, rows)) = rows.next()? {
            for (code, ts, count) in rows {
                let (writer, bytes) = match &mut writer {
                    Some(open) => open,
                    none => {
                        let file = tables.join(format!("{:06}.sst", files.len()));
                        let mut new = SstFileWriter::create(&options);
                        new.open(&file)?;
                        files.push(file);
                        none.insert((new, 0))
                    }
                };
                let key = key(&url, code, ts);
                *bytes += key.len() + 24;
                writer.put(&key, count.to_le_bytes())?;
            }
            // All rows of a URL are in one table.
            if let Some((mut full, _)) = writer.take_if(|(_, bytes)| *bytes > TABLE) {
                full.finish()?;
            }
        }
        if let Some((mut last, _)) = writer {
            last.finish()?;
        }
        let database = DB::open(&options, path)?;
        let mut ingest = IngestExternalFileOptions::default();
        ingest.set_move_files(true);
        database.ingest_external_file_opts(&ingest, files)?;
        let _ = std::fs::remove_dir_all(&tables);
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
