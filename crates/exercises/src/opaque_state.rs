//! Exercise 8.3: a state for a source that cannot repeat itself.
//!
//! The cases are tries of batches; a batch that comes again under its id may have
//! another number of each word, or none.
use super::attempt::AttemptError;
use super::draw::Draw;
use super::exercise::{Case, Exercise};
use super::respondent::Ask;
use super::tries::{Try, across_a_restart, case, folded};
use super::value::{Inputs, Value};
use lessons::microbatch::by_hand::Stored;
use polars::prelude::PolarsResult;

/// The reader's function.
pub type Function = fn(Stored, i64, i64) -> Stored;

/// Feeds the reader's function.
pub fn answer(function: Function, inputs: &Inputs) -> PolarsResult<Value> {
    Ok(Value::Frame(folded(inputs, function)?))
}

/// Asks across a restart.
fn trial(inputs: &Inputs, ask: Ask) -> Result<Value, AttemptError> {
    Ok(Value::Frame(across_a_restart(inputs, ask)?))
}

/// Exercise 8.3.
pub static EXERCISE: Exercise = Exercise {
    id: "08_3_opaque_state",
    name: "opaque_state",
    title: "Exercise 8.3, a source that cannot repeat itself",
    signature: "fn update(stored: Stored, batch: i64, add: i64) -> Stored",
    hints: &[
        "When a batch comes again with other words, what its first try did must be taken back. What was there before it?",
        "If the stored id is the batch's, the count to begin from is `previous`; else it is `count`, and that becomes `previous`.",
        "`let base = if stored.batch == batch { stored.previous } else { stored.count };` \
         and then `Stored { batch, count: base + add, previous: base }`.",
    ],
    vocabulary: &["lessons::microbatch::by_hand::Stored"],
    cases,
    reference,
    idle: &[|inputs| answer(|stored, _, _| stored, inputs)],
    trial: Some(trial),
};

fn reference(inputs: &Inputs) -> PolarsResult<Value> {
    let state = folded(inputs, |stored, batch, add| {
        let base = if stored.batch == batch {
            stored.previous
        } else {
            stored.count
        };
        Stored {
            batch,
            count: base + add,
            previous: base,
        }
    })?;
    Ok(Value::Frame(state))
}

fn cases(seed: u64) -> Vec<Case> {
    let mut draw = Draw::of(seed);
    let first = draw.number(1, 2..1_000);
    let more = draw.number(0, 1..1_000);
    let n = |add: i64| add + more;
    let mut random: Vec<Try> = Vec::new();
    // A word, and the job itself, may pause for some batches.
    let mut batch = 0;
    for _ in 0..8 {
        batch += 1 + 4 * draw.below(2);
        for _ in 0..=draw.below(3) {
            let words = ["apple", "banana", "pear"].into_iter();
            random.extend(words.map(|word| (first + batch, word, draw.below(9))));
        }
    }
    vec![
        case(
            "calm",
            "three batches, and nothing goes wrong",
            "every batch must be counted, and the count before it kept",
            &[
                (first, "apple", n(3)),
                (first + 1, "apple", n(2)),
                (first + 2, "apple", n(1)),
            ],
        ),
        case(
            "again",
            "the second batch comes a second time, as it was",
            "it must count once, and the count before it must stay what it was",
            &[
                (first, "apple", n(3)),
                (first + 1, "apple", n(2)),
                (first + 1, "apple", n(2)),
                (first + 2, "apple", n(1)),
            ],
        ),
        case(
            "other",
            "a batch comes again with more",
            "the words that came with it the first time come later, or not at all",
            &[
                (first, "apple", n(3)),
                (first + 1, "apple", n(2)),
                (first + 1, "apple", n(7)),
                (first + 2, "apple", n(1)),
            ],
        ),
        case(
            "none",
            "a batch comes again without the word",
            "what its first try did must be taken back",
            &[
                (first, "apple", n(3)),
                (first + 1, "apple", n(5)),
                (first + 1, "apple", 0),
                (first + 2, "apple", n(5)),
            ],
        ),
        case(
            "thrice",
            "a batch comes three times, each time another",
            "only its last try counts",
            &[
                (first, "apple", n(3)),
                (first, "apple", n(2)),
                (first, "apple", n(4)),
                (first + 1, "apple", n(1)),
            ],
        ),
        case(
            "pause",
            "a word is not in every batch",
            "an id that is older than the batch before is no try of it",
            &[
                (first, "apple", n(3)),
                (first + 4, "apple", n(2)),
                (first + 4, "apple", n(6)),
            ],
        ),
        case(
            "random",
            "eight batches, each tried some times",
            "what holds for chosen tries must hold for all",
            &random,
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    crate::mutants::tests! {
        opaque_state::update, stub: |_, _, _| todo!(), mutants:
        adds_always, forgets_previous, keeps_first_try, larger_of_both, next_batch_only, none_is_nothing,
    }
}
