//! Engines, which compute the batch views.
//!
//! The module [`crate::batch`] defines *what* is computed. An [`Engine`] decides where and how:
//! how the input is split, how the work is distributed, and what is written to disk in between.
//! The [`local`] engine runs on the cores of this machine in bounded memory. [`SparkConnect`] has
//! the same [`BatchJob`] computed by a cluster, and writes the same files, byte by byte. That is
//! why a job is plain data, and why an engine writes files into a folder. A [`SqlEngine`] answers
//! queries in SQL, too; [`open`] returns the one at an address.

mod address;
mod error;
pub mod local;
mod local_sql;
mod spark_connect;
mod sql;
mod stream;

pub use address::{LOCAL, open};
pub use error::EngineError;
pub use local::Local;
pub use local::visitor;
pub use local_sql::LocalSql;
pub use spark_connect::{
    EngineAnswer, EngineQuestion, JobMessage, SCHEME, SparkConnect, SparkStreaming,
};
pub use sql::{SqlEngine, TaskProgress};
pub use stream::{STREAMING, StreamJob, StreamProgress};

use crate::batch::sketch::Precision;
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// The description of a batch computation: its input and the views to compute.
#[derive(Debug, Clone)]
pub struct BatchJob {
    /// Where the datums are.
    pub input: Input,
    /// Time zones for which page views are also counted by local day, besides the buckets in
    /// UTC.
    pub zones: Vec<Tz>,
    /// Which views to compute.
    pub views: Views,
    /// The precision of the sketches in the view of uniques.
    pub precision: Precision,
    /// Whether the single visits of each person are written too. Only a query that merges
    /// realtime views needs them, to join a visit that continues after the batch.
    pub visits: bool,
    /// Whether an input without a single valid datum is an error. It should be one for a file
    /// that a user named, because the path may be wrong, and not for a log that may be empty.
    pub nothing_is_an_error: bool,
}

impl BatchJob {
    /// Creates a job that computes all views of an input, without local days and without the
    /// single visits.
    pub fn of(input: impl Into<Input>) -> Self {
        Self {
            input: input.into(),
            zones: Vec::new(),
            views: Views::All,
            precision: Precision::DEFAULT,
            visits: false,
            nothing_is_an_error: true,
        }
    }

    /// Refuses an input without a single valid datum, if the job asks for that. `first` is the
    /// first rejected datum, in a sentence.
    ///
    /// # Errors
    /// If there is no datum, or each is rejected.
    pub fn refuse_nothing(
        &self,
        counts: &DatumCounts,
        format: InputFormat,
        first: Option<&str>,
    ) -> Result<(), EngineError> {
        let path = || self.input.path().to_owned();
        match counts.read {
            _ if !self.nothing_is_an_error => Ok(()),
            0 => Err(EngineError::Empty(path())),
            read if read == counts.rejected => Err(EngineError::AllRejected {
                path: path(),
                rejected: counts.rejected,
                unit: format.unit(),
                first: first.unwrap_or_default().to_owned(),
            }),
            _ => Ok(()),
        }
    }
}

/// Where the datums of a [`BatchJob`] are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Input {
    /// A file of JSON lines or Parquet. The format is recognised by the first bytes.
    File(PathBuf),
    /// The parts of a master data set, files of JSON lines in a folder.
    Master {
        /// The folder, which error messages name in place of a file.
        folder: PathBuf,
        /// The files of the parts, in order.
        parts: Vec<PathBuf>,
    },
}

impl Input {
    /// Returns the file, or the folder of the parts.
    pub fn path(&self) -> &Path {
        match self {
            Self::File(path) | Self::Master { folder: path, .. } => path,
        }
    }

    /// Returns the files, in order.
    pub fn files(&self) -> &[PathBuf] {
        match self {
            Self::File(path) => std::slice::from_ref(path),
            Self::Master { parts, .. } => parts,
        }
    }

    /// Returns the size of all files together, in bytes.
    ///
    /// # Errors
    /// If the size of a file cannot be read.
    pub fn bytes(&self) -> Result<u64, EngineError> {
        let len = |path: &PathBuf| {
            let metadata = std::fs::metadata(path).map_err(EngineError::io(path, "reading"))?;
            Ok(metadata.len())
        };
        self.files().iter().map(len).sum()
    }
}

