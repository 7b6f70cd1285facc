//! What can go wrong with a store, where, and the mend.
use crate::batch::sketch::SketchError;
use crate::versions::VersionError;
use calendar::SpanError;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// Why a store could not be built, opened or read.
///
/// A URL or a bucket that the view does not hold is no error: a read answers
/// `None`.
#[derive(Debug)]
pub enum StoreError {
    /// The folder of versions: none is there, one is being written, or one is not kept.
    Version(VersionError),
    /// Made by a program of another format, or by another program.
    Format {
        path: PathBuf,
        found: String,
        wanted: String,
    },
    /// The values are of another kind than the caller asks for: counts for
    /// sketches, or sketches of another precision, which cannot be merged.
    Values {
        path: PathBuf,
        found: String,
        wanted: String,
    },
    /// A file that every version has is not there.
    Missing { path: PathBuf },
    /// A file is shorter or longer than its version says.
    Length {
        path: PathBuf,
        bytes: u64,
        wanted: u64,
    },
    /// The bytes are not those that were written: those of a block, counted from 0,
    /// of [`BLOCK`](super::BLOCK) bytes, or those of a file that has one checksum.
    Corrupt { path: PathBuf, block: Option<u64> },
    /// A row of a build, counted from 0, that no store can hold.
    Row { row: u64, problem: String },
    /// A range that ends before it starts.
    BackwardRange { from: i64, to: i64 },
    /// The sum of a range is no 64-bit number.
    SumTooLarge { url: String },
    /// A batch run that was told not to make this view.
    NoView { folder: PathBuf, name: &'static str },
    /// A range that no plan of reads answers.
    Span(SpanError),
    /// Bytes that are no sketch, or sketches that do not merge.
    Sketch(SketchError),
    /// No replica of a shard answers; `why` says what became of each.
    ShardLost { shard: u32, why: Vec<String> },
    /// A layout that no store can have.
    Layout { problem: String },
    /// The operating system refused.
    Io {
        doing: &'static str,
        path: PathBuf,
        source: io::Error,
    },
}

/// The result of this room.
pub type Result<T, E = StoreError> = std::result::Result<T, E>;

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
                let what = block.map_or("it".to_owned(), |block| format!("block {block}"));
                let path = path.display();
                write!(
                    f,
                    "{path}: {what} is not what was written (its checksum differs); {RESTORE}"
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
                "shard {shard}: no replica answers ({}); start one of its servers again",
                why.join("; ")
            ),
            Self::Layout { problem } => write!(f, "no store can be laid out so: {problem}"),
            Self::Io {
                doing,
                path,
                source,
            } => {
                write!(f, "could not {doing} {}: {source}", path.display())?;
                match source.kind() {
                    io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                        write!(f, "; make room on this disk and build again; {OLD_SERVED}")
                    }
                    io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
                        write!(f, "; choose a folder that you may write")
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

// Without `source`: the cause stands in the message, once.
impl std::error::Error for StoreError {}

/// Says what was being done to which path; a file that is not there is
/// [`StoreError::Missing`].
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
