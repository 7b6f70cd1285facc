//! Tries of batches, as the exercises on states use them.
//!
//! What survives a restart is the state alone. So a case with a batch that comes again is asked in
//! two processes: the second begins with the state that the first left, where the batch comes again.
use super::attempt::AttemptError;
use super::exercise::Case;
use super::respondent::Ask;
use super::value::{Inputs, Value};
use lessons::microbatch::by_hand::Stored;
use polars::prelude::{DataFrame, PolarsResult, df, polars_bail};
use std::collections::{BTreeMap, BTreeSet};

/// A try of a batch: its id, a word, and how often the batch has it.
pub(super) type Try<'a> = (i64, &'a str, i64);

/// Returns what a state holds after all tries: a row for each word, with `word`, `batch`, `count` and
/// `previous`. It begins with the rows of `stored`, if there are any.
pub(super) fn folded(
    inputs: &Inputs,
    mut update: impl FnMut(Stored, i64, i64) -> Stored,
) -> PolarsResult<DataFrame> {
    let tries = inputs.frame("tries")?;
    let (batches, words) = (tries.column("batch")?.i64()?, tries.column("word")?.str()?);
    let adds = tries.column("add")?.i64()?;
    let mut state = inputs.frame("stored").map_or(Ok(BTreeMap::new()), read)?;
    for ((batch, word), add) in batches.iter().zip(words.iter()).zip(adds.iter()) {
        let (Some(batch), Some(word), Some(add)) = (batch, word, add) else {
            polars_bail!(ComputeError: "a try has a batch, a word and a number");
        };
        let stored = state.entry(word.to_owned()).or_default();
        *stored = update(*stored, batch, add);
    }
    let column = |of: fn(&Stored) -> i64| state.values().map(of).collect::<Vec<_>>();
    df!(
        "word" => state.keys().map(String::as_str).collect::<Vec<_>>(),
        "batch" => column(|stored| stored.batch),
        "count" => column(|stored| stored.count),
        "previous" => column(|stored| stored.previous),
    )
}

/// Reads what [`folded`] returns.
fn read(state: &DataFrame) -> PolarsResult<BTreeMap<String, Stored>> {
    let column = |name: &str| state.column(name)?.i64();
    let (batches, counts, previous) = (column("batch")?, column("count")?, column("previous")?);
    let words = state.column("word")?.str()?.iter().enumerate();
    let row = |(row, word): (usize, Option<&str>)| {
        let of = |column: &polars::prelude::Int64Chunked| column.get(row);
        let stored = Stored {
            batch: of(batches)?,
            count: of(counts)?,
            previous: of(previous)?,
        };
        Some((word?.to_owned(), stored))
    };
    Ok(words.filter_map(row).collect())
}

/// Asks for the state after all tries. Where a batch comes again, the process that counts is a new
/// one, and has the state alone.
pub(super) fn across_a_restart(inputs: &Inputs, ask: Ask) -> Result<DataFrame, AttemptError> {
    let tries = inputs.frame("tries")?;
    let (batches, words) = (tries.column("batch")?.i64()?, tries.column("word")?.str()?);
    let mut seen = BTreeSet::new();
    let again = batches
        .iter()
        .zip(words.iter())
        .position(|one| !seen.insert(one));
    let parts = match again {
        Some(at) => vec![tries.head(Some(at)), tries.slice(at as i64, tries.height())],
        None => vec![tries.clone()],
    };
    let mut state = None;
    for part in parts {
        ask.forget();
        let mut asked = Inputs::new().with("tries", Value::Frame(part));
        if let Some(state) = state {
            asked = asked.with("stored", Value::Frame(state));
        }
        let Value::Frame(after) = ask.ask(&asked)? else {
            return Err(AttemptError::Error("a state is a table".to_owned()));
        };
        state = Some(after);
    }
    Ok(state.unwrap_or_default())
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
