//! The handout that a solution notebook makes.
//!
//! The code between `// BEGIN SOLUTION` and `// END SOLUTION` becomes a stub that compiles.
//! Cells tagged `solution` are left out, and outputs are cleared.
use anyhow::{Context, Result, bail};
use kernel::notebook_file::{Notebook, lines, source};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// The line before a solution: nbgrader's mark.
pub const BEGIN: &str = "// BEGIN SOLUTION";
/// The line after a solution.
pub const END: &str = "// END SOLUTION";

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
pub fn of_the_lesson(cell: &Value) -> bool {
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

pub fn is_solution_only(cell: &Value) -> bool {
    let tags = cell["metadata"]["tags"].as_array();
    tags.is_some_and(|tags| tags.iter().any(|tag| tag == "solution"))
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
