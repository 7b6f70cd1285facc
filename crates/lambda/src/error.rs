//! What can go wrong in the architecture as a whole, and what to do about it.
use crate::batch::sketch::SketchError;
use crate::engine::EngineError;
use crate::serving::StoreError;
use crate::speed::SpeedError;
use crate::versions::VersionError;
use calendar::SpanError;
use std::io;
use std::path::{Path, PathBuf};

/// Why a batch run, a query or the master data set refused.
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
    Serving(#[from] StoreError),
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
    #[error(transparent)]
    Batch(#[from] polars::error::PolarsError),
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
    /// A file of the master data set cannot be read or written.
    #[error("cannot {doing} {}: {source}", path.display())]
    Io {
        /// What was being done.
        doing: &'static str,
        /// The file.
        path: PathBuf,
        /// The system's own error.
        source: io::Error,
    },
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
