//! Unique visitors of ranges of time, read from a store of sketches.
use crate::people::exact_visitors;
use calendar::{Granularity, Plan, Span};
use dataset::WEEKS_FROM;
use lambda::batch::Sketch;
use lambda::serving::{Result, Store};
use polars::prelude::*;

/// Reads the unique visitors of a range from a store of sketches: each read of the plan gives a
/// sketch, and the sketches are merged. All reads are of one version. A bucket without a row has no
/// visitors.
///
/// # Errors
/// If the store cannot be read, or holds something that is not a sketch.
pub fn merged_sketch(store: &Store, url: &str, plan: &Plan) -> Result<Sketch> {
    let mut visitors = Sketch::default();
    let version = store.open_version();
    if let Some(rows) = version.url(url)? {
        for read in plan.reads() {
            if let Some(bytes) = rows.bytes(read.granularity, read.ts)? {
                visitors.merge(&Sketch::from_bytes(&bytes)?)?;
            }
        }
    }
    Ok(visitors)
}

/// Returns the plan of reads for a range of so many hours, which begins three hours after
/// [`WEEKS_FROM`].
///
/// ```
/// use lambda_workbook::serving::plan_of_hours;
/// assert_eq!(plan_of_hours(1)?.reads().len(), 1);
/// // From three o'clock to three o'clock there is no whole day.
/// assert_eq!(plan_of_hours(24)?.reads().len(), 24);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// If `hours` is negative.
pub fn plan_of_hours(hours: i64) -> std::result::Result<Plan, Box<dyn std::error::Error>> {
    let from = WEEKS_FROM + 3 * Granularity::Hour.secs();
    let span = Span::new(from, from + hours * Granularity::Hour.secs())?;
    Ok(Plan::additive(span, &Granularity::ALL)?)
}

/// Counts the unique visitors of a URL in ranges of several lengths, which begin as those of
/// [`plan_of_hours`]: with sketches from a store, and exactly from the distinct page views. Returns
/// `hours`, `reads`, `runs` (of neighbouring rows among the reads, by the plan), `exact`, `estimate` and
/// `error %`, one row for each range.
///
/// # Errors
/// If the store cannot be read.
pub fn uniques_of_ranges(
    store: &Store,
    url: &str,
    views: &DataFrame,
    hours: &[i64],
) -> std::result::Result<DataFrame, Box<dyn std::error::Error>> {
    let (mut reads, mut runs) = (Vec::new(), Vec::new());
    let (mut exact, mut estimates) = (Vec::new(), Vec::new());
    for &hours in hours {
        let plan = plan_of_hours(hours)?;
        reads.push(plan.reads().len() as i64);
        runs.push(runs_of(&plan));
        estimates.push(merged_sketch(store, url, &plan)?.estimate() as i64);
        exact.push(exact_visitors(views, url, plan.span())?);
    }
    let error = |(exact, estimate): (&i64, &i64)| {
        let percent = 100.0 * (estimate - exact) as f64 / *exact as f64;
        (percent * 100.0).round() / 100.0
    };
    let errors: Vec<f64> = exact.iter().zip(&estimates).map(error).collect();
    Ok(df!(
        "hours" => hours,
        "reads" => reads,
        "runs" => runs,
        "exact" => exact,
        "estimate" => estimates,
        "error %" => errors,
    )?)
}

/// Returns how many runs of neighbouring rows a plan reads, if the rows of a URL are sorted by
/// granularity and time.
fn runs_of(plan: &Plan) -> i64 {
    let mut places: Vec<(i64, i64)> = { plan.reads().iter() }
        .map(|read| (read.granularity.secs(), read.ts))
        .collect();
    places.sort_unstable();
    let runs = places.chunk_by(|(length, ts), next| (*length, ts + length) == *next);
    runs.count() as i64
}

#[cfg(test)]
mod tests {
    use super::*;
    use lambda::batch::uniques::uniques_all;
    use lambda::serving::{Layout, build_frame};

    #[test]
    fn sketches_of_a_plan_merge_to_the_visitors_of_the_range() {
        let (folder, url) = (tempfile::tempdir().unwrap(), "mysite.com/blog");
        let views = dataset::weeks().unwrap().views().unwrap();
        let view = uniques_all(&views).unwrap();
        build_frame(folder.path(), Layout::sketches(2, 14), &view, "sketch").unwrap();
        let store = Store::open(folder.path()).unwrap();
        let table = uniques_of_ranges(&store, url, &views, &[1, 24, 501]).unwrap();
        let numbers = |name| -> Vec<i64> {
            let column = table.column(name).unwrap().i64().unwrap();
            column.into_no_null_iter().collect()
        };
        for (exact, estimate) in numbers("exact").iter().zip(numbers("estimate")) {
            // Four standard errors of 0.81 %.
            assert!(
                (exact - estimate).abs() as f64 <= 0.0325 * *exact as f64 + 1.0,
                "{table}"
            );
        }
        // A day from 3 to 3 o'clock has no whole day. Three weeks: 21 hours, 6 days, 2 weeks.
        assert_eq!(numbers("reads"), [1, 24, 21 + 6 + 2]);
        assert!(plan_of_hours(-1).is_err());
    }
}
