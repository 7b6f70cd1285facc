//! From a function to a verdict: run the cases, keep the first that fails, make
//! its input as small as it goes.
use super::attempt::{AttemptAnswer, AttemptError, Stop, attempt};
use super::compare::difference;
use super::exercise::{Case, Exercise, IdleAnswer};
use super::marks::{Marked, Marks};
use super::respondent::{Ask, Respondent};
use super::value::{Inputs, Value};
use super::verdict::{CallFailure, Failed, Status, Verdict};
use polars::prelude::{DataFrame, PolarsError};

/// How often a failing input is tried smaller: enough for the hundreds of rows
/// that cases have, and an answer that takes a millisecond is told in a quarter
/// of a second.
const SMALLER_TRIES: usize = 256;

/// A respondent that keeps its memory, for the many calls on smaller inputs: a new process for
/// each would take too long.
struct Remembering<'a>(Ask<'a>);

impl Respondent for Remembering<'_> {
    fn ask(&mut self, inputs: &Inputs) -> Result<Value, AttemptError> {
        self.0.ask(inputs)
    }
}

/// Judges a function on the cases of an exercise, up to the first that it fails.
/// The same seed gives the same cases.
pub fn judge(exercise: &'static Exercise, seed: u64, answer: AttemptAnswer) -> Verdict {
    judge_by(exercise, seed, &mut |inputs: &Inputs| {
        attempt(answer, inputs)
    })
}

/// [`judge`] with a function that is called by `ask`.
pub fn judge_by(exercise: &'static Exercise, seed: u64, ask: Ask) -> Verdict {
    let cases = (exercise.cases)(seed);
    let mut passed = Vec::new();
    for case in &cases {
        let Some(fault) = asked(exercise, case, ask) else {
            passed.push(case.name);
            continue;
        };
        let failed = smallest(exercise, case, passed.len() + 1, fault, ask);
        return Verdict::failed(exercise, passed, cases.len(), failed);
    }
    Verdict::passed(exercise, passed)
}

/// Judges a function on every case, for marks: the verdict is the first failure.
pub fn mark(exercise: &'static Exercise, seed: u64, ask: Ask) -> Marks {
    let cases = (exercise.cases)(seed);
    // Each case is asked once, and its right answer computed once.
    let asked: Vec<(Option<CallFailure>, bool)> = cases
        .iter()
        .map(|case| match exercise.right_answer(&case.inputs) {
            Err(error) => (Some(no_right_answer(case, &error)), false),
            Ok(expected) => (
                fault(exercise, &case.inputs, &expected, ask),
                without_work(exercise, &case.inputs, &expected),
            ),
        })
        .collect();
    let marked = cases
        .iter()
        .zip(&asked)
        .map(|(case, (fault, without_work))| Marked {
            case: case.name,
            about: case.about,
            status: fault.as_ref().map_or(Status::Passed, CallFailure::status),
            without_work: *without_work,
        });
    let marked: Vec<Marked> = marked.collect();
    let first = asked
        .into_iter()
        .enumerate()
        .find_map(|(place, (fault, _))| Some((place, fault?)));
    let right = marked.iter().filter(|case| case.status == Status::Passed);
    let right = right.map(|case| case.case).collect();
    let verdict = match first {
        None => Verdict::passed(exercise, right),
        Some((place, fault)) => {
            let failed = smallest(exercise, &cases[place], place + 1, fault, ask);
            Verdict::failed(exercise, right, cases.len(), failed)
        }
    };
    Marks::new(marked, verdict)
}

/// What is wrong on a case as it was drawn.
fn asked(exercise: &Exercise, case: &Case, ask: Ask) -> Option<CallFailure> {
    match exercise.right_answer(&case.inputs) {
        Ok(expected) => fault(exercise, &case.inputs, &expected, ask),
        Err(error) => Some(no_right_answer(case, &error)),
    }
}

/// The failure of a case without a right answer: it is the exercise's own mistake, and no answer
/// passes it.
fn no_right_answer(case: &Case, error: &PolarsError) -> CallFailure {
    let told = format!("case `{}` has no right answer: {error}", case.name);
    CallFailure::NoAnswer(AttemptError::Stopped(Stop::Grader, told))
}

/// Whether an answer is right that does no work: an empty table, one of the inputs, or an idle
/// answer of the exercise.
fn without_work(exercise: &Exercise, inputs: &Inputs, expected: &Value) -> bool {
    if matches!(expected, Value::Frame(frame) if frame.height() == 0) {
        return true;
    }
    let empty = Value::Frame(DataFrame::empty());
    let mut idle = inputs.iter().map(|(_, value)| value).chain([&empty]);
    let gives_back = idle.any(|answer| {
        let mut idle = |_: &Inputs| Ok(answer.clone());
        fault(exercise, inputs, expected, &mut idle).is_none()
    });
    let mut idle = exercise.idle.iter();
    gives_back || idle.any(|idle| fault(exercise, inputs, expected, &mut by(*idle)).is_none())
}

/// An idle answer as a function that can be asked.
pub(super) fn by(idle: IdleAnswer) -> impl FnMut(&Inputs) -> Result<Value, AttemptError> {
    move |inputs| Ok(idle(inputs)?)
}

fn fault(exercise: &Exercise, inputs: &Inputs, expected: &Value, ask: Ask) -> Option<CallFailure> {
    match exercise.tried(inputs, ask) {
        Err(error) => Some(CallFailure::NoAnswer(error)),
        Ok(actual) => {
            let difference = difference(expected, &actual)?;
            Some(CallFailure::Wrong { actual, difference })
        }
    }
}

/// The expected answer and what is wrong on inputs made smaller, if anything is.
fn fails(exercise: &Exercise, inputs: &Inputs, ask: Ask) -> Option<(Value, CallFailure)> {
    // Made smaller, an input may have left what the exercise speaks of.
    let expected = exercise.right_answer(inputs).ok()?;
    let fault = fault(exercise, inputs, &expected, ask)?;
    Some((expected, fault))
}

/// Takes rows away from the case's tables while it still fails in the same way.
fn smallest(
    exercise: &Exercise,
    case: &Case,
    number: usize,
    fault: CallFailure,
    ask: Ask,
) -> Failed {
    let ask: Ask = &mut Remembering(ask);
    let status = fault.status();
    let mut inputs = case.inputs.clone();
    let mut tries = match status {
        Status::Unsolved | Status::Stopped(_) => 0,
        _ => SMALLER_TRIES,
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
                let still = fails(exercise, &smaller, ask);
                match still.map(|(_, fault)| fault.status()) {
                    Some(now) if now == status => inputs = smaller,
                    // Asked so, it must be ended: no more questions of this kind.
                    Some(Status::Stopped(_)) => tries = 0,
                    _ => start += chunk,
                }
            }
            chunk = if chunk == 1 { 0 } else { chunk.div_ceil(2) };
        }
    }
    // The function may answer otherwise when asked again; then the case's own
    // inputs, which failed once, are shown.
    let again = match status {
        Status::Stopped(_) => None,
        _ => fails(exercise, &inputs, ask),
    };
    let (inputs, expected, fault) = match again {
        Some((expected, again)) if again.status() == status => (inputs, Some(expected), again),
        _ => {
            let expected = exercise.right_answer(&case.inputs).ok();
            (case.inputs.clone(), expected, fault)
        }
    };
    Failed {
        case: case.clone(),
        number,
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
