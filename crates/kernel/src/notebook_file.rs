//! Reads and writes notebook files (`.ipynb`, the notebook format nbformat 4) as Jupyter does.

use anyhow::{Context, Result, bail};
use serde::Serialize;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// A notebook and the path of its file.
pub struct Notebook {
    /// The path from which it was read.
    pub path: PathBuf,
    /// The whole notebook.
    pub json: Value,
}

impl Notebook {
    /// Reads a notebook.
    ///
    /// # Errors
    /// Returns an error when the file cannot be read, is not JSON, is not in nbformat 4, or has
    /// no list of cells.
    pub fn read(path: &Path) -> Result<Notebook> {
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("cannot read {}", path.display()))?;
        Self::parse(&text, path)
    }

    /// Parses the text of a notebook, as [`Notebook::read`] does. `path` is only stored and used
    /// in errors.
    ///
    /// # Errors
    /// Returns an error in the same cases as [`Notebook::read`].
    pub fn parse(text: &str, path: &Path) -> Result<Notebook> {
        let json: Value = serde_json::from_str(text)
            .with_context(|| format!("{} is not a notebook: not JSON", path.display()))?;
        if json["nbformat"] != 4 {
            bail!(
                "{}: nbformat {} is not supported; open and save it in a current Jupyter (nbformat 4)",
                path.display(),
                json["nbformat"]
            );
        }
        if !json["cells"].is_array() {
            bail!(
                "{} is not a notebook: it has no list of cells",
                path.display()
            );
        }
        Ok(Notebook {
            path: path.to_owned(),
            json,
        })
    }

    /// Returns the cells, in order.
    pub fn cells(&self) -> &[Value] {
        self.json["cells"].as_array().map_or(&[], Vec::as_slice)
    }

    /// Returns the cells, to change them.
    pub fn cells_mut(&mut self) -> &mut Vec<Value> {
        self.json["cells"]
            .as_array_mut()
            .expect("checked when read")
    }

    /// Returns the indices of the code cells that are not empty.
    pub fn code_cells(&self) -> Vec<usize> {
        let filled = |cell: &Value| cell["cell_type"] == "code" && !source(cell).trim().is_empty();
        (0..self.cells().len())
            .filter(|&index| filled(&self.cells()[index]))
            .collect()
    }

    /// Writes the notebook to `path` in Jupyter's form: sorted keys, and one space of indentation
    /// for each level. The file is replaced atomically.
    ///
    /// # Errors
    /// Returns an error when the file cannot be written.
    pub fn write(&self, path: &Path) -> Result<()> {
        use std::io::Write;
        let mut text = Vec::new();
        let formatter = serde_json::ser::PrettyFormatter::with_indent(b" ");
        let mut serializer = serde_json::Serializer::with_formatter(&mut text, formatter);
        self.json.serialize(&mut serializer)?;
        text.push(b'\n');
        let folder = path
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty());
        let mut file = tempfile::NamedTempFile::new_in(folder.unwrap_or(Path::new(".")))?;
        file.write_all(&text)?;
        use std::os::unix::fs::PermissionsExt;
        file.as_file()
            .set_permissions(std::fs::Permissions::from_mode(0o644))?;
        file.persist(path)
            .with_context(|| format!("cannot write {}", path.display()))?;
        Ok(())
    }
}

/// Returns the source of a cell, which nbformat stores as one string or as a list of lines.
pub fn source(cell: &Value) -> String {
    joined(&cell["source"])
}

/// Joins a multi-line string of nbformat: one string or a list of lines.
pub fn joined(text: &Value) -> String {
    match text {
        Value::String(text) => text.clone(),
        Value::Array(lines) => lines.iter().filter_map(Value::as_str).collect(),
        _ => String::new(),
    }
}

/// Splits a text into a list of lines, the form in which Jupyter stores it.
pub fn lines(text: &str) -> Value {
    text.split_inclusive('\n').map(Value::from).collect()
}

/// Returns an output as it is stored: texts as lists of lines, and JSON types unchanged. A live
/// widget is left out, because it needs its kernel; its static form is kept.
pub fn stored(output: &Value) -> Value {
    let mut output = output.clone();
    if let Some(output) = output.as_object_mut() {
        output.remove("transient");
    }
    if let Some(text) = output["text"].as_str() {
        output["text"] = lines(text);
    }
    if let Some(data) = output.get_mut("data").and_then(Value::as_object_mut) {
        data.remove(WIDGET_VIEW);
        for (mime, value) in data {
            if !mime.contains("json")
                && let Some(text) = value.as_str()
            {
                *value = lines(text);
            }
        }
    }
    output
}

/// The MIME type of a live widget.
const WIDGET_VIEW: &str = "application/vnd.jupyter.widget-view+json";

/// Replaces the outputs and the number of a code cell.
pub fn set_outputs(cell: &mut Value, outputs: &[Value], execution_count: Option<u64>) {
    cell["outputs"] = outputs.iter().map(stored).collect();
    cell["execution_count"] = json!(execution_count);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_notebook_survives_reading_and_writing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.ipynb");
        let text = r#"{"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [
            {"cell_type": "markdown", "id": "a", "metadata": {}, "source": "text"},
            {"cell_type": "code", "id": "b", "metadata": {}, "source": ["let a = 1;\n", "a"], "outputs": [], "execution_count": null},
            {"cell_type": "code", "id": "c", "metadata": {}, "source": " \n", "outputs": [], "execution_count": null}]}"#;
        let mut notebook = Notebook::parse(text, &path).unwrap();
        assert_eq!(notebook.code_cells(), [1]);
        assert_eq!(source(&notebook.cells()[1]), "let a = 1;\na");
        set_outputs(
            &mut notebook.cells_mut()[1],
            &[json!({"output_type": "stream", "name": "stdout", "text": "1\n2\n"})],
            Some(1),
        );
        notebook.write(&path).unwrap();
        let again = Notebook::read(&path).unwrap();
        assert_eq!(again.json, notebook.json);
        assert_eq!(
            again.cells()[1]["outputs"][0]["text"],
            json!(["1\n", "2\n"])
        );
    }

    #[test]
    fn a_file_that_is_no_notebook_is_an_error_with_the_reason() {
        let refused = |text: &str| {
            Notebook::parse(text, Path::new("x.ipynb"))
                .err()
                .map(|error| format!("{error:#}"))
                .unwrap()
        };
        assert!(refused("{").contains("x.ipynb is not a notebook: not JSON"));
        assert!(refused(r#"{"nbformat": 3}"#).contains("nbformat 3 is not supported"));
        assert!(refused(r#"{"nbformat": 4}"#).contains("no list of cells"));
    }
}
