//! The function that is judged, wherever it runs.
use super::attempt::AttemptError;
use super::value::{Inputs, Value};

/// A function that can be called: here, or in another process.
pub trait Respondent {
    /// Calls the function.
    ///
    /// # Errors
    /// How the call ended, if not with an answer.
    fn ask(&mut self, inputs: &Inputs) -> Result<Value, AttemptError>;

    /// Makes the next call find nothing that earlier ones left in memory, if the function
    /// has a process of its own.
    fn forget(&mut self) {}
}

impl<F: FnMut(&Inputs) -> Result<Value, AttemptError>> Respondent for F {
    fn ask(&mut self, inputs: &Inputs) -> Result<Value, AttemptError> {
        self(inputs)
    }
}

/// The function that is judged.
pub type Ask<'a> = &'a mut dyn Respondent;
