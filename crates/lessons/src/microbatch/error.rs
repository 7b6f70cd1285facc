//! What can go wrong with a topology or its run, where, and the mend.
use lambda::batch::sketch::SketchError;
use lambda::faults::Crash;
use lambda::speed::SpeedError;
use std::fmt;

/// Why a topology cannot be built, or a batch not be run.
#[derive(Debug)]
pub enum MicroBatchError {
    /// A topology that says what cannot be.
    Topology { name: String, problem: String },
    /// The folder holds the state of another topology.
    OtherTopology {
        name: String,
        stored: String,
        given: String,
    },
    /// The log has forgotten records that no batch has read.
    Truncated {
        topic: String,
        partition: u32,
        next: u64,
        begin: u64,
    },
    /// An offset that the log has not come to: it is another log, or was made anew.
    PastTheEnd {
        topic: String,
        partition: u32,
        next: u64,
        end: u64,
    },
    /// The topic's partitions are not those of the last batch.
    Partitions {
        topic: String,
        stored: usize,
        given: usize,
    },
    /// No state of this name.
    NoState { state: String, known: Vec<String> },
    /// A question with another number of keys, or of another kind.
    Question { state: String, problem: String },
    /// A count that no longer fits.
    Overflow { state: String },
    /// Bytes that nobody here wrote.
    Damaged { what: &'static str },
    /// The process crashed, as its [faults](lambda::faults) asked for.
    Crashed(Crash),
    /// The log or the storage engine refused.
    Speed(SpeedError),
    /// Two sketches that do not merge.
    Sketch(SketchError),
    /// A table that cannot be made.
    Table(polars::error::PolarsError),
}

/// A result of this room.
pub type Result<T> = std::result::Result<T, MicroBatchError>;

impl fmt::Display for MicroBatchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Topology { name, problem } => write!(f, "topology {name:?}: {problem}"),
            Self::OtherTopology {
                name,
                stored,
                given,
            } => write!(
                f,
                "this folder holds the state of another topology than {name:?}:\n  stored {stored}\n  \
                 given  {given}\nrun it in a folder of its own, or remove this one and start from the log"
            ),
            Self::Truncated {
                topic,
                partition,
                next,
                begin,
            } => write!(
                f,
                "partition {partition} of {topic:?} keeps records from offset {begin} on, and the next batch \
                 begins at {next}: {} records are gone that no batch has read. Keep the log for longer; to go \
                 on without them, call skip_to_begin, which says what is lost",
                begin.saturating_sub(*next)
            ),
            Self::PastTheEnd {
                topic,
                partition,
                next,
                end,
            } => write!(
                f,
                "partition {partition} of {topic:?} ends at offset {end}, and batches have read up to {next}: \
                 this is not the log that this state was made from; give it that log, or an empty folder"
            ),
            Self::Partitions {
                topic,
                stored,
                given,
            } => write!(
                f,
                "topic {topic:?} has {given} partitions, and had {stored} when the last batch was written \
                 down; a folder goes with one topic"
            ),
            Self::NoState { state, known } => {
                write!(f, "no state {state:?}; there is {}", known.join(", "))
            }
            Self::Question { state, problem } => write!(f, "state {state:?}: {problem}"),
            Self::Overflow { state } => write!(
                f,
                "state {state:?}: a sum is past {}; the batch was not applied to it",
                i64::MAX
            ),
            Self::Damaged { what } => write!(
                f,
                "{what}; remove the folder of this topology, and it is made anew from the log"
            ),
            Self::Crashed(crash) => crash.fmt(f),
            Self::Speed(error) => error.fmt(f),
            Self::Sketch(error) => error.fmt(f),
            Self::Table(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for MicroBatchError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Speed(error) => Some(error),
            Self::Sketch(error) => Some(error),
            Self::Table(error) => Some(error),
            _ => None,
        }
    }
}

impl From<Crash> for MicroBatchError {
    fn from(crash: Crash) -> Self {
        Self::Crashed(crash)
    }
}

impl From<SpeedError> for MicroBatchError {
    fn from(error: SpeedError) -> Self {
        Self::Speed(error)
    }
}

impl From<SketchError> for MicroBatchError {
    fn from(error: SketchError) -> Self {
        Self::Sketch(error)
    }
}

impl From<polars::error::PolarsError> for MicroBatchError {
    fn from(error: polars::error::PolarsError) -> Self {
        Self::Table(error)
    }
}

/// A folder that goes when its value does.
pub(super) fn scratch() -> Result<tempfile::TempDir> {
    let made = tempfile::tempdir();
    Ok(made.map_err(lambda::speed::at(
        "making a folder in",
        &std::env::temp_dir(),
    ))?)
}
