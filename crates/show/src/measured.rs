//! Tables with measured times, which stored notebooks do not contain.
use polars::prelude::DataFrame;

/// The environment variable that keeps measured times and rates out of outputs, so that a stored
/// notebook is the same after every run.
pub const STEADY: &str = "LAMBDA_WORKBOOK_STEADY";

/// Returns true if outputs must be the same in every run, which is so if [`STEADY`] is set.
pub fn steady() -> bool {
    std::env::var_os(STEADY).is_some()
}

/// Returns a table without its columns of measured times if outputs are to be stored
/// ([`steady`]), and unchanged otherwise. `times` are the names of the columns; it is no error
/// if the table does not have one of them.
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
