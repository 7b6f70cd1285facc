//! What can go wrong with a week, where, and what to do about it.
use crate::crdt::CrdtError;
use dataset::DatasetError;
use lambda::LambdaError;
use lambda::serving::ServingError;
use lambda::speed::SpeedError;

/// Why a week could not be run to its end. A crash that the week asks for is not an error.
//
// Messages contain their cause, so `source()` must not return it again. `thiserror` returns a
// field named `source`, but not one named `r#source`; for Rust, both are the same name.
#[derive(Debug, thiserror::Error)]
pub enum CapstoneError {
    /// A week with this setting cannot be run.
    #[error("a week with {what} {value} cannot be run: {remedy}")]
    Week {
        /// The setting.
        what: &'static str,
        /// The value that was given.
        value: String,
        /// The values that are allowed.
        remedy: String,
    },
    /// The data could not be made.
    #[error(transparent)]
    Dataset(#[from] DatasetError),
    /// A layer refused.
    #[error(transparent)]
    Layer(#[from] LambdaError),
    /// The counters of the sites cannot be merged.
    #[error(transparent)]
    Sites(#[from] CrdtError),
    /// A node in another process could not be started, or does not answer.
    #[error("{doing} a node's process failed: {source}; is there room for one more process?")]
    Process {
        /// What was being done, such as "starting".
        doing: &'static str,
        /// The system's error.
        r#source: std::io::Error,
    },
    /// A node refused an order.
    #[error("a node refused {order}: {reason}; run the same seed again to see it again")]
    Refused {
        /// The order.
        order: String,
        /// The node's error.
        reason: String,
    },
    /// A node crashed again and again at one order.
    #[error(
        "a node crashed {times} times in a row at {order}; run the same seed again to see it again"
    )]
    CrashLoop {
        /// The order.
        order: String,
        /// The number of crashes.
        times: u32,
    },
}

/// The result of this room.
pub type Result<T> = std::result::Result<T, CapstoneError>;

impl CapstoneError {
    /// Whether the caller asked for something impossible.
    pub fn is_wrong_use(&self) -> bool {
        matches!(self, Self::Week { .. })
    }
}

impl From<SpeedError> for CapstoneError {
    fn from(error: SpeedError) -> Self {
        Self::Layer(error.into())
    }
}

impl From<ServingError> for CapstoneError {
    fn from(error: ServingError) -> Self {
        Self::Layer(error.into())
    }
}
