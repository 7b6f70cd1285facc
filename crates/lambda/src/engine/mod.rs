//! Where a batch view runs.
//!
//! A view says *what* is computed ([`crate::batch`]); an [`Engine`] says where
//! and how: how the input is cut, how work is shared, what goes to disk. The
//! [`local`] engine runs on this machine's cores with a bound on memory. An
//! engine on a cluster would hand the same [`Job`] over and fetch the views:
//! that is why a job is plain data and an engine writes files into a folder.

mod error;
pub mod local;

pub use error::EngineError;
pub use local::Local;
pub use local::{plain_page_view, visitor};

use crate::batch::sketch::Precision;
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// What is to be computed.
#[derive(Debug, Clone)]
pub struct Job {
    /// The datums.
    pub input: Input,
    /// Zones whose local days get a view, besides the buckets in UTC.
    pub zones: Vec<Tz>,
    /// Which views.
    pub views: Views,
    /// Of the sketches in the view of uniques.
    pub precision: Precision,
    /// Whether each person's visits are written too. Only a query that merges realtime
    /// views needs them: it joins a visit that goes on after the batch.
    pub visits: bool,
    /// Whether an input without a single sound datum is an error. A mistyped path is
    /// worth one; a log to which nothing has come yet is not.
    pub nothing_is_an_error: bool,
}

impl Job {
    /// Computes all views of an input, and none by local day.
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
}

/// Where the datums of a [`Job`] are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// A file of JSON lines or Parquet, told apart by content.
    File(PathBuf),
    /// The parts of a master data set, files of JSON lines in a folder.
    Master {
        /// The folder, which stands for all parts in messages.
        folder: PathBuf,
        /// The parts, in order.
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

    /// Returns the bytes of all files.
    ///
    /// # Errors
    /// If a file cannot be looked at.
    pub fn bytes(&self) -> Result<u64, EngineError> {
        let len = |path: &PathBuf| {
            let about = std::fs::metadata(path).map_err(EngineError::io(path, "reading"))?;
            Ok(about.len())
        };
        match self {
            Self::File(path) => len(path),
            Self::Master { parts, .. } => parts.iter().map(len).sum(),
        }
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

/// Which views a [`Job`] computes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Views {
    /// Page views, uniques and bounces.
    #[default]
    All,
    /// Page views only: what a comparison with an engine that counts needs.
    PageViews,
}

/// Runs a [`Job`].
pub trait Engine {
    /// The name that `--engine` takes and the manifest shows.
    fn name(&self) -> &'static str;

    /// Computes the views and writes them into `folder`, which exists:
    /// `page_views.parquet`, with zones also `page_views_by_local_day.parquet`,
    /// `uniques.parquet` and `bounces.parquet` unless the job leaves them out,
    /// `visits.parquet` if it asks for it, and `rejected.jsonl`. Uniques and
    /// bounces are of persons: identifiers that an equiv anywhere in the input
    /// joins are one. Leaves nothing else there when it succeeds.
    fn run(&self, job: &Job, folder: &Path, watch: Watch<'_>) -> Result<Summary, EngineError>;
}

/// Called now and then, from any thread, with how far the run is.
pub type Watch<'a> = &'a (dyn Fn(Progress) + Sync);

/// How far a run is.
#[derive(Debug, Clone, Copy)]
pub struct Progress {
    pub step: Step,
    /// Datums read so far.
    pub rows: u64,
    /// Bytes of the input done, and in all.
    pub bytes: u64,
    pub bytes_total: u64,
}

/// The steps of a run, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Looking for equivs.
    Persons,
    Read,
    Dedupe,
    Write,
}

/// What a run found and wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    pub format: InputFormat,
    pub counts: Counts,
    /// The files written, with their rows, in order of name.
    pub files: Vec<(String, u64)>,
    /// The first line of the rejected, to show beside their count.
    pub first_rejected: Option<String>,
}

/// The formats an input can have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InputFormat {
    JsonLines,
    Parquet,
}

impl InputFormat {
    /// What a rejected entry is counted by.
    pub fn unit(self) -> &'static str {
        match self {
            InputFormat::JsonLines => "line",
            InputFormat::Parquet => "row",
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            InputFormat::JsonLines => "json lines",
            InputFormat::Parquet => "parquet",
        }
    }
}

/// Where every datum went. `read = distinct + duplicates + other_kinds + rejected`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Lines (blank ones apart) or rows.
    pub read: u64,
    /// Sound datums that are no page views.
    pub other_kinds: u64,
    /// What could not be read.
    pub rejected: u64,
    /// Page views that were there before.
    pub duplicates: u64,
    /// Page views counted.
    pub distinct: u64,
}
