//! Exercise 6.2: visits of both layers, of which some go on across the cut.
//!
//! Each layer keeps the stretches of its own page views. A query merges them: what lies within half an
//! hour of each other is one visit, in whichever layer it was seen.
use super::draw::Draw;
use super::exercise::{Case, Exercise};
use super::value::{Inputs, Value};
use lessons::layers::stretches::{PersonStretch, stretches_of, table_of};
use polars::prelude::{DataFrame, PolarsResult, polars_bail};

/// The reader's function.
pub type Function = fn(&DataFrame, &DataFrame) -> PolarsResult<DataFrame>;

/// Feeds the reader's function.
pub fn answer(function: Function, inputs: &Inputs) -> PolarsResult<Value> {
    Ok(Value::Frame(function(
        inputs.frame("serving")?,
        inputs.frame("realtime")?,
    )?))
}

/// The longest silence within a visit, in seconds.
const SILENCE: i64 = 1_800;

/// Exercise 6.2.
pub static EXERCISE: Exercise = Exercise {
    id: "06_2_visits_across",
    name: "visits_across",
    title: "Exercise 6.2, visits across the cut",
    signature: "fn merged_visits(serving: &DataFrame, realtime: &DataFrame) -> PolarsResult<DataFrame>",
    hints: &[
        "Put the stretches of both layers into one list and sort it: by person, and then by the first second. A \
         stretch can only join one that begins before it, so one walk along the list is enough.",
        "A stretch goes on with the visit before it if it is of the same person and begins at most 1,800 seconds after \
         the visit's *last* page view so far. Then the page views are added, and the later of both ends is kept.",
        "`match visits.last_mut() { Some(visit) if visit.0 == next.0 && next.1 - visit.2 <= 1_800 => ..., _ => \
         visits.push(next) }`. In the first arm: `visit.2 = visit.2.max(next.2); visit.3 += next.3;`.",
    ],
    vocabulary: &["lessons::layers::stretches"],
    cases,
    reference,
    idle: &[],
    trial: None,
};

fn reference(inputs: &Inputs) -> PolarsResult<Value> {
    let mut all = stretches_of(inputs.frame("serving")?)?;
    all.extend(stretches_of(inputs.frame("realtime")?)?);
    if all
        .iter()
        .any(|(_, first, last, views)| first > last || *views < 1)
    {
        polars_bail!(InvalidOperation: "a stretch ends after it begins, and has a page view");
    }
    Ok(Value::Frame(table_of(&joined(all))?))
}

/// Joins stretches of one person between which there is no longer silence than [`SILENCE`].
fn joined(mut stretches: Vec<PersonStretch>) -> Vec<PersonStretch> {
    stretches.sort_unstable();
    let mut visits: Vec<PersonStretch> = Vec::new();
    for (person, first, last, views) in stretches {
        match visits.last_mut() {
            Some(visit) if visit.0 == person && first - visit.2 <= SILENCE => {
                visit.2 = visit.2.max(last);
                visit.3 += views;
            }
            _ => visits.push((person, first, last, views)),
        }
    }
    visits
}

