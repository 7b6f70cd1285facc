//! The errors that stop a batch computation.

use polars::error::PolarsError;
use std::io;
use std::path::PathBuf;

/// An error that stops a run. A single datum that cannot be read is not one: it is rejected.
//
// Messages contain their cause, so `source()` must not return it again. `thiserror` returns a
// field named `source`, but not one named `r#source`; for Rust, both are the same name.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The input does not exist.
    #[error("{}: no such file; check the path", .0.display())]
    Missing(PathBuf),
    /// The input is a folder and not a file.
    #[error("{}: is a folder; name a file of datums in it", .0.display())]
    IsFolder(PathBuf),
    /// The input is a pipe or a device, which cannot be split into chunks.
    #[error("{}: not a regular file; save the data in a regular file first", .0.display())]
    NotAFile(PathBuf),
    /// The input has no datum, valid or rejected.
    #[error("{}: holds no datum", .0.display())]
    Empty(PathBuf),
    /// The input has another format.
    #[error("{}: {found}, where JSON lines or Parquet is wanted; {remedy}", path.display())]
    Format {
        /// The input.
        path: PathBuf,
        /// The format that was found.
        found: &'static str,
        /// What to do.
        remedy: &'static str,
    },
    /// All datums of the input were rejected.
    #[error(
        "{}: none of its {rejected} {unit}s is a datum, so the views stay as they are; \
         the first: {first}",
        path.display()
    )]
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
    #[error(
        "{}: not a table of datums; missing columns: {}; found: {}",
        path.display(),
        missing.join(", "),
        found.join(", ")
    )]
    Columns {
        /// The input.
        path: PathBuf,
        /// The columns that it should have.
        missing: Vec<String>,
        /// The columns that it has.
        found: Vec<String>,
    },
    /// A column of a Parquet file has a type that cannot be converted.
    #[error("{}: column {column} is {found}, where {wanted} is wanted", path.display())]
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
    #[error(
        "{}: row group {row_group} has a timestamp below the minimum in its statistics; \
         write the file again with a writer that computes correct statistics",
        path.display()
    )]
    Statistics {
        /// The input.
        path: PathBuf,
        /// The number of the row group, from 0.
        row_group: usize,
    },
    /// The input has more different URLs than there are numbers of 32 bits.
    #[error("too many different URLs: the engine numbers at most 4,294,967,295; split the input")]
    TooManyUrls,
    /// Another engine has counted visits to a domain of which it has no page view.
    #[error("visits to {0:?}, of which there is no page view; run the batch again")]
    UnknownDomain(String),
    /// The engine of this machine refuses a query.
    #[error("{query}: {source}")]
    Query {
        /// The query, or the name of a table.
        query: String,
        /// The error of polars.
        r#source: PolarsError,
    },
    /// An engine elsewhere failed, or cannot be reached. The text says where, why, and what to do.
    #[error("{0}")]
    Remote(String),
    /// The file system returned an error.
    #[error("{}: {doing}: {source}{}", path.display(), remedy(source))]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What was being done, for example "reading".
        doing: &'static str,
        /// The system's error.
        r#source: io::Error,
    },
    /// A Parquet file cannot be read or written.
    #[error("{}: {doing}: {source}", path.display())]
    Parquet {
        /// The file.
        path: PathBuf,
        /// What was being done, for example "reading".
        doing: &'static str,
        /// The error of polars.
        r#source: PolarsError,
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

/// Returns the end of a message about an error of the file system: what to do about it.
fn remedy(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::StorageFull => "; make room on this disk and run again",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::error::Error;

    #[test]
    fn a_message_contains_its_cause_once_and_the_remedy() {
        let full = io::Error::from(io::ErrorKind::StorageFull);
        let error = EngineError::io("views", "writing")(full);
        let text = error.to_string();
        assert!(text.starts_with("views: writing: "), "{text}");
        assert!(text.ends_with("; make room on this disk and run again"));
        assert!(error.source().is_none());

        let unread = PolarsError::from(io::Error::from(io::ErrorKind::InvalidData));
        let error = EngineError::parquet("views", "reading")(unread);
        assert!(error.source().is_none());
    }
}
