//! The errors of the speed layer. Each says what failed, where, and how to fix it.
use crate::batch::sketch::SketchError;
use crate::faults::Crash;
use std::path::{Path, PathBuf};

/// An error of the log, of a queue or of the realtime views.
//
// Messages contain their cause, so `source()` must not return it again. `thiserror` returns a
// field named `source`, but not one named `r#source`; for Rust, both are the same name.
#[derive(Debug, thiserror::Error)]
pub enum SpeedError {
    /// The storage engine or the file system returned an error.
    #[error(
        "{doing} {}: {source}; check that the disk is not full and that no other process has it open",
        path.display()
    )]
    Storage {
        /// What was being done, for example "opening the log".
        doing: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// The error of the engine or of the system.
        r#source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A system elsewhere did not do what it was asked for.
    #[error("{doing} at {address}: {problem}")]
    Remote {
        /// What was being done, for example "appending to the log".
        doing: String,
        /// The address of the system, for example `kafka://127.0.0.1:9092`.
        address: String,
        /// What is wrong, and what to do.
        problem: String,
    },
    /// The log has no such topic.
    #[error(
        "the log at {} has no topic {topic:?}; create it with create_topic",
        path.display()
    )]
    NoTopic {
        /// The topic that was asked for.
        topic: String,
        /// The folder of the log.
        path: PathBuf,
    },
    /// A topic cannot be created.
    #[error("topic {topic:?}: {problem}")]
    Topic {
        /// Its name.
        topic: String,
        /// The reason, and what to do.
        problem: String,
    },
    /// The topic has no such partition.
    #[error(
        "topic {topic:?} has partitions 0 to {}, not {partition}",
        partitions.saturating_sub(1)
    )]
    NoPartition {
        /// The topic.
        topic: String,
        /// The partition that was asked for.
        partition: u32,
        /// The number of partitions of the topic.
        partitions: u32,
    },
    /// A read from an offset that is not kept any more, or not written yet.
    #[error(
        "partition {partition} of {topic:?} keeps offsets from {begin} to before {end}, not {offset}; \
         records before {begin} are lost to this reader: compute its views again from the master \
         data set, and keep the log for longer"
    )]
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
    /// The log ends before what the realtime views have applied of it.
    #[error(
        "partition {partition} of {topic:?} ends at offset {end}, but the realtime views have \
         applied its records up to {applied}: the log is older than the views; restore a newer \
         copy of the log, or remove the folder of the realtime views and run a batch"
    )]
    OlderLog {
        /// The topic.
        topic: String,
        /// The partition.
        partition: u32,
        /// The offset of the next record to be appended.
        end: u64,
        /// The next offset that the views would apply.
        applied: u64,
    },
    /// The store has no such column family.
    #[error(
        "no column family {family:?}; this store was opened with {}",
        known.join(", ")
    )]
    NoFamily {
        /// The family that was asked for.
        family: String,
        /// The families that the store was opened with.
        known: Vec<String>,
    },
    /// Stored bytes cannot be decoded.
    #[error(
        "{place} is damaged: {what}; remove the folder of the realtime views, and they are built \
         again from the log; a damaged log must be restored from a copy"
    )]
    Damaged {
        /// What is wrong with them.
        what: &'static str,
        /// Where they are stored.
        place: String,
    },
    /// A sketch cannot be decoded, or two sketches cannot be merged.
    #[error(transparent)]
    Sketch(#[from] SketchError),
    /// An error of a data frame of the batch layer.
    #[error("{0}")]
    Batch(polars::error::PolarsError),
    /// The realtime views begin after a later batch than the one that is served, so the
    /// events of the batches between them are in neither.
    #[error(
        "{} missing: the serving views hold everything up to batch {served}, the \
         realtime views begin after batch {}; serve the last missing batch again \
         (`workbook roll-back`), or let the batch layer run once more",
        are(missing),
        list(realtime)
    )]
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
    #[error(
        "batch {served} is served, but the realtime views begin after batches {realtime:?}; \
         remove the folder of the realtime views, and they are built again from the log"
    )]
    UnknownBatch {
        /// The batch that is served.
        served: u64,
        /// The batches after which the realtime views begin.
        realtime: Vec<u64>,
    },
    /// The persons of before a cut cannot be read.
    #[error(
        "the realtime views since batch {batch} name persons by the equivs before its cut, which \
         cannot be read: {problem}; until then no record is applied"
    )]
    Persons {
        /// The batch at whose cut the views begin.
        batch: u64,
        /// What is wrong, and what to do.
        problem: String,
    },
    /// The process crashed, as its [faults](crate::faults) asked for.
    #[error(transparent)]
    Crashed(#[from] Crash),
    /// A background thread or process has ended.
    #[error("{what} has stopped; start it again")]
    Stopped {
        /// What has ended.
        what: &'static str,
    },
}

// polars' message contains its cause too, and `#[from]` would return that a second time.
impl From<polars::error::PolarsError> for SpeedError {
    fn from(error: polars::error::PolarsError) -> Self {
        Self::Batch(error)
    }
}

/// The result of the speed layer's functions.
pub type Result<T> = std::result::Result<T, SpeedError>;

/// Returns the numbers of batches as a message lists them: "3, 4".
/// Names batches as the subject of a sentence: "batches 2 and 3 are".
fn are(batches: &[u64]) -> String {
    match batches {
        [batch] => format!("batch {batch} is"),
        [before @ .., last] => format!("batches {} and {last} are", list(before)),
        [] => "a batch is".to_owned(),
    }
}

fn list(batches: &[u64]) -> String {
    let batches: Vec<String> = batches.iter().map(u64::to_string).collect();
    batches.join(", ")
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

impl From<crate::remote::RemoteError> for SpeedError {
    fn from(error: crate::remote::RemoteError) -> Self {
        Self::Remote {
            doing: error.doing,
            address: error.address,
            problem: error.problem,
        }
    }
}
