//! The builder: it takes sorted rows, writes a whole version, and publishes it at the end.
//!
//! 1. A reader sees the version before or the version after, never a mixture.
//! 2. A build that fails or is killed, at any step, does not change what is served.
//! 3. After a power failure, the served version is complete: every file and every name is
//!    flushed to the disk before the version is published.
//! 4. Two builds of one store cannot mix: the second is refused while the first holds the
//!    lock.
//!
//! # Memory usage
//!
//! A builder holds the rows of one URL, and for every URL its hash and the place of its
//! record (16 bytes), from which the shortcut is made at the end.
//!
//! Source: *Big Data*, Marz and Warren, chapter 10: a serving layer database must be
//! batch-writable, so that views are replaced and never updated.
use super::error::{Result, ServingError, io_at};
use super::folder::{identity, shard_name};
use super::header::{HEADER, Header};
use super::record::Rows;
use super::shard_writer::{Out, ShardWriter};
use super::sharding::shard_of;
use super::values::{RowValue, ValueKind};
use crate::faults::{CrashPoint, Faults, NoFaults};
use crate::versions::{Draft, VersionStep, Versions};
use calendar::Granularity;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The layout of a version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    /// Number of shards into which the URLs are divided, at least 1. In a
    /// [`StoreCluster`](super::StoreCluster) each shard has its own servers.
    pub shards: u32,
    /// The kind of all values.
    pub values: ValueKind,
    /// Number of versions that are kept for a roll-back, including the new one, at least 1.
    pub keep: usize,
}

impl Layout {
    /// Returns a layout for counts in `shards` shards, with three versions kept.
    pub fn counts(shards: u32) -> Self {
        Self {
            shards,
            values: ValueKind::Counts,
            keep: 3,
        }
    }

    /// Returns a layout for sketches with 2^precision registers, with three versions kept.
    pub fn sketches(shards: u32, precision: u8) -> Self {
        Self {
            values: ValueKind::Sketches { precision },
            ..Self::counts(shards)
        }
    }

    /// Returns a layout for bytes with any other meaning, with three versions kept.
    pub fn bytes(shards: u32) -> Self {
        Self {
            values: ValueKind::Bytes,
            ..Self::counts(shards)
        }
    }

    /// Returns this layout with `keep` versions kept.
    pub fn keep(self, keep: usize) -> Self {
        Self { keep, ..self }
    }
}

/// Builds a version from rows that are sorted by URL, code of the granularity and time, and
/// publishes it. Returns its header. O(rows).
///
/// # Errors
/// As [`Builder::start`], [`Builder::push`] and [`Builder::finish`]. The version that was
/// served before is served on.
///
/// ```
/// use lambda_workbook::calendar::Granularity::{Day, Hour};
/// use lambda_workbook::serving::{Layout, RowValue, Store, build};
///
/// let folder = tempfile::tempdir()?;
/// let rows = [
///     ("foo.com/", Day, 0, RowValue::Count(7)),
///     ("foo.com/", Hour, 3600, RowValue::Count(3)),
///     ("foo.com/", Hour, 7200, RowValue::Count(4)),
/// ];
/// assert_eq!(build(folder.path(), Layout::counts(4), rows)?.rows, 3);
/// assert_eq!(Store::open(folder.path())?.count("foo.com/", Hour, 7200)?, Some(4));
///
/// let twice = [rows[0], rows[0]];
/// let error = build(folder.path(), Layout::counts(4), twice).unwrap_err();
/// assert!(error.to_string().starts_with("row 1 cannot be stored: it repeats"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn build<'a>(
    folder: impl AsRef<Path>,
    layout: Layout,
    rows: impl IntoIterator<Item = (&'a str, Granularity, i64, RowValue<'a>)>,
) -> Result<Header> {
    let mut builder = Builder::start(folder, layout)?;
    for (url, granularity, ts, value) in rows {
        builder.push(url, granularity, ts, value)?;
    }
    builder.finish()
}

/// A version that is being built. If it is dropped before [`finish`](Self::finish), it leaves
/// no files behind.
pub struct Builder {
    place: Place,
    /// The folder of the version's files.
    folder: PathBuf,
    layout: Layout,
    /// The number that the version will have.
    version: u64,
    /// The writers of the shards, by number.
    shards: Vec<ShardWriter>,
    /// The URL whose rows are being pushed.
    url: String,
    /// The rows of that URL so far, one element for each granularity.
    runs: Vec<Rows>,
    /// Rows pushed so far, which is also the number of the next row.
    row: u64,
    faults: Arc<dyn Faults<VersionStep>>,
}

