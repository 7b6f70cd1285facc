//! A state in plain types, for those who write its updates themselves.

/// A count as it is stored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stored {
    /// The id of the batch that made it; ids begin with 1.
    pub batch: i64,
    pub count: i64,
    /// The count before that batch.
    pub previous: i64,
}
