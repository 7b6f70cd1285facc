//! Every link of a notebook or a page leads to a file that is there, and to a heading in it.
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};

/// The files with links.
fn pages() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut pages: Vec<PathBuf> = ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"]
        .map(|name| root.join(name))
        .to_vec();
    for folder in ["docs", "notebooks", "solutions", "exercises"] {
        let files = fs::read_dir(root.join(folder)).expect("the folder is committed");
        let files = files.map(|file| file.unwrap().path());
        pages.extend(files.filter(|path| {
            ["md", "ipynb"]
                .iter()
                .any(|end| path.extension().is_some_and(|own| own == *end))
        }));
    }
    pages
}

/// The Markdown of a page, or of a notebook's cells.
fn markdown(path: &Path) -> String {
    let text = fs::read_to_string(path).expect("text");
    if path.extension().is_some_and(|end| end == "md") {
        return text;
    }
    let notebook: Value = serde_json::from_str(&text).expect("a notebook");
    let cells = notebook["cells"].as_array().expect("cells");
    let source = |cell: &Value| match &cell["source"] {
        Value::String(text) => text.clone(),
        lines => lines
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect(),
    };
    let cells = cells.iter().filter(|cell| cell["cell_type"] == "markdown");
    cells.map(source).collect::<Vec<_>>().join("\n\n")
}

/// The targets of `[words](target)`, but for those on the web.
fn targets(text: &str) -> Vec<&str> {
    let after = text.split("](").skip(1);
    let targets = after
        .filter_map(|rest| rest.split_once(')'))
        .map(|(target, _)| target);
    targets
        .filter(|target| !target.starts_with("http") && !target.contains(' '))
        .collect()
}

/// The anchors of a page's headings, as GitHub and JupyterLab name them.
fn anchors(text: &str) -> Vec<String> {
    let headings = text.lines().filter(|line| line.starts_with('#'));
    let anchor = |line: &str| -> String {
        let words = line.trim_start_matches('#').trim().to_lowercase();
        let kept = words
            .chars()
            .filter(|c| c.is_alphanumeric() || [' ', '-', '_'].contains(c));
        kept.map(|c| if c == ' ' { '-' } else { c }).collect()
    };
    headings.map(anchor).collect()
}

#[test]
fn links_lead_to_files_and_headings() {
    let mut dead = Vec::new();
    for page in pages() {
        let text = markdown(&page);
        for target in targets(&text) {
            let (file, anchor) = target.split_once('#').unwrap_or((target, ""));
            let at = match file {
                "" => page.clone(),
                file => page.parent().expect("a folder").join(file),
            };
            let missing = !at.exists()
                || (!anchor.is_empty()
                    && at.extension().is_some_and(|end| end == "md")
                    && !anchors(&markdown(&at)).iter().any(|own| own == anchor));
            if missing {
                dead.push(format!("{}: {target}", page.display()));
            }
        }
    }
    assert!(dead.is_empty(), "{}", dead.join("\n"));
}

#[test]
fn an_anchor_is_the_heading_in_lower_case_with_hyphens() {
    assert_eq!(
        anchors("# CAP theorem\ntext\n### `index.fst`"),
        ["cap-theorem", "indexfst"]
    );
    assert_eq!(targets("[a](b.md#c) and [d](https://e.org)"), ["b.md#c"]);
}