/// What happens to the version when it is finished.
enum Place {
    /// It is published as the next version of a store.
    Store(Draft),
    /// It is a part of a larger version, which the owner of that draft publishes.
    Within,
}

impl Builder {
    /// Locks the store in `folder`, which is made if it does not exist, and begins its next
    /// version.
    ///
    /// # Errors
    /// Another process that is writing to the store; a folder that holds anything else; a
    /// layout with no shards or with no versions to keep; files that cannot be made.
    pub fn start(folder: impl AsRef<Path>, layout: Layout) -> Result<Self> {
        Self::start_in(folder, layout, Arc::new(NoFaults))
    }

    /// Does the work of [`start`](Self::start), with faults that a test passes in.
    ///
    /// # Errors
    /// As [`start`](Self::start), and what the faults refuse.
    pub fn start_in(
        folder: impl AsRef<Path>,
        layout: Layout,
        faults: Arc<dyn Faults<VersionStep>>,
    ) -> Result<Self> {
        let draft = Versions::at(folder).draft_in(Arc::clone(&faults))?;
        let (folder, version) = (draft.path().to_owned(), draft.version());
        Self::begin(Place::Store(draft), folder, version, layout, faults)
    }

    /// Begins a store as a part of the version `draft`, in the subfolder `name`. It is served
    /// once the draft is published.
    ///
    /// # Errors
    /// A layout with no shards or with no versions to keep; files that cannot be made.
    pub fn within(draft: &Draft, name: &str, layout: Layout) -> Result<Self> {
        let faults = Arc::clone(draft.faults());
        let folder = draft.path().join(name);
        Self::begin(Place::Within, folder, draft.version(), layout, faults)
    }

    /// Makes the folders and the empty files of all shards.
    fn begin(
        place: Place,
        folder: PathBuf,
        version: u64,
        layout: Layout,
        faults: Arc<dyn Faults<VersionStep>>,
    ) -> Result<Self> {
        if layout.shards == 0 || layout.keep == 0 {
            return Err(ServingError::Layout {
                problem: "it needs at least one shard, and to keep at least one version".into(),
            });
        }
        let mut builder = Self {
            place,
            folder,
            layout,
            version,
            shards: Vec::new(),
            url: String::new(),
            runs: Vec::new(),
            row: 0,
            faults,
        };
        for shard in 0..layout.shards {
            let folder = builder.folder.join(shard_name(shard));
            fs::create_dir_all(&folder).map_err(io_at("make", &folder))?;
            let identity = identity(version, shard);
            let writer = ShardWriter::create(folder, identity, layout.values, &builder.faults)?;
            builder.shards.push(writer);
        }
        builder.reached(VersionStep::CreateFolder)?;
        Ok(builder)
    }

    /// Returns the kind of the values.
    pub fn values(&self) -> ValueKind {
        self.layout.values
    }

    /// Returns the number of rows that were pushed so far.
    pub fn rows(&self) -> u64 {
        self.row
    }

    /// Adds the next row, which must sort after the row before. `ts` is the start of its
    /// bucket in epoch seconds, UTC. O(1), amortised.
    ///
    /// # Errors
    /// A row that repeats the row before or sorts before it; a URL with a zero byte; a value
    /// of another kind than the store's; a shard that cannot be written.
    pub fn push(
        &mut self,
        url: &str,
        granularity: Granularity,
        ts: i64,
        value: RowValue<'_>,
    ) -> Result<()> {
        // A new URL ends the one before, whose record is then written.
        if self.row == 0 || url != self.url {
            self.start_url(url, granularity, ts)?;
        }

        // The row belongs to the current run, or begins the next one.
        let last = self.runs.last();
        match last.map(|run| (run.granularity.code(), run.ts.last().copied())) {
            Some((code, Some(before))) if code == granularity.code() => {
                if before >= ts {
                    return Err(self.out_of_order(url, granularity, ts, before == ts));
                }
            }
            Some((code, _)) if code > granularity.code() => {
                return Err(self.out_of_order(url, granularity, ts, false));
            }
            _ => self.runs.push(Rows::new(granularity)),
        }
        let rows = self
            .runs
            .last_mut()
            .expect("pushed just now, if it was not there");

        // The value, if it is of the kind of the store.
        match (value, self.layout.values) {
            (RowValue::Count(count), ValueKind::Counts) => rows.counts.push(count),
            (RowValue::Bytes(bytes), ValueKind::Sketches { .. } | ValueKind::Bytes) => {
                rows.blob.extend_from_slice(bytes);
                rows.ends.push(rows.blob.len() as u64);
            }
            (_, kind) => {
                let problem = format!("its value is of another kind than the store's {kind}");
                return Err(self.refused(problem));
            }
        }
        rows.ts.push(ts);
        self.row += 1;
        Ok(())
    }

