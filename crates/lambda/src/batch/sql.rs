//! The sum of hours to days, in SQL.
//!
//! SQL is understood by other engines too: the same text runs here over a registered table,
//! and on a cluster without changes. Tests check that it gives the same view as the
//! expressions of [`page_views`](super::page_views()).

use polars::prelude::*;
use polars::sql::SQLContext;

/// The name of the table that [`DAYS_OF_HOURS`] reads: page views by hour.
pub const HOURS_TABLE: &str = "hourly_page_views";

/// The query that computes page views by UTC day from page views by hour. Its columns are
/// `url`, `granularity`, `ts` and `count`, by the first three of which it is sorted.
///
/// The query takes the remainder twice because engines disagree about the remainder of a
/// negative number: with `ts - ts % 86400`, as the lesson has it, Spark would count hours
/// before 1970 in the day after theirs. And it has an inner query that names the day before
/// the outer query groups by it, because in `GROUP BY ts` some engines take `ts` for the
/// column and others for the alias.
pub const DAYS_OF_HOURS: &str = "\
SELECT url, granularity, ts, SUM(views) AS count
FROM (
    SELECT url, 'd' AS granularity,
           ts - (ts % 86400 + 86400) % 86400 AS ts,
           count AS views
    FROM hourly_page_views
    WHERE granularity = 'h'
) AS hours
GROUP BY url, granularity, ts
ORDER BY url, granularity, ts";

/// Runs [`DAYS_OF_HOURS`] over a view of page views. Rows of other granularities than hours
/// are ignored.
///
/// # Errors
/// A missing column.
///
/// ```
/// use lambda_workbook::{batch, calendar::Granularity};
/// use polars::prelude::*;
///
/// let views = df!("url" => ["foo.com/", "foo.com/"], "true_as_of_secs" => [60i64, 4000])?;
/// let hours = batch::page_views(&views, Granularity::Hour)?;
/// let days = batch::sql::days_of_hours(&hours)?;
/// assert!(days.equals(&batch::page_views(&views, Granularity::Day)?));
/// # Ok::<(), PolarsError>(())
/// ```
pub fn days_of_hours(hours: &DataFrame) -> PolarsResult<DataFrame> {
    let mut context = SQLContext::new();
    context.register(HOURS_TABLE, hours.clone().lazy());
    context.execute(DAYS_OF_HOURS)?.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::batch::{page_views, page_views_all};
    use calendar::Granularity;
    use proptest::prelude::*;

    #[test]
    fn the_text_reads_the_table_that_is_registered() {
        assert!(DAYS_OF_HOURS.contains(&format!("FROM {HOURS_TABLE}")));
        let day = Granularity::Day.secs().to_string();
        assert_eq!(DAYS_OF_HOURS.matches(&day).count(), 3);
    }

    proptest! {
        #[test]
        fn sql_and_expressions_give_the_same_days(
            rows in prop::collection::vec((0..3usize, -400_000..400_000i64), 1..60)
        ) {
            let views = df!(
                "url" => rows.iter().map(|row| ["a.com/", "b.com/", "b.com/x"][row.0]).collect::<Vec<_>>(),
                "true_as_of_secs" => rows.iter().map(|row| row.1).collect::<Vec<_>>(),
            ).unwrap();
            let days = page_views(&views, Granularity::Day).unwrap();
            prop_assert!(days_of_hours(&page_views(&views, Granularity::Hour).unwrap()).unwrap().equals(&days));
            // Also from the view of all granularities: its days are not counted again.
            prop_assert!(days_of_hours(&page_views_all(&views).unwrap()).unwrap().equals(&days));
        }
    }
}
