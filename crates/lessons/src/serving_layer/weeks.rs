//! Three weeks of visits to one page, small enough to be made in a cell. Visitors return, so the
//! uniques of a day are fewer than the sum of its hours.
use super::draws::share;
use calendar::{Granularity, Plan, Span};
use lambda::batch::Sketch;
use lambda::serving::{Result, Store};
use polars::prelude::*;

/// The first hour: Thursday 2015-07-30 00:00 UTC, where a week of the lesson begins.
pub const WEEKS_BEGIN: i64 = 1_438_214_400;

/// Returns the page views of three weeks on the page `url`, in the columns of distinct page views:
/// `url`, `true_as_of_secs`, `cookie` and `user_id`. Nights are quiet, and some visitors come much
/// more often than others.
///
/// ```
/// use lambda_workbook::prelude::*;
/// let views = serving::three_weeks("mysite.com/blog")?;
/// let hours = batch::exact_uniques(&views, Granularity::Hour)?;
/// let weeks = batch::exact_uniques(&views, Granularity::Week)?;
/// assert_eq!((hours.height(), weeks.height()), (504, 3));
/// // A visitor of several hours is one visitor of the week.
/// assert!(weeks.column("uniques")?.i64()?.sum() < hours.column("uniques")?.i64()?.sum());
/// # Ok::<(), PolarsError>(())
/// ```
///
/// # Errors
/// None: all columns have one length.
pub fn three_weeks(url: &str) -> PolarsResult<DataFrame> {
    let seed = xxhash_rust::xxh3::xxh3_64(url.as_bytes());
    let (mut ts, mut users) = (Vec::new(), Vec::new());
    for hour in 0..21 * 24u64 {
        // Between 5 visits at night and 125 at noon.
        let day = (hour % 24) as f64 / 24.0 * std::f64::consts::TAU;
        let visits = (65.0 - 60.0 * day.cos()).round() as u64;
        for visit in 0..visits {
            // The cube makes small numbers frequent: these are the regular visitors.
            let user = share(seed, hour, visit).powi(3) * 5_000.0;
            users.push(Some(user as i64));
            ts.push(WEEKS_BEGIN + (hour * 3_600 + visit * 20) as i64);
        }
    }
    let rows = ts.len();
    df!(
        "url" => vec![url; rows],
        "true_as_of_secs" => ts,
        "cookie" => vec![None::<&str>; rows],
        "user_id" => users,
    )
}

/// Reads the unique visitors of a range from a store of sketches: each read of the plan gives a
/// sketch, and the sketches are merged. A bucket without a row has no visitors.
///
/// # Errors
/// If the store cannot be read, or holds something that is not a sketch.
pub fn merged_sketch(store: &Store, url: &str, plan: &Plan) -> Result<Sketch> {
    let mut visitors = Sketch::default();
    for read in plan.reads() {
        if let Some(bytes) = store.bytes(url, read.granularity, read.ts)? {
            visitors.merge(&Sketch::from_bytes(&bytes)?)?;
        }
    }
    Ok(visitors)
}

/// Counts the unique visitors of ranges of several lengths, all of which begin three hours after
/// [`WEEKS_BEGIN`]: with sketches from a store, and exactly from the page views of
/// [`three_weeks`]. Returns `hours`, `reads`, `exact`, `estimate` and `error %`.
///
/// # Errors
/// If the store cannot be read.
pub fn uniques_of_ranges(
    store: &Store,
    url: &str,
    views: &DataFrame,
    hours: &[i64],
) -> std::result::Result<DataFrame, Box<dyn std::error::Error>> {
    let from = WEEKS_BEGIN + 3 * 3_600;
    let (mut reads, mut exact, mut estimates) = (Vec::new(), Vec::new(), Vec::new());
    for hours in hours {
        let span = Span::new(from, from + hours * 3_600)?;
        let plan = Plan::additive(span, &Granularity::ALL)?;
        estimates.push(merged_sketch(store, url, &plan)?.estimate() as i64);
        reads.push(plan.reads().len() as i64);
        let ts = col("true_as_of_secs");
        let of_span = ts
            .clone()
            .gt_eq(lit(span.from()))
            .and(ts.lt(lit(span.until())));
        let users = views.clone().lazy().filter(of_span).collect()?;
        exact.push(users.column("user_id")?.n_unique()? as i64);
    }
    let error = |(exact, estimate): (&i64, &i64)| {
        let percent = 100.0 * (estimate - exact) as f64 / *exact as f64;
        (percent * 100.0).round() / 100.0
    };
    let errors: Vec<f64> = exact.iter().zip(&estimates).map(error).collect();
    Ok(df!(
        "hours" => hours,
        "reads" => reads,
        "exact" => exact,
        "estimate" => estimates,
        "error %" => errors,
    )?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use lambda::batch::uniques::uniques_all;
    use lambda::serving::{Layout, build_frame};

    #[test]
    fn sketches_of_a_plan_merge_to_the_visitors_of_the_range() {
        let (folder, url) = (tempfile::tempdir().unwrap(), "mysite.com/blog");
        let views = three_weeks(url).unwrap();
        let view = uniques_all(&views).unwrap();
        build_frame(folder.path(), Layout::sketches(2, 14), &view, "sketch").unwrap();
        let store = Store::open(folder.path()).unwrap();
        let table = uniques_of_ranges(&store, url, &views, &[1, 24, 501]).unwrap();
        let numbers = |name| -> Vec<i64> {
            table
                .column(name)
                .unwrap()
                .i64()
                .unwrap()
                .into_no_null_iter()
                .collect()
        };
        for (exact, estimate) in numbers("exact").iter().zip(numbers("estimate")) {
            // Four standard errors of 0.81 %.
            assert!(
                (exact - estimate).abs() as f64 <= 0.0325 * *exact as f64 + 1.0,
                "{table}"
            );
        }
        // A day from 3 to 3 o.clock has no whole day. Three weeks: 21 hours, 6 days, 2 weeks.
        assert_eq!(numbers("reads"), [1, 24, 21 + 6 + 2]);
    }
}
