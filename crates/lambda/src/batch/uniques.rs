//! Uniques over time: the number of different persons who saw each page in each bucket.
//!
//! The view stores a [`Sketch`] beside each number, because the numbers cannot be added: a
//! person who came in two hours of a day is one unique visitor of that day. Sketches can be
//! merged. So days, weeks and months are computed from the sketches of their hours
//! ([`rolled_up`]), and so are the local days of every time zone in which days consist of
//! whole hours ([`uniques_by_local_day`]).
//!
//! | column | type | meaning |
//! |---|---|---|
//! | `url` | str | the normalised URL of the page |
//! | `granularity` | str | h, d, w or m |
//! | `ts` | i64 | start of the bucket in epoch seconds, UTC |
//! | `uniques` | i64 | the estimate of the sketch, rounded |
//! | `sketch` | binary | the set of persons, as [`Sketch::to_bytes`] |
//!
//! Invariants:
//! 1. A view that is rolled up from hours equals the view that is computed from the page
//!    views, byte by byte.
//! 2. `uniques` is the estimate of `sketch`.
//!
//! Source: Marz and Warren, "Big Data", sections 8.3 and 10.5 (figure 10.8).

use super::page_views::VIEW_ORDER;
use super::sketch::{Precision, Sketch, cookie_hash, user_hash};
use calendar::{self, Granularity};
use chrono_tz::Tz;
use polars::prelude::*;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

/// A row of the view of uniques.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Uniques {
    /// The normalised URL of the page.
    pub url: String,
    /// The code of the granularity: h, d, w or m.
    pub granularity: String,
    /// Start of the bucket in epoch seconds, UTC.
    pub ts: i64,
    /// The persons who saw the page in the bucket.
    pub sketch: Sketch,
}

/// Reads the rows of a view of uniques.
///
/// # Errors
/// A missing column, or a row with a null or with bytes that are not a sketch. The message
/// names the row.
pub fn rows(view: &DataFrame) -> PolarsResult<Vec<Uniques>> {
    let url = view.column("url")?.str()?;
    let granularity = view.column("granularity")?.str()?;
    let ts = view.column("ts")?.i64()?;
    let sketch = view.column("sketch")?.binary()?;
    let null = |name: &str, row: usize| polars_err!(ComputeError: "row {row}: `{name}` is null");
    (0..view.height())
        .map(|row| {
            let bytes = sketch.get(row).ok_or_else(|| null("sketch", row))?;
            let read = Sketch::from_bytes(bytes);
            Ok(Uniques {
                url: url.get(row).ok_or_else(|| null("url", row))?.to_owned(),
                granularity: granularity
                    .get(row)
                    .ok_or_else(|| null("granularity", row))?
                    .to_owned(),
                ts: ts.get(row).ok_or_else(|| null("ts", row))?,
                sketch: read.map_err(|error| polars_err!(ComputeError: "row {row}: {error}"))?,
            })
        })
        .collect()
}

/// Returns the view with these rows, sorted by `url`, `granularity` and `ts`.
///
/// # Errors
/// Those of building and sorting the table.
pub fn frame(rows: &[Uniques]) -> PolarsResult<DataFrame> {
    let bytes: Vec<Vec<u8>> = rows.iter().map(|row| row.sketch.to_bytes()).collect();
    let bytes = bytes.iter().map(|bytes| Some(&bytes[..]));
    df!(
        "url" => rows.iter().map(|row| &*row.url).collect::<Vec<_>>(),
        "granularity" => rows.iter().map(|row| &*row.granularity).collect::<Vec<_>>(),
        "ts" => rows.iter().map(|row| row.ts).collect::<Vec<_>>(),
        "uniques" => rows.iter().map(|row| row.sketch.uniques()).collect::<Vec<_>>(),
        "sketch" => bytes.collect::<BinaryChunked>().into_series(),
    )?
    .sort(VIEW_ORDER, SortMultipleOptions::default())
}

/// Returns the view of uniques of distinct page views, with sketches of the default precision.
///
/// Each identifier (`cookie` or `user_id`) counts as a person of its own. To count persons
/// with several identifiers once, apply a [`PersonIndex`](super::persons::PersonIndex) first.
///
/// # Errors
/// A missing column; a row with no person or with two; a row with no URL or no time.
///
/// ```
/// use lambda_workbook::{batch, calendar::Granularity};
/// use polars::prelude::*;
///
/// let views = df!(
///     "url" => ["foo.com/", "foo.com/", "foo.com/"],
///     "true_as_of_secs" => [60i64, 4000, 4001],
///     "cookie" => [None, None, Some("ABCDE")],
///     "user_id" => [Some(1i64), Some(1), None],
/// )?;
/// let hours = batch::uniques(&views, Granularity::Hour)?;
/// assert_eq!(hours.column("uniques")?.i64()?.to_vec(), [Some(1), Some(2)]);
/// let day = batch::uniques(&views, Granularity::Day)?;
/// assert_eq!(day.column("uniques")?.i64()?.to_vec(), [Some(2)]); // not 1 + 2
/// # Ok::<(), PolarsError>(())
/// ```
pub fn uniques(views: &DataFrame, granularity: Granularity) -> PolarsResult<DataFrame> {
    uniques_at(views, granularity, Precision::DEFAULT)
}

