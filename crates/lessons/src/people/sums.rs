//! What a sum of uniques says, and what is true.

use calendar::Granularity;
use lambda::batch::exact_uniques;
use polars::prelude::{ChunkAgg, DataFrame, IntoLazy, PolarsResult, col, df, lit};

/// Adds up the exact uniques of one page over all of its hours, over its days, over its weeks, and
/// over its months. The columns are `buckets` (what was added, such as "672 hours") and `visitors` (the sum). If
/// all page views lie in one month, the sum of the last row is the true number.
///
/// # Errors
/// A missing column.
///
/// ```
/// use polars::prelude::*;
/// let views = df!("url" => ["a.com/", "a.com/"], "true_as_of_secs" => [60i64, 4_000],
///     "cookie" => ["X", "X"], "user_id" => [None::<i64>, None])?;
/// let sums = lambda_workbook::people::sums(&views, "a.com/")?;
/// assert_eq!(sums.column("buckets")?.str()?.get(0), Some("2 hours"));
/// assert_eq!(sums.column("visitors")?.i64()?.to_vec(), [Some(2), Some(1), Some(1), Some(1)]);
/// # Ok::<(), PolarsError>(())
/// ```
pub fn sums(views: &DataFrame, url: &str) -> PolarsResult<DataFrame> {
    let (mut rows, mut sums) = (Vec::new(), Vec::new());
    for granularity in Granularity::ALL {
        let view = exact_uniques(views, granularity)?;
        let page = view.lazy().filter(col("url").eq(lit(url))).collect()?;
        let name = granularity.name();
        rows.push(notebook::table::counted(
            page.height(),
            name,
            &format!("{name}s"),
        ));
        sums.push(page.column("uniques")?.i64()?.sum().unwrap_or(0));
    }
    df!("buckets" => rows, "visitors" => sums)
}
