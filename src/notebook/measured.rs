//! Tables with measured times in them, which a stored notebook leaves out.
use super::progress::steady;
use polars::prelude::DataFrame;

/// The table as it is, or without the columns named, which hold times, where
/// outputs are to be stored: they would be others at every run. A column that is
/// not there is no error.
///
/// ```
/// use lambda_workbook::prelude::*;
/// use lambda_workbook::notebook::measured;
/// let reads = df!("seeks" => [200i64, 1], "ms" => [12.5, 0.1])?;
/// assert_eq!(measured(reads, &["ms"]).get_column_names(), ["seeks", "ms"]);
/// # Ok::<(), PolarsError>(())
/// ```
pub fn measured(table: DataFrame, times: &[&str]) -> DataFrame {
    if steady() {
        table.drop_many(times.iter().copied())
    } else {
        table
    }
}
