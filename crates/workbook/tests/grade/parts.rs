//! What the tests of grading share.
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};

pub fn root() -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    folder.ancestors().nth(2).expect("the workspace").to_owned()
}

pub fn exe() -> PathBuf {
    PathBuf::from(env!("CARGO_BIN_EXE_workbook"))
}

/// A notebook with one solution cell.
pub fn notebook(source: &str) -> Value {
    json!({
        "nbformat": 4, "nbformat_minor": 5, "metadata": {},
        "cells": [{
            "cell_type": "code", "id": "solution", "source": source, "outputs": [], "execution_count": null,
            "metadata": {"nbgrader": {"solution": true, "grade_id": "daily_page_views"}},
        }],
    })
}

/// Writes a file, and the folders that it is in.
pub fn write(path: &Path, text: impl AsRef<[u8]>) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

/// The solution of an exercise: the source of its solution cell.
pub fn solution(id: &str) -> String {
    let text = fs::read_to_string(root().join("solutions").join(format!("{id}.ipynb"))).unwrap();
    let notebook: Value = serde_json::from_str(&text).unwrap();
    let cells = notebook["cells"].as_array().unwrap();
    let cell = cells
        .iter()
        .find(|cell| cell["metadata"]["nbgrader"]["solution"] == true);
    kernel::notebook_file::source(cell.unwrap())
}
