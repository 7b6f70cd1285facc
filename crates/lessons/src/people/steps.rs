//! Small steps towards the exercises of the chapters on visitors and people, each with its own
//! check: two towards exercise 2.2, one towards 2.4, two towards 3.1 and two towards 3.2. One more is the
//! query of the read side.
//!
//! A step takes the reader's closure, tries it on a few cases, and shows the first that is wrong.

use crate::checked_step::{CheckedStep, StepCase};
use calendar::{Granularity, Plan, Read, Span, local_day_start};
use chrono_tz::Tz;
use lambda::batch::Sketch;
use lambda::batch::uniques::{Uniques, frame};
use lambda::datum::PersonId::UserId;
use polars::prelude::{DataFrame, PolarsResult};
use show::table::grouped;
use std::collections::BTreeSet;

/// Returns edges as text, for example `1-4 3-4`.
fn shown(edges: impl IntoIterator<Item = (i64, i64)>) -> String {
    let edges: Vec<String> = edges.into_iter().map(|(a, b)| format!("{a}-{b}")).collect();
    match edges.is_empty() {
        true => "no edge".to_owned(),
        false => edges.join(" "),
    }
}

/// Checks step 1 towards exercise 2.2: from a second to the start of its local day.
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
    CheckedStep::of(
        "step 1, the local day",
        cases.map(|(zone, ts, about)| StepCase {
            about: about.to_owned(),
            why: "the day begins at midnight on the reader's wall clock, not at midnight UTC",
            expected: grouped(local_day_start(ts, zone)),
            actual: grouped(answer(ts, zone)),
        }),
    )
}

/// Checks step 2 towards exercise 2.2: from the hourly rows of one day to the visitors of the day.
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
    CheckedStep::of(
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
            StepCase {
                about: about.to_owned(),
                why: "the day's sketch is the merge of all its hours; an empty sketch is a good start",
                expected: grouped(day.uniques()),
                actual: match frame(&rows).and_then(|view| answer(&view)) {
                    Ok(visitors) => grouped(visitors),
                    Err(error) => format!("the error: {error}"),
                },
            }
        }),
    )
}

/// Checks the step towards exercise 2.4: whether a bucket is read by a plan. The closure gets the
/// plan's reads, and the granularity and start of a row.
///
/// ```
/// use lambda_workbook::people::step_reads;
/// assert!(!step_reads(|reads, _granularity, ts| reads.iter().any(|read| read.ts == ts)).passed);
/// let both = step_reads(|reads, granularity, ts| {
///     reads.iter().any(|read| (read.granularity, read.ts) == (granularity, ts))
/// });
/// assert!(both.passed);
/// ```
pub fn step_reads(answer: impl Fn(&[Read], Granularity, i64) -> bool) -> CheckedStep {
    let (day, hour) = (86_400, 3_600);
    let monday = 1_438_560_000; // August 3, 2015
    let plan = Span::new(monday + 22 * hour, monday + 2 * day)
        .ok()
        .and_then(|span| Plan::additive(span, &Granularity::ALL).ok())
        .expect("whole hours, and all granularities");
    let rows = [
        (
            Granularity::Hour,
            monday + 23 * hour,
            "Aug 3, 23:00, by hour",
            true,
        ),
        (
            Granularity::Hour,
            monday + day,
            "Aug 4, 00:00, by hour",
            false,
        ),
        (Granularity::Day, monday + day, "Aug 4, 00:00, by day", true),
        (Granularity::Day, monday, "Aug 3, 00:00, by day", false),
    ];
    let yes = |read| if read { "read" } else { "not read" }.to_owned();
    CheckedStep::of(
        "the step, the rows of a plan",
        rows.map(|(granularity, ts, row, read)| StepCase {
            about: format!("Aug 3, 22:00 to Aug 5, 00:00 is two hours and a day; the row of {row}"),
            why: "an hour and a day may begin at the same second, and only one of them is in the plan",
            expected: yes(read),
            actual: yes(answer(plan.reads(), granularity, ts)),
        }),
    )
}

/// Checks step 1 towards exercise 3.1: the smallest identifier that one identifier knows of. The
/// closure gets the identifier and its neighbours.
///
/// ```
/// use lambda_workbook::people::step_smallest;
/// assert!(!step_smallest(|_id, neighbours| neighbours.iter().min().copied().unwrap_or(0)).passed);
/// let own = |id: i64, neighbours: &[i64]| neighbours.iter().copied().fold(id, i64::min);
/// assert!(step_smallest(own).passed);
/// ```
pub fn step_smallest(answer: impl Fn(i64, &[i64]) -> i64) -> CheckedStep {
    let cases: [(i64, &[i64]); 3] = [(4, &[1, 3, 5]), (1, &[4]), (5, &[11, 2, 4])];
    CheckedStep::of(
        "step 1, the smallest",
        cases.map(|(id, neighbours)| StepCase {
            about: format!("identifier {id} hears from {neighbours:?}"),
            why: "an identifier also knows itself, and is then perhaps the smallest",
            expected: neighbours.iter().copied().fold(id, i64::min).to_string(),
            actual: answer(id, neighbours).to_string(),
        }),
    )
}