    /// Completes the version, flushes it to the disk, and returns its header. The version of a
    /// store is published and served from then on. A version that was begun
    /// [`within`](Self::within) a draft is served once that draft is published.
    ///
    /// # Errors
    /// Files that cannot be written or flushed. The version that was served before is served
    /// on.
    pub fn finish(mut self) -> Result<Header> {
        // The shards first. The header comes after them, because it counts their contents and
        // its presence means that they are complete.
        self.end_url()?;
        let mut header = Header {
            version: self.version,
            values: self.layout.values,
            shards: self.layout.shards,
            urls: 0,
            rows: 0,
            bytes: 0,
        };
        for (shard, writer) in std::mem::take(&mut self.shards).into_iter().enumerate() {
            let (urls, rows, bytes) = writer.finish()?;
            header.urls += urls;
            header.rows += rows;
            header.bytes += bytes;
            sync(&self.folder.join(shard_name(shard as u32)))?;
            self.reached(VersionStep::WriteShard)?;
        }
        let path = self.folder.join(HEADER);
        Out::whole(&path, header.encode().as_bytes(), &self.faults)?;
        sync(&self.folder)?;

        // Publish the version of a store.
        if let Place::Store(draft) = self.place {
            draft.publish(self.layout.keep)?;
        }
        Ok(header)
    }

    /// Ends the URL before, and begins the next one, which must sort after it.
    fn start_url(&mut self, url: &str, granularity: Granularity, ts: i64) -> Result<()> {
        if self.row > 0 && url < self.url.as_str() {
            return Err(self.out_of_order(url, granularity, ts, false));
        }
        if url.contains('\0') {
            return Err(self.refused(format!("the URL {url:?} holds a zero byte")));
        }
        self.end_url()?;
        self.url.clear();
        self.url.push_str(url);
        Ok(())
    }

    /// Writes the record of the current URL to its shard, if the URL has any rows.
    fn end_url(&mut self) -> Result<()> {
        if self.runs.is_empty() {
            return Ok(());
        }
        let shard = shard_of(&self.url, self.layout.shards);
        self.shards[shard as usize].push(&self.url, &self.runs)?;
        self.runs.clear();
        self.reached(VersionStep::WriteUrl)
    }

    /// Asks the faults whether the build goes on after a step.
    fn reached(&self, step: VersionStep) -> Result<()> {
        let io = io_at("go on with the build of", &self.folder);
        let crashed = self.faults.reached(CrashPoint::after(step));
        crashed.map_err(std::io::Error::from).map_err(io)
    }

    /// Returns the error for a row that repeats the row before (`twice`) or sorts before it.
    #[cold]
    fn out_of_order(&self, url: &str, g: Granularity, ts: i64, twice: bool) -> ServingError {
        let last = self.runs.last();
        let (code, before) = last.map_or(("", 0), |run| {
            (run.granularity.code(), run.ts.last().copied().unwrap_or(0))
        });
        let row = format!("({url}, {g}, {ts})");
        self.refused(if twice {
            format!("it repeats the row before, {row}; add duplicates up first")
        } else {
            format!(
                "{row} sorts before ({}, {code}, {before}), which it follows; \
                 sort by url, granularity, ts first",
                self.url
            )
        })
    }

    /// Returns the error for the current row.
    #[cold]
    fn refused(&self, problem: String) -> ServingError {
        ServingError::Row {
            row: self.row,
            problem,
        }
    }
}

impl std::fmt::Debug for Builder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Builder")
            .field("folder", &self.folder)
            .field("version", &self.version)
            .field("row", &self.row)
            .finish()
    }
}

/// Flushes a folder. Without this, the names of new files may be lost in a power failure.
fn sync(folder: &Path) -> Result<()> {
    let flushed = fs::File::open(folder).and_then(|folder| folder.sync_all());
    flushed.map_err(io_at("flush", folder))
}
