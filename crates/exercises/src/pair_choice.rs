//! Exercise 6.3: with which batch and which set of realtime views a query may be answered.
//!
//! A record must be in the views of the batch or in the set, and not in both. For sums that holds only
//! if the set begins at the cut of just this batch.
use super::draw::Draw;
use super::exercise::{Case, Exercise};
use super::value::{Inputs, Value};
use polars::prelude::{DataFrame, PolarsResult, df, polars_bail};
use std::collections::BTreeMap;

/// The reader's function: the batches that are kept, each with whether it is good, and the sets, each
/// with the batch since whose cut it holds all, and whether its rows can be left out by their cuts.
pub type Function = fn(&[(u64, bool)], &[(u64, bool)]) -> Result<(u64, usize), String>;

/// The batches and the sets of a situation.
type Situation = [Vec<(u64, bool)>; 2];

/// Asks the reader's function in every situation. Returns a row for each; without a batch and a set
/// where it refuses.
pub fn answer(function: Function, inputs: &Inputs) -> PolarsResult<Value> {
    let answers = situations(inputs)?;
    let answers = answers.iter().map(|(number, [batches, sets])| {
        let pair = function(batches, sets).ok();
        (*number, pair.map(|(batch, set)| (batch, set as u64)))
    });
    table(answers.collect())
}

fn table(answers: Vec<(i64, Option<(u64, u64)>)>) -> PolarsResult<Value> {
    let batch = |pair: &Option<(u64, u64)>| pair.map(|(batch, _)| batch as i64);
    let set = |pair: &Option<(u64, u64)>| pair.map(|(_, set)| set as i64);
    Ok(Value::Frame(df!(
        "situation" => answers.iter().map(|(number, _)| *number).collect::<Vec<_>>(),
        "batch" => answers.iter().map(|(_, pair)| batch(pair)).collect::<Vec<_>>(),
        "set" => answers.iter().map(|(_, pair)| set(pair)).collect::<Vec<_>>(),
    )?))
}

fn situations(inputs: &Inputs) -> PolarsResult<BTreeMap<i64, Situation>> {
    let mut situations: BTreeMap<i64, Situation> = BTreeMap::new();
    for (place, (name, number, is)) in [("batches", "number", "good"), ("sets", "since", "by_cut")]
        .into_iter()
        .enumerate()
    {
        let frame = inputs.frame(name)?;
        let (of, numbers, flags) = (
            frame.column("situation")?.i64()?,
            frame.column(number)?.i64()?,
            frame.column(is)?.bool()?,
        );
        for row in 0..frame.height() {
            let (Some(of), Some(number @ 0..), Some(flag)) =
                (of.get(row), numbers.get(row), flags.get(row))
            else {
                polars_bail!(InvalidOperation: "row {row} of {name} lacks a value");
            };
            situations.entry(of).or_default()[place].push((number as u64, flag));
        }
    }
    Ok(situations)
}

/// Exercise 6.3.
pub static EXERCISE: Exercise = Exercise {
    id: "06_3_pair_choice",
    name: "pair_choice",
    title: "Exercise 6.3, which batch and which set",
    signature: "fn pair(batches: &[(u64, bool)], sets: &[(u64, bool)]) -> Result<(u64, usize), String>",
    hints: &[
        "For one batch and one set: which records are in neither, and which are in both, if the set begins at a \
         smaller number, at the same, and at a larger one? And what changes if rows can be left out?",
        "A set of sums fits only the batch with its own number. A set of rows that can be left out fits each batch \
         from its own number on. Try the good batches from the largest number down, because the list has no order.",
        "`good.sort(); for batch in good.into_iter().rev() { let fits = |&(since, by_cut): &(u64, bool)| since == batch \
         || by_cut && since < batch; if let Some(set) = sets.iter().position(fits) { return Ok((batch, set)); } }`, and \
         after the loop an `Err`.",
    ],
    vocabulary: &[],
    cases,
    reference,
    idle: &[
        |inputs| answer(|_, _| Err(String::new()), inputs),
        |inputs| {
            answer(
                |batches, _| Ok((batches.first().map_or(0, |batch| batch.0), 0)),
                inputs,
            )
        },
    ],
    trial: None,
};

fn reference(inputs: &Inputs) -> PolarsResult<Value> {
    let pair = |[batches, sets]: &Situation| {
        let mut good: Vec<u64> = { batches.iter() }
            .filter(|(_, good)| *good)
            .map(|(number, _)| *number)
            .collect();
        good.sort_unstable();
        good.into_iter().rev().find_map(|batch| {
            let fits =
                |(since, by_cut): &(u64, bool)| *since == batch || (*by_cut && *since < batch);
            sets.iter().position(fits).map(|set| (batch, set as u64))
        })
    };
    let situations = situations(inputs)?;
    let answers = situations
        .iter()
        .map(|(number, situation)| (*number, pair(situation)));
    table(answers.collect())
}

/// A batch: its number, and whether it is good. A set: since which batch, and whether by cut.
type Numbered = (i64, bool);
/// The batches and the sets of a situation.
type Tables = (Vec<Numbered>, Vec<Numbered>);

