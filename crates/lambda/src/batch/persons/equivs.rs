//! The equivs in a table of datums.

use crate::batch::rejected::Row;
use crate::datum::{Equiv, PersonId};
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
    // The columns, and the identifier at either end of a row.
    let secs = datums.column("true_as_of_secs")?.i64()?;
    let kinds = datums.column("kind")?.str()?;
    let cookies = [
        datums.column("cookie")?.str()?,
        datums.column("cookie2")?.str()?,
    ];
    let users = [
        datums.column("user_id")?.i64()?,
        datums.column("user_id2")?.i64()?,
    ];
    let person = |row: usize, end: usize| match (cookies[end].get(row), users[end].get(row)) {
        (Some(cookie), None) => Some(PersonId::Cookie(cookie.to_owned())),
        (None, Some(user)) => Some(PersonId::UserId(user)),
        _ => None,
    };

    // The equiv of a row, unless the row is rejected.
    let of_row = |row: usize| {
        let checked = Row {
            true_as_of_secs: secs.get(row),
            kind: kinds.get(row),
            cookie: cookies[0].get(row),
            user_id: users[0].get(row),
            second: Some((cookies[1].get(row), users[1].get(row))),
            ..Row::default()
        };
        checked.check().ok()?;
        Some(Equiv {
            id1: person(row, 0)?,
            id2: person(row, 1)?,
        })
    };
    let equivs = (0..datums.height()).filter(|&row| kinds.get(row) == Some("equiv"));
    Ok(equivs.filter_map(of_row).collect())
}
