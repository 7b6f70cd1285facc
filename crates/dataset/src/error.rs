//! What can go wrong with a data set, where, and the remedy.
use polars::error::PolarsError;
use std::io;
use std::path::{Path, PathBuf};

/// Why a data set could not be described, made or read.
//
// Messages contain their cause, so `source()` must not return it again. `thiserror` returns a
// field named `source`, but not one named `r#source`; for Rust, both are the same name.
#[derive(Debug, thiserror::Error)]
pub enum DatasetError {
    /// An argument that no data set can have.
    #[error("{argument} {value:?} will not do: {remedy}")]
    BadArgument {
        /// The name of the argument.
        argument: &'static str,
        /// The value that was given.
        value: String,
        /// The values that are allowed.
        remedy: String,
    },
    /// The folder for a data set holds something that is not part of one. It was left alone.
    #[error(
        "{} holds {found}, which is not part of a data set, and was left alone; \
         choose another folder, or remove it",
        path.display()
    )]
    NotADataset {
        /// The folder.
        path: PathBuf,
        /// What was found in it.
        found: String,
    },
    /// No folder `data` was found in a folder or above it.
    #[error(
        "no project found in {} or above; run this inside the project, \
         or set LAMBDA_WORKBOOK_DATA to the folder for data",
        from.display()
    )]
    NoHome {
        /// The folder in which the search began.
        from: PathBuf,
    },
    /// A line is not a datum.
    #[error("line {line} is no datum: {reason}")]
    BadLine {
        /// The number of the line, counted from 1.
        line: u64,
        /// The reason.
        reason: String,
    },
    /// A row of a Parquet file is not a datum.
    #[error("row {row} is no datum: {reason}")]
    BadRow {
        /// The number of the row, counted from 0.
        row: usize,
        /// The reason.
        reason: String,
    },
    /// The operating system refused.
    #[error("could not {doing} {}: {source}{}", path.display(), remedy(source))]
    Io {
        /// What was being done, such as "read".
        doing: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// The system's error.
        r#source: io::Error,
    },
    /// A table could not be read or written.
    #[error("could not {doing} {}: {source}{}", path.display(), polars_remedy(source))]
    Polars {
        /// What was being done, such as "read".
        doing: &'static str,
        /// The file.
        path: PathBuf,
        /// The error of polars.
        r#source: PolarsError,
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

/// Returns the end of a message about an error of polars: what to do about it.
fn polars_remedy(error: &PolarsError) -> &'static str {
    match error {
        PolarsError::IO { error, .. } => remedy(error),
        _ => "",
    }
}

/// Returns the end of a message about an error of the system: what to do about it.
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

/// Returns a function that adds to an I/O error what was being done, and to which path.
pub(super) fn io_error(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> DatasetError {
    move |source| DatasetError::Io {
        doing,
        path: path.to_owned(),
        source,
    }
}

/// Returns a function that adds to an error of polars what was being done, and to which path.
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
