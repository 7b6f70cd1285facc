//! One peer of `workbook bench serving`, driven by lines on its standard input.
//!
//! `serving_peers PEER FOLDER`, then
//! - `build ROWS`: a new database from a file of rows; answers `done SECONDS BYTES`
//! - `point QUERIES` or `range QUERIES`: asks all; answers `done P50 P99 SUM`, in
//!   nanoseconds, and the sum of all answers, which must be ours.
//!
//! Each query is timed on its own, in this process, around nothing but the call;
//! what a peer can prepare (statements, keys, an open transaction) is prepared.

mod lmdb_peer;
mod redb_peer;
mod rows;
mod sqlite_peer;

use rows::{Query, Rows};
use std::io::BufRead;
use std::path::{Path, PathBuf};
use std::time::Instant;

pub type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

/// A database under measurement.
trait Peer {
    /// Makes the database from rows in order; it is on the disk when this returns.
    fn build(&mut self, path: &Path, rows: Rows) -> Result<()>;
    /// Asks each query; the nanoseconds of each, and the sum of all answers.
    fn ask(&self, queries: &[Query]) -> Result<(Vec<u64>, i64)>;
}

/// Times one query.
pub fn timed(times: &mut Vec<u64>, ask: impl FnOnce() -> Result<i64>) -> Result<i64> {
    let started = Instant::now();
    let answer = ask();
    times.push(started.elapsed().as_nanos() as u64);
    answer
}

fn main() -> Result<()> {
    let mut args = std::env::args().skip(1);
    let (Some(name), Some(folder)) = (args.next(), args.next()) else {
        return Err("usage: serving_peers PEER FOLDER".into());
    };
    let path = PathBuf::from(folder).join(&name);
    let mut peer: Box<dyn Peer> = match &*name {
        "lmdb" => Box::<lmdb_peer::Lmdb>::default(),
        "redb" => Box::<redb_peer::Redb>::default(),
        "sqlite" => Box::<sqlite_peer::Sqlite>::default(),
        other => return Err(format!("no peer {other:?}").into()),
    };
    for line in std::io::stdin().lock().lines() {
        let line = line?;
        let (order, file) = line.split_once(' ').unwrap_or((&line, ""));
        if order == "build" {
            let rows = Rows::open(Path::new(file))?;
            let started = Instant::now();
            peer.build(&path, rows)?;
            let bytes = std::fs::metadata(&path)?.len();
            println!("done {} {bytes}", started.elapsed().as_secs_f64());
        } else {
            let (mut times, sum) = peer.ask(&rows::queries(Path::new(file))?)?;
            times.sort_unstable();
            let at =
                |share: f64| times[((times.len() as f64 * share) as usize).min(times.len() - 1)];
            println!("done {} {} {sum}", at(0.5), at(0.99));
        }
    }
    Ok(())
}
