//! The errors of a store: what went wrong, in which file, and how to fix it.
use crate::batch::output::ManifestError;
use crate::batch::sketch::SketchError;
use crate::versions::VersionError;
use calendar::SpanError;
use std::io;
use std::path::{Path, PathBuf};

/// Why a store could not be built, opened or read.
///
/// A URL or a bucket that the view does not hold is not an error: a read returns `None`.
//
// Messages contain their cause, so `source()` must not return it again. `thiserror` returns a
// field named `source`, but not one named `r#source`; for Rust, both are the same name.
#[derive(Debug, thiserror::Error)]
pub enum ServingError {
    /// The folder of versions refused: no version was published, another process is writing
    /// one, or a version is not kept.
    #[error(transparent)]
    Version(#[from] VersionError),
    /// The manifest of the views cannot be read.
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    /// A file was written by another program or in another format, or belongs to another
    /// version or shard.
    #[error(
        "{}: has {found}, this program reads {wanted}; build the view again with this program",
        path.display()
    )]
    Format {
        /// The file.
        path: PathBuf,
        /// What the file says that it is.
        found: String,
        /// What this program expected.
        wanted: String,
    },
    /// The values are not of the kind that the caller asked for: for example sketches in
    /// place of counts, or sketches of another precision, which cannot be merged.
    #[error(
        "{}: holds {found}, not {wanted}; open it as what it is, or build the view again",
        path.display()
    )]
    Values {
        /// The store or its file.
        path: PathBuf,
        /// The kind of the values.
        found: String,
        /// The kind that the caller asked for.
        wanted: String,
    },
    /// A file that every version has is missing.
    #[error("{}: this file is missing; {RESTORE}", path.display())]
    Missing {
        /// The file.
        path: PathBuf,
    },
    /// A file is shorter or longer than recorded.
    #[error("{}: has {bytes} bytes, should have {wanted}; {RESTORE}", path.display())]
    Length {
        /// The file.
        path: PathBuf,
        /// Its length in bytes.
        bytes: u64,
        /// The length that was recorded when it was written.
        wanted: u64,
    },
    /// A checksum does not match: the bytes have changed since they were written.
    #[error(
        "{}: {} is damaged (its checksum differs); {RESTORE}",
        path.display(),
        block.map_or("this file".to_owned(), |block| format!("block {block}"))
    )]
    Corrupt {
        /// The file, or the folder if the damage is in one of several files.
        path: PathBuf,
        /// The damaged block of [`BLOCK`](super::BLOCK) bytes, counted from 0; `None` if the
        /// checksum is that of a whole file.
        block: Option<u64>,
    },
    /// A value whose block is whole cannot be decoded.
    #[error("{}: a value cannot be decoded, though its checksum is right; {RESTORE}", path.display())]
    Undecodable {
        /// The folder of the store.
        path: PathBuf,
    },
    /// A row that was given to a build cannot be stored.
    #[error("row {row} cannot be stored: {problem}; {OLD_SERVED}")]
    Row {
        /// The row, counted from 0.
        row: u64,
        /// What is wrong with it, and how to fix it.
        problem: String,
    },
    /// A range ends before it starts.
    #[error("the range from {from} to {to} ends before it starts; exchange its ends")]
    BackwardRange {
        /// Its start in epoch seconds, UTC.
        from: i64,
        /// Its end in epoch seconds, UTC.
        to: i64,
    },
    /// The sum of a range does not fit 64 bits.
    #[error(
        "the counts of {url} in this range add up to more than 64 bits hold; ask for a shorter one"
    )]
    SumTooLarge {
        /// The URL whose counts were added up.
        url: String,
    },
    /// The batch run did not compute this view, because its job did not ask for it.
    #[error(
        "{}: its batch run made no view of {name}; run the batch again with all views",
        folder.display()
    )]
    NoView {
        /// The folder of the version.
        folder: PathBuf,
        /// The name of the view.
        name: &'static str,
    },
    /// A range cannot be covered by buckets.
    #[error(transparent)]
    Span(#[from] SpanError),
    /// Bytes are not a sketch, or two sketches cannot be merged.
    #[error(transparent)]
    Sketch(#[from] SketchError),
    /// No replica of a shard can answer.
    #[error(
        "shard {shard}: no replica can answer ({}); restart one of its servers",
        why.join("; ")
    )]
    ShardLost {
        /// The shard, counted from 0.
        shard: u32,
        /// What happened to each replica.
        why: Vec<String>,
    },
    /// A store cannot be built with this layout or from this view.
    #[error("cannot build the store: {problem}")]
    Layout {
        /// What is wrong.
        problem: String,
    },
    /// The operating system refused.
    #[error("cannot {doing} {}: {source}{}", path.display(), remedy(source))]
    Io {
        /// What was being done, such as "make".
        doing: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// The error of the system.
        r#source: io::Error,
    },
}

/// The result of this module's functions.
pub type Result<T, E = ServingError> = std::result::Result<T, E>;

// Ends of several messages.
const OLD_SERVED: &str = "the version served before is unchanged";
const RESTORE: &str = "roll back to another version, read a replica, or build the view again";

/// Returns the end of a message about an error of the system: what to do about it.
fn remedy(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            format!("; make room on this disk and build again; {OLD_SERVED}")
        }
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            "; choose a folder that you may write to".to_owned()
        }
        _ => String::new(),
    }
}

/// Returns a function that adds to an I/O error what was being done, and to which path. A
/// file that does not exist when it is read becomes [`ServingError::Missing`].
pub fn io_at(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> ServingError {
    let path = path.to_owned();
    move |source| match source.kind() {
        io::ErrorKind::NotFound if doing == "read" => ServingError::Missing { path },
        _ => ServingError::Io {
            doing,
            path,
            source,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::error::Error;

    #[test]
    fn a_message_contains_its_cause_once_and_the_remedy() {
        let path = Path::new("views");
        let full = || io::Error::from(io::ErrorKind::StorageFull);
        let error = io_at("write", path)(full());
        let text = error.to_string();
        assert!(text.starts_with("cannot write views: "), "{text}");
        assert!(text.ends_with("; the version served before is unchanged"));
        assert!(error.source().is_none());

        let version = VersionError::Io {
            doing: "make",
            path: path.to_owned(),
            source: full(),
        };
        assert!(ServingError::from(version).source().is_none());
    }
}
