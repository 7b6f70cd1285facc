//! `workbook release`: makes the handouts in `exercises/` from `solutions/`.
//!
//! What stands between `// BEGIN SOLUTION` and `// END SOLUTION` becomes a stub
//! that compiles, cells tagged `solution` stay behind, outputs are cleared. The
//! marks are nbgrader's, so that its tools read the same source.
use crate::Outcome;
use crate::grade::extract::extract;
use crate::kernel::place::Built;
use crate::notebook_file::{Notebook, lines, source};
use anyhow::{Context, Result, bail};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

mod course;

#[derive(clap::Args)]
pub struct Args {
    /// Change nothing: say which handouts are not current, and exit 1 if any
    #[arg(long)]
    check: bool,
    /// Replace notebooks that were solved in place, too
    #[arg(long)]
    force: bool,
    /// Make a course folder for nbgrader instead
    #[arg(long, value_name = "DIR", conflicts_with = "check")]
    nbgrader: Option<PathBuf>,
    /// What nbgrader's cases are drawn from; by lot unless said
    #[arg(long, requires = "nbgrader")]
    seed: Option<u64>,
}

pub const BEGIN: &str = "// BEGIN SOLUTION";
pub const END: &str = "// END SOLUTION";

pub fn run(args: Args) -> Result<Outcome> {
    let root = Built::find()?.root;
    if let Some(folder) = &args.nbgrader {
        let (seed, _) = uuid::Uuid::new_v4().as_u64_pair();
        return course::make(&root, folder, args.seed.unwrap_or(seed >> 12));
    }
    let mut stale = false;
    for solution in solutions(&root)? {
        let handout = handout(&solution)?;
        if is_current(&handout) {
            println!("{}: current", name(&handout.path));
            continue;
        }
        stale = true;
        if args.check {
            println!(
                "{}: not current, run `cargo workbook release`",
                name(&handout.path)
            );
            continue;
        }
        if !args.force && is_solved(&handout) {
            println!(
                "{}: solved in place, and left alone; --force replaces it",
                name(&handout.path)
            );
            continue;
        }
        if let Some(folder) = handout.path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        handout.write(&handout.path)?;
        println!("{}: made", name(&handout.path));
    }
    Ok(if args.check && stale {
        Outcome::No
    } else {
        Outcome::Done
    })
}

fn name(path: &Path) -> String {
    let file = path.file_name().unwrap_or_default().to_string_lossy();
    format!("exercises/{file}")
}

