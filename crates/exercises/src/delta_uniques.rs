//! Exercise 12.1: unique visitors by hour, maintained from changes.
use super::draw::Draw;
use super::exercise::{Case, Exercise};
use super::value::{Inputs, Value};
use lessons::designs::{UniquesChange, VisitChange, VisitTimes};
use polars::prelude::{DataFrame, PolarsResult, df, polars_bail};
use std::collections::{BTreeMap, BTreeSet};

/// The reader's function.
pub type Function = fn(&mut VisitTimes, &[VisitChange]) -> Vec<UniquesChange>;

/// Feeds the reader's function: step after step.
pub fn answer(function: Function, inputs: &Inputs) -> PolarsResult<Value> {
    let mut times = VisitTimes::new();
    let mut rows = Rows::default();
    for (step, changes) in steps(inputs)? {
        let mut told = function(&mut times, &changes);
        // A dataflow's changes of one step have no order.
        told.sort_unstable();
        rows.push(step, &told, times.len());
    }
    rows.frame()
}

/// What was found after each step: a row for each change of the view, or one without a change.
#[derive(Default)]
struct Rows {
    steps: Vec<i64>,
    changes: Vec<Option<UniquesChange>>,
    remembered: Vec<i64>,
}

impl Rows {
    fn push(&mut self, step: i64, told: &[UniquesChange], remembered: usize) {
        let changes: Vec<Option<UniquesChange>> = match told {
            [] => vec![None],
            told => told.iter().copied().map(Some).collect(),
        };
        for change in changes {
            self.steps.push(step);
            self.changes.push(change);
            self.remembered.push(remembered as i64);
        }
    }

    fn frame(self) -> PolarsResult<Value> {
        let column = |value: fn(UniquesChange) -> i64| -> Vec<Option<i64>> {
            self.changes
                .iter()
                .map(|change| change.map(value))
                .collect()
        };
        Ok(Value::Frame(df!(
            "step" => &self.steps,
            "hour" => column(|change| change.hour),
            "uniques" => column(|change| change.uniques),
            "change" => column(|change| change.change),
            "rows_remembered" => &self.remembered,
        )?))
    }
}

/// The changes of each step.
fn steps(inputs: &Inputs) -> PolarsResult<Vec<(i64, Vec<VisitChange>)>> {
    let rows = inputs.frame("changes")?;
    let [step, hour, person, change] =
        ["step", "hour", "person", "change"].map(|name| rows.column(name)?.i64());
    let rows = step?
        .iter()
        .zip(hour?.iter())
        .zip(person?.iter())
        .zip(change?.iter());
    let mut steps: Vec<(i64, Vec<VisitChange>)> = Vec::new();
    for row in rows {
        let (((Some(step), Some(hour)), Some(person)), Some(change)) = row else {
            polars_bail!(ComputeError: "a change has a step, an hour, a person and a number");
        };
        if steps.last().is_none_or(|last| last.0 != step) {
            steps.push((step, Vec::new()));
        }
        if let Some((_, changes)) = steps.last_mut() {
            changes.push(VisitChange {
                hour,
                person,
                change,
            });
        }
    }
    Ok(steps)
}

/// Exercise 12.1.
pub static EXERCISE: Exercise = Exercise {
    id: "12_1_delta_uniques",
    name: "delta_uniques",
    title: "Exercise 12.1, unique visitors from changes",
    signature: "fn maintain(times: &mut VisitTimes, changes: &[VisitChange]) -> Vec<UniquesChange>",
    hints: &[
        "The view after the changes, less the view before: for the hours that the changes name, count the persons before \
         anything is changed, and again when all changes are made. What is said of an hour with the same number?",
        "The persons of an hour are `times.range((hour, i64::MIN)..=(hour, i64::MAX)).count()`, if no row is kept with \
         0 times. A change is `*times.entry((hour, person)).or_insert(0) += change`; only when all are made, \
         `times.retain(|_, n| *n != 0)` or `remove` for the rows that were named.",
        "Collect the hours in a `BTreeSet`, and the number before for each. Afterwards, where before and after differ: \
         `UniquesChange { hour, uniques: before, change: -1 }` unless `before` is 0, and one with `after` and `change: 1` unless \
         `after` is 0.",
    ],
    vocabulary: &["lessons::designs::changes"],
    cases,
    reference,
    idle: &[|inputs| answer(|_, _| Vec::new(), inputs)],
    trial: None,
};

