//! An exercise as the grader has it: with its handout and its solution.
use crate::handout::handout;
use anyhow::{Context, Result};
use kernel::notebook_file::Notebook;
use lambda_workbook::exercises::{self, Exercise};
use std::path::Path;

/// An exercise to grade.
pub struct Task {
    pub exercise: &'static Exercise,
    pub handout: Notebook,
    pub solution: Notebook,
}

impl Task {
    /// The exercise's notebooks in a project.
    pub fn of(root: &Path, exercise: &'static Exercise) -> Result<Task> {
        let path = root
            .join("solutions")
            .join(format!("{}.ipynb", exercise.id));
        Ok(Task {
            exercise,
            handout: handout(&path)?,
            solution: Notebook::read(&path)?,
        })
    }

    /// All exercises, or those named.
    pub fn chosen(root: &Path, names: &[String]) -> Result<Vec<Task>> {
        let chosen = match names.is_empty() {
            true => exercises::ALL.to_vec(),
            false => names
                .iter()
                .map(|name| {
                    exercises::find(name).with_context(|| format!("there is no exercise {name}"))
                })
                .collect::<Result<_>>()?,
        };
        chosen
            .into_iter()
            .map(|exercise| Task::of(root, exercise))
            .collect()
    }
}
