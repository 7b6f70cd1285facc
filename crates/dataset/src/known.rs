//! Answers known before a row is drawn.
use super::error::Result;
use super::plan::DatasetPlan;
use super::site::Site;
use super::spec::Spec;
use polars::prelude::*;

/// The distinct page views of a data set by page and hour, as a right batch
/// view must find them: `url` (normalised), `granularity` "h", `ts`, `count`,
/// sorted by url and hour. It comes from the plan of the set, not from its rows.
///
/// ```
/// use lambda_workbook::dataset::{Spec, known_page_views};
///
/// let known = known_page_views(&Spec::lesson())?;
/// assert_eq!(known.shape(), (4, 4));
/// let counts: Vec<i64> = known.column("count")?.i64()?.into_no_null_iter().collect();
/// assert_eq!(counts, [101_212, 300_054, 101_732, 899_778]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn known_page_views(spec: &Spec) -> Result<DataFrame> {
    let plan = DatasetPlan::new(spec)?;
    let site = Site::new(spec.pages as usize);
    let mut rows: Vec<(&str, i64, i64)> = Vec::new();
    for hour in plan.hours(&site) {
        for (page, _) in hour.bounds.iter().enumerate() {
            let views = hour.views_of(page);
            if views > 0 {
                rows.push((&site.pages()[page].url, hour.start, views as i64));
            }
        }
    }
    rows.sort_unstable();
    let urls = rows.iter().map(|(url, ..)| *url);
    let columns = vec![
        StringChunked::from_iter_values("url".into(), urls).into_column(),
        StringChunked::from_iter_values("granularity".into(), rows.iter().map(|_| "h"))
            .into_column(),
        Int64Chunked::from_iter_values("ts".into(), rows.iter().map(|row| row.1)).into_column(),
        Int64Chunked::from_iter_values("count".into(), rows.iter().map(|row| row.2)).into_column(),
    ];
    Ok(DataFrame::new(rows.len(), columns).expect("columns of one length and different names"))
}
