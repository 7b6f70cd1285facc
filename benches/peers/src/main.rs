//! One peer of `workbook bench serving`, driven by lines on its standard input.
//!
//! `serving_peers list` prints the peers that it was built with. `serving_peers PEER FOLDER`, then
//! - `build ROWS`: a new database from a file of rows; answers `done SECONDS BYTES`
//! - `point QUERIES` or `range QUERIES`: asks all; answers `done P50 P99 SUM`, in
//!   nanoseconds, and the sum of all answers, which must be ours.
//!
//! Each query is timed on its own, in this process, around nothing but the call;
//! what a peer can prepare (statements, keys, an open transaction) is prepared.

mod cdb_peer;
mod lmdb_peer;
mod redb_peer;
#[cfg(feature = "rocksdb")]
mod rocksdb_peer;
mod rows;
mod sqlite_peer;

use rows::{Query, Rows};
use std::io::BufRead;
use std::path::{Path, PathBuf};
use std::time::Instant;

pub type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

/// The names of all peers.
const PEERS: &[&str] = &[
    "redb",
    "lmdb",
    "sqlite",
    #[cfg(feature = "rocksdb")]
    "rocksdb",
    "cdb",
];

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

/// Returns the bytes of a database: a file, or a folder of files.
fn bytes(path: &Path) -> Result<u64> {
    if !path.is_dir() {
        return Ok(std::fs::metadata(path)?.len());
    }
    let mut sum = 0;
    for entry in std::fs::read_dir(path)? {
        sum += entry?.metadata()?.len();
    }
    Ok(sum)
}

fn main() -> Result<()> {
    let mut args = std::env::args().skip(1);
    let (name, folder) = match (args.next(), args.next()) {
        (Some(order), None) if order == "list" => {
            println!("{}", PEERS.join(" "));
            return Ok(());
        }
        (Some(name), Some(folder)) => (name, folder),
        _ => return Err("usage: serving_peers list, or serving_peers PEER FOLDER".into()),
    };
    let path = PathBuf::from(folder).join(&name);
    let mut peer: Box<dyn Peer> = match &*name {
        "cdb" => Box::<cdb_peer::ConstantDatabase>::default(),
        "lmdb" => Box::<lmdb_peer::Lmdb>::default(),
        "redb" => Box::<redb_peer::Redb>::default(),
        #[cfg(feature = "rocksdb")]
        "rocksdb" => Box::<rocksdb_peer::RocksDb>::default(),
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
            let seconds = started.elapsed().as_secs_f64();
            println!("done {seconds} {}", bytes(&path)?);
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
