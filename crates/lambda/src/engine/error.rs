//! What stops a run.

use polars::error::PolarsError;
use std::fmt;
use std::io;
use std::path::PathBuf;

/// What stops a run. A single bad line never does: it is rejected.
#[derive(Debug)]
pub enum EngineError {
    /// No file there.
    Missing(PathBuf),
    /// A folder, where a file is wanted.
    IsFolder(PathBuf),
    /// A pipe or a device: it cannot be cut into parts.
    NotAFile(PathBuf),
    /// Not one datum in it.
    Empty(PathBuf),
    /// Bytes of another format.
    Format {
        path: PathBuf,
        found: &'static str,
        remedy: &'static str,
    },
    /// Lines there, but every one was rejected.
    AllRejected {
        path: PathBuf,
        rejected: u64,
        unit: &'static str,
        first: String,
    },
    /// Parquet without the columns of datums.
    Columns {
        path: PathBuf,
        missing: Vec<String>,
        found: Vec<String>,
    },
    /// A column of a type that cannot be read as the one wanted.
    ColumnType {
        path: PathBuf,
        column: String,
        wanted: &'static str,
        found: String,
    },
    /// Statistics that the rows do not keep to.
    Statistics { path: PathBuf, row_group: usize },
    /// More pages than ids.
    TooManyUrls,
    /// Reading or writing failed.
    Io {
        path: PathBuf,
        doing: &'static str,
        source: io::Error,
    },
    /// Parquet that cannot be read or written.
    Parquet {
        path: PathBuf,
        doing: &'static str,
        source: PolarsError,
    },
}

impl EngineError {
    /// Returns a function that says what was being done with which file when the system
    /// refused.
    pub fn io(path: impl Into<PathBuf>, doing: &'static str) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| EngineError::Io {
            path,
            doing,
            source,
        }
    }

    /// As [`io`](Self::io), for what polars refuses.
    pub fn parquet(
        path: impl Into<PathBuf>,
        doing: &'static str,
    ) -> impl FnOnce(PolarsError) -> Self {
        let path = path.into();
        move |source| EngineError::Parquet {
            path,
            doing,
            source,
        }
    }
}

impl fmt::Display for EngineError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use EngineError::*;
        match self {
            Missing(path) => write!(f, "{}: no such file", path.display()),
            IsFolder(path) => {
                write!(
                    f,
                    "{}: a folder; name a file of datums in it",
                    path.display()
                )
            }
            NotAFile(path) => {
                write!(
                    f,
                    "{}: not a regular file; save the data in one first",
                    path.display()
                )
            }
            Empty(path) => write!(f, "{}: holds no datum", path.display()),
            Format {
                path,
                found,
                remedy,
            } => {
                write!(
                    f,
                    "{}: {found}, where JSON lines or Parquet is wanted; {remedy}",
                    path.display()
                )
            }
            AllRejected {
                path,
                rejected,
                unit,
                first,
            } => write!(
                f,
                "{}: none of its {rejected} {unit}s is a datum, so the views stay as they are; \
                 the first: {first}",
                path.display()
            ),
            Columns {
                path,
                missing,
                found,
            } => write!(
                f,
                "{}: not a table of datums; missing columns: {}; found: {}",
                path.display(),
                missing.join(", "),
                found.join(", ")
            ),
            ColumnType {
                path,
                column,
                wanted,
                found,
            } => write!(
                f,
                "{}: column {column} is {found}, where {wanted} is wanted",
                path.display()
            ),
            Statistics { path, row_group } => write!(
                f,
                "{}: row group {row_group} has datums from before the earliest that its \
                 statistics name; write the file again with a sound writer",
                path.display()
            ),
            TooManyUrls => write!(f, "more than 4,294,967,295 different URLs"),
            Io {
                path,
                doing,
                source,
            } => {
                write!(f, "{}: {doing}: {source}", path.display())?;
                if source.kind() == io::ErrorKind::StorageFull {
                    write!(f, "; make room on this disk and run again")?;
                }
                Ok(())
            }
            Parquet {
                path,
                doing,
                source,
            } => write!(f, "{}: {doing}: {source}", path.display()),
        }
    }
}

// Without `source`: the cause stands in the message, once.
impl std::error::Error for EngineError {}
