//! The rows of a small view, and of a small log, as lists and maps: what exercise 5.1 works on.
use polars::prelude::{DataFrame, PolarsResult, df, polars_bail};
use std::collections::BTreeMap;

/// Rows of a view by URL, each with its count and its offset: events of the page before the offset
/// are in the count.
pub type PageRows = BTreeMap<String, (i64, i64)>;

/// Reads a view with the columns `url`, `count` and `offset`.
///
/// ```
/// use lambda_workbook::prelude::*;
/// let view = df!("url" => ["mysite.com/"], "count" => [2i64], "offset" => [5i64])?;
/// let rows = speed::rows_of(&view)?;
/// assert_eq!(rows["mysite.com/"], (2, 5));
/// assert!(speed::view_of(&rows)?.equals(&view));
/// # Ok::<(), PolarsError>(())
/// ```
///
/// # Errors
/// If a column is missing or has another type, or a value is null.
pub fn rows_of(view: &DataFrame) -> PolarsResult<PageRows> {
    let urls = view.column("url")?.str()?;
    let (counts, offsets) = (view.column("count")?.i64()?, view.column("offset")?.i64()?);
    let mut rows = PageRows::new();
    for row in 0..view.height() {
        let (Some(url), Some(count), Some(offset)) =
            (urls.get(row), counts.get(row), offsets.get(row))
        else {
            polars_bail!(ComputeError: "row {row} of the view lacks a value");
        };
        rows.insert(url.to_owned(), (count, offset));
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
        "offset" => rows.values().map(|row| row.1).collect::<Vec<_>>(),
    )
}

/// Reads events with the columns `offset` and `url`, in the order of the table.
///
/// # Errors
/// If a column is missing or has another type, or a value is null.
pub fn events_of(events: &DataFrame) -> PolarsResult<Vec<(i64, String)>> {
    let (offsets, urls) = (
        events.column("offset")?.i64()?,
        events.column("url")?.str()?,
    );
    let event = |row| match (offsets.get(row), urls.get(row)) {
        (Some(offset), Some(url)) => Ok((offset, url.to_owned())),
        _ => polars_bail!(ComputeError: "event {row} lacks a value"),
    };
    (0..events.height()).map(event).collect()
}
