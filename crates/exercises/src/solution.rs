//! The solution, for who has found one or gives up.
use super::exercise::Exercise;
use super::progress::{ProgressError, ProgressStore, project_root};
use notebook::escape::escape;
use notebook::{Render, Rich};
use std::fs;

/// A solution, or why it is not shown.
#[derive(Clone, Debug)]
#[must_use = "a solution is shown when it ends a cell"]
pub struct Solution {
    source: Option<String>,
    note: String,
}

/// The solution of an exercise that has passed.
pub fn solution(exercise: &'static Exercise) -> Solution {
    let records = ProgressStore::of_project().and_then(|progress| progress.records());
    let solved =
        records.is_ok_and(|records| records.get(exercise.id).is_some_and(|record| record.solved));
    if solved {
        return read(exercise);
    }
    Solution {
        source: None,
        note: format!(
            "Not solved yet. hint!({0}) opens a hint; solution!({0}, give_up) shows the solution all the same.",
            exercise.name
        ),
    }
}

/// The solution of any exercise; that it was asked for is stored.
pub fn give_up(exercise: &'static Exercise) -> Solution {
    // Whoever cannot store it may still read.
    let _ = ProgressStore::of_project().and_then(|progress| progress.give_up(exercise.id));
    read(exercise)
}

/// Forgets the progress of one exercise: `exercises::reset("01_1_pacific_days")`.
///
/// # Errors
/// If there is no such exercise, or its progress cannot be written.
pub fn reset(name: &str) -> Result<(), ProgressError> {
    let exercise = super::find(name).ok_or_else(|| ProgressError::NoExercise(name.to_owned()))?;
    ProgressStore::of_project()?.reset(exercise.id)
}

fn read(exercise: &Exercise) -> Solution {
    let path = match project_root() {
        Ok(root) => root
            .join("solutions")
            .join(format!("{}.ipynb", exercise.id)),
        Err(error) => {
            return Solution {
                source: None,
                note: error.to_string(),
            };
        }
    };
    let source = fs::read_to_string(&path).ok().and_then(|text| cell(&text));
    let note = match &source {
        Some(_) => format!("More about it in solutions/{}.ipynb.", exercise.id),
        None => format!("{} cannot be read", path.display()),
    };
    Solution { source, note }
}

/// The code between nbgrader's marks of a notebook, and what stands around it.
fn cell(notebook: &str) -> Option<String> {
    let json: serde_json::Value = serde_json::from_str(notebook).ok()?;
    let sources = json["cells"]
        .as_array()?
        .iter()
        .map(|cell| match &cell["source"] {
            serde_json::Value::Array(lines) => {
                lines.iter().filter_map(|line| line.as_str()).collect()
            }
            source => source.as_str().unwrap_or_default().to_owned(),
        });
    let source: String =
        { sources }.find(|source: &String| source.contains("// BEGIN SOLUTION"))?;
    let kept = source
        .lines()
        .filter(|line| !["// BEGIN SOLUTION", "// END SOLUTION"].contains(&line.trim()));
    Some(kept.collect::<Vec<_>>().join("\n"))
}

impl Render for Solution {
    fn render(&self) -> Rich {
        let source = self.source.as_deref().unwrap_or_default();
        let text = format!("{source}\n\n{}", self.note);
        Rich::text(text.trim_start()).html(format!(
            "<pre>{}</pre><p>{}</p>",
            escape(source),
            escape(&self.note)
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_solution_is_shown_without_its_marks() {
        let notebook = r#"{"cells": [{"source": "text"}, {"source": ["fn f() {\n", "    // BEGIN SOLUTION\n", "    1\n", "    // END SOLUTION\n", "}"]}]}"#;
        assert_eq!(cell(notebook).unwrap(), "fn f() {\n    1\n}");
    }
}
