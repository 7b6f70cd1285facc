//! cdb: D. J. Bernstein's constant database, a hash table in a file that is written once, through
//! cdb64, whose offsets of 64 bits allow more than 4 GB. Read through mmap.
//!
//! A hash table has no order, so a range is a look-up for each of its buckets.
use crate::rows::{Query, Rows, key, seconds_of};
use crate::{Peer, Result, timed};
use cdb64::{Cdb, CdbHash, CdbWriter};
use std::fs::File;
use std::io::BufWriter;
use std::path::Path;

#[derive(Default)]
pub struct ConstantDatabase {
    open: Option<Cdb<File, CdbHash>>,
}

fn count(value: &[u8]) -> i64 {
    value.try_into().map_or(0, i64::from_le_bytes)
}

impl Peer for ConstantDatabase {
    fn build(&mut self, path: &Path, mut rows: Rows) -> Result<()> {
        self.open = None;
        let _ = std::fs::remove_file(path);
        let file = BufWriter::with_capacity(1 << 20, File::create(path)?);
        let mut writer = CdbWriter::<_, CdbHash>::new(file)?;
        while let Some((url, rows)) = rows.next()? {
            for (code, ts, count) in rows {
                writer.put(&key(&url, code, ts), &count.to_le_bytes())?;
            }
        }
        writer.finalize()?;
        let file = writer.into_inner()?.into_inner()?;
        file.sync_all()?;
        self.open = Some(Cdb::open_mmap(path)?);
        Ok(())
    }

    fn ask(&self, queries: &[Query]) -> Result<(Vec<u64>, i64)> {
        let database = self.open.as_ref().ok_or("build first")?;
        let (mut times, mut sum) = (Vec::with_capacity(queries.len()), 0);
        for query in queries {
            // The keys of all buckets, ready before the time runs.
            let mut keys = Vec::new();
            for scan in &query.scans {
                let step = seconds_of(scan.code)?;
                let mut ts = scan.from;
                loop {
                    keys.push((key(&query.url, scan.code as u8, ts), scan.sign));
                    ts += step;
                    if ts >= scan.to {
                        break;
                    }
                }
            }
            sum += timed(&mut times, || {
                let mut sum = 0;
                for (key, sign) in &keys {
                    sum += sign * database.get(key)?.map_or(0, |value| count(&value));
                }
                Ok(sum)
            })?;
        }
        Ok((times, sum))
    }
}
