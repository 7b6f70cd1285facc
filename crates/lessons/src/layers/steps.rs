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

/// What a lookup does: it gets an identifier and returns a name.
type Lookup<'a> = &'a dyn Fn(&str) -> String;

/// Checks how a realtime view that knows the equivs of before its cut finds the name of a viewer. The
/// closure gets a lookup in the table of persons of the cut, a lookup in the overlay of the equivs
/// since, and an identifier, and returns the name. Both lookups return what they got if they have no
/// entry for it.
///
/// ```
/// use lambda_workbook::lambda::steps::step_name;
/// assert!(step_name(|table, overlay, id| overlay(&table(id))).passed);
/// assert!(!step_name(|table, overlay, id| table(&overlay(id))).passed);
/// assert!(!step_name(|table, _overlay, id| table(id)).passed);
/// ```
pub fn step_name(name: impl Fn(Lookup<'_>, Lookup<'_>, &str) -> String) -> CheckedStep {
    let by_table = Some(("user 9", "device-7"));
    let since = Some(("device-7", "device-2"));
    let cases = [
        (
            by_table,
            None,
            "user 9",
            "device-7",
            "no equiv has come since, so the name is that of the table",
        ),
        (
            by_table,
            since,
            "user 9",
            "device-2",
            "the overlay joins names, so it knows device-7 and not user 9: the table comes first",
        ),
        (
            by_table,
            since,
            "device-7",
            "device-2",
            "the table has no entry for an identifier that is the name of its person, and the overlay has one",
        ),
        (
            None,
            Some(("user 3", "device-8")),
            "user 3",
            "device-8",
            "user 3 had no equiv before the cut, so the table leaves it as it is",
        ),
        (
            by_table,
            since,
            "device-5",
            "device-5",
            "neither has an entry for it, so it is its own name",
        ),
    ];
    // A lookup with at most one entry, and what it says in words.
    let lookup = |entry: Option<(&'static str, &'static str)>| {
        move |id: &str| match entry {
            Some((from, to)) if from == id => to.to_owned(),
            _ => id.to_owned(),
        }
    };
    let says = |entry: Option<(&str, &str)>| {
        entry.map_or("nothing".to_owned(), |(from, to)| format!("{from} is {to}"))
    };
    CheckedStep::of(
        "the name of a viewer",
        cases.map(|(table, overlay, id, right, why)| StepCase {
            about: format!(
                "the table says: {}; the overlay: {}; {id} views a page",
                says(table),
                says(overlay)
            ),
            why,
            expected: right.to_owned(),
            actual: name(&lookup(table), &lookup(overlay), id),
        }),
    )
}
