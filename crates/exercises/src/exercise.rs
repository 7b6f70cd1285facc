//! What an exercise is.
use super::attempt::AttemptError;
use super::respondent::Ask;
use super::value::{Inputs, Value};
use polars::prelude::PolarsResult;

/// A function that puts an answer to the test on a case.
type Trial = fn(&Inputs, Ask) -> Result<Value, AttemptError>;

/// An answer that does no work.
pub(super) type IdleAnswer = fn(&Inputs) -> PolarsResult<Value>;

/// An exercise: what is asked, the cases that test an answer, the reference.
///
/// Its file in `src/exercises/` holds one `static EXERCISE`, the type of the
/// reader's function, and the call that feeds it (see
/// [`pacific_days`](super::pacific_days)).
#[derive(Debug)]
pub struct Exercise {
    /// Names its notebooks: `solutions/ID.ipynb` and `exercises/ID.ipynb`.
    pub id: &'static str,
    /// Names it in code: `check!(NAME, ..)`.
    pub name: &'static str,
    /// A few words.
    pub title: &'static str,
    /// The Rust signature of the function asked for.
    pub signature: &'static str,
    /// From a nudge to nearly the answer.
    pub hints: &'static [&'static str],
    /// What an answer may use of this project's crates, beside what every answer may:
    /// modules, types and functions, each by the path where it is defined. A grader
    /// refuses an answer that is linked with anything else, such as a function that is
    /// the answer.
    pub vocabulary: &'static [&'static str],
    /// The cases, the most telling first. They depend on the seed alone, and each
    /// is another with another seed. Their kinds and sizes stay, so an answer may know all but the case
    /// that is drawn at large ([`DRAWN`](super::marks::DRAWN)).
    pub cases: fn(seed: u64) -> Vec<Case>,
    /// Asked by [`Exercise::right_answer`].
    pub(super) reference: fn(&Inputs) -> PolarsResult<Value>,
    /// Answers that do no work, beside the empty table and each input given back: functions
    /// that return one of their arguments or a constant, in the form that the exercise's
    /// `answer` gives them. A case in which one of them is right earns points only together
    /// with a case that asks for work.
    pub(super) idle: &'static [IdleAnswer],
    /// How an answer is put to the test where a single call does not give the value to
    /// compare. It runs in the process that judges, calls the answer as often as needed, and
    /// returns what came of it. So what an answer did is derived from what it returned, and
    /// never from a record in its own process.
    pub(super) trial: Option<Trial>,
}

impl Exercise {
    /// The right answer to any inputs.
    ///
    /// # Errors
    /// On inputs that the exercise does not speak of.
    pub fn right_answer(&self, inputs: &Inputs) -> PolarsResult<Value> {
        (self.reference)(inputs)
    }

    /// Returns the value that is compared with the right answer: what one call gives, or
    /// what a trial of several calls comes to.
    ///
    /// # Errors
    /// If a call ends without an answer, or with one that is no answer to this exercise.
    pub fn tried(&self, inputs: &Inputs, ask: Ask) -> Result<Value, AttemptError> {
        match self.trial {
            None => ask.ask(inputs),
            Some(trial) => trial(inputs, ask),
        }
    }
}

/// One test of an answer.
#[derive(Clone, Debug)]
pub struct Case {
    /// A short name, stable: mutants say which case finds them.
    pub name: &'static str,
    /// What the case tests, as a sentence.
    pub about: &'static str,
    /// Why an answer that fails here is wrong in practice.
    pub why: &'static str,
    /// The arguments.
    pub inputs: Inputs,
}
