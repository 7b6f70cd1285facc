//! Three small steps towards exercise 2.2, each with its own check.
//!
//! A step takes the reader's closure, tries it on a few cases, and shows the first that is wrong.

use calendar::local_day_start;
use chrono_tz::Tz;
use lambda::batch::uniques::{Uniques, frame};
use lambda::batch::{Sketch, sketch::SketchError};
use lambda::datum::PersonId::UserId;
use polars::prelude::{DataFrame, PolarsResult};
use show::escape::escape;
use show::table::grouped;
use show::{Render, Rich};
use std::fmt::Display;

/// The result of a step: all cases right, or the first that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepResult {
    name: &'static str,
    cases: usize,
    wrong: Option<Wrong>,
}

/// A case with a wrong answer.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Wrong {
    about: &'static str,
    expected: String,
    actual: String,
    why: &'static str,
}

impl StepResult {
    fn of(name: &'static str, cases: impl IntoIterator<Item = Option<Wrong>>) -> Self {
        let cases: Vec<Option<Wrong>> = cases.into_iter().collect();
        StepResult {
            name,
            cases: cases.len(),
            wrong: cases.into_iter().flatten().next(),
        }
    }

    /// Returns whether all cases are right.
    pub fn passed(&self) -> bool {
        self.wrong.is_none()
    }

    fn lines(&self) -> Vec<String> {
        match &self.wrong {
            None => vec![format!(
                "✓ {}: all {} cases are right",
                self.name, self.cases
            )],
            Some(wrong) => vec![
                format!("✗ {}: not yet", self.name),
                format!("Case: {}", wrong.about),
                format!("Expected {}, got {}", wrong.expected, wrong.actual),
                format!("Why: {}", wrong.why),
            ],
        }
    }
}

impl Render for StepResult {
    fn render(&self) -> Rich {
        let lines = self.lines();
        let colour = match self.passed() {
            true => "var(--jp-success-color1,#388e3c)",
            false => "var(--jp-error-color1,#d32f2f)",
        };
        let html: String = lines
            .iter()
            .enumerate()
            .map(|(place, line)| match place {
                0 => format!("<p><b>{}</b></p>", escape(line)),
                _ => format!("<p>{}</p>", escape(line)),
            })
            .collect();
        let html =
            format!("<div style=\"border-left:4px solid {colour};padding:.2em 1em\">{html}</div>");
        Rich::text(lines.join("\n")).html(html)
    }
}

/// Returns a case if its answer is wrong.
fn wrong<E: Display>(
    about: &'static str,
    why: &'static str,
    expected: i64,
    actual: Result<i64, E>,
) -> Option<Wrong> {
    if matches!(actual, Ok(actual) if actual == expected) {
        return None;
    }
    Some(Wrong {
        about,
        expected: grouped(expected),
        actual: match actual {
            Ok(actual) => grouped(actual),
            Err(error) => format!("the error: {error}"),
        },
        why,
    })
}

/// Checks step 1: from the sketches of two hours to the visitors of both.
///
/// ```
/// use lambda_workbook::people::step_two_hours;
/// assert!(!step_two_hours(|first, second| Ok(first.uniques() + second.uniques())).passed());
/// let step = step_two_hours(|first, second| {
///     let mut both = first.clone();
///     both.merge(second)?;
///     Ok(both.uniques())
/// });
/// assert!(step.passed());
/// ```
pub fn step_two_hours(answer: impl Fn(&Sketch, &Sketch) -> Result<i64, SketchError>) -> StepResult {
    let cases = [
        (0..3, 3..5, "three visitors at 9, two others at 10"),
        (
            0..3,
            1..5,
            "three visitors at 9; two of them and two others at 10",
        ),
        (
            0..6_000,
            3_000..9_000,
            "6,000 visitors at 9, half of whom come again at 10",
        ),
    ];
    let why = "a visitor of both hours counts once, and only the sketches know who came twice";
    StepResult::of(
        "Step 1, two hours",
        cases.into_iter().map(|(first, second, about)| {
            let of = |ids: std::ops::Range<i64>| Sketch::of(&ids.map(UserId).collect::<Vec<_>>());
            let (first, second) = (of(first), of(second));
            let mut both = first.clone();
            both.merge(&second).expect("one precision");
            wrong(about, why, both.uniques(), answer(&first, &second))
        }),
    )
}

/// Checks step 2: from a second to the start of its local day.
///
/// ```
/// use lambda_workbook::calendar::{Granularity, local_day_start};
/// use lambda_workbook::people::step_day;
/// assert!(!step_day(|ts, _zone| Granularity::Day.bucket(ts)).passed());
/// assert!(step_day(|ts, zone| local_day_start(ts, zone)).passed());
/// ```
pub fn step_day(answer: impl Fn(i64, Tz) -> i64) -> StepResult {
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
    StepResult::of(
        "Step 2, the local day",
        cases.into_iter().map(|(zone, ts, about)| {
            let actual = Ok::<_, SketchError>(answer(ts, zone));
            wrong(about, why, local_day_start(ts, zone), actual)
        }),
    )
}

/// Checks step 3: from the hourly rows of one day to the visitors of the day.
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
/// assert!(!last_hour.passed());
/// let merged = step_merge(|view| {
///     let mut day = Sketch::default();
///     for row in batch::uniques::rows(view)? {
///         day.merge(&row.sketch)?;
///     }
///     Ok(day.uniques())
/// });
/// assert!(merged.passed());
/// ```
pub fn step_merge(answer: impl Fn(&DataFrame) -> PolarsResult<i64>) -> StepResult {
    let cases: [(&[std::ops::Range<i64>], &str); 3] = [
        (&[0..2, 2..3], "two visitors at 9, one other at 10"),
        (
            &[0..5, 1..2, 2..4],
            "five visitors at 9, some of whom come again at 10 and at 11",
        ),
        (&[], "a day without visitors"),
    ];
    let why = "the day's sketch is the merge of all its hours; an empty sketch is a good start";
    StepResult::of(
        "Step 3, the hours of a day",
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
