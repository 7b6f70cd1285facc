//! The errors of a store: what went wrong, in which file, and how to fix it.
use crate::batch::sketch::SketchError;
use crate::versions::VersionError;
use calendar::SpanError;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// Why a store could not be built, opened or read.
///
/// A URL or a bucket that the view does not hold is not an error: a read returns `None`.
#[derive(Debug)]
pub enum StoreError {
    /// The folder of versions refused: no version was published, another process is writing
    /// one, or a version is not kept.
    Version(VersionError),
    /// A file was written by another program or in another format, or belongs to another
    /// version or shard.
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
    Values {
        /// The store or its file.
        path: PathBuf,
        /// The kind of the values.
        found: String,
        /// The kind that the caller asked for.
        wanted: String,
    },
    /// A file that every version has is missing.
    Missing {
        /// The file.
        path: PathBuf,
    },
    /// A file is shorter or longer than recorded.
    Length {
        /// The file.
        path: PathBuf,
        /// Its length in bytes.
        bytes: u64,
        /// The length that was recorded when it was written.
        wanted: u64,
    },
    /// A checksum does not match: the bytes have changed since they were written.
    Corrupt {
        /// The file, or the folder if the damage is in one of several files.
        path: PathBuf,
        /// The damaged block of [`BLOCK`](super::BLOCK) bytes, counted from 0; `None` if the
        /// checksum is that of a whole file.
        block: Option<u64>,
    },
    /// A row that was given to a build cannot be stored.
    Row {
        /// The row, counted from 0.
        row: u64,
        /// What is wrong with it, and how to fix it.
        problem: String,
    },
    /// A range ends before it starts.
    BackwardRange {
        /// Its start in epoch seconds, UTC.
        from: i64,
        /// Its end in epoch seconds, UTC.
        to: i64,
    },
    /// The sum of a range does not fit 64 bits.
    SumTooLarge {
        /// The URL whose counts were added up.
        url: String,
    },
    /// The batch run did not compute this view, because its job did not ask for it.
    NoView {
        /// The folder of the version.
        folder: PathBuf,
        /// The name of the view.
        name: &'static str,
    },
    /// A range cannot be covered by buckets.
    Span(SpanError),
    /// Bytes are not a sketch, or two sketches cannot be merged.
    Sketch(SketchError),
    /// No replica of a shard can answer.
    ShardLost {
        /// The shard, counted from 0.
        shard: u32,
        /// What happened to each replica.
        why: Vec<String>,
    },
    /// A store cannot be built with this layout or from this view.
    Layout {
        /// What is wrong.
        problem: String,
    },
    /// The operating system refused.
    Io {
        /// What was being done, such as "make".
        doing: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// The error of the system.
        source: io::Error,
    },
}

/// The result of this module's functions.
pub type Result<T, E = StoreError> = std::result::Result<T, E>;

// Ends of several messages.
const OLD_SERVED: &str = "the version served before is unchanged";
const RESTORE: &str = "roll back to another version, read a replica, or build the view again";

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Version(error) => error.fmt(f),
            Self::Format {
                path,
                found,
                wanted,
            } => write!(
                f,
                "{}: has {found}, this program reads {wanted}; build the view again with this program",
                path.display()
            ),
            Self::Values {
                path,
                found,
                wanted,
            } => write!(
                f,
                "{}: holds {found}, not {wanted}; open it as what it is, or build the view again",
                path.display()
            ),
            Self::Missing { path } => {
                write!(f, "{}: this file is missing; {RESTORE}", path.display())
            }
            Self::Length {
                path,
                bytes,
                wanted,
            } => write!(
                f,
                "{}: has {bytes} bytes, should have {wanted}; {RESTORE}",
                path.display()
            ),
            Self::Corrupt { path, block } => {
                let what = block.map_or("this file".to_owned(), |block| format!("block {block}"));
                let path = path.display();
                write!(
                    f,
                    "{path}: {what} is damaged (its checksum differs); {RESTORE}"
                )
            }
            Self::Row { row, problem } => {
                write!(f, "row {row} cannot be stored: {problem}; {OLD_SERVED}")
            }
            Self::BackwardRange { from, to } => write!(
                f,
                "the range from {from} to {to} ends before it starts; exchange its ends"
            ),
            Self::SumTooLarge { url } => write!(
                f,
                "the counts of {url} in this range add up to more than 64 bits hold; ask for a shorter one"
            ),
            Self::NoView { folder, name } => write!(
                f,
                "{}: its batch run made no view of {name}; run the batch again with all views",
                folder.display()
            ),
            Self::Span(error) => error.fmt(f),
            Self::Sketch(error) => error.fmt(f),
            Self::ShardLost { shard, why } => write!(
                f,
                "shard {shard}: no replica can answer ({}); restart one of its servers",
                why.join("; ")
            ),
            Self::Layout { problem } => write!(f, "cannot build the store: {problem}"),
            Self::Io {
                doing,
                path,
                source,
            } => {
                write!(f, "cannot {doing} {}: {source}", path.display())?;
                match source.kind() {
                    io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                        write!(f, "; make room on this disk and build again; {OLD_SERVED}")
                    }
                    io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
                        write!(f, "; choose a folder that you may write to")
                    }
                    _ => Ok(()),
                }
            }
        }
    }
}

impl From<SpanError> for StoreError {
    fn from(error: SpanError) -> Self {
        Self::Span(error)
    }
}

impl From<VersionError> for StoreError {
    fn from(error: VersionError) -> Self {
        Self::Version(error)
    }
}

impl From<SketchError> for StoreError {
    fn from(error: SketchError) -> Self {
        Self::Sketch(error)
    }
}

// `source` is not implemented, because the message already contains the cause.
impl std::error::Error for StoreError {}

/// Returns a function that adds to an I/O error what was being done, and to which path. A
/// file that does not exist when it is read becomes [`StoreError::Missing`].
pub fn io_at(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> StoreError {
    let path = path.to_owned();
    move |source| match source.kind() {
        io::ErrorKind::NotFound if doing == "read" => StoreError::Missing { path },
        _ => StoreError::Io {
            doing,
            path,
            source,
        },
    }
}
