//! The errors of the speed layer. Each says what failed, where, and how to fix it.
use crate::batch::sketch::SketchError;
use crate::faults::Crash;
use crate::serving::StoreError;
use std::fmt;
use std::path::{Path, PathBuf};

/// An error of the log, of a queue or of the realtime views.
#[derive(Debug)]
pub enum SpeedError {
    /// The storage engine or the file system returned an error.
    Storage {
        /// What was being done, for example "opening the log".
        doing: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// The error of the engine or of the system.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The log has no such topic.
    NoTopic {
        /// The topic that was asked for.
        topic: String,
        /// The folder of the log.
        path: PathBuf,
    },
    /// A topic cannot be created.
    Topic {
        /// Its name.
        topic: String,
        /// The reason, and what to do.
        problem: String,
    },
    /// The topic has no such partition.
    NoPartition {
        /// The topic.
        topic: String,
        /// The partition that was asked for.
        partition: u32,
        /// The number of partitions of the topic.
        partitions: u32,
    },
    /// A read from an offset that is not kept any more, or not written yet.
    OutOfRange {
        /// The topic.
        topic: String,
        /// The partition.
        partition: u32,
        /// The offset that was asked for.
        offset: u64,
        /// The first offset that is kept.
        begin: u64,
        /// The offset of the next record to be appended.
        end: u64,
    },
    /// The store has no such column family.
    NoFamily {
        /// The family that was asked for.
        family: String,
        /// The families that the store was opened with.
        known: Vec<String>,
    },
    /// Stored bytes cannot be decoded.
    Damaged {
        /// What is wrong with them.
        what: &'static str,
        /// Where they are stored.
        place: String,
    },
    /// A sketch cannot be decoded, or two sketches cannot be merged.
    Sketch(SketchError),
    /// An error of the serving layer.
    Serving(StoreError),
    /// An error of a data frame of the batch layer.
    Batch(polars::error::PolarsError),
    /// The realtime views begin after a later batch than the one that is served, so the
    /// events of the batches between them are in neither.
    MissingBatch {
        /// The batch that is served.
        served: u64,
        /// The batches after which the realtime views begin.
        realtime: Vec<u64>,
        /// The batches whose events are in neither layer.
        missing: Vec<u64>,
    },
    /// The batch that is served is none of those after which the realtime views begin, and it
    /// is later than the first of them.
    UnknownBatch {
        /// The batch that is served.
        served: u64,
        /// The batches after which the realtime views begin.
        realtime: Vec<u64>,
    },
    /// The process crashed, as its [faults](crate::faults) asked for.
    Crashed(Crash),
    /// A background thread or process has ended.
    Stopped {
        /// What has ended.
        what: &'static str,
    },
}

/// The result of the speed layer's functions.
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
                "{doing} {}: {source}; check that the disk is not full and that no other process has it open",
                path.display()
            ),
            Self::NoTopic { topic, path } => write!(
                f,
                "the log at {} has no topic {topic:?}; create it with create_topic",
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
                "{place} is damaged: {what}; remove its folder and build it again from the log; a damaged log must be \
                 restored from a copy"
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
                "batch {served} is served, but the realtime views begin after batches {realtime:?}; remove the \
                 folder of the realtime views, and they are built again from the log"
            ),
            Self::Crashed(crash) => crash.fmt(f),
            Self::Stopped { what } => write!(f, "{what} has stopped; start it again"),
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
