//! What can go wrong with a topology or its run, where, and what to do about it.
use lambda::batch::sketch::SketchError;
use lambda::faults::Crash;
use lambda::speed::SpeedError;

/// Why a topology cannot be built, or a batch cannot be run.
#[derive(Debug, thiserror::Error)]
pub enum MicroBatchError {
    /// A topology cannot be built as described.
    #[error("topology {name:?}: {problem}")]
    Topology {
        /// The name of the topology.
        name: String,
        /// What is wrong with it.
        problem: String,
    },
    /// The folder holds the state of another topology.
    #[error(
        "this folder holds the state of another topology than {name:?}:\n  stored {stored}\n  \
         given  {given}\nrun it in a folder of its own, or remove this one and start from the log"
    )]
    OtherTopology {
        /// The name of the topology that was to be run.
        name: String,
        /// The description of the topology that the folder belongs to.
        stored: String,
        /// The description of the topology that was to be run.
        given: String,
    },
    /// The log does not keep all records any more that the next batch must read.
    #[error(
        "partition {partition} of {topic:?} keeps records from offset {begin} on, and the next batch \
         begins at {next}: {} records are gone that no batch has read. Keep the log for longer; to go \
         on without them, call skip_to_begin, which says what is lost",
        begin.saturating_sub(*next)
    )]
    Truncated {
        /// The topic.
        topic: String,
        /// The number of the partition.
        partition: u32,
        /// The offset at which the next batch begins.
        next: u64,
        /// The first offset that the log keeps.
        begin: u64,
    },
    /// Batches have read further than the log reaches: it is another log, or was created again.
    #[error(
        "partition {partition} of {topic:?} ends at offset {end}, and batches have read up to {next}: \
         this is not the log that this state was made from; give it that log, or an empty folder"
    )]
    PastTheEnd {
        /// The topic.
        topic: String,
        /// The number of the partition.
        partition: u32,
        /// The offset at which the next batch begins.
        next: u64,
        /// The offset of the next record to be appended to the log.
        end: u64,
    },
    /// The topic has another number of partitions than at the last batch.
    #[error(
        "topic {topic:?} has {given} partitions, and had {stored} when the last batch was written \
         down; a folder goes with one topic"
    )]
    Partitions {
        /// The topic.
        topic: String,
        /// The number of partitions at the last batch.
        stored: usize,
        /// The number of partitions now.
        given: usize,
    },
    /// The topology has no state of this name.
    #[error("no state {state:?}; there is {}", known.join(", "))]
    NoState {
        /// The name that was asked for.
        state: String,
        /// The names of the states that there are.
        known: Vec<String>,
    },
    /// A query has another number of keys than the state, or is of another kind.
    #[error("state {state:?}: {problem}")]
    Question {
        /// The name of the state.
        state: String,
        /// What is wrong with the query.
        problem: String,
    },
    /// A sum does not fit into 64 bits.
    #[error(
        "state {state:?}: a sum is past {}; the batch was not applied to it",
        i64::MAX
    )]
    Overflow {
        /// The name of the state.
        state: String,
    },
    /// Stored bytes cannot be decoded.
    #[error("{what}; remove the folder of this topology, and it is made anew from the log")]
    Damaged {
        /// What is wrong, and where.
        what: &'static str,
    },
    /// The process crashed, as its [faults](lambda::faults) asked for.
    #[error(transparent)]
    Crashed(#[from] Crash),
    /// The log or the storage engine refused.
    #[error(transparent)]
    Speed(#[from] SpeedError),
    /// A sketch cannot be decoded, or two sketches cannot be merged.
    #[error(transparent)]
    Sketch(#[from] SketchError),
    /// A table cannot be made.
    #[error("{0}")]
    Table(polars::error::PolarsError),
}

// polars' message contains its cause too, and `#[from]` would return that a second time.
impl From<polars::error::PolarsError> for MicroBatchError {
    fn from(error: polars::error::PolarsError) -> Self {
        Self::Table(error)
    }
}

/// A result of this room.
pub type Result<T> = std::result::Result<T, MicroBatchError>;

/// A folder that goes when its value does.
pub(super) fn scratch() -> Result<tempfile::TempDir> {
    let made = tempfile::tempdir();
    Ok(made.map_err(lambda::speed::at(
        "making a folder in",
        &std::env::temp_dir(),
    ))?)
}