/// Checks step 2 towards exercise 3.1: the edges that one identifier makes. The closure gets the
/// smallest that it knows of, and all that it knows of: its neighbours and itself.
///
/// ```
/// use lambda_workbook::people::step_edges;
/// let loops = step_edges(|smallest, known| known.iter().map(|&other| (smallest, other)).collect());
/// assert!(!loops.passed);
/// let others = step_edges(|smallest, known| {
///     known.iter().filter(|&&other| other != smallest).map(|&other| (smallest, other)).collect()
/// });
/// assert!(others.passed);
/// ```
pub fn step_edges(answer: impl Fn(i64, &[i64]) -> Vec<(i64, i64)>) -> CheckedStep {
    let cases: [(i64, &[i64]); 3] = [(1, &[1, 3, 5, 4]), (2, &[11, 2, 4, 5]), (7, &[7, 9])];
    CheckedStep::of(
        "step 2, the edges",
        cases.map(|(smallest, known)| {
            let others = known.iter().filter(|&&other| other != smallest);
            let expected: BTreeSet<(i64, i64)> = others.map(|&other| (smallest, other)).collect();
            StepCase {
                about: format!("the smallest of {known:?} is {smallest}"),
                why: "an edge goes from the smallest to each of the others; no edge leads from an identifier to itself",
                expected: shown(expected),
                actual: shown(answer(smallest, known).into_iter().collect::<BTreeSet<_>>()),
            }
        }),
    )
}

/// Seconds of views of one person on one domain, sorted, with what they show.
const VIEWS: [(&[i64], &str); 4] = [
    (&[0, 1_200, 2_400], "three views, 20 minutes apart"),
    (&[0, 1_800], "two views, exactly half an hour apart"),
    (&[0, 1_801], "two views, half an hour and a second apart"),
    (
        &[0, 600, 8_000, 20_000, 20_000],
        "five views in three stretches",
    ),
];

/// Cuts sorted seconds into visits.
fn visits(secs: &[i64]) -> impl Iterator<Item = &[i64]> {
    secs.chunk_by(|one, next| next - one <= 1_800)
}

/// Checks the query of the read side: from the sets of identifiers that the buckets of a range hold to
/// the number of people behind them. The closure also gets a function that finds the person behind an
/// identifier.
///
/// ```
/// use lambda_workbook::people::step_read_side;
/// use std::collections::BTreeSet;
/// let identifiers = step_read_side(|hours, _| hours.iter().flatten().collect::<BTreeSet<_>>().len());
/// assert!(!identifiers.passed);
/// let people = step_read_side(|hours, person_of| {
///     hours.iter().flatten().map(|id| person_of(*id)).collect::<BTreeSet<_>>().len()
/// });
/// assert!(people.passed);
/// ```
pub fn step_read_side(
    answer: impl Fn(&[BTreeSet<i64>], &dyn Fn(i64) -> i64) -> usize,
) -> CheckedStep {
    // Users 1, 3 and 5 are one person, and so are 2 and 4.
    let person_of = |id: i64| match id {
        3 | 5 => 1,
        4 => 2,
        alone => alone,
    };
    let cases: [(&[&[i64]], &str); 4] = [
        (&[&[1, 2], &[2, 6]], "one identifier in two hours"),
        (&[&[1, 2, 3]], "two identifiers of a person in one hour"),
        (
            &[&[1, 4], &[5, 7], &[2]],
            "two people, each by two names in two hours",
        ),
        (&[&[], &[]], "two hours without visitors"),
    ];
    CheckedStep::of(
        "the query of the read side",
        cases.map(|(hours, about)| {
            let hours: Vec<BTreeSet<i64>> =
                hours.iter().map(|ids| ids.iter().copied().collect()).collect();
            let ids = hours.iter().flatten();
            let people: BTreeSet<i64> = ids.map(|id| person_of(*id)).collect();
            StepCase {
                about: format!("{about}: {hours:?}, where 1, 3, 5 are one person, and 2, 4 another"),
                why: "a person counts once in a range, by any of its identifiers and in any of its hours",
                expected: people.len().to_string(),
                actual: answer(&hours, &person_of).to_string(),
            }
        }),
    )
}

/// Checks step 1 towards exercise 3.2: the number of visits of one person on one domain. The
/// closure gets the seconds of the views, sorted.
///
/// ```
/// use lambda_workbook::people::step_visits;
/// assert!(!step_visits(|secs| secs.chunk_by(|one, next| next - one <= 900).count()).passed);
/// assert!(step_visits(|secs| secs.chunk_by(|one, next| next - one <= 1_800).count()).passed);
/// ```
pub fn step_visits(answer: impl Fn(&[i64]) -> usize) -> CheckedStep {
    CheckedStep::of(
        "step 1, visits",
        VIEWS.map(|(secs, about)| StepCase {
            about: format!("{about}: {secs:?}"),
            why: "a visit goes on until more than 1,800 seconds pass without a view",
            expected: visits(secs).count().to_string(),
            actual: answer(secs).to_string(),
        }),
    )
}

/// Checks step 2 towards exercise 3.2: how many of the visits of one person are bounces. The
/// closure gets the visits, each with the seconds of its views.
///
/// ```
/// use lambda_workbook::people::step_bounces;
/// assert!(!step_bounces(|visits| visits.len()).passed);
/// assert!(step_bounces(|visits| visits.iter().filter(|visit| visit.len() == 1).count()).passed);
/// ```
pub fn step_bounces(answer: impl Fn(&[&[i64]]) -> usize) -> CheckedStep {
    CheckedStep::of(
        "step 2, bounces",
        VIEWS.map(|(secs, about)| {
            let visits: Vec<&[i64]> = visits(secs).collect();
            let bounces = visits.iter().filter(|visit| visit.len() == 1).count();
            StepCase {
                about: format!("{about}: {visits:?}"),
                why: "a bounce is a visit of exactly one view; two views in one second are two",
                expected: bounces.to_string(),
                actual: answer(&visits).to_string(),
            }
        }),
    )
}
