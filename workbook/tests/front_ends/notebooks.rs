//! Every committed notebook in nbclient and nbconvert, as `.venv` brings them.
use super::parts::{Desk, QUIET, jupyter_python};
use super::project::checkout;
use serde_json::Value;
use std::fs;
use std::path::PathBuf;
use std::sync::PoisonError;
use std::time::Duration;
use workbook::notebook_file::{Notebook, joined};

/// The committed notebooks, with the folder in the name of the copy: `exercises-01_...`.
fn copies(desk: &Desk) -> Vec<PathBuf> {
    let mut copies = Vec::new();
    for folder in ["notebooks", "exercises", "solutions"] {
        for entry in fs::read_dir(checkout().join(folder)).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|end| end == "ipynb") {
                let name = path.file_name().unwrap().to_str().unwrap();
                let copy = desk.path(&format!("{folder}-{name}"));
                fs::copy(&path, &copy).unwrap();
                copies.push(copy);
            }
        }
    }
    copies.sort();
    assert!(copies.len() >= 3, "{copies:?}");
    copies
}

fn outputs(notebook: &Notebook) -> impl Iterator<Item = &Value> {
    let cells = notebook.cells().iter();
    cells.flat_map(|cell| cell["outputs"].as_array().into_iter().flatten())
}

#[test]
fn jupyter_execute_runs_every_notebook_even_an_unsolved_handout() {
    let _beside = QUIET.read().unwrap_or_else(PoisonError::into_inner);
    let desk = Desk::new();
    for copy in copies(&desk) {
        let mut execute = desk.python(&jupyter_python());
        execute
            .args(["-m", "jupyter", "execute", "--inplace"])
            .arg(&copy);
        desk.done(&mut execute, Duration::from_secs(180));
        let notebook = Notebook::read(&copy).unwrap();
        for index in notebook.code_cells() {
            let cell = &notebook.cells()[index];
            assert!(
                cell["execution_count"].is_u64(),
                "{}: {cell:#}",
                copy.display()
            );
        }
        let errors: Vec<_> = outputs(&notebook)
            .filter(|output| output["output_type"] == "error")
            .map(|output| output["evalue"].as_str().unwrap())
            .collect();
        // The stub says todo!(), and a cell that the reader's own function must feed
        // is marked as one that may fail.
        let handout = copy.to_str().unwrap().contains("exercises-");
        let fed = |cell: &&Value| {
            cell["cell_type"] == "code" && cell["id"].as_str().unwrap().starts_with("lesson")
        };
        let fails = if handout {
            notebook.cells().iter().filter(fed).count()
        } else {
            0
        };
        let wanted = vec!["not yet implemented"; fails];
        assert_eq!(errors, wanted, "{}", copy.display());
    }
}

#[test]
fn nbconvert_shows_every_table_and_picture_of_a_notebook() {
    let _beside = QUIET.read().unwrap_or_else(PoisonError::into_inner);
    let desk = Desk::new();
    let copies = copies(&desk);
    let mut convert = desk.python(&jupyter_python());
    convert
        .args(["-m", "jupyter", "nbconvert", "--to", "html"])
        .args(&copies);
    desk.done(&mut convert, Duration::from_secs(120));
    for copy in copies {
        let page = fs::read_to_string(copy.with_extension("html")).unwrap();
        let notebook = Notebook::read(&copy).unwrap();
        let of = |mime: &str, tag: &str| {
            outputs(&notebook)
                .filter(|output| joined(&output["data"][mime]).contains(tag))
                .count()
        };
        let (pictures, tables) = (of("image/svg+xml", "<svg"), of("text/html", "<table"));
        let name = copy.display();
        assert_eq!(page.matches("<img ").count(), pictures, "{name}");
        // Texts have tables too.
        assert!(page.matches("<table").count() >= tables, "{name}");
    }
}
