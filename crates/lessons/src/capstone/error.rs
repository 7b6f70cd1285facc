//! What can go wrong with a week, where, and the mend.
use crate::crdt::CrdtError;
use dataset::DatasetError;
use lambda::LambdaError;
use lambda::serving::StoreError;
use lambda::speed::SpeedError;
use std::fmt;

/// Why a week could not be run to its end. Crashes that the week asks for are none.
#[derive(Debug)]
pub enum CapstoneError {
    /// A week that cannot be; `remedy` says what is allowed.
    Week {
        what: &'static str,
        value: String,
        remedy: String,
    },
    /// The data could not be made.
    Dataset(DatasetError),
    /// A layer refused.
    Layer(LambdaError),
    /// The counters of the sites do not merge.
    Sites(CrdtError),
    /// A node in another process could not be started or spoken to.
    Process {
        doing: &'static str,
        source: std::io::Error,
    },
    /// A node refused an order, in its own words.
    Refused { order: String, reason: String },
    /// A node crashed again and again at one order.
    CrashLoop { order: String, times: u32 },
}

/// The result of this room.
pub type Result<T> = std::result::Result<T, CapstoneError>;

impl CapstoneError {
    /// Whether the caller asked for something impossible.
    pub fn is_wrong_use(&self) -> bool {
        matches!(self, Self::Week { .. })
    }
}

impl fmt::Display for CapstoneError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Week {
                what,
                value,
                remedy,
            } => write!(f, "a week with {what} {value} cannot be run: {remedy}"),
            Self::Dataset(error) => error.fmt(f),
            Self::Layer(error) => error.fmt(f),
            Self::Sites(error) => error.fmt(f),
            Self::Process { doing, source } => write!(
                f,
                "{doing} a node's process failed: {source}; is there room for one more process?"
            ),
            Self::Refused { order, reason } => write!(
                f,
                "a node refused {order}: {reason}; run the same seed again to see it again"
            ),
            Self::CrashLoop { order, times } => write!(
                f,
                "a node crashed {times} times in a row at {order}; run the same seed again to see it again"
            ),
        }
    }
}

// No `source`: the cause is part of the message, and would be printed twice.
impl std::error::Error for CapstoneError {}

impl From<DatasetError> for CapstoneError {
    fn from(error: DatasetError) -> Self {
        Self::Dataset(error)
    }
}

impl From<LambdaError> for CapstoneError {
    fn from(error: LambdaError) -> Self {
        Self::Layer(error)
    }
}

impl From<SpeedError> for CapstoneError {
    fn from(error: SpeedError) -> Self {
        Self::Layer(error.into())
    }
}

impl From<StoreError> for CapstoneError {
    fn from(error: StoreError) -> Self {
        Self::Layer(error.into())
    }
}

impl From<CrdtError> for CapstoneError {
    fn from(error: CrdtError) -> Self {
        Self::Sites(error)
    }
}
