//! A course folder for nbgrader: one assignment for each exercise.
//!
//! nbgrader makes the handouts from it, runs what comes back on our kernel, and
//! reads the points off the check's cell: there its hidden lines have every case
//! marked, drawn from a seed, where the student's cell checks up to the first
//! failure.
use crate::Outcome;
use anyhow::{Context, Result, bail};
use grade::extract::function;
use grade::handout::{is_solution_only, of_the_lesson, solutions};
use grade::points::{self, Worth};
use kernel::notebook_file::{Notebook, lines};
use lambda_workbook::exercises::{self, Exercise};
use serde_json::{Value, json};
use std::fs;
use std::path::Path;

/// What goes into a course folder as it is.
const CONFIG: &str = include_str!("../../../../../docs/nbgrader_config.py");

pub fn make(root: &Path, folder: &Path, seed: u64) -> Result<Outcome> {
    let points = points::read(root)?;
    let config = folder.join("nbgrader_config.py");
    fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    // A course's own settings stay.
    if !config.exists() {
        fs::write(&config, CONFIG)?;
    }
    for path in solutions(root)? {
        let id = path.file_stem().unwrap_or_default().to_string_lossy();
        let exercise = exercises::find(&id)
            .with_context(|| format!("there is no exercise for {}", path.display()))?;
        let mut notebook = Notebook::read(&path)?;
        assignment(
            &mut notebook,
            exercise,
            &points::of(&points, exercise),
            seed,
        )?;
        let source = folder.join("source").join(exercise.id);
        fs::create_dir_all(&source)?;
        notebook.write(&source.join(format!("{}.ipynb", exercise.id)))?;
    }
    println!(
        "{}: {} assignments, seed {seed}",
        folder.display(),
        exercises::ALL.len()
    );
    println!(
        "Next, there: nbgrader generate_assignment {}",
        exercises::ALL[0].id
    );
    Ok(Outcome::Done)
}

/// Turns a solution's notebook into nbgrader's source of an assignment.
fn assignment(
    notebook: &mut Notebook,
    exercise: &Exercise,
    worth: &Worth,
    seed: u64,
) -> Result<()> {
    let path = notebook.path.clone();
    let cells = notebook.cells_mut();
    // The lesson's data is not the student's, and takes its time for each of them.
    cells.retain(|cell| !is_solution_only(cell) && !of_the_lesson(cell));
    let mut graded = 0;
    for cell in cells.iter_mut().filter(|cell| cell["cell_type"] == "code") {
        cell["outputs"] = json!([]);
        cell["execution_count"] = Value::Null;
        if cell["metadata"]["nbgrader"]["grade"] == true {
            cell["metadata"]["nbgrader"]["points"] = json!(worth.points);
            cell["source"] = lines(&check(exercise, worth, seed));
            graded += 1;
        }
    }
    if graded != 1 {
        bail!(
            "{} has {graded} cells with `\"grade\": true` for nbgrader, expected one",
            path.display()
        );
    }
    Ok(())
}

/// The check's cell. Without the lines that nbgrader hides it is the student's; with
/// them that is a comment.
fn check(exercise: &Exercise, worth: &Worth, seed: u64) -> String {
    let (name, function, points) = (exercise.name, function(exercise), worth.points);
    let weights = worth
        .weights
        .iter()
        .map(|(case, weight)| format!(", {case:?} => {weight:?}"));
    let weights: String = weights.collect();
    format!(
        "// BEGIN HIDDEN TESTS\n\
         marks!({name}, {function}, seed: {seed}, points: {points:?}{weights}) /*\n\
         // END HIDDEN TESTS\n\
         check!({name}, {function})\n\
         // BEGIN HIDDEN TESTS\n\
         */\n\
         // END HIDDEN TESTS"
    )
}