/// Makes the tables of situations, which are numbered from `first`.
fn frames(first: i64, situations: &[Tables]) -> PolarsResult<[DataFrame; 2]> {
    let rows = |of: fn(&Tables) -> &Vec<Numbered>| {
        let numbered = (first..).zip(situations);
        let rows = numbered.flat_map(|(n, situation)| {
            let rows = of(situation).iter();
            rows.map(move |(number, flag)| (n, *number, *flag))
        });
        rows.collect::<Vec<_>>()
    };
    let (batches, sets) = (
        rows(|situation| &situation.0),
        rows(|situation| &situation.1),
    );
    Ok([
        df!(
            "situation" => batches.iter().map(|row| row.0).collect::<Vec<_>>(),
            "number" => batches.iter().map(|row| row.1).collect::<Vec<_>>(),
            "good" => batches.iter().map(|row| row.2).collect::<Vec<_>>(),
        )?,
        df!(
            "situation" => sets.iter().map(|row| row.0).collect::<Vec<_>>(),
            "since" => sets.iter().map(|row| row.1).collect::<Vec<_>>(),
            "by_cut" => sets.iter().map(|row| row.2).collect::<Vec<_>>(),
        )?,
    ])
}

fn cases(seed: u64) -> Vec<Case> {
    let mut draw = Draw::of(seed);
    let start = draw.number(0, 1..1_000);
    // The number of a situation says nothing, and is another one for each grader.
    let first = draw.number(1, 2..1_000);
    let inputs = |situations: &[(Vec<Numbered>, Vec<Numbered>)]| {
        let [batches, sets] = frames(first, situations).expect("three columns");
        let inputs = Inputs::new().with("batches", Value::Frame(batches));
        inputs.with("sets", Value::Frame(sets))
    };
    let case = |name, about, why, batches: &[Numbered], sets: &[Numbered]| {
        let moved = |list: &[Numbered]| list.iter().map(|(n, is)| (start + n, *is)).collect();
        Case {
            name,
            about,
            why,
            inputs: inputs(&[(moved(batches), moved(sets))]),
        }
    };
    let drawn: Vec<(Vec<Numbered>, Vec<Numbered>)> = (0..80)
        .map(|_| {
            let mut numbers: Vec<i64> = (0..8).filter(|_| draw.below(2) == 0).collect();
            // In no order.
            draw.shuffle(&mut numbers);
            let batches = numbers.into_iter();
            let batches = batches
                .map(|number| (start + number, draw.below(4) > 0))
                .collect();
            let sets = (0..1 + draw.below(3)).map(|_| (start + draw.below(9), draw.below(4) == 0));
            (batches, sets.collect())
        })
        .collect();
    vec![
        case(
            "fits",
            "one batch, and the set since its cut",
            "each record is in one of both",
            &[(3, true)],
            &[(3, false)],
        ),
        case(
            "two_sets",
            "a batch was published, and the process ended before the other set was cleared",
            "the older set has records that the served views hold too",
            &[(3, true), (4, true)],
            &[(3, false), (4, false)],
        ),
        case(
            "gap",
            "the batch before the last was served again, and the set begins at the last one",
            "the records between the two cuts are in neither layer",
            &[(3, true)],
            &[(4, false)],
        ),
        case(
            "both",
            "a batch is newer than the only set",
            "the records between the two cuts are in both layers, and the sums cannot leave them out",
            &[(4, true)],
            &[(3, false)],
        ),
        case(
            "no_set_for_the_newest",
            "the newest batch has no set, an older one has",
            "an older answer that is right is better than none: the set holds all that came since",
            &[(3, true), (4, true), (5, true)],
            &[(4, false)],
        ),
        case(
            "by_cut",
            "a set whose rows say between which cuts they came",
            "rows of before the cut are left out, so the newest batch can be served",
            &[(3, true), (4, true), (5, true)],
            &[(3, true)],
        ),
        case(
            "by_cut_gap",
            "such a set begins after the only batch",
            "what the set does not hold cannot be added: the records between are in neither layer",
            &[(3, true)],
            &[(4, true)],
        ),
        case(
            "bad_batch",
            "the newest batch has a bug",
            "its views would be served again although they are known to be wrong",
            &[(3, true), (4, false)],
            &[(4, false), (3, false)],
        ),
        case(
            "no_order",
            "the batches are listed in no order",
            "the newest batch is the one with the largest number, not the last of the list",
            &[(4, true), (5, true), (3, true)],
            &[(3, false), (5, false)],
        ),
        case(
            "nothing",
            "no batch is kept",
            "without a batch there is no pair",
            &[],
            &[(3, false)],
        ),
        Case {
            name: "random",
            about: "eighty situations with up to eight batches and three sets",
            why: "what holds for chosen numbers must hold for all",
            inputs: inputs(&drawn),
        },
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    crate::mutants::tests! {
        pair_choice::pair, stub: |_, _| todo!(), mutants:
        by_cut_fits_all, ignores_the_bug, last_of_the_list, later_sets_too, newest_or_none, newest_set, older_sets_too,
        sums_only,
    }
}
