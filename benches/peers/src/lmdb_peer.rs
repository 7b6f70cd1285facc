//! LMDB: a copy-on-write B-tree in one file that is mapped into memory, through heed.
use crate::rows::{Query, Rows, key};
use crate::{Peer, Result, timed};
use heed::types::Bytes;
use heed::{Database, Env, EnvFlags, EnvOpenOptions, RoTxn, WithTls};
use std::ops::Bound;
use std::path::Path;

/// The most that the file may grow to, in bytes. It takes what is written only.
const MOST: usize = 64 << 30;

#[derive(Default)]
pub struct Lmdb {
    open: Option<(RoTxn<'static, WithTls>, Database<Bytes, Bytes>)>,
}

fn count(value: &[u8]) -> i64 {
    value.try_into().map_or(0, i64::from_le_bytes)
}

impl Peer for Lmdb {
    fn build(&mut self, path: &Path, mut rows: Rows) -> Result<()> {
        self.open = None;
        let _ = std::fs::remove_file(path);
        let mut options = EnvOpenOptions::new();
        options.map_size(MOST);
        // SAFETY: this process alone has the file, once, and no other changes it.
        let env: Env = unsafe {
            options.flags(EnvFlags::NO_SUB_DIR);
            options.open(path)?
        };
        let mut write = env.write_txn()?;
        let table: Database<Bytes, Bytes> = env.create_database(&mut write, None)?;
        while let Some((url, rows)) = rows.next()? {
            for (code, ts, count) in rows {
                table.put(&mut write, &key(&url, code, ts), &count.to_le_bytes())?;
            }
        }
        write.commit()?; // synced
        self.open = Some((env.static_read_txn()?, table));
        Ok(())
    }

    fn ask(&self, queries: &[Query]) -> Result<(Vec<u64>, i64)> {
        let (read, table) = self.open.as_ref().ok_or("build first")?;
        let (mut times, mut sum) = (Vec::with_capacity(queries.len()), 0);
        for query in queries {
            let keys = query.keys();
            sum += timed(&mut times, || {
                let mut sum = 0;
                for (from, to, sign) in &keys {
                    match to {
                        None => sum += sign * table.get(read, from)?.map_or(0, count),
                        Some(to) => {
                            let range = (Bound::Included(&**from), Bound::Excluded(&**to));
                            for row in table.range(read, &range)? {
                                sum += sign * count(row?.1);
                            }
                        }
                    }
                }
                Ok(sum)
            })?;
        }
        Ok((times, sum))
    }
}
