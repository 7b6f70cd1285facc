//! Page views over time: the number of page views of each page in each bucket.

use calendar::Granularity;
use polars::prelude::*;

/// Returns page views by URL and bucket, with the columns `url`, `granularity`, `ts` and
/// `count`, in [`VIEW_ORDER`].
///
/// `ts` is the start of the bucket in epoch seconds, UTC. Buckets are aligned to the epoch:
/// they start at multiples of their length, also before 1970.
///
/// # Errors
/// A missing column.
///
/// ```
/// use lambda_workbook::{batch, calendar::Granularity};
/// use polars::prelude::*;
///
/// let views = df!("url" => ["foo.com/", "foo.com/"], "true_as_of_secs" => [60i64, 4000])?;
/// let by_hour = batch::page_views(&views, Granularity::Hour)?;
/// assert_eq!(by_hour.column("ts")?.i64()?.to_vec(), [Some(0), Some(3600)]);
/// let by_day = batch::page_views(&views, Granularity::Day)?;
/// assert_eq!(by_day.column("count")?.i64()?.to_vec(), [Some(2)]);
/// # Ok::<(), PolarsError>(())
/// ```
pub fn page_views(df: &DataFrame, granularity: Granularity) -> PolarsResult<DataFrame> {
    lazy_page_views(df, granularity)
        .sort(VIEW_ORDER, Default::default())
        .collect()
}

/// Returns the [`page_views`] of all four granularities in one table, in [`VIEW_ORDER`].
///
/// In this order all rows of a URL are neighbours, and so are its buckets of one granularity
/// in a range of time.
///
/// # Errors
/// A missing column.
pub fn page_views_all(df: &DataFrame) -> PolarsResult<DataFrame> {
    // Longer buckets are computed as sums of hours, so the page views are read only once.
    let hours = lazy_page_views(df, Granularity::Hour).collect()?;
    let views: Vec<_> = Granularity::ALL
        .into_iter()
        .map(|granularity| roll_up(&hours, granularity))
        .collect();
    concat(views, UnionArgs::default())?
        .sort(VIEW_ORDER, Default::default())
        .collect()
}

/// The columns by which every table of page views and of uniques is sorted.
pub const VIEW_ORDER: [&str; 3] = ["url", "granularity", "ts"];

/// Returns the query of [`page_views`], not yet executed and not sorted.
fn lazy_page_views(df: &DataFrame, granularity: Granularity) -> LazyFrame {
    df.clone()
        .lazy()
        .group_by([
            col("url"),
            lit(granularity.code()).alias("granularity"),
            bucket(col("true_as_of_secs"), granularity).alias("ts"),
        ])
        .agg([len().cast(DataType::Int64).alias("count")])
}

/// Returns the query that sums counts by hour to buckets of `granularity`.
fn roll_up(hours: &DataFrame, granularity: Granularity) -> LazyFrame {
    hours
        .clone()
        .lazy()
        .group_by([
            col("url"),
            lit(granularity.code()).alias("granularity"),
            bucket(col("ts"), granularity).alias("ts"),
        ])
        .agg([col("count").sum()])
}

/// Returns the expression for the start of the bucket that contains `secs`.
fn bucket(secs: Expr, granularity: Granularity) -> Expr {
    let length = lit(granularity.secs());
    // floor_div rounds towards the past, also for seconds before 1970.
    secs.floor_div(length.clone()) * length
}
