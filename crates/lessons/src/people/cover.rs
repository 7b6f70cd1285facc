//! A plan, checked hour by hour.

use calendar::{Granularity, Plan};
use std::collections::BTreeMap;

/// Returns how often a plan counts each hour: additions less subtractions. Hours that come out
/// as 0 are left out.
///
/// ```
/// use lambda_workbook::calendar::{Granularity, Plan, Span};
/// let day_but_an_hour = Span::new(3_600, 86_400)?;
/// let plan = Plan::with_subtraction(day_but_an_hour, &Granularity::ALL)?;
/// assert_eq!(plan.reads().len(), 2); // the day, minus its first hour
/// let hours = lambda_workbook::people::covers(&plan);
/// assert_eq!(hours.len(), 23);
/// assert!(lambda_workbook::people::covers_exactly(&plan));
/// # Ok::<(), lambda_workbook::calendar::SpanError>(())
/// ```
pub fn covers(plan: &Plan) -> BTreeMap<i64, i64> {
    let hour = Granularity::Hour.secs();
    let mut counted = BTreeMap::new();
    for read in plan.reads() {
        for ts in (read.ts..read.end()).step_by(hour as usize) {
            *counted.entry(ts).or_default() += read.sign();
        }
    }
    counted.retain(|_, times| *times != 0);
    counted
}

/// Returns whether a plan counts each hour of its range once, and no other hour.
pub fn covers_exactly(plan: &Plan) -> bool {
    let span = plan.span();
    let hours = (span.from()..span.until()).step_by(Granularity::Hour.secs() as usize);
    covers(plan).into_iter().eq(hours.map(|ts| (ts, 1)))
}
