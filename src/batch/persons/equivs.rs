//! The equivs of a table of datums.

use crate::schema::{Equiv, PersonId};
use polars::prelude::*;

/// The equivs among some datums: rows whose `kind` is `equiv`, by the columns
/// `cookie`, `user_id`, `cookie2`, `user_id2`.
///
/// # Errors
/// A missing column, or an end of an edge that is no person or two; the row is
/// named.
///
/// ```
/// use lambda_workbook::{batch::persons, schema::*};
/// use polars::prelude::*;
///
/// let datums = df!(
///     "kind" => ["equiv", "page_view"],
///     "cookie" => [Some("ABCDE"), Some("ABCDE")], "user_id" => [None::<i64>, None],
///     "cookie2" => [None::<&str>, None], "user_id2" => [Some(7i64), None],
/// )?;
/// let edge = Equiv { id1: PersonId::Cookie("ABCDE".into()), id2: PersonId::UserId(7) };
/// assert_eq!(persons::equivs(&datums)?, [edge]);
/// # Ok::<(), PolarsError>(())
/// ```
pub fn equivs(datums: &DataFrame) -> PolarsResult<Vec<Equiv>> {
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
        (Some(cookie), None) => Ok(PersonId::Cookie(cookie.to_owned())),
        (None, Some(user)) => Ok(PersonId::UserId(user)),
        _ => polars_bail!(ComputeError:
            "row {row}: each end of an equiv is a cookie or a user_id, and this one is not"),
    };
    (0..datums.height())
        .filter(|&row| kinds.get(row) == Some("equiv"))
        .map(|row| {
            Ok(Equiv {
                id1: person(row, 0)?,
                id2: person(row, 1)?,
            })
        })
        .collect()
}
