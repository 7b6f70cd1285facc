//! Days of a place out of hours of UTC, beside the days out of the page views.
use calendar::local_day_start;
use chrono_tz::Tz;
use lambda::batch::page_views_by_local_day;
use polars::prelude::*;

/// Credits each hour of UTC to the local day in which it begins, and counts each day from the page
/// views, too. `views` are page views, and `hours` is their view by hour. The columns are `url`, `ts`,
/// `count` (from the page views) and `from_hours`, sorted by `url` and `ts`.
///
/// ```
/// use lambda_workbook::prelude::*;
/// let views = dataset::weeks()?.views()?;
/// let hours = batch::page_views(&views, Granularity::Hour)?;
/// let tokyo = pages::days_of_hours(&views, &hours, chrono_tz::Asia::Tokyo)?;
/// assert_eq!(tokyo.column("count")?.i64()?.sum(), tokyo.column("from_hours")?.i64()?.sum());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// A missing column, or one of another type.
pub fn days_of_hours(views: &DataFrame, hours: &DataFrame, zone: Tz) -> PolarsResult<DataFrame> {
    let key = || [col("url"), col("ts")];
    let starts = hours.column("ts")?.i64()?;
    let starts = starts.apply_values(|ts| local_day_start(ts, zone));
    let from_hours = hours
        .clone()
        .lazy()
        .with_column(starts.into_series().lit().alias("ts"))
        .group_by(key())
        .agg([col("count").sum().alias("from_hours")]);
    page_views_by_local_day(views, zone)?
        .lazy()
        .select([col("url"), col("ts"), col("count")])
        .join(
            from_hours,
            key(),
            key(),
            JoinArgs::new(JoinType::Full).with_coalesce(JoinCoalesce::CoalesceColumns),
        )
        .with_columns([
            col("count").fill_null(lit(0)),
            col("from_hours").fill_null(lit(0)),
        ])
        .sort(["url", "ts"], Default::default())
        .collect()
}

/// Compares the days out of hours with the right ones for several places. The columns are `place`,
/// `rows` (of the view by day), `wrong` (of these, how many have another count out of hours) and
/// `total off` (the difference of the totals).
///
/// ```
/// use lambda_workbook::prelude::*;
/// let views = dataset::weeks()?.views()?;
/// let hours = batch::page_views(&views, Granularity::Hour)?;
/// let table = pages::wrong_days(&views, &hours, &[chrono_tz::Asia::Tokyo, chrono_tz::Asia::Kolkata])?;
/// let wrong = table.column("wrong")?.i64()?;
/// assert!(wrong.get(0) == Some(0) && wrong.get(1) > Some(0));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// As [`days_of_hours`].
pub fn wrong_days(views: &DataFrame, hours: &DataFrame, zones: &[Tz]) -> PolarsResult<DataFrame> {
    let (mut rows, mut wrong, mut off) = (Vec::new(), Vec::new(), Vec::new());
    for zone in zones {
        let both = days_of_hours(views, hours, *zone)?;
        let (count, from) = (
            both.column("count")?.i64()?,
            both.column("from_hours")?.i64()?,
        );
        rows.push(both.height() as i64);
        wrong.push(
            count
                .iter()
                .zip(from.iter())
                .filter(|(a, b)| a != b)
                .count() as i64,
        );
        off.push(from.sum().unwrap_or(0) - count.sum().unwrap_or(0));
    }
    let places: Vec<String> = zones.iter().map(ToString::to_string).collect();
    df!("place" => places, "rows" => rows, "wrong" => wrong, "total off" => off)
}

/// Counts page views by days that begin `hours` hours after those of UTC, compares them with the days
/// of a zone, and returns how many rows of the right view have another count, or none.
///
/// ```
/// use lambda_workbook::prelude::*;
/// let views = dataset::weeks()?.views()?;
/// assert_eq!(pages::shifted_days(&views, 7, chrono_tz::America::Los_Angeles)?, 0); // in summer
/// assert!(pages::shifted_days(&views, 8, chrono_tz::America::Los_Angeles)? > 0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// A missing column, or one of another type.
pub fn shifted_days(views: &DataFrame, hours: i64, zone: Tz) -> PolarsResult<usize> {
    let (day, shift) = (lit(86_400), lit(hours * 3_600));
    let start = (col("true_as_of_secs") - shift.clone()).floor_div(day.clone()) * day + shift;
    let shifted = views
        .clone()
        .lazy()
        .group_by([col("url"), start.alias("ts")])
        .agg([len().cast(DataType::Int64).alias("shifted")]);
    let key = || [col("url"), col("ts")];
    let both = page_views_by_local_day(views, zone)?.lazy().join(
        shifted,
        key(),
        key(),
        JoinArgs::new(JoinType::Left),
    );
    let differ = col("count").neq(col("shifted").fill_null(lit(0)));
    Ok(both.filter(differ).collect()?.height())
}
