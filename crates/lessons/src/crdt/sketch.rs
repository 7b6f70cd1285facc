//! HyperLogLog, which has been a CRDT all along.
use super::{Crdt, CrdtError};
use lambda::batch::Sketch;

/// Lattice: the maximum of each register, for a register keeps the longest run
/// of zeros that anybody hashed. Precisions do not mix.
///
/// ```
/// use lambda_workbook::batch::Sketch;
/// use lambda_workbook::crdt::Crdt;
/// use lambda_workbook::datum::PersonId;
/// let seen = |ids: std::ops::Range<i64>| Sketch::of(&ids.map(PersonId::UserId).collect::<Vec<_>>());
/// let (one, other) = (seen(0..60), seen(30..90));
/// assert_eq!(one.merged(&other)?, seen(0..90));
/// # Ok::<(), lambda_workbook::crdt::CrdtError>(())
/// ```
impl Crdt for Sketch {
    /// About how many were added.
    type Value = i64;

    fn merge(&mut self, other: &Self) -> Result<(), CrdtError> {
        Ok(Sketch::merge(self, other)?)
    }

    fn value(&self) -> i64 {
        self.uniques()
    }
}
