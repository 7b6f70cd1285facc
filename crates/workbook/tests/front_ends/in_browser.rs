//! What a reader does in JupyterLab: runs a chapter, completes by Tab, interrupts and
//! restarts.
use super::jupyterlab::{LATER, Reader, SOON, cell, notebook};
use super::project::checkout;
use kernel::notebook_file::Notebook;
use serde_json::{Value, json};
use std::path::Path;

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

/// What JupyterLab makes of a cell's outputs as they are stored.
fn to_be_shown(cell: &Value) -> Vec<&'static str> {
    let outputs = cell["outputs"].as_array().into_iter().flatten();
    let kind = |output: &Value| match output["output_type"].as_str() {
        Some("stream") => "application/vnd.jupyter.stdout",
        _ => ["text/html", "image/svg+xml", "text/plain"]
            .into_iter()
            .find(|mime| output["data"].get(mime).is_some())
            .expect("a form that JupyterLab shows"),
    };
    outputs.map(kind).collect()
}

#[test]
fn a_chapter_runs_whole_and_shows_its_tables_and_plots() {
    let path = checkout().join("notebooks/00_start_here.ipynb");
    let (bare, committed) = (without_outputs(&path), Notebook::read(&path).unwrap());
    let Some(mut reader) = Reader::open("chapter", &bare.json) else {
        return;
    };
    reader.menu("Run", "runmenu:run-all");
    let wanted = |index: usize| to_be_shown(&committed.cells()[index]);
    for (count, index) in bare.code_cells().into_iter().enumerate() {
        reader.wait_for_prompt(index, count + 1);
        reader.wait_for_outputs(index, &wanted(index));
    }
    for index in bare.code_cells() {
        if wanted(index).contains(&"image/svg+xml") {
            let picture = format!("{}.querySelector('.jp-RenderedSVG img')", cell(index));
            let scrolled = format!("{picture}.scrollIntoView({{block: 'center'}})");
            reader.page.evaluate(&scrolled);
            let wide = format!("{picture}.complete && {picture}.naturalWidth > 300");
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
        "println!(\"begun\"); loop { std::hint::spin_loop() }",
        "1 + 1",
        "views.height()",
    ];
    let Some(mut reader) = Reader::open("keys", &notebook(&cells)) else {
        return;
    };
    reader.run(0, 1);

    reader.edit(1);
    let offered = "[...document.querySelectorAll('.jp-Completer:not(.lm-mod-hidden) code')]
        .some(item => item.textContent == 'head')";
    // The first Tab starts the completer, and comes back empty.
    reader
        .page
        .press_until("Tab", "completions", offered, LATER);
    reader.page.picture("1-tab");
    reader.page.press("Enter", false);
    let code = format!("{}.querySelector('.cm-content').textContent", cell(1));
    let completed = format!("{code} == 'views.head'");
    reader.page.wait_until("a completion", &completed, SOON);

    reader.start(2);
    reader.wait_for_text(2, "begun");
    // In command mode, as after Ctrl-Enter.
    reader.page.press("i", false);
    reader.page.press("i", false);
    reader.wait_for_text(2, "interrupted");
    reader.page.picture("2-interrupted");
    reader.run(3, 3);

    reader.menu("Kernel", "kernelmenu:restart");
    reader.accept();
    reader.wait_for_kernel();
    reader.run(4, 1);
    reader.wait_for_text(4, "cannot find value `views`");
    reader.page.picture("3-restarted");
}
