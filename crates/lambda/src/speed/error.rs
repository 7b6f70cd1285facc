//! What can go wrong in the speed layer, where, and the mend.
use crate::batch::sketch::SketchError;
use crate::faults::Crash;
use crate::serving::StoreError;
use std::fmt;
use std::path::{Path, PathBuf};

/// Why the log, a queue or a realtime view refused.
#[derive(Debug)]
pub enum SpeedError {
    /// The storage engine refused.
    Storage {
        doing: &'static str,
        path: PathBuf,
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// No such topic.
    NoTopic { topic: String, path: PathBuf },
    /// A topic that cannot be made.
    Topic { topic: String, problem: String },
    /// No such partition.
    NoPartition {
        topic: String,
        partition: u32,
        partitions: u32,
    },
    /// A read outside of what is kept.
    OutOfRange {
        topic: String,
        partition: u32,
        offset: u64,
        begin: u64,
        end: u64,
    },
    /// No such column family.
    NoFamily { family: String, known: Vec<String> },
    /// Bytes that nobody here wrote.
    Damaged { what: &'static str, place: String },
    /// A sketch that cannot be read or merged.
    Sketch(SketchError),
    /// The serving layer refused.
    Serving(StoreError),
    /// A table of the batch layer refused.
    Batch(polars::error::PolarsError),
    /// The serving view and the realtime views do not meet: events between them
    /// are in neither.
    MissingBatch {
        served: u64,
        realtime: Vec<u64>,
        missing: Vec<u64>,
    },
    /// The serving views are of a batch that the realtime views never heard of.
    UnknownBatch { served: u64, realtime: Vec<u64> },
    /// The process crashed, as its [faults](crate::faults) asked for.
    Crashed(Crash),
    /// A part that works in the background has ended.
    Stopped { what: &'static str },
}

/// A result of this room.
pub type Result<T> = std::result::Result<T, SpeedError>;

impl fmt::Display for SpeedError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Storage {
                doing,
                path,
                source,
            } => write!(
                f,
                "{doing} {}: {source}; is the disk full, or another process at work there?",
                path.display()
            ),
            Self::NoTopic { topic, path } => write!(
                f,
                "the log at {} has no topic {topic:?}; make it with create_topic",
                path.display()
            ),
            Self::Topic { topic, problem } => write!(f, "topic {topic:?}: {problem}"),
            Self::NoPartition {
                topic,
                partition,
                partitions,
            } => write!(
                f,
                "topic {topic:?} has partitions 0 to {}, not {partition}",
                partitions.saturating_sub(1)
            ),
            Self::OutOfRange {
                topic,
                partition,
                offset,
                begin,
                end,
            } => write!(
                f,
                "partition {partition} of {topic:?} keeps offsets {begin} to {end}, not {offset}; \
                 begin at {begin} and say what is lost, or keep the log for longer"
            ),
            Self::NoFamily { family, known } => write!(
                f,
                "no column family {family:?}; this store was opened with {}",
                known.join(", ")
            ),
            Self::Damaged { what, place } => write!(
                f,
                "{place}: {what}; expire this view set, and it is made anew from the log"
            ),
            Self::Sketch(error) => error.fmt(f),
            Self::Serving(error) => error.fmt(f),
            Self::Batch(error) => error.fmt(f),
            Self::MissingBatch {
                served,
                realtime,
                missing,
            } => {
                let list = |batches: &[u64]| {
                    let batches: Vec<String> = batches.iter().map(u64::to_string).collect();
                    batches.join(", ")
                };
                write!(
                    f,
                    "batch {} is missing: the serving views hold everything up to batch {served}, the \
                     realtime views begin after batch {}; serve the missing batch again, or let the \
                     batch layer run once more",
                    list(missing),
                    list(realtime)
                )
            }
            Self::UnknownBatch { served, realtime } => write!(
                f,
                "the realtime views begin after batch {realtime:?} and know nothing of batch {served}, which \
                 is served; remove their folder, and they are made anew from the log"
            ),
            Self::Crashed(crash) => crash.fmt(f),
            Self::Stopped { what } => write!(f, "{what} has stopped; start it anew"),
        }
    }
}

impl std::error::Error for SpeedError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Storage { source, .. } => Some(source.as_ref()),
            Self::Serving(error) => Some(error),
            Self::Batch(error) => Some(error),
            _ => None,
        }
    }
}

impl From<Crash> for SpeedError {
    fn from(crash: Crash) -> Self {
        Self::Crashed(crash)
    }
}

impl From<SketchError> for SpeedError {
    fn from(error: SketchError) -> Self {
        Self::Sketch(error)
    }
}

impl From<StoreError> for SpeedError {
    fn from(error: StoreError) -> Self {
        Self::Serving(error)
    }
}

impl From<polars::error::PolarsError> for SpeedError {
    fn from(error: polars::error::PolarsError) -> Self {
        Self::Batch(error)
    }
}

/// Returns a function that turns an error of the storage into a [`SpeedError`] which
/// says what was being done, and in which folder.
pub fn at<E: Into<Box<dyn std::error::Error + Send + Sync>>>(
    doing: &'static str,
    path: &Path,
) -> impl Fn(E) -> SpeedError {
    let path = path.to_owned();
    move |source| SpeedError::Storage {
        doing,
        path: path.clone(),
        source: source.into(),
    }
}
