//! Who came in a week: the list of which a chapter's joins keep or drop rows.

use calendar::Granularity;
use dataset::WEEKS_FROM;
use polars::prelude::{DataFrame, DataType, IntoLazy, PolarsResult, col, lit};

/// Returns the visitors of a page in one of the four weeks of [`dataset::weeks`], the first of which
/// is 1: a table with the one column `visitor`, sorted, each visitor once. A visitor is an identifier: a cookie, or an account
/// such as `user 7`.
///
/// # Errors
/// A missing column.
///
/// ```
/// use lambda_workbook::{dataset, people::visitors_of_week};
/// let views = dataset::weeks()?.views()?;
/// let second = visitors_of_week(&views, "mysite.com/blog", 2)?;
/// assert_eq!(second.columns()[0].name(), "visitor");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn visitors_of_week(views: &DataFrame, url: &str, week: i64) -> PolarsResult<DataFrame> {
    let length = Granularity::Week.secs();
    let from = WEEKS_FROM + (week - 1) * length;
    let account = lit("user ") + col("user_id").cast(DataType::String);
    let visitor = col("cookie").fill_null(account).alias("visitor");
    views
        .clone()
        .lazy()
        .filter(col("url").eq(lit(url)))
        .filter(col("true_as_of_secs").gt_eq(lit(from)))
        .filter(col("true_as_of_secs").lt(lit(from + length)))
        .group_by([visitor])
        .agg([])
        .sort(["visitor"], Default::default())
        .collect()
}