impl From<PathBuf> for Input {
    fn from(path: PathBuf) -> Self {
        Self::File(path)
    }
}

impl From<&Path> for Input {
    fn from(path: &Path) -> Self {
        Self::File(path.to_owned())
    }
}

/// Which views a [`BatchJob`] computes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Views {
    /// Page views, uniques and bounces.
    #[default]
    All,
    /// Page views only, for a comparison with an engine that computes nothing else.
    PageViews,
}

/// A program that runs [`BatchJob`]s.
pub trait Engine {
    /// Returns the name that `--engine` takes and the manifest shows.
    fn name(&self) -> &'static str;

    /// Computes the views of a job and writes them into `folder`, which must exist. Calls
    /// `watch` with the progress.
    ///
    /// | file | written |
    /// |---|---|
    /// | `page_views.parquet` | always |
    /// | `page_views_by_local_day.parquet` | if the job has zones |
    /// | `uniques.parquet`, `bounces.parquet` | unless the job is for [`Views::PageViews`] |
    /// | `visits.parquet` | if the job asks for visits, unless it is for [`Views::PageViews`] |
    /// | `rejected.jsonl` | always |
    ///
    /// Uniques and bounces are counted by person: two identifiers that an equiv anywhere in the
    /// input joins are one person. When the run succeeds, it leaves no other file there.
    ///
    /// # Errors
    /// If the input cannot be read or is not of datums, or a file cannot be written. A single
    /// datum that cannot be read is no error: it is rejected.
    fn run(&self, job: &BatchJob, folder: &Path, watch: Watch<'_>) -> Result<Summary, EngineError>;
}

/// A callback that receives the progress of a run, from any of its threads.
pub type Watch<'a> = &'a (dyn Fn(RunProgress) + Sync);

/// The progress of a run.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct RunProgress {
    /// The current step.
    pub step: RunPhase,
    /// Number of datums read so far.
    pub rows: u64,
    /// Bytes of the input read so far.
    pub bytes: u64,
    /// Size of the input in bytes.
    pub bytes_total: u64,
}

/// The steps of a run, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum RunPhase {
    /// Takes up what a run before this one has done, which was cut off. Its datums are counted as
    /// read from here on.
    Resume,
    /// Reads the equivs of the whole input and joins identifiers to persons.
    Persons,
    /// Reads the datums.
    Read,
    /// Drops the duplicates that are left after reading, and counts.
    Dedupe,
    /// Writes the files.
    Write,
}

/// The result of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// The format of the input.
    pub format: InputFormat,
    /// What became of the datums.
    pub counts: DatumCounts,
    /// The files written, each as (name, number of rows), in the order of names.
    pub files: Vec<(String, u64)>,
    /// The reason for the first rejected datum, to show beside their number; `None` if there
    /// is none.
    pub first_rejected: Option<String>,
}

/// The formats that an input can have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum InputFormat {
    /// One datum of JSON a line.
    JsonLines,
    /// A table with one row for each datum.
    Parquet,
}

impl InputFormat {
    /// Returns what one datum of the input is called in messages: "line" or "row".
    pub fn unit(self) -> &'static str {
        match self {
            InputFormat::JsonLines => "line",
            InputFormat::Parquet => "row",
        }
    }

    /// Returns the name that the manifest shows.
    pub fn name(self) -> &'static str {
        match self {
            InputFormat::JsonLines => "json lines",
            InputFormat::Parquet => "parquet",
        }
    }
}

/// The numbers of datums by what became of them.
/// `read = distinct + duplicates + other_kinds + rejected`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DatumCounts {
    /// Number of lines that are not blank, or of rows.
    pub read: u64,
    /// Number of valid datums that are not page views.
    pub other_kinds: u64,
    /// Number of lines or rows that could not be read as a datum.
    pub rejected: u64,
    /// Number of page views dropped as duplicates.
    pub duplicates: u64,
    /// Number of page views counted.
    pub distinct: u64,
}
