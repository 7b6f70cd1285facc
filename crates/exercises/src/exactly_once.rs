//! Exercise 8.1: a state that has each batch once.
//!
//! The cases are tries of batches: a batch that was tried and not finished comes
//! again, and some of its words may have been stored before the crash.
use super::attempt::AttemptError;
use super::draw::Draw;
use super::exercise::{Case, Exercise};
use super::respondent::Ask;
use super::tries::{across_a_restart, case, folded};
use super::value::{Inputs, Value};
use lessons::microbatch::by_hand::Stored;
use polars::prelude::PolarsResult;

/// The reader's function.
pub type Function = fn(Stored, i64, i64) -> Stored;

/// Feeds the reader's function.
pub fn answer(function: Function, inputs: &Inputs) -> PolarsResult<Value> {
    Ok(Value::Frame(folded(inputs, function)?))
}

/// Asks across a restart. What is compared is the count and of which batch it is.
fn trial(inputs: &Inputs, ask: Ask) -> Result<Value, AttemptError> {
    Ok(Value::Frame(
        across_a_restart(inputs, ask)?.drop("previous")?,
    ))
}

/// Exercise 8.1.
pub static EXERCISE: Exercise = Exercise {
    id: "08_1_exactly_once",
    name: "exactly_once",
    title: "Exercise 8.1, a state that has each batch once",
    signature: "fn update(stored: Stored, batch: i64, add: i64) -> Stored",
    hints: &[
        "What is stored says of which batch it is. If that is the batch that comes, its words are in the count already.",
        "A word that is not in every batch has an older id than the batch before: only equality means that it was counted.",
        "`if stored.batch == batch { return stored; }`, and then a `Stored` with the new `batch` and `stored.count + add`. \
         Nobody reads `previous` here.",
    ],
    vocabulary: &["lessons::microbatch::by_hand::Stored"],
    cases,
    reference,
    idle: &[|inputs| answer(|stored, _, _| stored, inputs)],
    trial: Some(trial),
};

fn reference(inputs: &Inputs) -> PolarsResult<Value> {
    let state = folded(inputs, |stored, batch, add| {
        let again = stored.batch == batch;
        Stored {
            batch,
            count: stored.count + if again { 0 } else { add },
            previous: 0,
        }
    })?;
    Ok(Value::Frame(state.drop("previous")?))
}

fn cases(seed: u64) -> Vec<Case> {
    let mut draw = Draw::of(seed);
    // Batches of a job that runs for a while, and how often a word comes.
    let first = draw.number(1, 2..1_000);
    let more = draw.number(0, 1..1_000);
    let n = |add: i64| add + more;
    let mut random = Vec::new();
    // A word, and the job itself, may pause for some batches.
    let mut batch = 0;
    for _ in 0..8 {
        batch += 1 + 4 * draw.below(2);
        let words: Vec<(&str, i64)> = ["apple", "banana", "pear"]
            .into_iter()
            .map(|word| (word, draw.below(9) + 1))
            .collect();
        for _ in 0..=draw.below(3) {
            let some = draw.below(4) as usize;
            random.extend(
                words[..some.min(3)]
                    .iter()
                    .map(|(word, add)| (first + batch, *word, *add)),
            );
        }
        random.extend(words.iter().map(|(word, add)| (first + batch, *word, *add)));
    }
    vec![
        case(
            "calm",
            "three batches, and nothing goes wrong",
            "every batch must be counted",
            &[
                (first, "apple", n(3)),
                (first, "pear", n(1)),
                (first + 1, "apple", n(2)),
                (first + 2, "apple", n(1)),
                (first + 2, "pear", n(4)),
            ],
        ),
        case(
            "again",
            "a batch comes a second time",
            "the process crashed after the commit and before the batch was marked done",
            &[(first, "apple", n(3)), (first, "apple", n(3))],
        ),
        case(
            "half",
            "one word was stored before the crash, the other was not",
            "each word has an id of its own, and must be asked by itself",
            &[
                (first, "apple", n(3)),
                (first, "apple", n(3)),
                (first, "pear", n(2)),
                (first + 1, "pear", n(2)),
            ],
        ),
        case(
            "thrice",
            "a batch comes three times, then the next",
            "a batch may fail more than once",
            &[
                (first, "apple", n(5)),
                (first, "apple", n(5)),
                (first, "apple", n(5)),
                (first + 1, "apple", n(5)),
            ],
        ),
        case(
            "pause",
            "a word is not in every batch",
            "its id is older than the batch before, and it must count all the same",
            &[
                (first, "apple", n(3)),
                (first + 3, "apple", n(4)),
                (first + 3, "apple", n(4)),
                (first + 9, "apple", n(1)),
            ],
        ),
        case(
            "random",
            "eight batches, each tried some times, in parts",
            "what holds for chosen crashes must hold for all",
            &random,
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    crate::mutants::tests! {
        exactly_once::update, stub: |_, _, _| todo!(), mutants:
        adds_always, forgets_the_id, next_batch_only, replaces, same_number_is_known, skips_one_try,
    }
}
