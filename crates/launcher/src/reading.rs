//! The chapters as plain pages: something to read where JupyterLab cannot be
//! installed, as on a first start without a network.
//!
//! The notebooks are committed executed, so their texts, code, tables and pictures
//! are all there; only running is not.
use crate::project::Project;
use pulldown_cmark::{Options, Parser, html};
use serde_json::Value;
use std::fmt::Write;
use std::path::PathBuf;

const FOLDERS: [&str; 2] = ["notebooks", "exercises"];

const HEAD: &str = "<!DOCTYPE html><html lang=\"en\"><meta charset=\"utf-8\">\
<meta name=\"viewport\" content=\"width=device-width\"><style>\
body{font:16px/1.55 system-ui,sans-serif;max-width:860px;margin:2em auto;padding:0 1em;color:#1b1f24}\
pre{background:#f3f5f7;padding:.7em 1em;overflow-x:auto;font-size:14px}\
.out{margin:0 0 1em;overflow-x:auto}.out pre{background:none;border-left:3px solid #d5dae0}\
table{border-collapse:collapse}td,th{padding:.15em .6em;border-bottom:1px solid #e3e7eb;text-align:left}\
svg,img{max-width:100%;height:auto}nav{border-bottom:1px solid #d5dae0;padding-bottom:.5em}</style>\n";

/// Writes every notebook as a page below `.lab/read`; returns the start page, or
/// `None` where there is nothing to read or no room to write it.
pub fn write(project: &Project) -> Option<PathBuf> {
    let mut first = None;
    for folder in FOLDERS {
        let mut notebooks: Vec<PathBuf> = std::fs::read_dir(project.root.join(folder))
            .into_iter()
            .flatten()
            .flatten()
            .map(|entry| entry.path())
            .filter(|path| path.extension().is_some_and(|end| end == "ipynb"))
            .collect();
        notebooks.sort();
        let pages = project.lab().join("read").join(folder);
        std::fs::create_dir_all(&pages).ok()?;
        for path in &notebooks {
            let Some(notebook) = std::fs::read(path)
                .ok()
                .and_then(|bytes| serde_json::from_slice::<Value>(&bytes).ok())
            else {
                continue;
            };
            let stem = path.file_stem().unwrap_or_default().to_string_lossy();
            let page = pages.join(format!("{stem}.html"));
            std::fs::write(&page, render(&stem, &notebook, &links(&notebooks))).ok()?;
            first.get_or_insert(page);
        }
    }
    first
}

/// Links to all notebooks of a folder.
fn links(notebooks: &[PathBuf]) -> String {
    let stems = notebooks.iter().filter_map(|path| path.file_stem());
    let links = stems.map(|stem| {
        let stem = stem.to_string_lossy();
        format!("<a href=\"{stem}.html\">{}</a>", escape(&stem))
    });
    format!("<nav>{}</nav>\n", links.collect::<Vec<_>>().join(" · "))
}

/// One notebook as a page.
fn render(title: &str, notebook: &Value, links: &str) -> String {
    let mut page = format!("{HEAD}<title>{}</title>{links}", escape(title));
    for cell in notebook["cells"].as_array().into_iter().flatten() {
        let source = text(&cell["source"]);
        if cell["cell_type"] == "markdown" {
            let options = Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH;
            // Links between notebooks lead to their pages.
            let source = source
                .replace(".ipynb)", ".html)")
                .replace(".ipynb#", ".html#");
            html::push_html(&mut page, Parser::new_ext(&source, options));
        } else if cell["cell_type"] == "code" {
            let _ = writeln!(page, "<pre>{}</pre>", escape(&source));
            for output in cell["outputs"].as_array().into_iter().flatten() {
                let _ = writeln!(page, "<div class=\"out\">{}</div>", shown(output));
            }
        }
    }
    page
}

/// The richest form of an output that a page can show.
fn shown(output: &Value) -> String {
    let data = &output["data"];
    for kind in ["text/html", "image/svg+xml"] {
        if !data[kind].is_null() {
            return text(&data[kind]);
        }
    }
    let plain = match output["output_type"].as_str() {
        Some("stream") => text(&output["text"]),
        Some("error") => text(&output["evalue"]),
        _ => text(&data["text/plain"]),
    };
    format!("<pre>{}</pre>", escape(&plain))
}

/// A notebook's text: one string, or a list of its lines.
fn text(value: &Value) -> String {
    match value {
        Value::Array(lines) => lines.iter().filter_map(Value::as_str).collect(),
        value => value.as_str().unwrap_or_default().to_string(),
    }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_page_has_the_texts_the_code_and_the_richest_outputs() {
        let folder = tempfile::tempdir().unwrap();
        let notebooks = folder.path().join("notebooks");
        std::fs::create_dir(&notebooks).unwrap();
        let notebook = json!({"cells": [
            {"cell_type": "markdown", "source": ["# Views\n", "See [people](03_people.ipynb).\n"]},
            {"cell_type": "code", "source": "a < b", "outputs": [
                {"output_type": "stream", "name": "stdout", "text": ["1 & 2\n"]},
                {"output_type": "display_data", "data": {"image/svg+xml": "<svg id='plot'/>", "text/plain": "no"}},
            ]},
        ]});
        std::fs::write(notebooks.join("00_start_here.ipynb"), notebook.to_string()).unwrap();
        std::fs::write(notebooks.join("01_torn.ipynb"), "{").unwrap();
        let project = Project::at(folder.path()).unwrap();
        let page = write(&project).unwrap();
        let text = std::fs::read_to_string(&page).unwrap();
        for words in [
            "<h1>Views</h1>",
            "<a href=\"03_people.html\">people</a>",
            "<pre>a &lt; b</pre>",
            "1 &amp; 2",
            "<svg id='plot'/>",
        ] {
            assert!(text.contains(words), "{words} is missing in {text}");
        }
        assert!(!text.contains("<pre>no</pre>"));
    }

    #[test]
    fn without_notebooks_there_is_nothing_to_read() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(write(&Project::at(folder.path()).unwrap()), None);
    }
}
