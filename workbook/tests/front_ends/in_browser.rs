//! JupyterLab as a reader has it: in a browser, by mouse and keyboard.
use crate::chromium::{self, Page};
use crate::parts::{QUIET, leave_out};
use crate::project::{Project, checkout};
use crate::server::Lab;
use serde_json::{Value, json};
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::sync::{PoisonError, RwLockReadGuard};
use std::time::Duration;
use workbook::notebook_file::Notebook;

/// For what a page does by itself.
const SOON: Duration = Duration::from_secs(30);
/// For what needs cells to compile and run.
const RUN: Duration = Duration::from_secs(120);

/// A notebook that is open in JupyterLab. In this order they end.
struct Reader {
    page: Page,
    _lab: Lab,
    _project: Project,
    _beside: RwLockReadGuard<'static, ()>,
}

impl Reader {
    /// Opens a notebook of these cells; `None` where there is no browser.
    #[track_caller]
    fn open(name: &str, notebook: &Value) -> Option<Reader> {
        let Some(program) = chromium::find() else {
            return leave_out("no Chromium on the PATH");
        };
        let beside = QUIET.read().unwrap_or_else(PoisonError::into_inner);
        let project = Project::with_jupyterlab();
        // With the sources, which completion reads.
        fs::remove_file(project.path("Cargo.toml")).unwrap();
        for part in ["Cargo.toml", "Cargo.lock", "src", "workbook", "cells"] {
            symlink(checkout().join(part), project.path(part)).unwrap();
        }
        let file = format!("notebooks/{name}.ipynb");
        fs::write(project.path(&file), notebook.to_string()).unwrap();
        let lab = Lab::open(
            project
                .workbook(&["lab", "--no-browser"])
                .env("LAMBDA_WORKBOOK_PROGRESS", project.path("progress")),
        );
        let address = format!(
            "http://127.0.0.1:{}/lab/tree/{file}?token={}",
            lab.port, lab.token
        );
        let mut page = Page::open(&program, &address, pictures(name));
        page.wait_until("the notebook opens", &cell(0), SOON);
        page.wait_until("the kernel is ready", &kernel_is("Idle"), RUN);
        Some(Reader {
            page,
            _lab: lab,
            _project: project,
            _beside: beside,
        })
    }

    /// Runs a cell as a reader does, to its end: it is the kernel's `count`th.
    #[track_caller]
    fn run(&mut self, index: usize, count: usize) {
        self.edit(index);
        self.page.press("Enter", true);
        self.wait_for_prompt(index, count);
    }

    /// Puts the cursor at the end of a cell's first line.
    #[track_caller]
    fn edit(&mut self, index: usize) {
        let line = format!("{}?.querySelector('.cm-line')", cell(index));
        self.page.click("a cell", &line);
        self.page.press("End", false);
    }

    #[track_caller]
    fn wait_for_prompt(&mut self, index: usize, count: usize) {
        let prompt = format!(
            "{}?.querySelector('.jp-InputPrompt').textContent",
            cell(index)
        );
        let what = format!("cell {index} has run");
        self.page
            .wait_until(&what, &format!("{prompt} == '[{count}]:'"), RUN);
    }

    #[track_caller]
    fn menu(&mut self, title: &str, command: &str) {
        let bar = "document.querySelectorAll('.lm-MenuBar-item')";
        let title = format!("[...{bar}].find(item => item.innerText.trim() == '{title}')");
        self.page.click("a menu", &title);
        let entry = format!("document.querySelector('.lm-Menu li[data-command=\"{command}\"]')");
        self.page.click("an entry of a menu", &entry);
    }
}

/// A folder of its own for a test's screenshots, which stay for whoever looks at them.
fn pictures(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .join("screenshots")
        .join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    folder
}

/// A notebook in our kernel, of code cells.
fn notebook(cells: &[&str]) -> Value {
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

/// The element of a cell, by its place from 0.
fn cell(index: usize) -> String {
    format!("document.querySelector('.jp-Notebook [data-windowed-list-index=\"{index}\"]')")
}

/// What the status bar says of the kernel.
fn kernel_is(status: &str) -> String {
    format!(
        "[...document.querySelectorAll('.jp-StatusBar-TextItem')]
            .some(item => item.innerText == 'Rust (Lambda Workbook) | {status}')"
    )
}

/// A committed notebook with its outputs taken away: what is shown then was run.
fn without_outputs(path: &Path) -> Notebook {
    let mut notebook = Notebook::read(path).unwrap();
    for index in notebook.code_cells() {
        let cell = &mut notebook.json["cells"][index];
        cell["outputs"] = json!([]);
        cell["execution_count"] = Value::Null;
    }
    notebook
}

/// What a cell shows below its code: the MIME type of each output.
fn shown(index: usize) -> String {
    let cell = cell(index);
    format!(
        "[...{cell}.querySelectorAll('.jp-OutputArea-output')]
            .map(output => output.dataset.mimeType)"
    )
}

/// What JupyterLab makes of a cell's outputs as they are stored.
fn to_be_shown(cell: &Value) -> Vec<&'static str> {
    let outputs = cell["outputs"].as_array().into_iter().flatten();
    let kind = |output: &Value| match output["output_type"].as_str() {
        Some("stream") => "application/vnd.jupyter.stdout",
        Some("error") => "application/vnd.jupyter.error",
        _ => ["text/html", "image/svg+xml", "text/plain"]
            .into_iter()
            .find(|mime| output["data"].get(mime).is_some())
            .expect("a form that JupyterLab shows"),
    };
    outputs.map(kind).collect()
}

