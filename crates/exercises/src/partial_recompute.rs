//! Exercise 10.1: a view recomputed for the people of a new batch alone.
use super::attempt::AttemptError;
use super::draw::Draw;
use super::exercise::{Case, Exercise};
use super::respondent::Ask;
use super::value::{Inputs, Value};
use lessons::systems::BatchLayer;
use polars::prelude::*;
use std::collections::BTreeSet;

/// The reader's function.
pub type Function =
    fn(&DataFrame, &DataFrame, &DataFrame, &mut BatchLayer) -> PolarsResult<DataFrame>;

/// Feeds the reader's function. The table that it gives is followed by the samples from which
/// it recomputed, in columns of their own.
pub fn answer(function: Function, inputs: &Inputs) -> PolarsResult<Value> {
    let mut layer = BatchLayer::new();
    let record = layer.record();
    let [master, batch, old] = ["master", "batch", "old"].map(|name| inputs.frame(name));
    let mut view = function(master?, batch?, old?, &mut layer)?;
    let samples = record.samples();
    let (rows, given) = (view.height(), samples.len());
    let nulls = DataFrame::full_null(view.schema(), given);
    view.vstack_mut_owned(nulls)?;
    let mut given_column = |name: &str, value: fn(&Sample) -> i64| {
        let values = samples.iter().map(|sample| Some(value(sample)));
        let values: Vec<Option<i64>> = std::iter::repeat_n(None, rows).chain(values).collect();
        view.with_column(Column::new(name.into(), values))
            .map(|_| ())
    };
    given_column(GIVEN[0], |sample| sample.0)?;
    given_column(GIVEN[1], |sample| sample.1)?;
    given_column(GIVEN[2], |sample| sample.2)?;
    Ok(Value::Frame(view))
}

/// The columns of the samples from which an answer recomputed.
const GIVEN: [&str; 3] = ["given_person", "given_true_as_of_secs", "given_age"];

/// Asks for a view, and writes beside it from how many samples it was recomputed, and how many
/// of these were needed.
fn trial(inputs: &Inputs, ask: Ask) -> Result<Value, AttemptError> {
    let Value::Frame(answer) = ask.ask(inputs)? else {
        return Err(AttemptError::Error("the view is a table".to_owned()));
    };
    // Take the samples out of the answer.
    let given = answer.select(GIVEN)?;
    let rows = given.column(GIVEN[0])?.null_count();
    let given = samples(&given.slice(rows as i64, given.height()), GIVEN)?;
    let view = answer.drop_many(GIVEN).slice(0, rows);

    // Each needed sample counts once, however often it was given.
    let mut left = needed(inputs.frame("master")?, inputs.frame("batch")?)?;
    let of_them = given.iter().filter(|&sample| {
        let place = left.iter().position(|needed| needed == sample);
        place.map(|place| left.swap_remove(place)).is_some()
    });
    let of_them = of_them.count();
    Ok(with_rows(view, given.len(), of_them)?)
}

/// The samples of the people in the batch, old and new.
fn needed(master: &DataFrame, batch: &DataFrame) -> PolarsResult<Vec<Sample>> {
    let all = samples(&master.vstack(batch)?, SAMPLE)?;
    let touched: Vec<i64> = samples(batch, SAMPLE)?
        .iter()
        .map(|sample| sample.0)
        .collect();
    let theirs = all.into_iter().filter(|sample| touched.contains(&sample.0));
    Ok(theirs.collect())
}

/// The columns of samples.
const SAMPLE: [&str; 3] = ["person", "true_as_of_secs", "age"];

/// Reads samples from three columns. A row with a null is left out.
fn samples(frame: &DataFrame, columns: [&str; 3]) -> PolarsResult<Vec<Sample>> {
    let [people, times, ages] = columns.map(|name| frame.column(name)?.i64());
    let rows = people?.iter().zip(times?.iter()).zip(ages?.iter());
    Ok(rows
        .filter_map(|((person, secs), age)| Some((person?, secs?, age?)))
        .collect())
}

