//! A state in plain types, for those who write its updates themselves.

/// A count as it is stored. A word that was never counted has all of it 0; the ids
/// of batches begin with 1.
///
/// ```
/// use lambda_workbook::microbatch::by_hand::Stored;
/// let apple = Stored { batch: 3, count: 15, previous: 9 };
/// assert_ne!(apple, Stored::default());
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stored {
    /// The id of the batch that made the count.
    pub batch: i64,
    pub count: i64,
    /// The count before that batch.
    pub previous: i64,
}