/// Returns the view of [`uniques`] with sketches of another precision.
///
/// # Errors
/// As [`uniques`].
pub fn uniques_at(
    views: &DataFrame,
    granularity: Granularity,
    precision: Precision,
) -> PolarsResult<DataFrame> {
    let bucket = |ts| granularity.bucket(ts);
    counted_from_views(views, granularity.code(), precision, bucket)
}

/// Returns the view of [`uniques`] at all four granularities in one table.
///
/// # Errors
/// As [`uniques`].
pub fn uniques_all(views: &DataFrame) -> PolarsResult<DataFrame> {
    let mut hours = uniques(views, Granularity::Hour)?;
    for granularity in &Granularity::ALL[1..] {
        let coarser = rolled_up(&hours.clone(), *granularity)?;
        hours.vstack_mut(&coarser)?;
    }
    hours.sort(VIEW_ORDER, SortMultipleOptions::default())
}

/// Returns the rows of granularity h merged to buckets of another granularity. Other rows of the
/// view are ignored.
///
/// # Errors
/// As [`rows`], and sketches of different precisions.
pub fn rolled_up(view: &DataFrame, granularity: Granularity) -> PolarsResult<DataFrame> {
    merged_from_hours(view, granularity.code(), |ts| Ok(granularity.bucket(ts)))
}

/// Returns the rows of granularity h merged to the local days of a time zone. `ts` is the
/// instant at which the day began, in epoch seconds, UTC.
///
/// # Errors
/// As [`rolled_up`], and a day that begins inside an hour: that hour belongs to two days, and a
/// sketch cannot be divided. Count from the page views instead, with
/// [`uniques_by_local_day_of`].
///
/// ```
/// use chrono_tz::{America::Los_Angeles, Asia::Kolkata};
/// use lambda_workbook::{batch, calendar::Granularity};
/// use polars::prelude::*;
///
/// let views = df!("url" => ["mysite.com/"], "true_as_of_secs" => [1438912800i64],
///     "cookie" => ["PQRST"], "user_id" => [None::<i64>])?;
/// let hours = batch::uniques(&views, Granularity::Hour)?;
/// let days = batch::uniques_by_local_day(&hours, Los_Angeles)?;
/// assert_eq!(days.column("ts")?.i64()?.get(0), Some(1438844400)); // August 6
/// let error = batch::uniques_by_local_day(&hours, Kolkata).unwrap_err().to_string();
/// assert!(error.contains("begins inside an hour"));
/// # Ok::<(), PolarsError>(())
/// ```
pub fn uniques_by_local_day(view: &DataFrame, zone: Tz) -> PolarsResult<DataFrame> {
    let mut days = calendar::LocalDays::new(zone);
    merged_from_hours(view, "d", |ts| {
        let day = days.day_of(ts);
        if day.is_whole_hours() {
            return Ok(day.start);
        }
        polars_bail!(InvalidOperation:
            "the day of {ts} in {zone} begins inside an hour, and a sketch of that hour cannot be \
             cut; count from the page views instead, with batch::uniques_by_local_day_of")
    })
}

/// Returns the uniques by local day of any time zone, from distinct page views.
///
/// # Errors
/// As [`uniques`].
pub fn uniques_by_local_day_of(views: &DataFrame, zone: Tz) -> PolarsResult<DataFrame> {
    let mut days = calendar::LocalDays::new(zone);
    counted_from_views(views, "d", Precision::DEFAULT, |ts| days.start_of(ts))
}

/// Returns exact uniques, counted without sketches: the columns `url`, `granularity`, `ts` and
/// `uniques`. Numbers alone cannot be merged to coarser buckets.
///
/// # Errors
/// A missing column.
pub fn exact_uniques(views: &DataFrame, granularity: Granularity) -> PolarsResult<DataFrame> {
    let length = lit(granularity.secs());
    let bucket = col("true_as_of_secs").floor_div(length.clone()) * length;
    let one_each = [
        col("url"),
        lit(granularity.code()).alias("granularity"),
        bucket.alias("ts"),
        col("cookie"),
        col("user_id"),
    ];
    let count = len().cast(DataType::Int64).alias("uniques");
    views
        .clone()
        .lazy()
        .select(one_each)
        .unique(None, UniqueKeepStrategy::Any)
        .group_by(VIEW_ORDER.map(col))
        .agg([count])
        .sort(VIEW_ORDER, Default::default())
        .collect()
}

