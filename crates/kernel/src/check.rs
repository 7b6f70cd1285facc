//! What rustc finds in a cell that it checks without running it: the types of the cell's
//! variables, and its errors.
//!
//! evcxr reports errors of its own, which may point to code that the reader did not
//! write. [`CheckReport::explain`] chooses the report that the reader sees.

use super::annotate::nameable;
use super::diagnostics::Diagnostics;
use super::failure::Failure;
use super::locate::ExecutedCell;
use super::parse::syntax_error;
use super::place::Place;
use anyhow::Result;
use serde_json::Value;
use std::collections::BTreeMap;

/// The result of checking a cell with rustc, without running it.
#[derive(Debug, Default)]
pub struct CheckReport {
    /// The types of the cell's variables, by name. Empty when they were not asked for.
    pub types: BTreeMap<String, String>,
    /// The errors of the cell. Empty when it has none, and when the real cargo checked
    /// the cell, which leaves no report.
    pub diagnostics: Diagnostics,
}

impl CheckReport {
    /// Reads the report that [`super::backend::Backend::request_check`] asked for.
    ///
    /// # Errors
    /// Returns an error when the report is not in the expected format.
    pub fn read(place: &Place) -> Result<CheckReport> {
        let Ok(text) = std::fs::read_to_string(place.types()) else {
            return Ok(CheckReport::default());
        };
        // The file that asked for the types is still empty: the real cargo checked.
        if text.is_empty() {
            return Ok(CheckReport::default());
        }
        let mut answer: Value = serde_json::from_str(&text)?;
        Ok(CheckReport {
            types: serde_json::from_value(answer["types"].take())?,
            diagnostics: Diagnostics {
                errors: serde_json::from_value(answer["errors"].take())?,
                source: serde_json::from_value(answer["source"].take())?,
            },
        })
    }

    /// Returns whether the cell has no errors.
    pub fn passed(&self) -> bool {
        self.diagnostics.errors.is_empty()
    }

    /// Returns the error of a cell that does not compile: a better one than `reported`,
    /// which is evcxr's, if there is one.
    ///
    /// `cell` is that cell, and `cells` are those that ran before. The alternatives are
    /// tried in this order: evcxr's own error about a variable that cannot be kept, rustc's
    /// errors within the cell, a syntax error, a variable without a type, and else evcxr's
    /// report.
    pub fn explain(
        &self,
        reported: Failure,
        cell: &ExecutedCell,
        cells: &[ExecutedCell],
    ) -> Failure {
        // evcxr alone knows which variables cannot be kept.
        if reported.value.starts_with("The variable `") {
            return reported;
        }

        // rustc's own report.
        if let Some(failure) = Failure::join(self.diagnostics.failures(cell, cells)) {
            return failure;
        }

        // evcxr does not ask rustc about a cell that it cannot parse.
        if let Some((line, message)) = syntax_error(&cell.code) {
            let mut failure = Failure::new("CompileError", format!("syntax error: {message}"));
            let text = cell.code.lines().nth(line - 1).unwrap_or_default();
            failure
                .traceback
                .push(format!(" --> cell [{}]:{line}", cell.count));
            failure.traceback.push(format!("{line} | {text}"));
            return failure;
        }

        // A variable whose type evcxr could not find.
        let variable = reported
            .value
            .strip_prefix("Couldn't automatically determine type of variable `")
            .and_then(|rest| rest.split('`').next());
        match variable {
            Some(variable) => {
                untyped_variable(variable, self.types.get(variable).map(String::as_str))
            }
            None => reported,
        }
    }
}

/// Creates the error for a variable that cannot be kept for later cells, because evcxr cannot
/// write its type. `name` is the type as rustc displays it, if rustc named it.
fn untyped_variable(variable: &str, name: Option<&str>) -> Failure {
    let known = |name: &&str| !name.contains("<_") && !name.contains("_>") && *name != "_";
    let text = match name.filter(known) {
        Some(name) if !nameable(name) => format!(
            "The variable `{variable}` cannot outlive this cell: its type, `{name}`, has no name that later cells could write.\n\
             Collect it (`.collect::<Vec<_>>()`), box it (`let {variable}: Box<dyn ...> = Box::new(...)`), or use it inside braces in this cell."
        ),
        Some(name) => format!(
            "The variable `{variable}` needs its type, because later cells must know it.\n\
             Write it: `let {variable}: {name} = ...`"
        ),
        None => format!(
            "The variable `{variable}` needs a type: rustc cannot tell it from this cell alone.\n\
             Write it, as in `let {variable}: Vec<u64> = ...`"
        ),
    };
    Failure::new("CompileError", text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_error_for_a_variable_that_cannot_be_kept_says_the_fix() {
        let closure = untyped_variable("f", Some("{closure@src/lib.rs:1:1}")).value;
        assert!(closure.contains("Box::new"), "{closure}");
        assert_eq!(
            untyped_variable("v", Some("Vec<_>")).value,
            untyped_variable("v", None).value
        );
        let unknown = untyped_variable("v", None).value;
        assert!(unknown.contains("let v: Vec<u64>"), "{unknown}");
    }
}
