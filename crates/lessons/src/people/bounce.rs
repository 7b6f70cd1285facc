//! Visits and bounces, by identifier and by person.

use lambda::batch::bounces;
use lambda::batch::persons::PersonIndex;
use lambda::datum::Equiv;
use polars::prelude::*;

/// Returns the eight page views of the book's example, and the two equivs by which users 1, 3 and 5
/// are one person. The columns are `url`, `true_as_of_secs`, `cookie` and `user_id`.
///
/// # Errors
/// None in practice: the columns have one length.
///
/// ```
/// let (views, equivs) = lambda_workbook::people::eight_views()?;
/// assert_eq!((views.height(), equivs.len()), (8, 2));
/// # Ok::<(), lambda_workbook::polars::prelude::PolarsError>(())
/// ```
pub fn eight_views() -> PolarsResult<(DataFrame, Vec<Equiv>)> {
    let views = df!(
        "url" => ["1", "1", "1", "3", "1", "2", "2", "3"].map(|post| format!("foo.com/post{post}")),
        "true_as_of_secs" => [60i64, 60, 62, 62, 4_000, 4_000, 10_000, 10_600],
        "cookie" => [None::<&str>; 8],
        "user_id" => [1i64, 2, 3, 2, 1, 1, 1, 5],
    )?;
    let equivs = super::equivs_of(&[(1, 3), (3, 5)]);
    Ok((views, equivs))
}

/// Counts visits and bounces of each domain twice: as if each identifier were a person, and for the
/// people behind the identifiers. The columns are `domain`, `counted_by`, `visits`, `bounces` and
/// `rate_percent` (bounces in percent of visits), sorted by domain.
///
/// # Errors
/// A missing column, or a row with no person or with two.
pub fn bounce_rates(views: &DataFrame, equivs: &[Equiv]) -> PolarsResult<DataFrame> {
    let by_person = PersonIndex::of(equivs).apply(views)?;
    let counted = [("identifier", views), ("person", &by_person)].map(|(by, views)| {
        let table = bounces(views)?.lazy();
        PolarsResult::Ok(table.with_column(lit(by).alias("counted_by")))
    });
    let [identifiers, people] = counted;
    let rate = lit(100.0) * col("bounces") / col("visits");
    concat([identifiers?, people?], UnionArgs::default())?
        .sort(["domain", "counted_by"], Default::default())
        .select([
            col("domain"),
            col("counted_by"),
            col("visits"),
            col("bounces"),
            rate.round(1, RoundMode::HalfToEven).alias("rate_percent"),
        ])
        .collect()
}