fn with_rows(mut view: DataFrame, given: usize, needed: usize) -> PolarsResult<Value> {
    for (name, rows) in [("samples_recomputed", given), ("of_them_needed", needed)] {
        let rows = vec![rows as i64; view.height()];
        view.with_column(Column::new(name.into(), rows))?;
    }
    Ok(Value::Frame(view))
}

/// Exercise 10.1.
pub static EXERCISE: Exercise = Exercise {
    id: "10_1_partial_recompute",
    name: "partial_recompute",
    title: "Exercise 10.1, partial recomputation",
    signature: "fn partial_recompute(master: &DataFrame, batch: &DataFrame, old: &DataFrame, layer: &mut systems::BatchLayer) \
                -> PolarsResult<DataFrame>",
    hints: &[
        "Four steps: who has a sample in the batch; their samples in the master data; their birthdays, from those samples and the \
         new ones; the old view with these in place of what it said of them.",
        "A semi join keeps the rows of one table whose person is in another, each once, however often the person is there; an anti \
         join keeps the others. Call `layer.birthdays` once, with the samples of steps 2 and 3 below one another.",
        "`let key = || vec![col(\"person\")];` then `master.clone().lazy().join(batch.clone().lazy(), key(), key(), \
         JoinArgs::new(JoinType::Semi))`, `concat([theirs, batch.clone().lazy()], UnionArgs::default())?.collect()?`, and at the end the \
         anti join of `old` with the new birthdays, `concat`, `.sort([\"person\"], Default::default())`.",
    ],
    vocabulary: &["lessons::systems::by_hand::BatchLayer::{birthdays, rows, fmt}"],
    cases,
    reference,
    idle: &[|inputs| answer(|_, _, old, _| Ok(old.clone()), inputs)],
    trial: Some(trial),
};

fn reference(inputs: &Inputs) -> PolarsResult<Value> {
    let (master, batch, old) = (
        inputs.frame("master")?,
        inputs.frame("batch")?,
        inputs.frame("old")?,
    );
    let people = |frame: &DataFrame| -> PolarsResult<BTreeSet<i64>> {
        Ok(frame.column("person")?.i64()?.iter().flatten().collect())
    };
    if people(master)? != people(old)? {
        polars_bail!(InvalidOperation: "the old view is not of the people of the master data");
    }
    let needed = needed(master, batch)?;
    let new = BatchLayer::new().birthdays(&frame(&needed))?;
    // The old rows of the people without a new sample stay, whatever they were computed from.
    let key = || vec![col("person")];
    let stays = { old.clone().lazy() }.join(
        new.clone().lazy(),
        key(),
        key(),
        JoinArgs::new(JoinType::Anti),
    );
    let view = concat([stays, new.lazy()], UnionArgs::default())?;
    let view = view.sort(["person"], Default::default()).collect()?;
    with_rows(view, needed.len(), needed.len())
}

/// Makes the row of everybody without a sample in the batch one that the master data cannot
/// give: the day of birth is known there, from a better source. Recomputed, it would become a
/// range of days again.
fn with_known_days(old: &DataFrame, batch: &DataFrame) -> PolarsResult<DataFrame> {
    let touched: Vec<i64> = { samples(batch, SAMPLE)?.into_iter() }
        .map(|sample| sample.0)
        .collect();
    let people = old.column("person")?.i64()?;
    let (earliest, latest) = (old.column("earliest")?.str()?, old.column("latest")?.str()?);
    let rows = people.iter().zip(earliest.iter()).zip(latest.iter());
    let latest: Vec<Option<&str>> = rows
        .map(|((person, earliest), latest)| {
            let is_touched = person.is_some_and(|person| touched.contains(&person));
            if is_touched { latest } else { earliest }
        })
        .collect();
    let mut known = old.clone();
    known.with_column(Column::new("latest".into(), latest))?;
    Ok(known)
}

/// A person, seconds, an age.
type Sample = (i64, i64, i64);

