//! Tables with measured times in them, which a stored notebook leaves out.
use polars::prelude::DataFrame;

/// The environment variable that leaves times and rates out of outputs, so that
/// a stored notebook is the same whenever it was run.
pub const STEADY: &str = "LAMBDA_WORKBOOK_STEADY";

/// Returns whether outputs must be the same whenever they are made: see [`STEADY`].
pub fn steady() -> bool {
    std::env::var_os(STEADY).is_some()
}

/// The table as it is, or without the columns named, which hold times, where
/// outputs are to be stored: they would be others at every run. A column that is
/// not there is no error.
///
/// ```
/// use lambda_workbook::prelude::*;
/// use show::measured;
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
