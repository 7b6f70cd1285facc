//! Small steps of the chapter on the query, each with its own check.
use crate::checked_step::{CheckedStep, StepCase};
use lambda::batch::Sketch;
use lambda::batch::sketch::Precision;

/// Checks when a query may be answered from one set of realtime views. The closure gets the number of
/// the served batch, and that of the batch since whose cut the set holds all records.
///
/// ```
/// use lambda_workbook::lambda::steps::step_answer;
/// assert!(!step_answer(|_served, _since| true).passed);
/// assert!(step_answer(|served, since| served == since).passed);
/// assert!(!step_answer(|served, since| served >= since).passed); // counts a batch twice
/// ```
pub fn step_answer(answer: impl Fn(u64, u64) -> bool) -> CheckedStep {
    let cases = [
        (
            2,
            2,
            true,
            "the realtime views begin where the served batch ends",
        ),
        (
            1,
            2,
            false,
            "the records between the cuts of batches 1 and 2 are in neither layer: an answer would be too small",
        ),
        (
            3,
            2,
            false,
            "the records between the cuts of batches 2 and 3 are in both layers: an answer would be too large",
        ),
    ];
    CheckedStep::of(
        "answer or refuse",
        cases.map(|(served, since, right, why)| StepCase {
            about: format!(
                "batch {served} is served, the set holds everything since batch {since}"
            ),
            why,
            expected: right.to_string(),
            actual: answer(served, since).to_string(),
        }),
    )
}

/// Checks how the unique visitors of both layers become one number. The closure gets the sketch of
/// the serving views and that of the realtime views, and returns the number.
///
/// ```
/// use lambda_workbook::lambda::steps::step_uniques;
/// assert!(!step_uniques(|serving, recent| serving.uniques() + recent.uniques()).passed);
/// let merged = |serving: &lambda_workbook::batch::Sketch, recent: &lambda_workbook::batch::Sketch| {
///     let mut all = serving.clone();
///     all.merge(recent).unwrap();
///     all.uniques()
/// };
/// assert!(step_uniques(merged).passed);
/// ```
pub fn step_uniques(answer: impl Fn(&Sketch, &Sketch) -> i64) -> CheckedStep {
    let of = |users: std::ops::Range<i64>| {
        let mut sketch = Sketch::new(Precision::DEFAULT);
        users.for_each(|user| sketch.add(&lambda::datum::PersonId::UserId(user)));
        sketch
    };
    let cases = [
        (0..10, 10..13, 13, "three new visitors after the cut"),
        (0..10, 7..10, 10, "all three had been there before"),
        (0..10, 9..12, 12, "one came again, two are new"),
        (0..10, 0..0, 10, "nothing has come since"),
    ];
    CheckedStep::of(
        "uniques of both layers",
        cases.map(|(before, after, right, why)| StepCase {
            about: format!("visitors {before:?} before the cut, {after:?} after it"),
            why,
            expected: right.to_string(),
            actual: answer(&of(before), &of(after)).to_string(),
        }),
    )
}
