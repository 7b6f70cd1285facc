//! Exercise 2.1: the merge of two HyperLogLog sketches, register by register.
//!
//! Sketches of different precision are refused, as the sketches of the views are. A register of
//! the one covers several registers of the other, so a merge that pairs them by position is wrong
//! and looks right.
use super::draw::Draw;
use super::exercise::{Case, Exercise};
use super::value::{Inputs, Value};
use lambda::batch::Precision;
use lessons::people::{Registers, visitors};
use polars::prelude::{DataFrame, PolarsResult, df, polars_bail};

/// The reader's function.
pub type Function = fn(&[u8], &[u8]) -> Result<Vec<u8>, String>;

/// Feeds the reader's function.
pub fn answer(function: Function, inputs: &Inputs) -> PolarsResult<Value> {
    let (mine, theirs) = (
        ranks(inputs.frame("mine")?)?,
        ranks(inputs.frame("theirs")?)?,
    );
    Ok(Value::Frame(match function(&mine, &theirs) {
        Ok(merged) => frame(&merged)?,
        Err(_) => Value::refusal()?,
    }))
}

/// Exercise 2.1.
pub static EXERCISE: Exercise = Exercise {
    id: "02_1_register_merge",
    name: "register_merge",
    title: "Exercise 2.1, merge two sketches register by register",
    signature: "fn register_merge(mine: &[u8], theirs: &[u8]) -> Result<Vec<u8>, String>",
    hints: &[
        "A register keeps the largest rank that fell into it. What would the register hold if one sketch had \
         seen the visitors of both?",
        "`mine.iter().zip(theirs)` gives the registers in pairs. It stops at the end of the shorter list and says \
         nothing, so compare `mine.len()` and `theirs.len()` before it.",
        "`return Err(format!(\"{} and {} registers\", mine.len(), theirs.len()));` if the lengths differ. Otherwise \
         `Ok(mine.iter().zip(theirs).map(|(a, b)| *a.max(b)).collect())`.",
    ],
    vocabulary: &[],
    cases,
    reference,
    idle: &[
        |inputs| answer(|mine, _| Ok(mine.to_vec()), inputs),
        |inputs| answer(|_, _| Err(String::new()), inputs),
    ],
    trial: None,
};

fn reference(inputs: &Inputs) -> PolarsResult<Value> {
    let (mine, theirs) = (
        ranks(inputs.frame("mine")?)?,
        ranks(inputs.frame("theirs")?)?,
    );
    // With a register taken away, a sketch is no sketch.
    for sketch in [&mine, &theirs] {
        if ![SMALL, LARGE].map(registers).contains(&sketch.len()) {
            polars_bail!(InvalidOperation: "no precision has {} registers", sketch.len());
        }
    }
    if mine.len() != theirs.len() {
        return Ok(Value::Frame(Value::refusal()?));
    }
    let larger = mine.iter().zip(&theirs).map(|(a, b)| *a.max(b));
    Ok(Value::Frame(frame(&larger.collect::<Vec<_>>())?))
}

/// The precisions of the cases: 16 and 64 registers.
const SMALL: u8 = 4;
const LARGE: u8 = 6;

fn registers(precision: u8) -> usize {
    1 << precision
}

fn frame(ranks: &[u8]) -> PolarsResult<DataFrame> {
    df!(
        "register" => (0..ranks.len() as i64).collect::<Vec<_>>(),
        "rank" => ranks.iter().map(|rank| i64::from(*rank)).collect::<Vec<_>>(),
    )
}

fn ranks(frame: &DataFrame) -> PolarsResult<Vec<u8>> {
    let ranks = frame.column("rank")?.i64()?;
    Ok(ranks.iter().flatten().map(|rank| rank as u8).collect())
}

fn case(
    name: &'static str,
    about: &'static str,
    why: &'static str,
    mine: &[u8],
    theirs: &[u8],
) -> Case {
    let registers = |ranks| Value::Frame(frame(ranks).expect("columns of one length"));
    let inputs = Inputs::new()
        .with("mine", registers(mine))
        .with("theirs", registers(theirs));
    Case {
        name,
        about,
        why,
        inputs,
    }
}

/// Returns the registers of the visitors with these numbers.
fn sketch(precision: u8, from: i64, people: i64) -> Vec<u8> {
    let precision = Precision::new(precision).expect("a precision that exists");
    let people = visitors(from..=from + people - 1);
    Registers::of(precision, &people).ranks().to_vec()
}

fn cases(seed: u64) -> Vec<Case> {
    let mut draw = Draw::of(seed);
    let first = draw.number(1, 2..1_000_000_000);
    let empty = vec![0; registers(SMALL)];
    let nine = sketch(SMALL, first, 60);
    let ten = sketch(SMALL, first + 30, 60);
    let mut drawn = || -> Vec<u8> {
        let ranks = (0..registers(LARGE)).map(|_| draw.below(50) as u8);
        ranks.collect()
    };
    let (any, other) = (drawn(), drawn());
    vec![
        case(
            "first_visitors",
            "an hour without visitors is merged with an hour that had some",
            "a day begins with an empty sketch, and the first hour must come into it",
            &empty,
            &nine,
        ),
        case(
            "quiet_hour",
            "an hour that had visitors is merged with one that had none",
            "one quiet hour at night must not empty the day",
            &nine,
            &empty,
        ),
        case(
            "twice",
            "an hour is merged with itself",
            "after a retry the same hour is merged again: merging is idempotent, adding is not",
            &nine,
            &nine,
        ),
        case(
            "hours",
            "60 visitors from 9 to 10 and 60 from 10 to 11, of whom 30 came in both",
            "the merged registers must be those of one sketch that has seen all 90",
            &nine,
            &ten,
        ),
        case(
            "more_registers",
            "two sketches of 64 registers",
            "the views have 16,384: the precision is nothing that the merge may know",
            &sketch(LARGE, first, 400),
            &sketch(LARGE, first + 300, 400),
        ),
        case(
            "precisions",
            "a sketch of 16 registers and one of 64",
            "a register of the one covers four of the other, so pairs by position mix different visitors",
            &nine,
            &sketch(LARGE, first, 60),
        ),
        case(
            "random",
            "registers drawn by lot",
            "what holds for chosen registers must hold for all",
            &any,
            &other,
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    crate::mutants::tests! {
        register_merge::register_merge, stub: |_, _| todo!(), mutants:
        adds, bitwise_or, ignores_precision, larger_sketch, minimum, pads, panics, sixteen_only, takes_mine,
        takes_theirs,
    }

    #[test]
    fn the_merge_of_two_hours_is_the_sketch_of_all_their_visitors() {
        let cases = cases(READERS_SEED);
        let hours = cases.iter().find(|case| case.name == "hours");
        let Value::Frame(merged) = reference(&hours.unwrap().inputs).unwrap() else {
            panic!("registers are a table");
        };
        assert_eq!(ranks(&merged).unwrap(), sketch(SMALL, 1, 90));
    }
}
