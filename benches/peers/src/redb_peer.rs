//! redb: a copy-on-write B-tree in one file.
use crate::rows::{Query, Rows, key};
use crate::{Peer, Result, timed};
use redb::{Database, ReadOnlyTable, ReadableDatabase, TableDefinition};
use std::path::Path;

const TABLE: TableDefinition<&[u8], i64> = TableDefinition::new("views");
/// Room for the whole working set, in bytes.
const CACHE: usize = 4 << 30;

#[derive(Default)]
pub struct Redb {
    open: Option<(Database, ReadOnlyTable<&'static [u8], i64>)>,
}

impl Peer for Redb {
    fn build(&mut self, path: &Path, mut rows: Rows) -> Result<()> {
        let _ = std::fs::remove_file(path);
        let database = Database::builder().set_cache_size(CACHE).create(path)?;
        let write = database.begin_write()?;
        {
            let mut table = write.open_table(TABLE)?;
            while let Some((url, rows)) = rows.next()? {
                for (code, ts, count) in rows {
                    table.insert(&*key(&url, code, ts), count)?;
                }
            }
        }
        write.commit()?;
        let table = database.begin_read()?.open_table(TABLE)?;
        self.open = Some((database, table));
        Ok(())
    }

    fn ask(&self, queries: &[Query]) -> Result<(Vec<u64>, i64)> {
        let (_, table) = self.open.as_ref().ok_or("build first")?;
        let (mut times, mut sum) = (Vec::with_capacity(queries.len()), 0);
        for query in queries {
            let keys = query.keys();
            sum += timed(&mut times, || {
                let mut sum = 0;
                for (from, to, sign) in &keys {
                    match to {
                        None => sum += sign * table.get(&**from)?.map_or(0, |count| count.value()),
                        Some(to) => {
                            for row in table.range::<&[u8]>(&**from..&**to)? {
                                sum += sign * row?.1.value();
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
