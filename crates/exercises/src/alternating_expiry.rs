//! Exercise 6.1: which set of realtime views is asked, and from where it holds events.
use super::draw::Draw;
use super::exercise::{Case, Exercise};
use super::value::{Inputs, Value};
use polars::prelude::{DataFrame, PolarsResult, df, polars_bail};

/// The reader's function.
pub type Function = fn(&DataFrame) -> PolarsResult<DataFrame>;

/// Feeds the reader's function.
pub fn answer(function: Function, inputs: &Inputs) -> PolarsResult<Value> {
    Ok(Value::Frame(function(inputs.frame("runs")?)?))
}

/// Exercise 6.1.
pub static EXERCISE: Exercise = Exercise {
    id: "06_1_alternating_expiry",
    name: "alternating_expiry",
    title: "Exercise 6.1, alternating expiry",
    signature: "fn sets_asked(runs: &DataFrame) -> PolarsResult<DataFrame>",
    hints: &[
        "A batch run reads what was there when it *began*. What came while it ran is in the speed layer only: \
         so the set that is asked after it must hold everything since its beginning.",
        "Two variables are enough: which set is asked, and since when each set holds events. When a run begins, \
         the set that is not asked is cleared: it holds events from `began` on.",
        "`starts[1 - asked] = began; if ok { asked = 1 - asked; }` is the whole of it. A run that fails changes \
         nothing for queries, and the next run clears the spare set again.",
    ],
    vocabulary: &[],
    cases,
    reference,
    idle: &[],
    trial: None,
};

fn reference(inputs: &Inputs) -> PolarsResult<Value> {
    let runs = inputs.frame("runs")?;
    let (began, ended) = (runs.column("began")?.i64()?, runs.column("ended")?.i64()?);
    let ok = runs.column("ok")?.bool()?;
    let (mut asked, mut starts) = (0, [0, 0]);
    let mut rows = Vec::new();
    let mut last = 0;
    for row in 0..runs.height() {
        let (Some(began), Some(ended), Some(ok)) = (began.get(row), ended.get(row), ok.get(row))
        else {
            polars_bail!(ComputeError: "row {row} lacks a value");
        };
        if began < last || ended < began {
            polars_bail!(ComputeError: "a run begins after the one before has ended");
        }
        last = ended;
        starts[1 - asked] = began;
        if ok {
            asked = 1 - asked;
        }
        rows.push((["a", "b"][asked], starts[asked], ended));
    }
    let frame = df!(
        "set" => rows.iter().map(|row| row.0).collect::<Vec<_>>(),
        "from" => rows.iter().map(|row| row.1).collect::<Vec<_>>(),
        "to" => rows.iter().map(|row| row.2).collect::<Vec<_>>(),
    )?;
    Ok(Value::Frame(frame))
}

/// Offsets at which a run began and ended, and whether it succeeded.
type Run = (i64, i64, bool);

fn case(name: &'static str, about: &'static str, why: &'static str, runs: &[Run]) -> Case {
    let runs = df!(
        "began" => runs.iter().map(|run| run.0).collect::<Vec<_>>(),
        "ended" => runs.iter().map(|run| run.1).collect::<Vec<_>>(),
        "ok" => runs.iter().map(|run| run.2).collect::<Vec<_>>(),
    );
    let inputs = Inputs::new().with("runs", Value::Frame(runs.expect("three columns")));
    Case {
        name,
        about,
        why,
        inputs,
    }
}

fn cases(seed: u64) -> Vec<Case> {
    let mut draw = Draw::of(seed);
    // Events that were there before the first run, and are in no set.
    let before = draw.number(0, 1..1_000_000);
    let case = |name, about, why, runs: &[Run]| {
        let runs: Vec<Run> = runs
            .iter()
            .map(|run| (before + run.0, before + run.1, run.2))
            .collect();
        case(name, about, why, &runs)
    };
    let mut at = 0;
    let mut later = || {
        at += draw.below(20);
        at
    };
    let runs: Vec<Run> = (0..20)
        .map(|_| (later(), later(), later() % 3 != 0))
        .collect();
    vec![
        case(
            "one_run",
            "the first run begins after 4 events and ends after 10",
            "the serving views hold 4 events: a set that begins at 10 leaves 6 in neither",
            &[(4, 10, true)],
        ),
        case(
            "two_runs",
            "two runs, one after the other",
            "the set that was asked holds what the serving views hold now, and would count it twice",
            &[(0, 10, true), (10, 25, true)],
        ),
        case(
            "book",
            "runs of 10, 15 and 18 minutes, with an event a minute",
            "just before the third ends, the set that is asked holds 33 minutes",
            &[(0, 10, true), (10, 25, true), (25, 43, true)],
        ),
        case(
            "pause",
            "some events come between two runs",
            "a run reads up to its own beginning, not to the end of the one before",
            &[(0, 10, true), (14, 25, true)],
        ),
        case(
            "failed_run",
            "the second run fails",
            "the serving views stay as they were, so the set that is asked must stay too",
            &[(0, 10, true), (10, 25, false)],
        ),
        case(
            "run_again",
            "the second run fails, the third succeeds",
            "the spare set held events since the second run began, and that run never ended: it is cleared again",
            &[(0, 10, true), (10, 25, false), (25, 43, true)],
        ),
        case(
            "none",
            "no runs",
            "before the first run everything is in the first set, and there is nothing to say",
            &[],
        ),
        case(
            "random",
            "twenty runs, some of which fail",
            "what holds for three runs must hold for all",
            &runs,
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    crate::mutants::tests! {
        alternating_expiry::sets_asked, stub: |_| todo!(), mutants:
        cleared_only_once, clears_at_the_end, clears_the_asked_set, from_the_run_before, never_clears, one_set, takes_turns_on_failure,
    }
}
