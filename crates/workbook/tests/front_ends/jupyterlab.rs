//! JupyterLab with one notebook open, as a reader has it: seen in a browser, used by
//! mouse and keyboard.
use super::chromium::{self, Page};
use super::parts::{QUIET, leave_out};
use super::project::{Project, checkout};
use super::server::Lab;
use serde_json::{Value, json};
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::sync::{PoisonError, RwLockReadGuard};
use std::time::{Duration, Instant};

/// For what a page does by itself.
pub const SOON: Duration = Duration::from_secs(30);
/// For what needs cells to compile and run.
pub const LATER: Duration = Duration::from_secs(120);

/// A notebook that is open in JupyterLab. In this order its parts end.
pub struct Reader {
    pub page: Page,
    file: PathBuf,
    _lab: Lab,
    _project: Project,
    _beside: RwLockReadGuard<'static, ()>,
}

impl Reader {
    /// Opens a notebook; `None` where there is no browser.
    #[track_caller]
    pub fn open(name: &str, notebook: &Value) -> Option<Reader> {
        let Some(program) = chromium::find() else {
            return leave_out("no Chromium on the PATH");
        };
        let beside = QUIET.read().unwrap_or_else(PoisonError::into_inner);
        let project = Project::with_jupyterlab();
        // With the sources, which completion reads.
        fs::remove_file(project.path("Cargo.toml")).unwrap();
        for part in [
            "Cargo.toml",
            "Cargo.lock",
            "src",
            "crates",
            "workbook",
            "cells",
        ] {
            symlink(checkout().join(part), project.path(part)).unwrap();
        }
        let file = format!("notebooks/{name}.ipynb");
        fs::write(project.path(&file), notebook.to_string()).unwrap();
        let mut lab = project.launcher(&["--no-browser"]);
        let lab = Lab::open(lab.env("LAMBDA_WORKBOOK_PROGRESS", project.path("progress")));
        let Lab { port, token, .. } = &lab;
        let address = format!("http://127.0.0.1:{port}/lab/tree/{file}?token={token}");
        let mut reader = Reader {
            page: Page::open(&program, &address, pictures(name)),
            file: project.path(&file),
            _lab: lab,
            _project: project,
            _beside: beside,
        };
        reader.wait_for_kernel();
        Some(reader)
    }

    /// Waits until the status bar says that the kernel has nothing to do.
    #[track_caller]
    pub fn wait_for_kernel(&mut self) {
        let idle = "[...document.querySelectorAll('.jp-StatusBar-TextItem')]
            .some(item => item.textContent == 'Rust (Lambda Workbook) | Idle')";
        self.page.wait_until("the kernel is ready", idle, LATER);
    }

    /// Saves the notebook; gives the file's text once it holds `word`.
    #[track_caller]
    pub fn save(&mut self, word: &str) -> String {
        self.menu("File", "docmanager:save");
        let deadline = Instant::now() + SOON;
        loop {
            let saved = fs::read_to_string(&self.file).unwrap();
            if saved.contains(word) {
                return saved;
            }
            assert!(Instant::now() < deadline, "no {word} in {saved}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Loads the page again, while the kernel runs on.
    #[track_caller]
    pub fn reload(&mut self) {
        self.page.evaluate("window.before = true");
        self.page.call("Page.reload", json!({}));
        let loaded = format!("!window.before && {}", cell(0));
        self.page.wait_until("the page again", &loaded, LATER);
        self.wait_for_kernel();
    }

    #[track_caller]
    pub fn menu(&mut self, title: &str, command: &str) {
        let bar = "document.querySelectorAll('.lm-MenuBar-item')";
        let title = format!("[...{bar}].find(item => item.textContent.trim() == '{title}')");
        self.page.click("a menu", &title);
        let entry = format!("document.querySelector('.lm-Menu li[data-command=\"{command}\"]')");
        self.page.click("an entry of a menu", &entry);
    }

    /// Says yes to a dialog, and sees it go.
    #[track_caller]
    pub fn accept(&mut self) {
        let yes = "document.querySelector('.jp-Dialog .jp-mod-accept')";
        self.page.click("a dialog's button", yes);
        let gone = "!document.querySelector('.jp-Dialog')";
        self.page.wait_until("no dialog", gone, SOON);
    }

    /// Puts the cursor at the end of a cell's first line.
    #[track_caller]
    pub fn edit(&mut self, index: usize) {
        let line = format!("{}?.querySelector('.cm-line')", cell(index));
        self.page.click("a cell", &line);
        self.page.press("End", false);
    }

    /// Starts a cell by Ctrl-Enter.
    #[track_caller]
    pub fn start(&mut self, index: usize) {
        self.edit(index);
        self.page.press("Enter", true);
    }

    /// Runs a cell to its end: it is the kernel's `count`th.
    #[track_caller]
    pub fn run(&mut self, index: usize, count: usize) {
        self.start(index);
        self.wait_for_prompt(index, count);
    }

    #[track_caller]
    pub fn wait_for_prompt(&mut self, index: usize, count: usize) {
        let prompt = format!("{}?.querySelector('.jp-InputPrompt')", cell(index));
        let is_it = format!("{prompt}?.textContent == '[{count}]:'");
        self.page
            .wait_until(&format!("cell {index} has run"), &is_it, LATER);
    }

    /// Waits until a cell's outputs are shown, each in the form of this MIME type.
    #[track_caller]
    pub fn wait_for_outputs(&mut self, index: usize, types: &[&str]) {
        let outputs = format!("{}.querySelectorAll('.jp-OutputArea-output')", cell(index));
        // A live widget stands for the HTML that is stored for it.
        let shown = format!(
            "JSON.stringify([...{outputs}].map(output => output.dataset.mimeType ??
                (output.querySelector('.jupyter-widgets') ? 'text/html' : null)))"
        );
        let wanted = format!("{shown} == '{}'", json!(types));
        let what = format!("outputs of cell {index}");
        self.page.wait_until(&what, &wanted, SOON);
    }

    /// Waits until the text of a cell's outputs holds `word`.
    #[track_caller]
    pub fn wait_for_text(&mut self, index: usize, word: &str) {
        let text = format!(
            "{}?.querySelector('.jp-OutputArea')?.textContent",
            cell(index)
        );
        let what = format!("\"{word}\" below cell {index}");
        self.page
            .wait_until(&what, &format!("{text}?.includes('{word}')"), SOON);
    }
}

/// The element of a cell, by its place from 0, as an expression.
pub fn cell(index: usize) -> String {
    format!("document.querySelector('.jp-Notebook [data-windowed-list-index=\"{index}\"]')")
}

/// A notebook in our kernel, of code cells.
pub fn notebook(cells: &[&str]) -> Value {
    let cell = |(index, source)| {
        json!({"cell_type": "code", "id": format!("cell-{index}"), "metadata": {},
            "execution_count": null, "outputs": [], "source": source})
    };
    json!({
        "nbformat": 4, "nbformat_minor": 5,
        "metadata": {"kernelspec": {
            "name": "lambda-workbook", "language": "rust", "display_name": "Rust"}},
        "cells": cells.iter().enumerate().map(cell).collect::<Vec<_>>(),
    })
}

/// A folder of its own for a test's screenshots, which stay for whoever looks at them.
fn pictures(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("screenshots");
    let folder = folder.join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    folder
}
