//! One call of a reader's function: whatever it does, the check goes on.
use super::value::{Inputs, Value};
use polars::prelude::{PolarsError, PolarsResult};
use std::any::Any;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Mutex;

/// A reader's function, fed from named inputs.
pub type AttemptAnswer<'a> = &'a dyn Fn(&Inputs) -> PolarsResult<Value>;

/// How a call ended without an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AttemptError {
    /// `todo!()`: there is nothing to judge yet.
    Unsolved,
    /// It panicked, with this message.
    Panicked(String),
    /// It returned this error.
    Error(String),
    /// Its process was ended, or ended itself: only where it has one of its own.
    Stopped(Stop, String),
}

impl From<PolarsError> for AttemptError {
    fn from(error: PolarsError) -> Self {
        Self::Error(error.to_string())
    }
}

/// What ended a function's process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// It took too long.
    Time,
    /// It asked for more memory than there is for it.
    Memory,
    /// It crashed, or went away before it answered.
    Crash,
    /// It tried what no answer needs: files, the network, other programs.
    Forbidden,
    /// The check itself is at fault, and the function is not judged.
    Grader,
}

/// Panic hooks belong to the process, so attempts take turns.
static HOOK: Mutex<()> = Mutex::new(());

/// Calls the function; its panic is caught and says nothing on standard error.
pub fn attempt(answer: AttemptAnswer, inputs: &Inputs) -> Result<Value, AttemptError> {
    let turn = HOOK.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    let usual = panic::take_hook();
    panic::set_hook(Box::new(|_| {}));
    let result = panic::catch_unwind(AssertUnwindSafe(|| answer(inputs)));
    panic::set_hook(usual);
    drop(turn);
    match result {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(error)) => Err(error.into()),
        Err(payload) => Err(told(&message(payload.as_ref()))),
    }
}

fn message(payload: &(dyn Any + Send)) -> String {
    if let Some(text) = payload.downcast_ref::<&str>() {
        return (*text).to_owned();
    }
    match payload.downcast_ref::<String>() {
        Some(text) => text.clone(),
        None => "a panic without a message".to_owned(),
    }
}

fn told(message: &str) -> AttemptError {
    let unfinished = ["not yet implemented", "not implemented"];
    if unfinished.iter().any(|start| message.starts_with(start)) {
        return AttemptError::Unsolved;
    }
    AttemptError::Panicked(message.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn end(answer: AttemptAnswer) -> AttemptError {
        attempt(answer, &Inputs::new()).expect_err("it has no answer")
    }

    #[test]
    fn a_stub_is_unsolved() {
        assert_eq!(end(&|_| todo!()), AttemptError::Unsolved);
        assert_eq!(end(&|_| todo!("your turn")), AttemptError::Unsolved);
        assert_eq!(end(&|_| unimplemented!()), AttemptError::Unsolved);
    }

    #[test]
    fn a_panic_keeps_its_message() {
        assert_eq!(
            end(&|_| panic!("at {}", 7)),
            AttemptError::Panicked("at 7".into())
        );
        assert_eq!(
            end(&|_| panic!("plain")),
            AttemptError::Panicked("plain".into())
        );
        assert_eq!(
            end(&|_| panic::panic_any(7)),
            AttemptError::Panicked("a panic without a message".into())
        );
    }

    #[test]
    fn an_error_keeps_its_message() {
        let missing = |inputs: &Inputs| inputs.int("n").map(|n| Value::Int(*n));
        assert_eq!(
            end(&missing),
            AttemptError::Error("this case has no number `n`".into())
        );
    }
}
