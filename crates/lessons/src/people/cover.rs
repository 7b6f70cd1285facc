//! A plan, checked hour by hour.

use calendar::{Granularity, Plan, Span, SpanError};
use std::collections::BTreeMap;

/// Returns the two plans of the fewest reads for a range: one that only adds buckets, as sketches
/// need it, and one that may subtract some, as counts allow it.
///
/// # Errors
/// A range that is not made of whole hours, UTC.
///
/// ```
/// use lambda_workbook::calendar::Span;
/// let (add, subtract) = lambda_workbook::people::both_plans(Span::new(3_600, 86_400)?)?;
/// assert_eq!((add.reads().len(), subtract.reads().len()), (23, 2));
/// # Ok::<(), lambda_workbook::calendar::SpanError>(())
/// ```
pub fn both_plans(span: Span) -> Result<(Plan, Plan), SpanError> {
    let add = Plan::additive(span, &Granularity::ALL)?;
    Ok((add, Plan::with_subtraction(span, &Granularity::ALL)?))
}

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