fn frame(samples: &[Sample]) -> DataFrame {
    let columns = df!(
        "person" => samples.iter().map(|sample| sample.0).collect::<Vec<_>>(),
        "true_as_of_secs" => samples.iter().map(|sample| sample.1).collect::<Vec<_>>(),
        "age" => samples.iter().map(|sample| sample.2).collect::<Vec<_>>(),
    );
    columns.expect("columns of one length")
}

fn cases(seed: u64) -> Vec<Case> {
    let mut draw = Draw::of(seed);
    let first = draw.number(1, 100..1_000_000_000);
    // Aug 7, 2015, and a day near it.
    let day = 1_438_912_800 + 86_400 * draw.number(0, -1_000..1_000);
    let later = day + 86_400 * draw.number(60, 40..200);
    let at = |samples: &[Sample]| -> DataFrame {
        let moved: Vec<Sample> = samples
            .iter()
            .map(|(n, secs, age)| (first + n, *secs, *age))
            .collect();
        frame(&moved)
    };
    let case = |name, about, why, master: &[Sample], batch: &[Sample]| {
        let (master, batch) = (at(master), at(batch));
        let old = BatchLayer::new().birthdays(&master).expect("sound samples");
        let old = with_known_days(&old, &batch).expect("a view of birthdays");
        let inputs = [("master", master), ("batch", batch), ("old", old)];
        let with = |inputs: Inputs, (name, frame)| inputs.with(name, Value::Frame(frame));
        Case {
            name,
            about,
            why,
            inputs: inputs.into_iter().fold(Inputs::new(), with),
        }
    };
    let mut drawn = |people: i64, count: i64| -> Vec<Sample> {
        let sample = |_| {
            let person = draw.below(people);
            (
                person,
                day + draw.below(86_400 * 300),
                20 + person % 40 + draw.below(2),
            )
        };
        (0..count).map(sample).collect()
    };
    let (many, new) = (drawn(40, 120), drawn(40, 9));
    vec![
        case(
            "first_batch",
            "the master data are still empty",
            "the first batch of all is a batch like any other",
            &[],
            &[(1, day, 30), (2, day, 40)],
        ),
        case(
            "another_sample",
            "a person known already has another sample",
            "a birthday comes of all samples: of the old ones and the new",
            &[(1, day, 30)],
            &[(1, later, 31)],
        ),
        case(
            "others_stay",
            "somebody has no new sample",
            "a person who is not in the batch keeps the row of the old view, which may come from a better source, and costs nothing",
            &[(2, day, 30), (1, day, 40)],
            &[(2, later, 31)],
        ),
        case(
            "twice_in_the_batch",
            "one person has two new samples",
            "joined with each of them, the old samples would be computed from twice",
            &[(1, day, 30), (2, day, 50)],
            &[(2, later, 50), (2, later + 86_400, 50)],
        ),
        case(
            "order",
            "the batch is about the first of the persons",
            "a view is sorted by its key, or it cannot be searched",
            &[(1, day, 30), (2, day, 40)],
            &[(1, later, 31)],
        ),
        case(
            "contradiction",
            "the new sample contradicts an old one",
            "a person without a possible birthday is in the view, so that somebody looks at it",
            &[(1, day, 30), (2, day, 40)],
            &[(2, later, 20)],
        ),
        case(
            "empty_batch",
            "nothing new has come",
            "a batch run without news must leave the view as it is",
            &[(1, day, 30), (2, day, 40)],
            &[],
        ),
        case(
            "random",
            "nine new samples of some forty people",
            "what holds for chosen samples must hold for all",
            &many,
            &new,
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    crate::mutants::tests! {
        partial_recompute::partial_recompute, stub: |_, _, _, _| todo!(), mutants:
        drops_contradictions, empty_batch_empties, from_the_new_samples_alone, joins_each_with_each,
        keeps_both, keeps_the_old, only_the_touched, recomputes_everybody, recomputes_too_much, unsorted,
    }
}
