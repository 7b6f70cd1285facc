//! Why states cannot be changed or merged, and what to do.
use super::{ClockKind, ReplicaId};
use lambda::batch::sketch::SketchError;

/// Why a change or a merge was refused. The state is as it was before.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CrdtError {
    /// The count of a replica would pass 2^64 - 1.
    #[error(
        "replica {replica} has counted {count} and cannot add {by}: a count ends at {}; \
         go on under a new replica id",
        u64::MAX
    )]
    Overflow {
        /// The replica.
        replica: ReplicaId,
        /// Its count.
        count: u64,
        /// The number that was to be added.
        by: u64,
    },
    /// Two replicas write under one id.
    #[error(
        "two replicas write as replica {replica}: {what}; give every replica an id of its own, \
         and a new one to a replica that lost its state"
    )]
    Clash {
        /// The id.
        replica: ReplicaId,
        /// How it was noticed.
        what: &'static str,
    },
    /// States of two types cannot be merged.
    #[error("a {one} cannot be merged with a {other}; keep them under different keys")]
    Types {
        /// The name of one type.
        one: &'static str,
        /// The name of the other type.
        other: &'static str,
    },
    /// Stamps of two kinds of clocks cannot be compared.
    #[error(
        "a stamp of the {one} clock cannot be compared with one of the {other} clock; \
         stamp all writes of a register by one kind of clock"
    )]
    Clocks {
        /// The kind of one clock.
        one: ClockKind,
        /// The kind of the other clock.
        other: ClockKind,
    },
    /// Two sketches cannot be merged.
    #[error(transparent)]
    Sketch(#[from] SketchError),
}

impl From<CrdtError> for polars::error::PolarsError {
    fn from(error: CrdtError) -> Self {
        polars::error::PolarsError::ComputeError(error.to_string().into())
    }
}