/// The solution notebooks of a project, in order.
pub fn solutions(root: &Path) -> Result<Vec<PathBuf>> {
    let folder = root.join("solutions");
    let entries =
        std::fs::read_dir(&folder).with_context(|| format!("cannot read {}", folder.display()))?;
    let mut found = Vec::new();
    for entry in entries {
        let path = entry?.path();
        if path.extension().is_some_and(|end| end == "ipynb") {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

/// The handout that a solution notebook makes.
pub fn handout(solution: &Path) -> Result<Notebook> {
    let mut notebook = Notebook::read(solution)?;
    notebook.path = match (
        solution.parent().and_then(Path::parent),
        solution.file_name(),
    ) {
        (Some(root), Some(file)) => root.join("exercises").join(file),
        _ => bail!("{} is in no solutions folder", solution.display()),
    };
    let mut stubs = 0;
    let cells = notebook.cells_mut();
    cells.retain(|cell| !is_solution_only(cell));
    for cell in cells.iter_mut().filter(|cell| cell["cell_type"] == "code") {
        let text = source(cell);
        let stub = stubbed(&text)
            .with_context(|| format!("{}: cell {}", solution.display(), cell["id"]))?;
        stubs += usize::from(stub != text);
        cell["source"] = lines(&stub);
        cell["outputs"] = json!([]);
        cell["execution_count"] = Value::Null;
        if of_the_lesson(cell) {
            may_fail(cell);
        }
        // Left by front ends that time cells: it says nothing of the exercise.
        if let Some(metadata) = cell["metadata"].as_object_mut() {
            metadata.remove("execution");
        }
    }
    if stubs == 0 {
        bail!(
            "{} has no `{BEGIN}`: its handout would be the solution",
            solution.display()
        );
    }
    Ok(notebook)
}

/// Whether the cell tries the function on the chapter's data.
fn of_the_lesson(cell: &Value) -> bool {
    cell["id"]
        .as_str()
        .is_some_and(|id| id.starts_with("lesson"))
}

/// Tags a cell that the stub cannot feed, so that running all cells goes on.
fn may_fail(cell: &mut Value) {
    const TAG: &str = "raises-exception";
    let tags = &mut cell["metadata"]["tags"];
    match tags.as_array_mut() {
        Some(tags) if tags.iter().any(|tag| tag == TAG) => {}
        Some(tags) => tags.push(json!(TAG)),
        None => *tags = json!([TAG]),
    }
}

fn is_solution_only(cell: &Value) -> bool {
    let tags = cell["metadata"]["tags"].as_array();
    tags.is_some_and(|tags| tags.iter().any(|tag| tag == "solution"))
}

/// Whether somebody has written an answer where the handout would go.
fn is_solved(handout: &Notebook) -> bool {
    let stem = handout.path.file_stem().unwrap_or_default();
    let exercise = lambda_workbook::exercises::find(&stem.to_string_lossy());
    let (Some(exercise), Ok(on_disk)) = (exercise, Notebook::read(&handout.path)) else {
        return false;
    };
    let answer = extract(&on_disk, handout, exercise);
    answer.is_ok_and(|answer| !answer.source.contains("todo!()"))
}

fn is_current(handout: &Notebook) -> bool {
    Notebook::read(&handout.path).is_ok_and(|on_disk| on_disk.json == handout.json)
}

/// The code with every solution replaced by a stub.
fn stubbed(code: &str) -> Result<String> {
    let mut kept = String::new();
    let mut inside = false;
    for line in code.split_inclusive('\n') {
        match (line.trim(), inside) {
            (BEGIN, false) => {
                inside = true;
                let indent = &line[..line.len() - line.trim_start().len()];
                kept.push_str(&format!("{indent}// YOUR CODE HERE\n{indent}todo!()\n"));
            }
            (END, true) => inside = false,
            (BEGIN, true) => bail!("a second `{BEGIN}` before `{END}`"),
            (END, false) => bail!("`{END}` without `{BEGIN}`"),
            (_, true) => {}
            (_, false) => kept.push_str(line),
        }
    }
    if inside {
        bail!("`{BEGIN}` without `{END}`");
    }
    Ok(kept)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_solution_becomes_a_stub_of_the_same_depth() {
        let code =
            "fn f(n: i64) -> i64 {\n    // BEGIN SOLUTION\n    n + 1\n    // END SOLUTION\n}";
        let stub = "fn f(n: i64) -> i64 {\n    // YOUR CODE HERE\n    todo!()\n}";
        assert_eq!(stubbed(code).unwrap(), stub);
        assert_eq!(stubbed("let a = 1;").unwrap(), "let a = 1;");
    }

    #[test]
    fn marks_that_do_not_pair_are_refused() {
        for code in [
            "// BEGIN SOLUTION\n",
            "// END SOLUTION\n",
            "// BEGIN SOLUTION\n// BEGIN SOLUTION\n// END SOLUTION",
        ] {
            assert!(stubbed(code).is_err(), "{code}");
        }
    }

    #[test]
    fn a_handout_holds_no_outputs_and_no_solution_cells() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("solutions");
        std::fs::create_dir(&folder).unwrap();
        let path = folder.join("a.ipynb");
        let text = json!({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [
            {"cell_type": "code", "id": "a", "metadata": {}, "execution_count": 3, "outputs": [{}],
             "source": ["// BEGIN SOLUTION\n", "secret\n", "// END SOLUTION"]},
            {"cell_type": "markdown", "id": "b", "metadata": {"tags": ["solution"]}, "source": "secret"},
        ]});
        std::fs::write(&path, text.to_string()).unwrap();
        let handout = handout(&path).unwrap();
        assert_eq!(handout.path, root.path().join("exercises/a.ipynb"));
        assert_eq!(handout.cells().len(), 1);
        assert_eq!(handout.cells()[0]["outputs"], json!([]));
        assert!(!handout.json.to_string().contains("secret"));
    }
}
