//! Page views over time: how often each page was seen in each bucket.

use calendar::Granularity;
use polars::prelude::*;

/// Page views by URL and bucket: `url`, `granularity`, `ts`, `count`, sorted.
///
/// `ts` is the start of the bucket in epoch seconds, UTC. Buckets are aligned
/// to the epoch: they start at multiples of their length, also before 1970.
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

/// [`page_views`] at all four granularities in one table, so that one read
/// answers for hours, days, weeks and months of a URL.
///
/// Sorted by URL, granularity and time: all that is known of a URL stands
/// together, in the order in which a range of time is read.
pub fn page_views_all(df: &DataFrame) -> PolarsResult<DataFrame> {
    // Longer buckets are sums of hours, so all views are read only once.
    let hours = lazy_page_views(df, Granularity::Hour).collect()?;
    let views: Vec<_> = Granularity::ALL
        .into_iter()
        .map(|granularity| roll_up(&hours, granularity))
        .collect();
    concat(views, UnionArgs::default())?
        .sort(VIEW_ORDER, Default::default())
        .collect()
}

/// The order of every page-view table.
pub const VIEW_ORDER: [&str; 3] = ["url", "granularity", "ts"];

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

/// Sums a view of hours into buckets of `granularity`.
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

/// Start of the bucket that holds `secs`.
fn bucket(secs: Expr, granularity: Granularity) -> Expr {
    let length = lit(granularity.secs());
    // floor_div rounds towards the past, also for seconds before 1970.
    secs.floor_div(length.clone()) * length
}
