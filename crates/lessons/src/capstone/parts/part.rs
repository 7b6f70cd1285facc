//! The parts of the week that a reader can replace, with the signatures of the exercises.
use crate::crdt::by_hand::ReplicaCounts;
use crate::microbatch::by_hand::Stored;
use crate::speed_layer::Arrival;
use polars::prelude::{DataFrame, PolarsResult};

/// The function of exercise 5.4: the records that are kept, the offset of the first of them, the offset
/// at which the reader goes on, and its window. It says which records are new, or refuses.
pub type NewViews = fn(&[Arrival], usize, usize, usize) -> Result<Vec<bool>, String>;

/// A part of the week, written by a reader. The functions are those of the exercises, so an answer
/// can be taken over as it is.
#[derive(Clone, Copy, Debug)]
pub enum OwnPart {
    /// The update of a realtime view (exercise 5.1): the view and the events that were read; the view
    /// after them.
    Updater(fn(&DataFrame, &DataFrame) -> PolarsResult<DataFrame>),
    /// The window of duplicates (exercise 5.4): the records of a partition, the offset of the first
    /// one that is kept, the offset at which the reader goes on, the window; for each record from
    /// there on whether it is new.
    Dedupe(NewViews),
    /// Alternating expiry (exercise 6.1): the batch runs so far; after each of them the set that is
    /// asked, and the first event in it.
    Expiry(fn(&DataFrame) -> PolarsResult<DataFrame>),
    /// The merge of the sites' counters (exercise 7.1): the counts of this site and of the other; the
    /// merged counts, and what the other lacks.
    Merge(fn(&ReplicaCounts, &ReplicaCounts) -> (ReplicaCounts, ReplicaCounts)),
    /// An exactly-once state (exercise 8.1): what is stored, the batch, and how much it adds; what is
    /// stored then.
    State(fn(Stored, i64, i64) -> Stored),
    /// Visits and bounces (exercise 3.2): page views; visits, bounces and their rate by domain.
    Bounces(fn(&DataFrame) -> PolarsResult<DataFrame>),
}

impl OwnPart {
    /// The part in a few words, and the exercise whose function it is.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Updater(_) => "updater (exercise 5.1)",
            Self::Dedupe(_) => "dedupe window (exercise 5.4)",
            Self::Expiry(_) => "expiry (exercise 6.1)",
            Self::Merge(_) => "merge of the sites (exercise 7.1)",
            Self::State(_) => "exactly-once state (exercise 8.1)",
            Self::Bounces(_) => "visits and bounces (exercise 3.2)",
        }
    }
}
