//! What can go wrong with a data system of this room, where, and the mend.
use dataset::DatasetError;
use lambda::LambdaError;
use lambda::batch::sketch::SketchError;
use lambda::datum::Reason;
use lambda::faults::Crash;
use lambda::serving::StoreError;
use lambda::speed::SpeedError;
use polars::prelude::PolarsError;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// Why a master data set or a design built on one refused.
#[derive(Debug)]
pub enum SystemsError {
    /// The operating system refused.
    Io {
        doing: &'static str,
        path: PathBuf,
        source: io::Error,
    },
    /// polars refused.
    Polars {
        doing: &'static str,
        path: PathBuf,
        source: PolarsError,
    },
    /// A file of the master data set is not what was appended.
    Changed { path: PathBuf, problem: String },
    /// A description of an append that cannot be read.
    Unreadable { path: PathBuf, problem: String },
    /// An argument that makes no sense.
    BadArgument {
        argument: &'static str,
        value: String,
        remedy: &'static str,
    },
    /// The process crashed, as its [faults](lambda::faults) asked for.
    Crashed(Crash),
    /// A datum breaks the [rule](lambda::datum#the-rule).
    Rejected(Reason),
    /// A table of the batch layer refused.
    Batch(PolarsError),
    /// The data set refused.
    Dataset(DatasetError),
    /// The log, a random-write store or the layers refused.
    Layer(LambdaError),
}

/// A result of this room.
pub type Result<T, E = SystemsError> = std::result::Result<T, E>;

impl fmt::Display for SystemsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io {
                doing,
                path,
                source,
            } => write!(
                f,
                "{doing} {}: {source}; is the disk full, or the folder not yours?",
                path.display()
            ),
            Self::Polars {
                doing,
                path,
                source,
            } => write!(f, "{doing} {}: {source}", path.display()),
            Self::Changed { path, problem } => write!(
                f,
                "{} is not as it was appended: {problem}; put a copy of the file back, \
                 every other part can still be read",
                path.display()
            ),
            Self::Unreadable { path, problem } => write!(
                f,
                "{} does not describe an append: {problem}; put a copy of it back",
                path.display()
            ),
            Self::BadArgument {
                argument,
                value,
                remedy,
            } => write!(f, "{argument} {value:?} will not do: {remedy}"),
            Self::Crashed(crash) => crash.fmt(f),
            Self::Rejected(reason) => write!(f, "datum rejected, nothing was changed: {reason}"),
            Self::Batch(error) => error.fmt(f),
            Self::Dataset(error) => error.fmt(f),
            Self::Layer(error) => error.fmt(f),
        }
    }
}

// No `source`: the cause is part of the message, and would be printed twice.
impl std::error::Error for SystemsError {}

impl From<Crash> for SystemsError {
    fn from(crash: Crash) -> Self {
        Self::Crashed(crash)
    }
}

impl From<PolarsError> for SystemsError {
    fn from(error: PolarsError) -> Self {
        Self::Batch(error)
    }
}

impl From<DatasetError> for SystemsError {
    fn from(error: DatasetError) -> Self {
        Self::Dataset(error)
    }
}

impl From<LambdaError> for SystemsError {
    fn from(error: LambdaError) -> Self {
        Self::Layer(error)
    }
}

impl From<SpeedError> for SystemsError {
    fn from(error: SpeedError) -> Self {
        Self::Layer(error.into())
    }
}

impl From<StoreError> for SystemsError {
    fn from(error: StoreError) -> Self {
        Self::Layer(error.into())
    }
}

impl From<SketchError> for SystemsError {
    fn from(error: SketchError) -> Self {
        Self::Layer(error.into())
    }
}

/// Says what was being done, and where, when the operating system refused.
pub(super) fn io_at(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> SystemsError {
    let path = path.to_owned();
    move |source| SystemsError::Io {
        doing,
        path,
        source,
    }
}

/// The same for polars.
pub(super) fn polars_at(
    doing: &'static str,
    path: &Path,
) -> impl FnOnce(PolarsError) -> SystemsError {
    let path = path.to_owned();
    move |source| SystemsError::Polars {
        doing,
        path,
        source,
    }
}
