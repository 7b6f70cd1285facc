//! Tries of batches, as the exercises on states use them.
use super::exercise::Case;
use super::value::{Inputs, Value};
use lessons::microbatch::by_hand::Stored;
use polars::prelude::{DataFrame, PolarsResult, df, polars_bail};
use std::collections::BTreeMap;

/// A try of a batch: its id, a word, and how often the batch has it.
pub(super) type Try<'a> = (i64, &'a str, i64);

/// What a state holds after all tries.
pub(super) fn folded(
    tries: &DataFrame,
    mut update: impl FnMut(Stored, i64, i64) -> Stored,
) -> PolarsResult<BTreeMap<String, Stored>> {
    let (batches, words) = (tries.column("batch")?.i64()?, tries.column("word")?.str()?);
    let adds = tries.column("add")?.i64()?;
    let mut state: BTreeMap<String, Stored> = BTreeMap::new();
    for ((batch, word), add) in batches.iter().zip(words.iter()).zip(adds.iter()) {
        let (Some(batch), Some(word), Some(add)) = (batch, word, add) else {
            polars_bail!(ComputeError: "a try has a batch, a word and a number");
        };
        let stored = state.entry(word.to_owned()).or_default();
        *stored = update(*stored, batch, add);
    }
    Ok(state)
}

/// A case of tries.
pub(super) fn case(
    name: &'static str,
    about: &'static str,
    why: &'static str,
    tries: &[Try],
) -> Case {
    let tries = df!(
        "batch" => tries.iter().map(|t| t.0).collect::<Vec<_>>(),
        "word" => tries.iter().map(|t| t.1).collect::<Vec<_>>(),
        "add" => tries.iter().map(|t| t.2).collect::<Vec<_>>(),
    );
    let inputs = Inputs::new().with("tries", Value::Frame(tries.expect("three columns")));
    Case {
        name,
        about,
        why,
        inputs,
    }
}