fn cases(seed: u64) -> Vec<Case> {
    let mut draw = Draw::of(seed);
    let start = draw.number(0, 1_400_000_000..1_500_000_000);
    let person = draw.number(1, 1..1_000_000);
    let soon = draw.number(600, 60..1_700);
    let case = |name, about, why, serving: &[PersonStretch], realtime: &[PersonStretch]| {
        let table = |stretches: &[PersonStretch]| {
            let moved = stretches.iter();
            let moved: Vec<PersonStretch> = moved
                .map(|(who, first, last, views)| {
                    (person + who, start + first, start + last, *views)
                })
                .collect();
            Value::Frame(table_of(&moved).expect("four columns"))
        };
        let inputs = Inputs::new();
        Case {
            name,
            about,
            why,
            inputs: inputs
                .with("serving", table(serving))
                .with("realtime", table(realtime)),
        }
    };
    let (serving, realtime) = random(&mut draw);
    vec![
        case(
            "apart",
            "a person has one visit before the cut, and another one hours after it",
            "both visits must be in the answer",
            &[(0, 0, 60, 2)],
            &[(0, 10_000, 10_000, 1)],
        ),
        case(
            "across",
            "a visit goes on across the cut",
            "each layer sees one visit of one page, which is a bounce; together they are one visit of two pages",
            &[(0, 0, 0, 1)],
            &[(0, soon, soon, 1)],
        ),
        case(
            "newcomer",
            "another person comes after the cut",
            "a merge that begins with the persons of the serving views leaves newcomers out",
            &[(0, 0, 0, 1)],
            &[(1, 10_000, 10_060, 2)],
        ),
        case(
            "two_people",
            "two persons view a page within a minute, one on each side of the cut",
            "only page views of one person make a visit",
            &[(0, 0, 0, 1)],
            &[(1, 60, 60, 1)],
        ),
        case(
            "half_an_hour",
            "exactly half an hour of silence",
            "the silence that ends a visit is longer than 1,800 seconds, in both layers and between them",
            &[(0, 0, 0, 1)],
            &[(0, 1_800, 1_800, 1)],
        ),
        case(
            "long",
            "a visit of an hour before the cut, which goes on after it",
            "the silence is counted from the last page view of a visit, not from its first",
            &[(0, 0, 3_600, 9)],
            &[(0, 3_600 + soon, 3_600 + soon, 1)],
        ),
        case(
            "late",
            "a page view from before the visit came after the cut",
            "what decides the layer is the place in the log, and not the time: events come late",
            &[(0, 5_000, 5_100, 3)],
            &[(0, 5_000 - soon, 5_000 - soon, 1)],
        ),
        case(
            "inside",
            "late page views lie inside a visit of the serving views, which goes on after them",
            "the later end of both must be kept, or the next page view begins a visit of its own",
            &[(0, 0, 6_000, 20)],
            &[(0, 100, 160, 2), (0, 6_000 + soon, 6_000 + soon, 1)],
        ),
        case(
            "bridge",
            "a late page view joins two visits of the serving views",
            "three stretches may be one visit: joining in pairs of one from each layer is not enough",
            &[(0, 0, 0, 1), (0, 3_000, 3_000, 1)],
            &[(0, 1_500, 1_500, 1)],
        ),
        case(
            "nothing",
            "no page view came after the cut",
            "the serving views alone are the answer then",
            &[(0, 0, 60, 2), (0, 9_000, 9_000, 1)],
            &[],
        ),
        case(
            "random",
            "eight persons and sixty page views, a part of which came late",
            "what holds for chosen visits must hold for all",
            &serving,
            &realtime,
        ),
    ]
}

/// Draws page views of eight persons, and returns the stretches of each layer. Most of the views before
/// the cut are in the serving views; some of them came late.
fn random(draw: &mut Draw) -> (Vec<PersonStretch>, Vec<PersonStretch>) {
    const CUT: i64 = 20_000;
    let (mut serving, mut realtime) = (Vec::new(), Vec::new());
    for _ in 0..60 {
        // A multiple of ten minutes: many silences are just half an hour.
        let at = draw.below(50) * 600;
        // Some persons come only after the cut.
        let view = (draw.below(if at < CUT { 5 } else { 8 }), at, at, 1);
        let late = draw.below(4) == 0;
        if at < CUT && !late {
            serving.push(view);
        } else {
            realtime.push(view);
        }
    }
    (joined(serving), joined(realtime))
}

#[cfg(test)]
mod tests {
    use super::*;

    crate::mutants::tests! {
        visits_across::merged_visits, stub: |_, _| todo!(), mutants:
        as_they_come, counts_from_the_first, counts_of_one_layer, forgets_the_end, known_persons_only,
        less_than_half_an_hour, pairs_only, puts_side_by_side, without_person,
    }
}
