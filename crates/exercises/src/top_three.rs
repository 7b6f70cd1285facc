//! Exercise 8.2: a list of the top three that is kept, batch after batch.
use super::draw::Draw;
use super::exercise::{Case, Exercise};
use super::value::{Inputs, Value};
use polars::prelude::{DataFrame, PolarsResult, df, polars_bail};
use std::collections::BTreeMap;

/// The reader's function.
pub type Function = fn(&DataFrame, &DataFrame) -> PolarsResult<DataFrame>;

/// Feeds the reader's function.
pub fn answer(function: Function, inputs: &Inputs) -> PolarsResult<Value> {
    Ok(Value::Frame(function(
        inputs.frame("top")?,
        inputs.frame("changed")?,
    )?))
}

/// Exercise 8.2.
pub static EXERCISE: Exercise = Exercise {
    id: "08_2_top_three",
    name: "top_three",
    title: "Exercise 8.2, the top three, batch after batch",
    signature: "fn top_three(top: &DataFrame, changed: &DataFrame) -> PolarsResult<DataFrame>",
    hints: &[
        "A word that is on the list and has changed is in both tables. Its count in `changed` is the one of now: \
         it replaces the other, and is not added to it.",
        "`counts.extend(rows(top)?)` puts the rows of `top` into a `std::collections::BTreeMap`, and those of `changed` after \
         them replace the counts of words that are there. Then sort by count, the largest first.",
        "`rows.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));` sorts by count and equal counts by word; \
         `rows.truncate(3);` leaves three.",
    ],
    vocabulary: &[],
    cases,
    reference,
    idle: &[],
    trial: None,
};

fn reference(inputs: &Inputs) -> PolarsResult<Value> {
    let mut counts = BTreeMap::new();
    for (name, fewest) in [("top", 0), ("changed", 1)] {
        let frame = inputs.frame(name)?;
        let (words, numbers) = (frame.column("word")?.str()?, frame.column("count")?.i64()?);
        for (word, number) in words.iter().zip(numbers.iter()) {
            let (Some(word), Some(number)) = (word, number) else {
                polars_bail!(ComputeError: "a row of {name} lacks a value");
            };
            if number < fewest {
                polars_bail!(ComputeError: "a word that changed was counted");
            }
            counts.insert(word.to_owned(), number);
        }
        if name == "top" && counts.len() != frame.height() {
            polars_bail!(ComputeError: "a word is on the list once");
        }
    }
    let mut rows: Vec<(&str, i64)> = counts.iter().map(|(word, n)| (word.as_str(), *n)).collect();
    rows.sort_by_key(|row| (-row.1, row.0));
    rows.truncate(3);
    Ok(Value::Frame(frame(&rows)?))
}

fn frame(rows: &[(&str, i64)]) -> PolarsResult<DataFrame> {
    df!(
        "word" => rows.iter().map(|row| row.0).collect::<Vec<_>>(),
        "count" => rows.iter().map(|row| row.1).collect::<Vec<_>>(),
    )
}

fn cases(seed: u64) -> Vec<Case> {
    let mut draw = Draw::of(seed);
    let more = draw.number(0, 1..1_000_000);
    let case = |name, about, why, top: &[(&str, i64)], changed: &[(&str, i64)]| {
        let table = |rows: &[(&str, i64)]| {
            let rows: Vec<_> = rows.iter().map(|(word, n)| (*word, n + more)).collect();
            Value::Frame(frame(&rows).expect("two columns"))
        };
        let inputs = Inputs::new()
            .with("top", table(top))
            .with("changed", table(changed));
        Case {
            name,
            about,
            why,
            inputs,
        }
    };
    const WORDS: [&str; 6] = ["apple", "banana", "cherry", "fig", "pear", "plum"];
    let mut numbers: Vec<i64> = (0..6).map(|_| draw.below(20) + 1).collect();
    let mut top: Vec<(&str, i64)> = WORDS.into_iter().zip(numbers.iter().copied()).collect();
    top.sort_by_key(|row| (-row.1, row.0));
    top.truncate(3);
    numbers.iter_mut().for_each(|n| *n += draw.below(15));
    let mut changed: Vec<(&str, i64)> = WORDS.into_iter().zip(numbers).collect();
    // Two words on the list stay as they are, the largest of all among them: so the answer is
    // in neither table alone.
    changed.retain(|(word, _)| *word != top[0].0 && *word != top[2].0);
    top[0].1 += 35;
    vec![
        case(
            "first",
            "the first batch, with two words",
            "the list begins empty, and may have fewer than three words",
            &[],
            &[("apple", 2), ("pear", 5)],
        ),
        case(
            "enters",
            "a word comes onto the list, and pushes the last one off",
            "the words on the list compete with those that changed",
            &[("apple", 15), ("banana", 9), ("pear", 4)],
            &[("fig", 12)],
        ),
        case(
            "grows",
            "a word that is on the list has grown",
            "its new count replaces the old one: added, it would count twice",
            &[("apple", 15), ("banana", 9), ("pear", 4)],
            &[("banana", 17)],
        ),
        case(
            "small",
            "words changed, and none is large enough",
            "the list must stay as it is",
            &[("apple", 15), ("banana", 9), ("pear", 4)],
            &[("fig", 1), ("plum", 3)],
        ),
        case(
            "many",
            "five words changed",
            "the largest three of all, in their order",
            &[("apple", 15), ("banana", 9), ("pear", 4)],
            &[
                ("fig", 22),
                ("plum", 10),
                ("apple", 16),
                ("cherry", 2),
                ("kiwi", 1),
            ],
        ),
        case(
            "equal",
            "equal counts",
            "without an order of their own, a batch that comes again could give another list",
            &[("banana", 9), ("cherry", 9), ("pear", 9)],
            &[("apple", 9), ("fig", 9)],
        ),
        case(
            "nothing",
            "nothing changed",
            "an empty batch is a batch",
            &[("apple", 15), ("banana", 9), ("pear", 4)],
            &[],
        ),
        case(
            "random",
            "four of six words changed",
            "what holds for chosen numbers must hold for all",
            &top,
            &changed,
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    crate::mutants::tests! {
        top_three::top_three, stub: |_, _| todo!(), mutants:
        adds_counts, changed_only, four, keeps_old_count, later_word_first, smallest_first,
    }
}
