//! The list of where the lesson is taught names what is there, and leaves out nothing.
use serde_json::Value;
use std::collections::{HashMap, HashSet};
use std::fs;
use std::path::{Path, PathBuf};

/// The lesson's headings, in order.
const HEADINGS: &str = include_str!("coverage/headings.txt");
/// Its figures, but for the links to pictures of other sites.
const FIGURES: [&str; 31] = [
    "8.3", "9.3", "10.3", "10.4", "10.5", "10.8", "10.11", "12.2", "12.3", "12.4", "12.5", "12.6",
    "12.7", "12.8", "12.9", "12.10", "12.11", "12.12", "14.1", "14.2", "14.3", "14.4", "14.5",
    "14.6", "14.7", "16.1", "16.4", "16.5", "16.6", "18.1", "18.2",
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

struct Entry {
    section: String,
    what: String,
    place: String,
    source: String,
    test: String,
}

/// The rows of the tables in `docs/coverage.md`.
fn entries() -> Vec<Entry> {
    let text = fs::read_to_string(root().join("docs/coverage.md")).expect("the list is committed");
    let (mut entries, mut section) = (Vec::new(), String::new());
    for line in text.lines() {
        if let Some(name) = line.strip_prefix("## ") {
            section = name.to_owned();
        }
        let Some(row) = line
            .strip_prefix("| ")
            .and_then(|row| row.strip_suffix(" |"))
        else {
            continue;
        };
        let cells: Vec<&str> = row.split(" | ").collect();
        let [what, place, source, test] = cells[..] else {
            panic!("not four columns: {line}");
        };
        if place != "notebook#cell" {
            let [what, place, source, test] = [what, place, source, test].map(str::to_owned);
            let section = section.clone();
            entries.push(Entry {
                section,
                what,
                place,
                source,
                test,
            });
        }
    }
    entries
}

/// The ids of a notebook's cells.
pub(super) fn cells(notebook: &str) -> HashSet<String> {
    let path = root().join("notebooks").join(format!("{notebook}.ipynb"));
    let text = fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let notebook: Value = serde_json::from_slice(&text).expect("a notebook is JSON");
    let cells = notebook["cells"].as_array().expect("a notebook has cells");
    cells
        .iter()
        .filter_map(|cell| Some(cell["id"].as_str()?.to_owned()))
        .collect()
}

/// The names of all tests: functions that follow `#[test]`, or stand in `proptest!`.
pub(super) fn tests() -> HashSet<String> {
    let mut names = HashSet::new();
    let mut folders: Vec<PathBuf> = ["src", "crates", "tests"]
        .map(|folder| root().join(folder))
        .to_vec();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a folder of sources").flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|end| end == "rs") {
                let text = fs::read_to_string(&path).expect("a source is text");
                for part in text.split("#[test]").skip(1) {
                    let after = part.split_once("fn ").map(|(_, name)| name);
                    let name = after.and_then(|name| name.split_once('('));
                    names.extend(name.map(|(name, _)| name.to_owned()));
                }
            }
        }
    }
    names
}

#[test]
fn every_entry_names_a_cell_a_file_and_a_test_that_exist() {
    let (entries, tests) = (entries(), tests());
    assert!(
        entries.len() > 80,
        "only {} entries were read",
        entries.len()
    );
    let mut notebooks: HashMap<String, HashSet<String>> = HashMap::new();
    for Entry {
        what,
        place,
        source,
        test,
        ..
    } in entries
    {
        let (notebook, cell) = place.split_once('#').expect("notebook#cell");
        let ids = notebooks
            .entry(notebook.to_owned())
            .or_insert_with(|| cells(notebook));
        assert!(ids.contains(cell), "{what}: {notebook} has no cell {cell}");
        assert!(
            root().join(&source).is_file(),
            "{what}: there is no {source}"
        );
        assert!(tests.contains(&test), "{what}: there is no test {test}");
    }
}

#[test]
fn every_heading_and_figure_of_the_lesson_has_an_entry() {
    let entries = entries();
    let of = |section: &str| -> HashSet<&str> {
        let of_it = entries.iter().filter(|entry| entry.section == section);
        of_it.map(|entry| entry.what.as_str()).collect()
    };
    let (headings, figures) = (of("Headings"), of("Figures"));
    let wanted = HEADINGS.lines().filter(|line| !line.is_empty());
    let missing: Vec<&str> = wanted
        .filter(|heading| !headings.contains(heading))
        .chain(
            FIGURES
                .into_iter()
                .filter(|figure| !figures.contains(figure)),
        )
        .collect();
    assert!(
        missing.is_empty(),
        "docs/coverage.md has no entry for {missing:#?}"
    );
}
