//! Two small steps towards exercise 2.2, each with its own check.
//!
//! A step takes the reader's closure, tries it on a few cases, and shows the first that is wrong.

use crate::checked_step::CheckedStep;
use calendar::local_day_start;
use chrono_tz::Tz;
use lambda::batch::uniques::{Uniques, frame};
use lambda::batch::{Sketch, sketch::SketchError};
use lambda::datum::PersonId::UserId;
use polars::prelude::{DataFrame, PolarsResult};
use show::table::grouped;
use std::fmt::Display;

/// Returns the result of a step: the first of its cases that is wrong, if there is one.
fn judged(name: &str, cases: impl IntoIterator<Item = Option<String>>) -> CheckedStep {
    let cases: Vec<Option<String>> = cases.into_iter().collect();
    let count = cases.len();
    match cases.into_iter().flatten().next() {
        Some(wrong) => CheckedStep::wrong(format!("{name}\n{wrong}")),
        None => CheckedStep::right(format!("{name}, all {count} cases")),
    }
}

/// Returns what is to be said about a case if its answer is wrong.
fn wrong<E: Display>(
    about: &str,
    why: &str,
    expected: i64,
    actual: Result<i64, E>,
) -> Option<String> {
    if matches!(actual, Ok(actual) if actual == expected) {
        return None;
    }
    let actual = match actual {
        Ok(actual) => grouped(actual),
        Err(error) => format!("the error: {error}"),
    };
    let expected = grouped(expected);
    Some(format!(
        "Case: {about}\nExpected {expected}, got {actual}\nWhy: {why}"
    ))
}

/// Checks step 1: from a second to the start of its local day.
///
/// ```
/// use lambda_workbook::calendar::{Granularity, local_day_start};
/// use lambda_workbook::people::step_day;
/// assert!(!step_day(|ts, _zone| Granularity::Day.bucket(ts)).passed);
/// assert!(step_day(|ts, zone| local_day_start(ts, zone)).passed);
/// ```
pub fn step_day(answer: impl Fn(i64, Tz) -> i64) -> CheckedStep {
    let pacific = Tz::America__Los_Angeles;
    let cases = [
        (
            Tz::UTC,
            1_438_624_800,
            "Aug 3, 18:00 UTC, for a reader in UTC",
        ),
        (
            pacific,
            1_438_912_800,
            "Aug 7, 02:00 UTC, for a reader in California",
        ),
        (
            pacific,
            1_446_447_600,
            "Nov 1, 23:00 in California, on the day with 25 hours",
        ),
    ];
    let why = "the day begins at midnight on the reader's wall clock, not at midnight UTC";
    judged(
        "step 1, the local day",
        cases.into_iter().map(|(zone, ts, about)| {
            let actual = Ok::<_, SketchError>(answer(ts, zone));
            wrong(about, why, local_day_start(ts, zone), actual)
        }),
    )
}

/// Checks step 2: from the hourly rows of one day to the visitors of the day.
///
/// ```
/// use lambda_workbook::{batch::{self, Sketch}, people::step_merge};
/// let last_hour = step_merge(|view| {
///     let mut day = Sketch::default();
///     for row in batch::uniques::rows(view)? {
///         day = row.sketch;
///     }
///     Ok(day.uniques())
/// });
/// assert!(!last_hour.passed);
/// let merged = step_merge(|view| {
///     let mut day = Sketch::default();
///     for row in batch::uniques::rows(view)? {
///         day.merge(&row.sketch)?;
///     }
///     Ok(day.uniques())
/// });
/// assert!(merged.passed);
/// ```
pub fn step_merge(answer: impl Fn(&DataFrame) -> PolarsResult<i64>) -> CheckedStep {
    let cases: [(&[std::ops::Range<i64>], &str); 3] = [
        (&[0..2, 2..3], "two visitors at 9, one other at 10"),
        (
            &[0..5, 1..2, 2..4],
            "five visitors at 9, some of whom come again at 10 and at 11",
        ),
        (&[], "a day without visitors"),
    ];
    let why = "the day's sketch is the merge of all its hours; an empty sketch is a good start";
    judged(
        "step 2, the hours of a day",
        cases.into_iter().map(|(hours, about)| {
            let mut day = Sketch::default();
            let rows: Vec<Uniques> = (0..)
                .zip(hours)
                .map(|(hour, ids)| Uniques {
                    url: "mysite.com/blog".to_owned(),
                    granularity: "h".to_owned(),
                    ts: (9 + hour) * 3_600,
                    sketch: Sketch::of(&ids.clone().map(UserId).collect::<Vec<_>>()),
                })
                .collect();
            for row in &rows {
                day.merge(&row.sketch).expect("one precision");
            }
            let actual = frame(&rows).and_then(|view| answer(&view));
            wrong(about, why, day.uniques(), actual)
        }),
    )
}
