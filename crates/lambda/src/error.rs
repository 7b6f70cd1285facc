//! What can go wrong in the architecture as a whole, and what to do about it.
use crate::batch::sketch::SketchError;
use crate::engine::EngineError;
use crate::serving::ServingError;
use crate::speed::{Offsets, SpeedError};
use crate::versions::VersionError;
use calendar::SpanError;
use std::io;
use std::path::{Path, PathBuf};

/// Why a batch run, a query or the master data set refused.
//
// Messages contain their cause, so `source()` must not return it again. `thiserror` returns a
// field named `source`, but not one named `r#source`; for Rust, both are the same name.
#[derive(Debug, thiserror::Error)]
pub enum LambdaError {
    /// A folder of versions refused.
    #[error(transparent)]
    Version(#[from] VersionError),
    /// The engine could not compute the views.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The serving layer refused.
    #[error(transparent)]
    Serving(#[from] ServingError),
    /// The speed layer refused, or the two layers do not meet.
    #[error(transparent)]
    Speed(#[from] SpeedError),
    /// A sketch cannot be read, or two do not merge.
    #[error(transparent)]
    Sketch(#[from] SketchError),
    /// A range that no buckets make up.
    #[error(transparent)]
    Span(#[from] SpanError),
    /// A table of the batch layer refused.
    #[error("{0}")]
    Batch(polars::error::PolarsError),
    /// A home folder has another log than the one that was named.
    #[error(
        "{} has the log {has}, not {asked}; leave the address out, or take another folder: \
         its views hold what came through its own log",
        folder.display()
    )]
    OtherLog {
        /// The home folder.
        folder: PathBuf,
        /// The log that it has.
        has: String,
        /// The log that was named.
        asked: String,
    },
    /// A home folder has its realtime views elsewhere than where they were said to be.
    #[error(
        "{} has its realtime views at {has}, not at {asked}; leave the address out, or take \
         another folder. To move them, remove {has} and the file store.address of the folder: \
         they are built again from the log",
        folder.display()
    )]
    OtherStore {
        /// The home folder.
        folder: PathBuf,
        /// Where it has them.
        has: String,
        /// Where they were said to be.
        asked: String,
    },
    /// A batch that was not kept.
    #[error(
        "batch {batch} is not kept; kept are {kept:?}; serve one of these, or run the batch again"
    )]
    NotKept {
        /// The batch that was asked for.
        batch: u64,
        /// The batches that are kept, oldest first.
        kept: Vec<u64>,
    },
    /// A part of the master data set that would leave a gap before it.
    #[error("{}: the next part is that of batch {next}, not {batch}; parts are missing, restore them from a copy", folder.display())]
    PartsMissing {
        /// The folder of the master data set.
        folder: PathBuf,
        /// The batch whose part was to be added.
        batch: u64,
        /// The batch whose part must come first.
        next: u64,
    },
    /// The two layers do not meet at one cut.
    #[error(
        "batch {batch} holds the log up to the offsets {batch_layer:?}, but the realtime views \
         begin at {speed_layer:?}; remove the folder of the realtime views, and they are built \
         again from the log"
    )]
    OtherCut {
        /// The batch.
        batch: u64,
        /// Its cut, as the batch layer has it: the next offset of each partition.
        batch_layer: Offsets,
        /// Its cut, as the speed layer has it.
        speed_layer: Offsets,
    },
    /// A file of the master data set cannot be read or written.
    #[error("cannot {doing} {}: {source}", path.display())]
    Io {
        /// What was being done.
        doing: &'static str,
        /// The file.
        path: PathBuf,
        /// The system's own error.
        r#source: io::Error,
    },
}

// polars' message contains its cause too, and `#[from]` would return that a second time.
impl From<polars::error::PolarsError> for LambdaError {
    fn from(error: polars::error::PolarsError) -> Self {
        Self::Batch(error)
    }
}

/// The result of this crate's own functions.
pub type Result<T, E = LambdaError> = std::result::Result<T, E>;

pub(crate) fn io_at(doing: &'static str, path: &Path) -> impl Fn(io::Error) -> LambdaError {
    let path = path.to_owned();
    move |source| LambdaError::Io {
        doing,
        path: path.clone(),
        source,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::error::Error;

    #[test]
    fn a_chain_of_errors_says_each_cause_once() {
        let path = Path::new("views");
        let full = || io::Error::from(io::ErrorKind::StorageFull);
        let version = || VersionError::Io {
            doing: "make",
            path: path.to_owned(),
            source: full(),
        };
        let table = || polars::error::PolarsError::from(full());
        let errors: [LambdaError; 6] = [
            table().into(),
            SpeedError::from(table()).into(),
            io_at("write", path)(full()),
            version().into(),
            ServingError::from(version()).into(),
            crate::speed::at("opening", path)(full()).into(),
        ];
        for error in errors {
            let mut text = error.to_string();
            let mut next = error.source();
            while let Some(cause) = next {
                text = format!("{text}: {cause}");
                next = cause.source();
            }
            let said = text.matches(&full().to_string()).count();
            assert_eq!(said, 1, "{text}");
        }
    }
}
