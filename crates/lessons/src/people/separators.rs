//! Tables whose large numbers can be read.

use polars::prelude::{DataFrame, DataType};
use show::table::{Grid, TableCell, grouped};

/// Returns a table in the form in which it is shown, with separators in the whole numbers: 1,000
/// in place of 1000.
///
/// ```
/// use lambda_workbook::polars::prelude::*;
/// let table = df!("bytes" => [8_000_000i64, 7])?;
/// let text = lambda_workbook::people::with_separators(&table).to_text();
/// assert!(text.contains("8,000,000"));
/// # Ok::<(), PolarsError>(())
/// ```
pub fn with_separators(table: &DataFrame) -> Grid {
    let mut grid = Grid::of(table);
    let whole = DataType::Int64.to_string();
    for row in &mut grid.rows {
        for (cell, head) in row.iter_mut().zip(&grid.heads) {
            let TableCell::Value(text) = cell else {
                continue;
            };
            if head.dtype == whole
                && let Ok(number) = text.parse()
            {
                *text = grouped(number);
            }
        }
    }
    grid
}
