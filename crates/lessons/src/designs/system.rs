//! What a design must do in a trial.
use crate::systems::Result;
use crate::systems::error::io_at;
use crate::systems::traffic::ReceivedDatum;
use std::fs;
use std::ops::Range;
use std::path::Path;
use std::time::Duration;

/// The arrivals of an hour, or of the beginning of one.
pub(super) struct Arrived<'a> {
    /// The hour, counted from 0.
    pub hour: i64,
    /// The number of the first arrival.
    pub first: usize,
    /// The arrivals, in order.
    pub datums: &'a [ReceivedDatum],
    /// The second at which the last of them is handed over, and questions are asked: the end of
    /// the hour, or a moment within it.
    pub until: i64,
}

impl Arrived<'_> {
    /// Whether the hour is complete.
    pub(super) fn is_whole_hour(&self) -> bool {
        self.until == (self.hour + 1) * super::scenario::HOUR
    }
}

/// What was done after a fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Recovery {
    /// What was done, in words.
    pub how: &'static str,
    /// How many records of raw data were read for it: from a log, a master data set or a table of
    /// raw data. 0 where a design has none.
    pub records: i64,
    /// Their bytes.
    pub bytes: i64,
    /// How long it took.
    pub took: Duration,
}

/// A design under test.
pub(super) trait System {
    /// Takes the arrivals of an hour.
    fn take(&mut self, arrived: &Arrived<'_>) -> Result<()>;

    /// Returns page views and unique visitors of a URL in each hour of a range of hours.
    fn by_hour(&self, url: &str, hours: Range<i64>) -> Result<Vec<(i64, i64)>>;

    /// Returns the same for several URLs.
    fn all(&self, urls: &[String], hours: Range<i64>) -> Result<Vec<Vec<(i64, i64)>>> {
        urls.iter()
            .map(|url| self.by_hour(url, hours.clone()))
            .collect()
    }

    /// Returns the visits to a domain, and the bounces among them.
    fn bounces(&self, domain: &str) -> Result<(i64, i64)>;

    /// Returns how many arrivals the answers contain. Meaningful only without a fault.
    fn seen(&self) -> Result<i64>;

    /// Returns how many rows, cells or blocks are read to answer how often a URL was viewed in a
    /// range of hours.
    fn rows_for(&self, url: &str, hours: Range<i64>) -> Result<i64>;

    /// Returns what is kept.
    fn kept(&self) -> Result<Kept>;

    /// Returns what was done after the fault, if anything was.
    fn recovery(&self) -> Option<Recovery>;
}

/// What a design keeps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Kept {
    /// Bytes of raw data: keys and values of a log, lines of a master data set, files of a table
    /// of raw data. The same datum in a log and in a master data set is in both.
    pub raw_bytes: i64,
    /// Bytes of everything on the disk, or in memory, the raw data included. They differ from run
    /// to run, because stores compact their files when they find time.
    pub all_bytes: i64,
}

/// Returns the bytes that the files of a folder take on the disk.
pub(super) fn on_disk(folder: &Path) -> Result<i64> {
    let mut bytes = 0;
    if !folder.exists() {
        return Ok(0);
    }
    for entry in fs::read_dir(folder).map_err(io_at("reading", folder))? {
        let entry = entry.map_err(io_at("reading", folder))?;
        let path = entry.path();
        // A store may remove a file that was listed a moment ago.
        let Ok(about) = entry.metadata() else {
            continue;
        };
        bytes += match about.is_dir() {
            true => on_disk(&path)?,
            false => occupied(&about),
        };
    }
    Ok(bytes)
}

/// The bytes of a file on the disk. A journal may be a long file with little in it.
#[cfg(unix)]
fn occupied(about: &fs::Metadata) -> i64 {
    use std::os::unix::fs::MetadataExt;
    (about.blocks() * 512) as i64
}

#[cfg(not(unix))]
fn occupied(about: &fs::Metadata) -> i64 {
    about.len() as i64
}
