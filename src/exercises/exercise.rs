//! What an exercise is.
use super::value::{Inputs, Value};
use polars::prelude::PolarsResult;

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
    /// The cases, the most telling first; random ones depend on the seed alone.
    pub cases: fn(seed: u64) -> Vec<Case>,
    /// The right answer to any inputs.
    pub reference: fn(&Inputs) -> PolarsResult<Value>,
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
