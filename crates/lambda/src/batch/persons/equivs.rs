//! The equivs in a table of datums.

use crate::datum::{DatumColumns, DatumKind, Equiv, RawFact};
use polars::prelude::*;

/// Returns the equivs among some datums: the rows whose `kind` is `equiv`. The columns `cookie`
/// and `user_id` hold the first identifier, `cookie2` and `user_id2` the second. Rows that
/// [`rejected_rows`](crate::batch::rejected_rows) reports are left out.
///
/// # Errors
/// A missing column, or one of another type.
///
/// ```
/// use lambda_workbook::{batch::persons, datum::*};
/// use polars::prelude::*;
///
/// let datums = df!(
///     "true_as_of_secs" => [60i64, 61],
///     "kind" => ["equiv", "page_view"],
///     "cookie" => [Some("ABCDE"), Some("ABCDE")], "user_id" => [None::<i64>, None],
///     "cookie2" => [None::<&str>, None], "user_id2" => [Some(7i64), None],
/// )?;
/// let edge = Equiv { id1: PersonId::Cookie("ABCDE".into()), id2: PersonId::UserId(7) };
/// assert_eq!(persons::equivs(&datums)?, [edge]);
/// # Ok::<(), PolarsError>(())
/// ```
pub fn equivs(datums: &DataFrame) -> PolarsResult<Vec<Equiv>> {
    let rows = DatumColumns::of_equivs(datums)?;
    let of_row = |row: usize| {
        let fields = rows.fields(row).ok()?;
        // Page views are the most by far.
        if fields.kind != DatumKind::Equiv {
            return None;
        }
        match fields.raw() {
            Ok(RawFact::Equiv(equiv)) => Some(equiv),
            _ => None,
        }
    };
    Ok((0..datums.height()).filter_map(of_row).collect())
}
