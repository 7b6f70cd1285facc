//! From a function to a verdict: run the cases, keep the first that fails, make
//! its input as small as it goes.
use super::attempt::{Answer, Mishap, attempt};
use super::compare::{Difference, difference};
use super::exercise::{Case, Exercise};
use super::value::{Inputs, Value};
use super::verdict::{Failed, Status, Verdict};

/// How often a failing input is tried smaller: enough for the hundreds of rows
/// that cases have, and an answer that takes a millisecond is told in a quarter
/// of a second.
const SMALLER_TRIES: usize = 256;

/// What one call got wrong.
#[derive(Clone, Debug)]
pub enum Fault {
    /// It gave no answer.
    Mishap(Mishap),
    /// It gave a wrong one.
    Wrong {
        /// What it gave.
        actual: Value,
        /// How that differs.
        difference: Difference,
    },
}

impl Fault {
    pub(super) fn status(&self) -> Status {
        match self {
            Fault::Mishap(Mishap::Unsolved) => Status::Unsolved,
            Fault::Mishap(Mishap::Panicked(_)) => Status::Panicked,
            Fault::Mishap(Mishap::Error(_)) => Status::Error,
            Fault::Wrong { .. } => Status::Wrong,
        }
    }
}

/// Judges a function on all cases of an exercise. The same seed gives the same
/// cases.
pub fn judge(exercise: &'static Exercise, seed: u64, answer: Answer) -> Verdict {
    let cases = (exercise.cases)(seed);
    let mut passed = Vec::new();
    for case in &cases {
        let Some((_, fault)) = fails(exercise, &case.inputs, answer) else {
            passed.push(case.name);
            continue;
        };
        let failed = smallest(exercise, case, fault, answer);
        return Verdict::failed(exercise, passed, cases.len(), failed);
    }
    Verdict::passed(exercise, passed)
}

/// The expected answer and what is wrong, if anything is.
fn fails(exercise: &Exercise, inputs: &Inputs, answer: Answer) -> Option<(Option<Value>, Fault)> {
    let expected = match (exercise.reference)(inputs) {
        Ok(expected) => expected,
        // Made smaller, an input may have left what the exercise speaks of.
        Err(_) => return None,
    };
    match attempt(answer, inputs) {
        Err(mishap) => Some((Some(expected), Fault::Mishap(mishap))),
        Ok(actual) => {
            let difference = difference(&expected, &actual)?;
            Some((Some(expected), Fault::Wrong { actual, difference }))
        }
    }
}

/// Takes rows away from the case's tables while it still fails in the same way.
fn smallest(exercise: &Exercise, case: &Case, fault: Fault, answer: Answer) -> Failed {
    let status = fault.status();
    let mut inputs = case.inputs.clone();
    let mut tries = if status == Status::Unsolved {
        0
    } else {
        SMALLER_TRIES
    };
    let places = inputs
        .iter()
        .enumerate()
        .filter(|(_, (_, value))| matches!(value, Value::Frame(_)));
    for place in places.map(|(place, _)| place).collect::<Vec<_>>() {
        let mut chunk = rows(&inputs, place).div_ceil(2);
        while chunk > 0 && tries > 0 {
            let mut start = 0;
            while start < rows(&inputs, place) && tries > 0 {
                tries -= 1;
                let smaller = without(&inputs, place, start, chunk);
                let still = fails(exercise, &smaller, answer);
                if still.is_some_and(|(_, fault)| fault.status() == status) {
                    inputs = smaller;
                } else {
                    start += chunk;
                }
            }
            chunk = if chunk == 1 { 0 } else { chunk.div_ceil(2) };
        }
    }
    // The function may answer otherwise when asked again; then the case's own
    // inputs, which failed once, are shown.
    let (inputs, (expected, fault)) = match fails(exercise, &inputs, answer) {
        Some(found) => (inputs, found),
        None => (
            case.inputs.clone(),
            ((exercise.reference)(&case.inputs).ok(), fault),
        ),
    };
    Failed {
        case: case.clone(),
        inputs,
        expected,
        fault,
    }
}

fn rows(inputs: &Inputs, place: usize) -> usize {
    match inputs.iter().nth(place) {
        Some((_, Value::Frame(frame))) => frame.height(),
        _ => 0,
    }
}

fn without(inputs: &Inputs, place: usize, start: usize, count: usize) -> Inputs {
    let Some((_, Value::Frame(frame))) = inputs.iter().nth(place) else {
        return inputs.clone();
    };
    let end = (start + count).min(frame.height());
    let head = frame.slice(0, start);
    let tail = frame.slice(end as i64, frame.height() - end);
    match head.vstack(&tail) {
        Ok(smaller) => inputs.replaced(place, Value::Frame(smaller)),
        Err(_) => inputs.clone(),
    }
}
