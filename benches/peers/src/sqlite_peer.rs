//! SQLite: a table that is its own index, sorted by the key, read through mmap.
use crate::rows::{Query, Rows};
use crate::{Peer, Result, timed};
use rusqlite::Connection;
use std::path::Path;

#[derive(Default)]
pub struct Sqlite {
    open: Option<Connection>,
}

impl Peer for Sqlite {
    fn build(&mut self, path: &Path, mut rows: Rows) -> Result<()> {
        let _ = std::fs::remove_file(path);
        let database = Connection::open(path)?;
        // A new file needs no journal: one that fails is thrown away.
        database.execute_batch(
            "PRAGMA journal_mode = OFF;
             PRAGMA synchronous = FULL;
             CREATE TABLE views (url TEXT, granularity TEXT, ts INTEGER, count INTEGER,
                 PRIMARY KEY (url, granularity, ts)) WITHOUT ROWID;
             BEGIN",
        )?;
        {
            let mut insert = database.prepare("INSERT INTO views VALUES (?, ?, ?, ?)")?;
            while let Some((url, rows)) = rows.next()? {
                for (code, ts, count) in rows {
                    let mut text = [0; 4];
                    let code = char::from(code).encode_utf8(&mut text);
                    insert.execute((&url, &*code, ts, count))?;
                }
            }
        }
        database.execute_batch(
            "COMMIT;
             PRAGMA mmap_size = 1000000000000;
             PRAGMA cache_size = -1000000",
        )?;
        self.open = Some(database);
        Ok(())
    }

    fn ask(&self, queries: &[Query]) -> Result<(Vec<u64>, i64)> {
        let database = self.open.as_ref().ok_or("build first")?;
        let mut point = database
            .prepare("SELECT count FROM views WHERE url = ? AND granularity = ? AND ts = ?")?;
        let mut range = database.prepare(
            "SELECT coalesce(sum(count), 0) FROM views
             WHERE url = ? AND granularity = ? AND ts >= ? AND ts < ?",
        )?;
        let (mut times, mut sum) = (Vec::with_capacity(queries.len()), 0);
        for query in queries {
            let codes: Vec<String> = query.scans.iter().map(|scan| scan.code.into()).collect();
            sum += timed(&mut times, || {
                let mut sum = 0i64;
                for (code, scan) in codes.iter().zip(&query.scans) {
                    let (url, from, to) = (&query.url, scan.from, scan.to);
                    let part: i64 = if from == to {
                        match point.query_row((url, code, from), |row| row.get(0)) {
                            Err(rusqlite::Error::QueryReturnedNoRows) => 0,
                            other => other?,
                        }
                    } else {
                        range.query_row((url, code, from, to), |row| row.get(0))?
                    };
                    sum += scan.sign * part;
                }
                Ok(sum)
            })?;
        }
        Ok((times, sum))
    }
}