fn reference(inputs: &Inputs) -> PolarsResult<Value> {
    let mut table = VisitTimes::new();
    let mut view: BTreeMap<i64, i64> = BTreeMap::new();
    let mut rows = Rows::default();
    for (step, changes) in steps(inputs)? {
        for change in changes {
            if ![-1, 1].contains(&change.change) {
                polars_bail!(ComputeError: "a row is there once more or once less");
            }
            *table.entry((change.hour, change.person)).or_insert(0) += change.change;
        }
        if table.values().any(|times| *times < 0) {
            polars_bail!(ComputeError: "no row is taken back that was not there");
        }
        table.retain(|_, times| *times > 0);
        // Both views as a whole, and what is in one of them only.
        let mut after: BTreeMap<i64, i64> = BTreeMap::new();
        for (hour, _) in table.keys() {
            *after.entry(*hour).or_insert(0) += 1;
        }
        let one_sided = |of: &BTreeMap<i64, i64>, other: &BTreeMap<i64, i64>, change: i64| {
            let rows = of
                .iter()
                .filter(|(hour, uniques)| other.get(hour) != Some(uniques));
            let rows = rows.map(|(&hour, &uniques)| UniquesChange {
                hour,
                uniques,
                change,
            });
            rows.collect::<BTreeSet<_>>()
        };
        let mut told = one_sided(&view, &after, -1);
        told.extend(one_sided(&after, &view, 1));
        let told: Vec<UniquesChange> = told.into_iter().collect();
        rows.push(step, &told, table.len());
        view = after;
    }
    rows.frame()
}

/// An hour, a person, and 1 or -1.
type Change = (i64, i64, i64);

fn frame(steps: &[&[Change]]) -> DataFrame {
    let rows = || {
        (1i64..)
            .zip(steps)
            .flat_map(|(step, changes)| changes.iter().map(move |change| (step, *change)))
    };
    let column = |value: fn((i64, Change)) -> i64| rows().map(value).collect::<Vec<i64>>();
    df!(
        "step" => column(|row| row.0),
        "hour" => column(|row| row.1.0),
        "person" => column(|row| row.1.1),
        "change" => column(|row| row.1.2),
    )
    .expect("columns of one length")
}

fn cases(seed: u64) -> Vec<Case> {
    let mut draw = Draw::of(seed);
    let (h, p) = (draw.number(9, 10..1_000), draw.number(1, 2..1_000_000));
    let (later, q) = (h + 1, p + 1);
    let random = drawn(&mut draw, h, p);
    let random: Vec<&[Change]> = random.iter().map(Vec::as_slice).collect();
    let case = |name, about, why, steps: &[&[Change]]| Case {
        name,
        about,
        why,
        inputs: Inputs::new().with("changes", Value::Frame(frame(steps))),
    };
    vec![
        case(
            "first",
            "two persons come to an empty table in one step",
            "all changes of a step happen at one time, so the view has no row in between",
            &[&[(h, p, 1), (h, q, 1)]],
        ),
        case(
            "one_more",
            "another person comes in the next step",
            "a view that is stored downstream still has the old row: the change takes it back",
            &[&[(h, p, 1)], &[(h, q, 1)]],
        ),
        case(
            "same_again",
            "a person comes again in the same hour",
            "a visitor counts once, and a row that has not changed makes no work downstream",
            &[&[(h, p, 1)], &[(h, p, 1)]],
        ),
        case(
            "one_of_two",
            "one of two visits of a person is taken back",
            "the person is still there by the other visit, so it must be known how many there were",
            &[&[(h, p, 1), (h, p, 1)], &[(h, p, -1)]],
        ),
        case(
            "last_one",
            "the only visit of an hour is taken back",
            "a row that is not there takes no memory, and an hour without visitors has no row",
            &[&[(h, p, 1)], &[(h, p, -1)]],
        ),
        case(
            "late_equiv",
            "two identifiers turn out to be one person, in two hours",
            "what is known of a person changes every hour in which the person was seen",
            &[
                &[(h, p, 1), (h, q, 1), (later, p, 1), (later, q, 1)],
                &[(h, q, -1), (h, p, 1), (later, q, -1), (later, p, 1)],
            ],
        ),
        case(
            "any_order",
            "in one step a visit is taken back, and then it comes",
            "changes of one step have no order; only their sum must make sense",
            &[&[(h, q, 1)], &[(h, p, -1), (h, p, 1)]],
        ),
        case(
            "random",
            "ten steps of changes in four hours",
            "what holds for chosen changes must hold for all",
            &random,
        ),
    ]
}

/// Ten steps: visits of six persons in four hours, and some of them taken back, in a drawn order.
fn drawn(draw: &mut Draw, h: i64, p: i64) -> Vec<Vec<Change>> {
    let mut there: Vec<(i64, i64)> = Vec::new();
    let mut step = |_| {
        let mut changes: Vec<Change> = Vec::new();
        for _ in 0..1 + draw.below(4) {
            let visit = (h + draw.below(4), p + draw.below(6));
            there.push(visit);
            changes.push((visit.0, visit.1, 1));
        }
        for _ in 0..draw.below(5) {
            if there.len() < 2 {
                break;
            }
            let visit = there.swap_remove(draw.below(there.len() as i64) as usize);
            changes.push((visit.0, visit.1, -1));
        }
        draw.shuffle(&mut changes);
        changes
    };
    (0..10).map(&mut step).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    crate::mutants::tests! {
        delta_uniques::maintain, stub: |_, _| todo!(), mutants:
        counts_visits, first_hour_alone, forgets_how_often, keeps_empty_rows, never_below_none, one_by_one,
        row_of_none, says_it_again, takes_nothing_back,
    }
}
