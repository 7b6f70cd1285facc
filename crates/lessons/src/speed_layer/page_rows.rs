//! The rows of a small view, and of a small log, as lists and maps: what exercise 5.1 works on.
use polars::prelude::{DataFrame, PolarsResult, df, polars_bail};
use std::collections::BTreeMap;

/// Number of partitions of the log.
const PARTITIONS: usize = 2;

/// Rows of a view by URL, each with its count and an offset for each of two partitions: events of the
/// page before the offset of their partition are in the count.
pub type PageRows = BTreeMap<String, (i64, [i64; PARTITIONS])>;

/// Reads a view with the columns `url`, `count`, `offset_0` and `offset_1`.
///
/// ```
/// use lambda_workbook::prelude::*;
/// let view = df!("url" => ["mysite.com/"], "count" => [2i64], "offset_0" => [5i64], "offset_1" => [0i64])?;
/// let rows = speed::rows_of(&view)?;
/// assert_eq!(rows["mysite.com/"], (2, [5, 0]));
/// assert!(speed::view_of(&rows)?.equals(&view));
/// # Ok::<(), PolarsError>(())
/// ```
///
/// # Errors
/// If a column is missing or has another type, or a value is null.
pub fn rows_of(view: &DataFrame) -> PolarsResult<PageRows> {
    let (urls, counts) = (view.column("url")?.str()?, view.column("count")?.i64()?);
    let offsets = (
        view.column("offset_0")?.i64()?,
        view.column("offset_1")?.i64()?,
    );
    let mut rows = PageRows::new();
    for row in 0..view.height() {
        let (Some(url), Some(count), Some(first), Some(second)) = (
            urls.get(row),
            counts.get(row),
            offsets.0.get(row),
            offsets.1.get(row),
        ) else {
            polars_bail!(ComputeError: "row {row} of the view lacks a value");
        };
        rows.insert(url.to_owned(), (count, [first, second]));
    }
    Ok(rows)
}

/// Makes the view of some rows, sorted by URL.
///
/// # Errors
/// None that depends on the rows.
pub fn view_of(rows: &PageRows) -> PolarsResult<DataFrame> {
    df!(
        "url" => rows.keys().map(String::as_str).collect::<Vec<_>>(),
        "count" => rows.values().map(|row| row.0).collect::<Vec<_>>(),
        "offset_0" => rows.values().map(|row| row.1[0]).collect::<Vec<_>>(),
        "offset_1" => rows.values().map(|row| row.1[1]).collect::<Vec<_>>(),
    )
}

/// Reads events with the columns `partition`, `offset` and `url`, in the order of the table.
///
/// # Errors
/// If a column is missing or has another type, a value is null, or a partition is neither 0 nor 1.
pub fn events_of(events: &DataFrame) -> PolarsResult<Vec<(usize, i64, String)>> {
    let (partitions, offsets, urls) = (
        events.column("partition")?.i64()?,
        events.column("offset")?.i64()?,
        events.column("url")?.str()?,
    );
    let event = |row| match (partitions.get(row), offsets.get(row), urls.get(row)) {
        (Some(partition @ 0..=1), Some(offset), Some(url)) => {
            Ok((partition as usize, offset, url.to_owned()))
        }
        (Some(_), Some(_), Some(_)) => {
            polars_bail!(ComputeError: "event {row} has partition 0 or 1")
        }
        _ => polars_bail!(ComputeError: "event {row} lacks a value"),
    };
    (0..events.height()).map(event).collect()
}
