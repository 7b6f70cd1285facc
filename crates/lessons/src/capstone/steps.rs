//! Small steps of the capstone, each with its own check.
use crate::checked_step::{CheckedStep, StepCase};

/// Checks which part of the system holds a record. The closure gets the offset of the record, the
/// cut of the served batch and the position of the speed layer in the same partition, and returns
/// `"batch view"`, `"realtime view"` or `"log only"`.
///
/// ```
/// use lambda_workbook::capstone::steps::step_place;
/// let right = |offset, cut, position| match offset {
///     _ if offset < cut => "batch view",
///     _ if offset < position => "realtime view",
///     _ => "log only",
/// };
/// assert!(step_place(right).passed);
/// assert!(!step_place(|offset, cut, _| if offset <= cut { "batch view" } else { "realtime view" }).passed);
/// ```
pub fn step_place(place: impl Fn(u64, u64, u64) -> &'static str) -> CheckedStep {
    let cases = [
        (
            99,
            "batch view",
            "the run has read every record before its cut",
        ),
        (
            100,
            "realtime view",
            "a cut is the first offset that the batch does not hold",
        ),
        (
            149,
            "realtime view",
            "the speed layer has read every record before its position",
        ),
        (
            150,
            "log only",
            "a position is the next offset to be read, so this record waits",
        ),
    ];
    CheckedStep::of(
        "where a record is",
        cases.map(|(offset, expected, why)| StepCase {
            about: format!("a record at offset {offset}, cut 100, position 150"),
            why,
            expected: expected.to_owned(),
            actual: place(offset, 100, 150).to_owned(),
        }),
    )
}

/// Checks what becomes of the records of a step in which a consumer was killed. The closure gets
/// whether the step's offset is written and whether its counts are, and returns what the answer makes
/// of the records after the next step: `"right"`, `"lost"` or `"doubled"`.
///
/// ```
/// use lambda_workbook::capstone::steps::step_kill;
/// assert!(!step_kill(|_, _| "right").passed);
/// let by_order = |offset_is_written: bool, counts_are_written: bool| match (offset_is_written, counts_are_written) {
///     (true, false) => "lost",
///     (false, true) => "doubled",
///     _ => "right",
/// };
/// assert!(step_kill(by_order).passed);
/// ```
pub fn step_kill(fate: impl Fn(bool, bool) -> &'static str) -> CheckedStep {
    let cases = [
        (
            (false, false),
            "right",
            "the next process reads the records as if the step had never begun",
        ),
        (
            (true, false),
            "lost",
            "the next process goes on after the records, and nothing has counted them",
        ),
        (
            (false, true),
            "doubled",
            "the next process reads the records again, and adds them to counts that hold them",
        ),
        (
            (true, true),
            "right",
            "the step has ended, and the next process goes on after it",
        ),
    ];
    let written = |is_written| if is_written { "written" } else { "not written" };
    CheckedStep::of(
        "what a kill does to a step",
        cases.map(|((offset, counts), expected, why)| StepCase {
            about: format!("offset {}, counts {}", written(offset), written(counts)),
            why,
            expected: expected.to_owned(),
            actual: fate(offset, counts).to_owned(),
        }),
    )
}

/// Checks an account of two lists of events. The closure gets the events that were `sent`, each
/// once, and those that a view `held`, and returns how many are lost and how many are doubled. An
/// event that is held three times is doubled twice.
///
/// ```
/// use lambda_workbook::capstone::steps::step_account;
/// let sums = |sent: &[&str], held: &[&str]| {
///     (sent.len().saturating_sub(held.len()), held.len().saturating_sub(sent.len()))
/// };
/// assert!(!step_account(sums).passed);
/// let by_identity = |sent: &[&str], held: &[&str]| {
///     let copies = |event: &&str| held.iter().filter(|other| *other == event).count();
///     let lost = sent.iter().filter(|event| copies(event) == 0).count();
///     (lost, sent.iter().map(|event| copies(event).saturating_sub(1)).sum())
/// };
/// assert!(step_account(by_identity).passed);
/// ```
pub fn step_account(account: impl Fn(&[&str], &[&str]) -> (usize, usize)) -> CheckedStep {
    type Case = (
        &'static [&'static str],
        &'static [&'static str],
        (usize, usize),
        &'static str,
    );
    let cases: [Case; 4] = [
        (&["a", "b", "c"], &["c", "a"], (1, 0), "b is not held"),
        (
            &["a", "b", "c"],
            &["a", "c", "a"],
            (1, 1),
            "b is not held and a is held twice, though both lists have three entries",
        ),
        (
            &["a", "b"],
            &["b", "b", "b", "a"],
            (0, 2),
            "b is held twice too often",
        ),
        (&["a", "b"], &["b", "a"], (0, 0), "the order says nothing"),
    ];
    CheckedStep::of(
        "lost and doubled",
        cases.map(|(sent, held, (lost, doubled), why)| {
            let answer = account(sent, held);
            StepCase {
                about: format!("sent {}; held {}", sent.join(" "), held.join(" ")),
                why,
                expected: format!("lost {lost}, doubled {doubled}"),
                actual: format!("lost {}, doubled {}", answer.0, answer.1),
            }
        }),
    )
}
