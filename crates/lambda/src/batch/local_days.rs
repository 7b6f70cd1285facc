//! Page views by the calendar day of a time zone.
//!
//! A local day is not always 24 hours long, because clocks change. And where the offset
//! from UTC is not a whole number of hours (India: +5:30), it is not a sum of UTC hours. So
//! these counts are computed from the page views themselves, never from the counts by hour.

use calendar;
use chrono_tz::Tz;
use polars::prelude::*;

/// Returns page views by URL and local day, with the columns `url`, `granularity` (always
/// `"d"`), `ts` and `count`, sorted by the first three. `ts` is the instant at which the day
/// began in `zone`, in epoch seconds, UTC.
///
/// # Errors
/// A missing column, or one of another type.
///
/// ```
/// use chrono_tz::America::Los_Angeles;
/// use lambda_workbook::batch;
/// use polars::prelude::*;
///
/// // 2015-08-07 02:00 UTC is still the evening of Aug 6 in California.
/// let views = df!("url" => ["mysite.com/"], "true_as_of_secs" => [1438912800i64])?;
/// let days = batch::page_views_by_local_day(&views, Los_Angeles)?;
/// assert_eq!(days.column("ts")?.i64()?.get(0), Some(1438844400));
/// # Ok::<(), PolarsError>(())
/// ```
pub fn page_views_by_local_day(df: &DataFrame, zone: Tz) -> PolarsResult<DataFrame> {
    let day = col("true_as_of_secs").map(
        move |secs| {
            let mut days = calendar::LocalDays::new(zone);
            let secs = secs.i64()?;
            let starts = secs.iter().map(|ts| ts.map(|ts| days.start_of(ts)));
            Ok(Int64Chunked::from_iter_options(secs.name().clone(), starts).into_column())
        },
        |_, _| Ok(Field::new("ts".into(), DataType::Int64)),
    );
    df.clone()
        .lazy()
        .group_by([col("url"), lit("d").alias("granularity"), day.alias("ts")])
        .agg([len().cast(DataType::Int64).alias("count")])
        .sort(super::page_views::VIEW_ORDER, Default::default())
        .collect()
}
