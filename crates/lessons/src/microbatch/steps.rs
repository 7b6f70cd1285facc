//! Small steps towards the exercises on event time, each with its own check.
use super::late_data::Timeliness;
use crate::checked_step::{CheckedStep, StepCase};

/// Checks the watermark of two partitions that both have rows. The closure gets the latest event time
/// of each and the disorder, in seconds.
///
/// ```
/// use lambda_workbook::microbatch::steps::step_watermark;
/// assert!(!step_watermark(|a, b, disorder| a.max(b) - disorder).passed);
/// assert!(step_watermark(|a, b, disorder| a.min(b) - disorder).passed);
/// ```
pub fn step_watermark(watermark: impl Fn(i64, i64, i64) -> i64) -> CheckedStep {
    let cases = [
        (
            600,
            480,
            120,
            "partition 1 may still bring rows from second 360 on, so the watermark is no later, though partition 0 is past it",
        ),
        (
            87_000,
            540,
            120,
            "a clock that is a day ahead must not close the visits of the other partition",
        ),
        (
            660,
            660,
            0,
            "without disorder the latest row itself is where the partition stands",
        ),
    ];
    CheckedStep::of(
        "the watermark of two partitions",
        cases.map(|(a, b, disorder, why)| StepCase {
            about: format!("latest rows at second {a} and {b}, disorder {disorder} s"),
            why,
            expected: (a.min(b) - disorder).to_string(),
            actual: watermark(a, b, disorder).to_string(),
        }),
    )
}

/// Checks which rows are too late. The closure gets the event time of a row, the watermark at which its
/// batch begins, and the allowed lateness, in seconds.
///
/// ```
/// use lambda_workbook::microbatch::steps::step_too_late;
/// assert!(!step_too_late(|secs, watermark, _| secs < watermark).passed);
/// assert!(step_too_late(|secs, watermark, lateness| secs < watermark - lateness).passed);
/// ```
pub fn step_too_late(is_too_late: impl Fn(i64, i64, i64) -> bool) -> CheckedStep {
    let cases = [
        (1_000, "it is at the watermark, so it is on time"),
        (999, "it is late by one second, which is allowed"),
        (700, "it is late by exactly what is allowed"),
        (699, "it is late by a second more than is allowed"),
    ];
    CheckedStep::of(
        "too late",
        cases.map(|(secs, why)| StepCase {
            about: format!("a row of second {secs}, watermark 1000, allowed lateness 300"),
            why,
            expected: (Timeliness::of(secs, Some(1_000), 300) == Timeliness::TooLate).to_string(),
            actual: is_too_late(secs, 1_000, 300).to_string(),
        }),
    )
}
