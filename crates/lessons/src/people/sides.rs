//! Equivs applied when a query asks, or before the view is written, over four weeks.

use calendar::{Granularity, Plan, Span};
use dataset::WEEKS_FROM;
use lambda::batch::persons::{PersonIndex, ReadSide, WriteSide};
use lambda::datum::{Equiv, PersonId};
use polars::prelude::{DataFrame, PolarsResult, df, polars_err};

/// Counts the visitors of a page in the four weeks of [`dataset::weeks`] in three ways: identifiers
/// as if each were a person, people by the read side, and people by the write side. The columns are `design`,
/// `visitors`, `reads` (buckets), `bytes` (of what was read) and `lookups` (identifiers that the
/// query converted to people).
///
/// # Errors
/// A missing column, or a row with no person or with two.
pub fn sides(views: &DataFrame, equivs: &[Equiv], url: &str) -> PolarsResult<DataFrame> {
    // One pass fills all three.
    let (nobody, index) = (PersonIndex::default(), PersonIndex::of(equivs));
    let (mut identifiers, mut read_side) = (WriteSide::default(), ReadSide::new());
    let mut write_side = WriteSide::default();
    let urls = views.column("url")?.str()?;
    let secs = views.column("true_as_of_secs")?.i64()?;
    let cookies = views.column("cookie")?.str()?;
    let users = views.column("user_id")?.i64()?;
    for row in 0..views.height() {
        let id = match (cookies.get(row), users.get(row)) {
            (Some(cookie), None) => PersonId::Cookie(cookie.to_owned()),
            (None, Some(user)) => PersonId::UserId(user),
            _ => {
                return Err(
                    polars_err!(ComputeError: "row {row}: a person is a cookie or a user_id"),
                );
            }
        };
        let (Some(url), Some(ts)) = (urls.get(row), secs.get(row)) else {
            return Err(polars_err!(ComputeError: "row {row}: no url or no true_as_of_secs"));
        };
        identifiers.add(url, ts, &id, &nobody);
        read_side.add(url, ts, &id);
        write_side.add(url, ts, &id, &index);
    }

    // All four weeks, less their first and last three hours, so that a plan reads several buckets.
    let hour = Granularity::Hour.secs();
    let until = WEEKS_FROM + Granularity::Month.secs();
    let span = Span::new(WEEKS_FROM + 3 * hour, until - 3 * hour);
    let plan = span.and_then(|span| Plan::additive(span, &Granularity::ALL));
    let plan = plan.expect("whole hours");
    let answers = [
        identifiers.write()?.query(url, &plan)?,
        read_side.query(url, plan.span(), &index),
        write_side.write()?.query(url, &plan)?,
    ];
    df!(
        "design" => ["identifiers, not people", "read side", "write side"],
        "visitors" => answers.map(|answer| answer.uniques),
        "reads" => answers.map(|answer| answer.reads as i64),
        "bytes" => answers.map(|answer| answer.bytes as i64),
        "lookups" => answers.map(|answer| answer.converted as i64),
    )
}
