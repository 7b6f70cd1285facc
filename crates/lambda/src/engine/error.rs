//! The errors that stop a batch computation.

use polars::error::PolarsError;
use std::fmt;
use std::io;
use std::path::PathBuf;

/// An error that stops a run. A single datum that cannot be read is not one: it is rejected.
#[derive(Debug)]
pub enum EngineError {
    /// The input does not exist.
    Missing(PathBuf),
    /// The input is a folder and not a file.
    IsFolder(PathBuf),
    /// The input is a pipe or a device, which cannot be split into chunks.
    NotAFile(PathBuf),
    /// The input has no datum, valid or rejected.
    Empty(PathBuf),
    /// The input has another format.
    Format {
        /// The input.
        path: PathBuf,
        /// The format that was found.
        found: &'static str,
        /// What to do.
        remedy: &'static str,
    },
    /// All datums of the input were rejected.
    AllRejected {
        /// The input.
        path: PathBuf,
        /// Their number.
        rejected: u64,
        /// What a datum is called, "line" or "row".
        unit: &'static str,
        /// The reason for the first one.
        first: String,
    },
    /// A Parquet file does not have the columns of datums.
    Columns {
        /// The input.
        path: PathBuf,
        /// The columns that it should have.
        missing: Vec<String>,
        /// The columns that it has.
        found: Vec<String>,
    },
    /// A column of a Parquet file has a type that cannot be converted.
    ColumnType {
        /// The input.
        path: PathBuf,
        /// The name of the column.
        column: String,
        /// The type that it should have.
        wanted: &'static str,
        /// The type that it has.
        found: String,
    },
    /// A row group of a Parquet file has a timestamp below the minimum in its statistics.
    Statistics {
        /// The input.
        path: PathBuf,
        /// The number of the row group, from 0.
        row_group: usize,
    },
    /// The input has more different URLs than there are numbers of 32 bits.
    TooManyUrls,
    /// The file system returned an error.
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What was being done, for example "reading".
        doing: &'static str,
        /// The system's error.
        source: io::Error,
    },
    /// A Parquet file cannot be read or written.
    Parquet {
        /// The file.
        path: PathBuf,
        /// What was being done, for example "reading".
        doing: &'static str,
        /// The error of polars.
        source: PolarsError,
    },
}

impl EngineError {
    /// Returns a function that turns an error of the file system into an [`EngineError`] which
    /// says what was being done with which file.
    pub fn io(path: impl Into<PathBuf>, doing: &'static str) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| EngineError::Io {
            path,
            doing,
            source,
        }
    }

    /// Returns a function that turns an error of polars into an [`EngineError`] which says what
    /// was being done with which file.
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
            Missing(path) => write!(f, "{}: no such file; check the path", path.display()),
            IsFolder(path) => {
                write!(
                    f,
                    "{}: is a folder; name a file of datums in it",
                    path.display()
                )
            }
            NotAFile(path) => {
                write!(
                    f,
                    "{}: not a regular file; save the data in a regular file first",
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
                "{}: row group {row_group} has a timestamp below the minimum in its statistics; \
                 write the file again with a writer that computes correct statistics",
                path.display()
            ),
            TooManyUrls => write!(
                f,
                "too many different URLs: the engine numbers at most 4,294,967,295; split the input"
            ),
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

// There is no `source`, because the message contains the cause already.
impl std::error::Error for EngineError {}
