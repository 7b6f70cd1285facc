//! Uniques over time: how many different persons saw each page in each bucket.
//!
//! The view stores a [`Sketch`] beside each number, because the numbers do not
//! add up: who came in two hours is one unique of the day. Sketches merge, so
//! days, weeks and months come from hours ([`rolled_up`]), and so does the local
//! day of any place whose days are made of whole hours ([`uniques_by_local_day`]).
//!
//! | column | type | meaning |
//! |---|---|---|
//! | `url` | str | the page, normalised |
//! | `granularity` | str | h, d, w or m |
//! | `ts` | i64 | start of the bucket: epoch seconds, UTC |
//! | `uniques` | i64 | the sketch's estimate, rounded |
//! | `sketch` | binary | the persons, as [`Sketch::to_bytes`] |
//!
//! Invariants:
//! 1. A view rolled up from hours is the view computed from the page views, to
//!    the byte.
//! 2. `uniques` is what `sketch` says.
//!
//! Source: Marz and Warren, "Big Data", sections 8.3 and 10.5 (figure 10.8).

use super::page_views::VIEW_ORDER;
use super::sketch::{Gather, Precision, Sketch, cookie_hash, user_hash};
use calendar::{self, Granularity};
use chrono_tz::Tz;
use polars::prelude::*;
use std::collections::BTreeMap;

/// A row of the view.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Uniques {
    pub url: String,
    /// h, d, w or m.
    pub granularity: String,
    /// Start of the bucket: epoch seconds, UTC.
    pub ts: i64,
    pub sketch: Sketch,
}

/// The rows of a view of uniques.
///
/// # Errors
/// A missing column, or bytes that are no sketch; the row is named.
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

/// The view of some rows, sorted by `url`, `granularity`, `ts`.
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

/// Uniques of distinct page views, at the default precision.
///
/// Persons are taken as they stand in `cookie` and `user_id`; see
/// [`persons`](super::persons) for identifiers of one person.
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
/// assert_eq!(day.column("uniques")?.i64()?.to_vec(), [Some(2)]); // and not 1 + 2
/// # Ok::<(), PolarsError>(())
/// ```
pub fn uniques(views: &DataFrame, granularity: Granularity) -> PolarsResult<DataFrame> {
    uniques_at(views, granularity, Precision::DEFAULT)
}

/// [`uniques`] with sketches of another precision.
pub fn uniques_at(
    views: &DataFrame,
    granularity: Granularity,
    precision: Precision,
) -> PolarsResult<DataFrame> {
    let bucket = |ts| granularity.bucket(ts);
    gathered(views, granularity.code(), precision, bucket)
}

/// [`uniques`] at all four granularities in one table.
pub fn uniques_all(views: &DataFrame) -> PolarsResult<DataFrame> {
    let mut hours = uniques(views, Granularity::Hour)?;
    for granularity in &Granularity::ALL[1..] {
        let coarser = rolled_up(&hours.clone(), *granularity)?;
        hours.vstack_mut(&coarser)?;
    }
    hours.sort(VIEW_ORDER, SortMultipleOptions::default())
}

/// The rows of granularity h, merged into coarser buckets. Other rows of the
/// view are passed over.
pub fn rolled_up(view: &DataFrame, granularity: Granularity) -> PolarsResult<DataFrame> {
    merged(view, granularity.code(), |ts| Ok(granularity.bucket(ts)))
}

/// The rows of granularity h, merged into the local days of a zone; `ts` is the
/// instant at which the day began.
///
/// # Errors
/// A day that begins inside an hour: its first hour is also another day's last,
/// and a sketch cannot be cut. Then count from the page views, by
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
    merged(view, "d", |ts| {
        let day = days.day_of(ts);
        if day.is_whole_hours() {
            return Ok(day.start);
        }
        polars_bail!(InvalidOperation:
            "the day of {ts} in {zone} begins inside an hour, and a sketch of that hour cannot be \
             cut; count from the page views instead, with batch::uniques_by_local_day_of")
    })
}

/// Uniques by local day of any zone, from distinct page views.
pub fn uniques_by_local_day_of(views: &DataFrame, zone: Tz) -> PolarsResult<DataFrame> {
    let mut days = calendar::LocalDays::new(zone);
    gathered(views, "d", Precision::DEFAULT, |ts| days.start_of(ts))
}

/// Uniques counted one by one, without sketches: `url`, `granularity`, `ts`,
/// `uniques`. Exact, but nothing that could be merged.
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

/// What precision costs and gives: the persons of `views`, counted with sketches
/// of every precision. `precision`, `exact`, `estimate`, `error_percent`,
/// `standard_error_percent`, `bytes`.
pub fn precision_table(views: &DataFrame) -> PolarsResult<DataFrame> {
    let mut hashes = person_hashes(views)?;
    hashes.sort_unstable();
    hashes.dedup();
    let exact = hashes.len() as f64;
    let precisions: Vec<Precision> = Precision::all().collect();
    let sketches: Vec<Sketch> = precisions
        .iter()
        .map(|&precision| {
            let mut gather = Gather::new(precision);
            hashes.iter().for_each(|&hash| gather.add(hash));
            gather.sketch()
        })
        .collect();
    let estimates: Vec<f64> = sketches.iter().map(Sketch::estimate).collect();
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

/// The hash of each row's person.
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

fn gathered(
    views: &DataFrame,
    code: &str,
    precision: Precision,
    mut bucket: impl FnMut(i64) -> i64,
) -> PolarsResult<DataFrame> {
    let urls = views.column("url")?.str()?;
    let secs = views.column("true_as_of_secs")?.i64()?;
    let mut buckets: BTreeMap<(&str, i64), Gather> = BTreeMap::new();
    for (row, hash) in person_hashes(views)?.into_iter().enumerate() {
        let (Some(url), Some(secs)) = (urls.get(row), secs.get(row)) else {
            polars_bail!(ComputeError: "row {row}: no url or no true_as_of_secs");
        };
        let gather = buckets
            .entry((url, bucket(secs)))
            .or_insert_with(|| Gather::new(precision));
        gather.add(hash);
    }
    of_buckets(code, buckets)
}

fn merged(
    view: &DataFrame,
    code: &str,
    mut bucket: impl FnMut(i64) -> PolarsResult<i64>,
) -> PolarsResult<DataFrame> {
    let hours = rows(view)?;
    let mut buckets: BTreeMap<(&str, i64), Gather> = BTreeMap::new();
    for row in hours.iter().filter(|row| row.granularity == "h") {
        let hour = Gather::from_bytes(&row.sketch.to_bytes())?;
        let key = (&*row.url, bucket(row.ts)?);
        match buckets.get_mut(&key) {
            Some(gather) => gather.merge(&hour)?,
            None => {
                buckets.insert(key, hour);
            }
        }
    }
    of_buckets(code, buckets)
}

fn of_buckets(code: &str, buckets: BTreeMap<(&str, i64), Gather>) -> PolarsResult<DataFrame> {
    let rows: Vec<Uniques> = buckets
        .into_iter()
        .map(|((url, ts), gather)| Uniques {
            url: url.to_owned(),
            granularity: code.to_owned(),
            ts,
            sketch: gather.sketch(),
        })
        .collect();
    frame(&rows)
}

#[cfg(test)]
#[path = "uniques_tests.rs"]
mod tests;
