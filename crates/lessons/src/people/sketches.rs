//! The sketches of one page, taken out of a view of uniques.

use lambda::batch::{Sketch, uniques::rows};
use polars::prelude::{DataFrame, PolarsResult};

/// Returns the sketches of a page in the order of the view: for a view by hour, one for each hour in
/// which the page had a visitor.
///
/// # Errors
/// A missing column, or bytes that are no sketch.
///
/// ```
/// use lambda_workbook::{batch, calendar::Granularity, dataset, people};
/// let views = dataset::weeks()?.views()?;
/// let weeks = batch::uniques(&views, Granularity::Week)?;
/// assert_eq!(people::sketches_of(&weeks, "mysite.com/blog")?.len(), 4);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn sketches_of(view: &DataFrame, url: &str) -> PolarsResult<Vec<Sketch>> {
    let of_page = rows(view)?.into_iter().filter(|row| row.url == url);
    Ok(of_page.map(|row| row.sketch).collect())
}
