//! Unique visitors of a range of time: merged from stored sketches, and counted exactly.
use calendar::{Granularity, Plan, Span};
use lambda::batch::Sketch;
use lambda::batch::uniques::{exact_uniques, rows};
use polars::prelude::*;

/// Counts the unique visitors of a URL in a range from its page views. A visitor is a cookie or a
/// user id.
///
/// # Errors
/// A missing column.
pub fn exact_visitors(views: &DataFrame, url: &str, span: Span) -> PolarsResult<i64> {
    let secs = || col("true_as_of_secs");
    let of_url = col("url").eq(lit(url));
    let of_span = secs()
        .gt_eq(lit(span.from()))
        .and(secs().lt(lit(span.until())));
    let visitors = views
        .clone()
        .lazy()
        .filter(of_url.and(of_span))
        .select([col("cookie"), col("user_id")])
        .unique(None, UniqueKeepStrategy::Any)
        .collect()?;
    Ok(visitors.height() as i64)
}

/// Answers ranges from a view of uniques at all granularities, each by its fewest reads, and exactly
/// from the page views. The columns are `hours` (length of the range), `reads`, `estimate` and
/// `exact`, one row for each range.
///
/// ```
/// use lambda_workbook::{batch, calendar::Span, dataset, people};
/// let views = dataset::weeks()?.views()?;
/// let stored = batch::uniques::uniques_all(&views)?;
/// let hours = Span::new(dataset::WEEKS_FROM, dataset::WEEKS_FROM + 7_200)?;
/// let answer = people::in_ranges(&views, &stored, "mysite.com/blog", &[hours])?;
/// assert_eq!(answer.column("reads")?.i64()?.get(0), Some(2));
/// assert_eq!(answer.column("estimate")?.i64()?.get(0), answer.column("exact")?.i64()?.get(0));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// A missing column, bytes that are no sketch, or a range that does not consist of whole hours.
pub fn in_ranges(
    views: &DataFrame,
    stored: &DataFrame,
    url: &str,
    ranges: &[Span],
) -> Result<DataFrame, Box<dyn std::error::Error>> {
    let of_page: Vec<_> = rows(stored)?
        .into_iter()
        .filter(|row| row.url == url)
        .collect();
    let (mut hours, mut reads, mut estimate, mut exact) = (vec![], vec![], vec![], vec![]);
    for span in ranges {
        let plan = Plan::additive(*span, &Granularity::ALL)?;
        let mut visitors = Sketch::default();
        for read in plan.reads() {
            let bucket = (read.granularity.code(), read.ts);
            let row = of_page
                .iter()
                .find(|row| (&*row.granularity, row.ts) == bucket);
            if let Some(row) = row {
                visitors.merge(&row.sketch)?;
            }
        }
        hours.push((span.until() - span.from()) / 3_600);
        reads.push(plan.reads().len() as i64);
        estimate.push(visitors.uniques());
        exact.push(exact_visitors(views, url, *span)?);
    }
    Ok(df!("hours" => hours, "reads" => reads, "estimate" => estimate, "exact" => exact)?)
}

/// Compares a view of uniques with exact counts. The columns are `url`, `ts`, `estimate`, `exact` and
/// `bytes` (of the sketch), in the order of the view.
///
/// # Errors
/// A missing column, or bytes that are no sketch.
///
/// ```
/// use lambda_workbook::{batch, calendar::Granularity, dataset, people};
/// let views = dataset::weeks()?.views()?;
/// let months = batch::uniques(&views, Granularity::Month)?;
/// let table = people::beside_exact(&months, &views, Granularity::Month)?;
/// assert_eq!(table.height(), 4);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn beside_exact(
    view: &DataFrame,
    views: &DataFrame,
    granularity: Granularity,
) -> PolarsResult<DataFrame> {
    let exact = exact_uniques(views, granularity)?.lazy().select([
        col("url"),
        col("ts"),
        col("uniques").alias("exact"),
    ]);
    let sketches = rows(view)?.into_iter();
    let bytes: Vec<i64> = sketches
        .map(|row| row.sketch.to_bytes().len() as i64)
        .collect();
    let sketches = view.clone().lazy().select([
        col("url"),
        col("ts"),
        col("uniques").alias("estimate"),
        Series::new("bytes".into(), bytes).lit(),
    ]);
    let key = [col("url"), col("ts")];
    sketches
        .join(exact, key.clone(), key, JoinArgs::new(JoinType::Inner))
        .select([
            col("url"),
            col("ts"),
            col("estimate"),
            col("exact"),
            col("bytes"),
        ])
        .sort(["url", "ts"], Default::default())
        .collect()
}