#[test]
fn the_chapter_runs_whole_and_shows_its_tables_and_plots() {
    let path = checkout().join("notebooks/01_serving_layer.ipynb");
    let (bare, committed) = (without_outputs(&path), Notebook::read(&path).unwrap());
    let Some(mut reader) = Reader::open("chapter", &bare.json) else {
        return;
    };
    reader.menu("Run", "runmenu:run-all");
    let cells = bare.code_cells();
    for (count, index) in cells.iter().enumerate() {
        reader.wait_for_prompt(*index, count + 1);
        let shown = reader.page.evaluate(&shown(*index));
        let wanted = to_be_shown(&committed.cells()[*index]);
        assert_eq!(shown, json!(wanted), "cell {index}");
    }
    for index in cells {
        let outputs = format!("{}.querySelector('.jp-OutputArea-output')", cell(index));
        let picture = format!(
            "{}.querySelector('.jp-RenderedSVG svg, .jp-RenderedSVG img')",
            cell(index)
        );
        let scrolled = format!("{outputs}?.scrollIntoView({{block: 'center'}}) ?? true");
        reader.page.evaluate(&scrolled);
        if to_be_shown(&committed.cells()[index]).contains(&"image/svg+xml") {
            let wide = format!("{picture}?.getBoundingClientRect().width > 300");
            reader.page.wait_until("a picture to be seen", &wide, SOON);
            reader.page.picture(&format!("cell-{index}"));
        }
    }
}

#[test]
fn tab_completes_interrupt_ends_a_loop_and_restart_begins_anew() {
    let cells = [
        "let views = df!(\"page\" => [1, 2])?;\nprintln!(\"{} rows\", views.height());",
        "views.hea",
        "loop { std::hint::spin_loop() }",
        "1 + 1",
        "views.height()",
    ];
    let Some(mut reader) = Reader::open("keys", &notebook(&cells)) else {
        return;
    };
    reader.run(0, 1);

    reader.edit(1);
    let completer = "[...document.querySelectorAll('.jp-Completer:not(.lm-mod-hidden) code')]
        .map(item => item.innerText).join(' ')";
    reader
        .page
        .press_until("Tab", "completions", completer, RUN);
    let offered = reader.page.evaluate(completer);
    assert!(
        offered
            .as_str()
            .unwrap()
            .split(' ')
            .any(|name| name == "head"),
        "{offered}"
    );
    reader.page.picture("1-tab");
    reader.page.press("Enter", false);
    let code = format!("{}.querySelector('.cm-content').innerText", cell(1));
    reader
        .page
        .wait_until("a completion", &format!("{code} == 'views.head'"), SOON);

    reader.edit(2);
    reader.page.press("Enter", true);
    reader.page.wait_until("the loop", &kernel_is("Busy"), SOON);
    // In command mode, as after Ctrl-Enter.
    reader.page.press("i", false);
    reader.page.press("i", false);
    let told = format!("{}.querySelector('.jp-OutputArea')?.innerText", cell(2));
    let said = reader.page.wait_until("an error", &told, SOON);
    assert!(said.as_str().unwrap().contains("nterrupt"), "{said}");
    reader.page.picture("2-interrupted");
    reader.run(3, 3);

    reader.menu("Kernel", "kernelmenu:restart");
    let yes = "document.querySelector('.jp-Dialog .jp-mod-accept')";
    reader.page.click("Restart", yes);
    reader
        .page
        .wait_until("no dialog", "!document.querySelector('.jp-Dialog')", SOON);
    reader
        .page
        .wait_until("the kernel is ready", &kernel_is("Idle"), RUN);
    reader.run(4, 1);
    assert_eq!(
        reader.page.evaluate(&shown(4)),
        json!(["application/vnd.jupyter.error"])
    );
    reader.page.picture("3-restarted");
}

#[test]
fn a_slider_moved_by_keyboard_runs_its_closure_and_the_picture_changes() {
    let code = "interact(IntSlider::new(\"bars\", 1..=10), |bars: i64| {
    let height: Vec<i64> = (1..=bars).collect();
    let names: Vec<String> = height.iter().map(|n| n.to_string()).collect();
    plot::bars(&df!(\"bar\" => names, \"height\" => height)?, \"bar\", \"height\").figure()
})";
    let Some(mut reader) = Reader::open("slider", &notebook(&[code])) else {
        return;
    };
    reader.run(0, 1);
    let handle = format!("{}.querySelector('.noUi-handle')", cell(0));
    reader.page.click("the slider", &handle);
    let picture = format!("{}.querySelector('.jp-OutputArea').innerHTML", cell(0));
    reader.page.picture("1-before");
    for moves in 1..=3 {
        let before = reader.page.evaluate(&picture);
        reader.page.press("ArrowRight", false);
        let value = format!("Math.round({handle}.getAttribute('aria-valuenow'))");
        let moved = format!("{value} == {}", 1 + moves);
        reader.page.wait_until("the slider moves", &moved, SOON);
        let changed = format!("{picture} != {before}");
        reader.page.wait_until("another picture", &changed, SOON);
    }
    reader.page.picture("2-after");
}
