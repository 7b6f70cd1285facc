//! One number of a table.
use polars::prelude::{DataFrame, DataType, PolarsResult, polars_err};

/// Returns the number in a row of a column, rows counted from 0.
///
/// ```
/// use lambda_workbook::prelude::*;
/// let table = df!("lost" => [7i64, 0])?;
/// assert_eq!(speed::value_at(&table, "lost", 0)?, 7.0);
/// assert!(speed::value_at(&table, "lost", 2).is_err());
/// # Ok::<(), PolarsError>(())
/// ```
///
/// # Errors
/// If there is no such column or row, or the value is no number.
pub fn value_at(table: &DataFrame, column: &str, row: usize) -> PolarsResult<f64> {
    let values = table.column(column)?.cast(&DataType::Float64)?;
    // `get` panics behind the last row.
    let value = values.f64()?.iter().nth(row).flatten();
    value.ok_or_else(|| polars_err!(OutOfBounds: "column {column:?} has no number in row {row}"))
}
