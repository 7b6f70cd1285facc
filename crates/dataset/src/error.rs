//! What can go wrong with a data set, where, and the remedy.
use polars::error::PolarsError;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// Why a data set could not be described, made or read.
#[derive(Debug)]
pub enum DatasetError {
    /// An argument that no data set can have. `remedy` says what is allowed.
    BadArgument {
        argument: &'static str,
        value: String,
        remedy: String,
    },
    /// The folder for a data set holds something that is not ours to replace.
    NotADataset { path: PathBuf, found: String },
    /// No `data/` folder was found upwards of `from`.
    NoHome { from: PathBuf },
    /// A line that is no datum. Lines count from 1.
    BadLine { line: u64, reason: String },
    /// A Parquet row that is no datum. Rows count from 0.
    BadRow { row: usize, reason: String },
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
}

/// The result of this room.
pub type Result<T, E = DatasetError> = std::result::Result<T, E>;

impl DatasetError {
    /// Whether the caller asked for something impossible, rather than the
    /// machine failing: the difference between the exit codes 2 and 3.
    pub fn is_wrong_use(&self) -> bool {
        matches!(self, Self::BadArgument { .. })
    }
}

impl fmt::Display for DatasetError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BadArgument {
                argument,
                value,
                remedy,
            } => {
                write!(f, "{argument} {value:?} will not do: {remedy}")
            }
            Self::NotADataset { path, found } => write!(
                f,
                "{} holds {found}, which is not part of a data set, and was left alone; \
                 choose another folder, or remove it",
                path.display()
            ),
            Self::NoHome { from } => write!(
                f,
                "no project found in {} or above; run this inside the project, \
                 or set LAMBDA_WORKBOOK_DATA to the folder for data",
                from.display()
            ),
            Self::BadLine { line, reason } => write!(f, "line {line} is no datum: {reason}"),
            Self::BadRow { row, reason } => write!(f, "row {row} is no datum: {reason}"),
            Self::Io {
                doing,
                path,
                source,
            } => {
                write!(
                    f,
                    "could not {doing} {}: {source}{}",
                    path.display(),
                    remedy(source)
                )
            }
            Self::Polars {
                doing,
                path,
                source,
            } => {
                write!(f, "could not {doing} {}: {source}", path.display())?;
                match source {
                    PolarsError::IO { error, .. } => f.write_str(remedy(error)),
                    _ => Ok(()),
                }
            }
        }
    }
}

// No `source`: the cause is part of the message, and would be printed twice.
impl std::error::Error for DatasetError {}

/// What to do about a refusal of the operating system.
fn remedy(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            "; free some space, or choose a smaller --scale or another --out. \
             What was there before is unchanged"
        }
        io::ErrorKind::FileTooLarge => {
            "; a limit on file sizes is set (ulimit -f). What was there before is unchanged"
        }
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            "; choose a folder that you may write, with --out"
        }
        io::ErrorKind::NotADirectory | io::ErrorKind::AlreadyExists => {
            "; a file is where a folder is needed: choose another --out"
        }
        _ => "",
    }
}

/// Says what was being done to which path, when the operating system refuses.
pub(super) fn io_error(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> DatasetError {
    move |source| DatasetError::Io {
        doing,
        path: path.to_owned(),
        source,
    }
}

/// The same for polars.
pub(super) fn polars_error(
    doing: &'static str,
    path: &Path,
) -> impl FnOnce(PolarsError) -> DatasetError {
    move |source| DatasetError::Polars {
        doing,
        path: path.to_owned(),
        source,
    }
}
