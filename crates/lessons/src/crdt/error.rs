//! Why states cannot be changed or merged, and what to do.
use super::{Clock, ReplicaId};
use lambda::batch::sketch::SketchError;
use std::fmt;

/// A change or a merge that was refused; the state is as it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CrdtError {
    /// A replica's count would pass 2^64 - 1.
    Overflow {
        replica: ReplicaId,
        count: u64,
        by: u64,
    },
    /// Two replicas write under one id.
    Clash {
        replica: ReplicaId,
        what: &'static str,
    },
    /// Two types under one name.
    Types {
        one: &'static str,
        other: &'static str,
    },
    /// Stamps of two clocks.
    Clocks { one: Clock, other: Clock },
    /// Sketches that do not merge.
    Sketch(SketchError),
}

impl From<SketchError> for CrdtError {
    fn from(error: SketchError) -> Self {
        CrdtError::Sketch(error)
    }
}

impl From<CrdtError> for polars::error::PolarsError {
    fn from(error: CrdtError) -> Self {
        polars::error::PolarsError::ComputeError(error.to_string().into())
    }
}

impl fmt::Display for CrdtError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CrdtError::Overflow { replica, count, by } => write!(
                f,
                "replica {replica} has counted {count} and cannot add {by}: a count ends at {}; go on under a new replica id",
                u64::MAX
            ),
            CrdtError::Clash { replica, what } => write!(
                f,
                "two replicas write as replica {replica}: {what}; give every replica an id of its own, and a new one to a replica that lost its state"
            ),
            CrdtError::Types { one, other } => write!(
                f,
                "a {one} cannot be merged with a {other}; keep them under different keys"
            ),
            CrdtError::Clocks { one, other } => write!(
                f,
                "a stamp of the {one} clock cannot be compared with one of the {other} clock; stamp all writes of a register by one kind of clock"
            ),
            CrdtError::Sketch(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for CrdtError {}
