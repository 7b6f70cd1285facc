//! The rows that cannot be counted, and why: every rejected row is reported with a reason.

use crate::datum::DatumColumns;
use polars::prelude::*;

pub use calendar::TIMESTAMPS;

/// Returns the rows of `df` that break the [rule](crate::datum#the-rule): `row` (the
/// first is 1), `reason`, and the `url` as written. Without a column `kind`, every row is
/// a page view. The counterpart of [`normalised`](super::normalised).
///
/// # Errors
/// If a column of page views is missing or has another type.
pub fn rejected_rows(df: &DataFrame) -> PolarsResult<DataFrame> {
    let table = DatumColumns::of(df)?;
    let (mut rows, mut reasons, mut urls) = (Vec::new(), Vec::new(), Vec::new());
    for row in 0..df.height() {
        if let Err(reason) = table.fields(row).and_then(|fields| fields.fact()) {
            rows.push(row as i64 + 1);
            reasons.push(reason.to_string());
            urls.push(table.url(row));
        }
    }
    df!("row" => rows, "reason" => reasons, "url" => urls)
}