/// Compares the precisions: it counts the persons of `views` with a sketch of every precision.
/// The columns are `precision`, `exact` (their true number), `estimate`, `error_percent` (of
/// this estimate), `standard_error_percent` (to be expected) and `bytes` (of the sketch).
///
/// # Errors
/// A missing column, or a row with no person or with two.
pub fn precision_table(views: &DataFrame) -> PolarsResult<DataFrame> {
    // The exact number, from the distinct hashes.
    let mut hashes = person_hashes(views)?;
    hashes.sort_unstable();
    hashes.dedup();
    let exact = hashes.len() as f64;

    // A sketch of each precision, and its estimate.
    let precisions: Vec<Precision> = Precision::all().collect();
    let sketches: Vec<Sketch> = precisions
        .iter()
        .map(|&precision| {
            let mut sketch = Sketch::new(precision);
            hashes.iter().for_each(|&hash| sketch.add_hash(hash));
            sketch
        })
        .collect();
    let estimates: Vec<f64> = sketches.iter().map(Sketch::estimate).collect();

    // The table.
    let percent = |part: f64| 100.0 * part;
    df!(
        "precision" => precisions.iter().map(|p| i64::from(p.bits())).collect::<Vec<_>>(),
        "exact" => vec![hashes.len() as i64; sketches.len()],
        "estimate" => estimates.iter().map(|n| n.round() as i64).collect::<Vec<_>>(),
        "error_percent" => estimates.iter().map(|n| percent((n - exact) / exact.max(1.0))).collect::<Vec<_>>(),
        "standard_error_percent" => precisions.iter().map(|p| percent(p.standard_error())).collect::<Vec<_>>(),
        "bytes" => sketches.iter().map(|sketch| sketch.to_bytes().len() as i64).collect::<Vec<_>>(),
    )
}

/// Returns the hash of the person of each row.
fn person_hashes(views: &DataFrame) -> PolarsResult<Vec<u64>> {
    let cookies = views.column("cookie")?.str()?;
    let users = views.column("user_id")?.i64()?;
    (0..views.height())
        .map(|row| match (users.get(row), cookies.get(row)) {
            (Some(user), None) => Ok(user_hash(user)),
            (None, Some(cookie)) => Ok(cookie_hash(cookie.as_bytes())),
            _ => polars_bail!(ComputeError:
                "row {row}: a person is a cookie or a user_id; normalise and reject first"),
        })
        .collect()
}

/// Computes the view from page views. `code` is the granularity's code, and `bucket` maps a
/// second to the start of its bucket.
fn counted_from_views(
    views: &DataFrame,
    code: &str,
    precision: Precision,
    mut bucket: impl FnMut(i64) -> i64,
) -> PolarsResult<DataFrame> {
    let urls = views.column("url")?.str()?;
    let secs = views.column("true_as_of_secs")?.i64()?;
    let mut buckets: BTreeMap<(&str, i64), Sketch> = BTreeMap::new();
    for (row, hash) in person_hashes(views)?.into_iter().enumerate() {
        let (Some(url), Some(secs)) = (urls.get(row), secs.get(row)) else {
            polars_bail!(ComputeError: "row {row}: no url or no true_as_of_secs");
        };
        let persons = buckets
            .entry((url, bucket(secs)))
            .or_insert_with(|| Sketch::new(precision));
        persons.add_hash(hash);
    }
    frame_of_buckets(code, buckets)
}

/// Computes the view from the rows of granularity h of a view. `code` and `bucket` are as in
/// [`counted_from_views`].
fn merged_from_hours(
    view: &DataFrame,
    code: &str,
    mut bucket: impl FnMut(i64) -> PolarsResult<i64>,
) -> PolarsResult<DataFrame> {
    let hours = rows(view)?;
    let mut buckets: BTreeMap<(&str, i64), Sketch> = BTreeMap::new();
    for row in hours.iter().filter(|row| row.granularity == "h") {
        match buckets.entry((&*row.url, bucket(row.ts)?)) {
            Entry::Occupied(mut persons) => persons.get_mut().merge(&row.sketch)?,
            Entry::Vacant(vacant) => _ = vacant.insert(row.sketch.clone()),
        }
    }
    frame_of_buckets(code, buckets)
}

/// Returns the view with one row for each bucket.
fn frame_of_buckets(code: &str, buckets: BTreeMap<(&str, i64), Sketch>) -> PolarsResult<DataFrame> {
    let rows: Vec<Uniques> = buckets
        .into_iter()
        .map(|((url, ts), sketch)| Uniques {
            url: url.to_owned(),
            granularity: code.to_owned(),
            ts,
            sketch,
        })
        .collect();
    frame(&rows)
}

#[cfg(test)]
#[path = "uniques_tests.rs"]
mod tests;
