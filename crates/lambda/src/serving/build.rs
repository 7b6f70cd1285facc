//! The builder: sorted rows in, a whole new version out, swapped in at the end.
//!
//! 1. Readers see the version before or the one after, never something between.
//! 2. A build that fails or dies, at any step, changes nothing that is served.
//! 3. What is served after a power cut is whole: every file and every name is on
//!    the disk before the swap.
//! 4. Two builders do not mix: the second is refused while the first works.
//!
//! Memory: one URL's rows, and sixteen bytes a URL.
//!
//! Source: *Big Data*, Marz and Warren, chapter 10: a serving layer database must
//! be batch-writable, so that the views are swapped and never updated.
use super::error::{Result, StoreError, io_at};
use super::folder::{HEADER, identity, shard_name};
use super::header::Header;
use super::record::Rows;
use super::shard_writer::{Out, ShardWriter};
use super::sharding::shard_of;
use super::values::{Value, ValueKind};
use crate::faults::{Calm, Step, World};
use crate::versions::{Draft, Versions};
use calendar::Granularity;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// How a version is laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    /// Parts of the view, each on a server of its own. At least 1.
    pub shards: u32,
    pub values: ValueKind,
    /// Versions kept for a way back, the new one among them. At least 1.
    pub keep: usize,
}

impl Layout {
    /// Counts in so many shards; three versions kept.
    pub fn counts(shards: u32) -> Self {
        Self {
            shards,
            values: ValueKind::Counts,
            keep: 3,
        }
    }

    /// Sketches with 2^precision registers.
    pub fn sketches(shards: u32, precision: u8) -> Self {
        Self {
            values: ValueKind::Sketches { precision },
            ..Self::counts(shards)
        }
    }

    /// Bytes of another meaning.
    pub fn bytes(shards: u32) -> Self {
        Self {
            values: ValueKind::Bytes,
            ..Self::counts(shards)
        }
    }

    /// The same, with `keep` versions kept.
    pub fn keep(self, keep: usize) -> Self {
        Self { keep, ..self }
    }
}

/// Builds a version from rows sorted by URL, granularity's code and time, and
/// swaps it in. What [`Header`] says of it. O(rows).
///
/// ```
/// use lambda_workbook::calendar::Granularity::{Day, Hour};
/// use lambda_workbook::serving::{Layout, Store, Value, build};
///
/// let folder = tempfile::tempdir()?;
/// let rows = [
///     ("foo.com/", Day, 0, Value::Count(7)),
///     ("foo.com/", Hour, 3600, Value::Count(3)),
///     ("foo.com/", Hour, 7200, Value::Count(4)),
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
    rows: impl IntoIterator<Item = (&'a str, Granularity, i64, Value<'a>)>,
) -> Result<Header> {
    let mut builder = Builder::start(folder, layout)?;
    for (url, granularity, ts, value) in rows {
        builder.push(url, granularity, ts, value)?;
    }
    builder.finish()
}

/// A version on its way. Dropped before [`finish`](Self::finish), it leaves
/// nothing behind.
pub struct Builder {
    place: Place,
    /// Where the files go.
    folder: PathBuf,
    layout: Layout,
    version: u64,
    shards: Vec<ShardWriter>,
    /// The URL whose rows come in now, with what came of them.
    url: String,
    runs: Vec<Rows>,
    row: u64,
    world: Arc<dyn World>,
}

/// What becomes of a version that is whole.
enum Place {
    /// It is published as the next version of a store.
    Store(Draft),
    /// It is a part of a larger version, which another draft publishes.
    Within,
}

impl Builder {
    /// Takes hold of the store in `folder`, making the folder if need be.
    pub fn start(folder: impl AsRef<Path>, layout: Layout) -> Result<Self> {
        Self::start_in(folder, layout, Arc::new(Calm))
    }

    /// The same, in a world that may refuse.
    pub fn start_in(
        folder: impl AsRef<Path>,
        layout: Layout,
        world: Arc<dyn World>,
    ) -> Result<Self> {
        let draft = Versions::at(folder).draft_in(Arc::clone(&world))?;
        let (folder, version) = (draft.path().to_owned(), draft.version());
        Self::begin(Place::Store(draft), folder, version, layout, world)
    }

    /// Builds a store as a part of the version `draft`, in its folder `name`. It is
    /// served when the draft is published.
    ///
    /// # Errors
    /// A layout that no store can have; a folder that cannot be made.
    pub fn within(draft: &Draft, name: &str, layout: Layout) -> Result<Self> {
        let world = Arc::clone(draft.world());
        let folder = draft.path().join(name);
        Self::begin(Place::Within, folder, draft.version(), layout, world)
    }

    fn begin(
        place: Place,
        folder: PathBuf,
        version: u64,
        layout: Layout,
        world: Arc<dyn World>,
    ) -> Result<Self> {
        if layout.shards == 0 || layout.keep == 0 {
            return Err(StoreError::Layout {
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
            world,
        };
        for shard in 0..layout.shards {
            let folder = builder.folder.join(shard_name(shard));
            fs::create_dir_all(&folder).map_err(io_at("make", &folder))?;
            let identity = identity(version, shard);
            let writer = ShardWriter::create(folder, identity, layout.values, &builder.world)?;
            builder.shards.push(writer);
        }
        builder.reached(Step::FolderMade)?;
        Ok(builder)
    }

    /// What the values are.
    pub fn values(&self) -> ValueKind {
        self.layout.values
    }

    /// Rows taken so far.
    pub fn rows(&self) -> u64 {
        self.row
    }

    /// Takes the next row, which must sort after the one before. O(1).
    pub fn push(
        &mut self,
        url: &str,
        granularity: Granularity,
        ts: i64,
        value: Value<'_>,
    ) -> Result<()> {
        if self.row == 0 || url != self.url {
            self.start_url(url, granularity, ts)?;
        }
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
        match (value, self.layout.values) {
            (Value::Count(count), ValueKind::Counts) => rows.counts.push(count),
            (Value::Bytes(bytes), ValueKind::Sketches { .. } | ValueKind::Bytes) => {
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

    /// Completes the version and flushes it to the disk; a store's version is served from
    /// then on, one [`within`](Self::within) a draft when that is published.
    pub fn finish(mut self) -> Result<Header> {
        // Shards first, then the header, which vouches for them.
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
            self.reached(Step::ShardWritten)?;
        }
        let path = self.folder.join(HEADER);
        Out::whole(&path, header.encode().as_bytes(), &self.world)?;
        sync(&self.folder)?;

        // The version of a store is served from here on.
        if let Place::Store(draft) = self.place {
            draft.publish(self.layout.keep)?;
        }
        Ok(header)
    }

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

    fn end_url(&mut self) -> Result<()> {
        if self.runs.is_empty() {
            return Ok(());
        }
        let shard = shard_of(&self.url, self.layout.shards);
        self.shards[shard as usize].push(&self.url, &self.runs)?;
        self.runs.clear();
        self.reached(Step::UrlWritten)
    }

    fn reached(&self, step: Step) -> Result<()> {
        let io = io_at("go on with the build of", &self.folder);
        self.world.reached(step).map_err(io)
    }

    #[cold]
    fn out_of_order(&self, url: &str, g: Granularity, ts: i64, twice: bool) -> StoreError {
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

    #[cold]
    fn refused(&self, problem: String) -> StoreError {
        StoreError::Row {
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

/// Flushes a folder: the names in it reach the disk only so.
fn sync(folder: &Path) -> Result<()> {
    let flushed = fs::File::open(folder).and_then(|folder| folder.sync_all());
    flushed.map_err(io_at("flush", folder))
}
