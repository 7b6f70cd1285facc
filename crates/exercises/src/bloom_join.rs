//! Exercise 10.2: a Bloom join, false positives and all.
use super::draw::Draw;
use super::exercise::{Case, Exercise};
use super::value::{Inputs, Value};
use lessons::systems::positions;
use polars::prelude::*;
use std::collections::HashSet;

/// The reader's function.
pub type Function = fn(&DataFrame, &DataFrame, usize, usize) -> PolarsResult<DataFrame>;

/// Feeds the reader's function.
pub fn answer(function: Function, inputs: &Inputs) -> PolarsResult<Value> {
    let (bits, hashes) = (
        *inputs.int("bits")? as usize,
        *inputs.int("hashes")? as usize,
    );
    let sent = function(
        inputs.frame("master")?,
        inputs.frame("batch")?,
        bits,
        hashes,
    )?;
    Ok(Value::Frame(sent))
}

/// Exercise 10.2.
pub static EXERCISE: Exercise = Exercise {
    id: "10_2_bloom_join",
    name: "bloom_join",
    title: "Exercise 10.2, a Bloom join",
    signature: "fn bloom_join(master: &DataFrame, batch: &DataFrame, bits: usize, hashes: usize) -> PolarsResult<DataFrame>",
    hints: &[
        "Two passes over people: the batch's set bits, the master data's ask for them. A row is sent if *all* bits of its person are \
         set, whoever set them. Whether it joins is another question: is its person in the batch?",
        "`let mut filter = vec![false; bits];` and, for each person of the batch, `for bit in systems::positions(person, bits, hashes) \
         { filter[bit] = true; }`. Rows are chosen by `master.filter(&mask)?` with a `BooleanChunked`, which `collect` makes of booleans.",
        "`let passes = |person: i64| systems::positions(person, bits, hashes).into_iter().all(|bit| filter[bit]);`, then a `HashSet<i64>` \
         of the batch's people, and `sent.with_column(Column::new(\"joins\".into(), joins))?` with a `Vec<bool>`.",
    ],
    vocabulary: &["lessons::systems::by_hand::positions"],
    cases,
    reference,
    idle: &[],
    trial: None,
};

fn people(frame: &DataFrame) -> PolarsResult<Vec<i64>> {
    Ok(frame.column("person")?.i64()?.into_no_null_iter().collect())
}

fn set(batch: &[i64], bits: usize, hashes: usize) -> HashSet<usize> {
    batch
        .iter()
        .flat_map(|person| positions(*person, bits, hashes))
        .collect()
}

fn reference(inputs: &Inputs) -> PolarsResult<Value> {
    let (bits, hashes) = (
        *inputs.int("bits")? as usize,
        *inputs.int("hashes")? as usize,
    );
    let (master, batch) = (inputs.frame("master")?, people(inputs.frame("batch")?)?);
    let set = set(&batch, bits, hashes);
    let passes = |person: &i64| {
        positions(*person, bits, hashes)
            .iter()
            .all(|bit| set.contains(bit))
    };
    let mask: BooleanChunked = people(master)?.iter().map(passes).collect();
    let mut sent = master.filter(&mask)?;
    let joins: Vec<bool> = people(&sent)?
        .iter()
        .map(|person| batch.contains(person))
        .collect();
    sent.with_column(Column::new("joins".into(), joins))?;
    Ok(Value::Frame(sent))
}

const BITS: usize = 24;
const HASHES: usize = 3;

/// The first people from `from` on whose bits stand to those set as asked.
fn found(from: i64, set: &HashSet<usize>, asked: fn(&[bool]) -> bool) -> i64 {
    let fits = |person: &i64| {
        let bits: Vec<bool> = positions(*person, BITS, HASHES)
            .iter()
            .map(|bit| set.contains(bit))
            .collect();
        asked(&bits)
    };
    (from..).find(fits).unwrap_or(from)
}

fn cases(seed: u64) -> Vec<Case> {
    let mut draw = Draw::of(seed);
    let day = 1_438_912_800;
    let start = draw.number(1, 1_000..1_000_000_000);
    let age = draw.number(30, 20..80);
    let case = |name, about, why, master: &[i64], batch: &[i64]| {
        let frame = |people: &[i64]| {
            let columns = df!(
                "person" => people,
                "true_as_of_secs" => (0..people.len() as i64).map(|row| day + 60 * row).collect::<Vec<_>>(),
                "age" => people.iter().map(|person| age + person % 7).collect::<Vec<_>>(),
            );
            Value::Frame(columns.expect("columns of one length"))
        };
        let inputs = Inputs::new()
            .with("master", frame(master))
            .with("batch", frame(batch))
            .with("bits", Value::Int(BITS as i64))
            .with("hashes", Value::Int(HASHES as i64));
        Case {
            name,
            about,
            why,
            inputs,
        }
    };
    // A key with bits of its own for each hash, so that bits can be partly set.
    let apart = |from: i64| {
        let distinct = |person: &i64| {
            positions(*person, BITS, HASHES)
                .iter()
                .collect::<HashSet<_>>()
                .len()
                == HASHES
        };
        (from..).find(distinct).unwrap_or(from)
    };
    let key = apart(start);
    let of_key = set(&[key], BITS, HASHES);
    let all = found(key + 1, &of_key, |bits| bits.iter().all(|set| *set));
    let later = found(key + 1, &of_key, |bits| {
        !bits[0] && bits.iter().any(|set| *set)
    });
    let first = found(key + 1, &of_key, |bits| {
        bits[0] && bits.iter().any(|set| !set)
    });
    let other = found(key + 1, &of_key, |bits| bits.iter().all(|set| !set));
    let mut some =
        |count: i64| -> Vec<i64> { (0..count).map(|_| start + draw.below(60)).collect() };
    let (many, new) = (some(90), some(5));
    vec![
        case(
            "one_key",
            "a row joins, another has none of the bits",
            "the filter is there so that most rows stay where they are",
            &[key, other],
            &[key],
        ),
        case(
            "false_positive",
            "a person who is not in the batch has all bits set",
            "a filter cannot tell: the row is sent, and the exact join must take it out",
            &[key, all],
            &[key],
        ),
        case(
            "a_later_bit",
            "some bits of a person are set, but not the first",
            "one bit unset proves that the person was never put in",
            &[key, later],
            &[key],
        ),
        case(
            "the_first_bit",
            "the first bit of a person is set, another is not",
            "every hash counts: k of them make false positives rare",
            &[key, first],
            &[key],
        ),
        case(
            "two_keys",
            "the batch has two people",
            "one filter holds all keys of the batch",
            &[key, other],
            &[other, key],
        ),
        case(
            "order",
            "rows come in the order of the master data",
            "a filter only leaves rows out; it changes nothing about the others",
            &[other, key, other],
            &[other, key],
        ),
        case(
            "empty_batch",
            "the batch is empty",
            "a filter of nobody lets nobody pass",
            &[key, other],
            &[],
        ),
        case(
            "random",
            "ninety rows and five keys drawn by lot",
            "what holds for chosen people must hold for all",
            &many,
            &new,
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    crate::mutants::tests! {
        bloom_join::bloom_join, stub: |_, _, _, _| todo!(), mutants:
        any_bit, exact_filter, first_hash, last_key_only, no_exact_join, sends_all, sorted,
    }
}
