//! Every chapter has the form of a chapter, and is a talk besides.
use serde_json::Value;
use std::fs;
use std::path::Path;

struct Cell {
    id: String,
    text: String,
    markdown: bool,
    slide: Option<String>,
}

/// The chapters: each notebook's name and cells.
fn chapters() -> Vec<(String, Vec<Cell>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("notebooks");
    let mut chapters = Vec::new();
    for entry in fs::read_dir(folder)
        .expect("the chapters are committed")
        .flatten()
    {
        let path = entry.path();
        if path.extension().is_none_or(|end| end != "ipynb") {
            continue;
        }
        let notebook: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        let cells = notebook["cells"].as_array().expect("a notebook has cells");
        let cell = |cell: &Value| Cell {
            id: cell["id"].as_str().expect("a cell has an id").to_owned(),
            text: match &cell["source"] {
                Value::Array(lines) => lines.iter().filter_map(Value::as_str).collect(),
                source => source.as_str().unwrap_or_default().to_owned(),
            },
            markdown: cell["cell_type"] == "markdown",
            slide: cell["metadata"]["slideshow"]["slide_type"]
                .as_str()
                .map(str::to_owned),
        };
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        chapters.push((name.into_owned(), cells.iter().map(cell).collect()));
    }
    assert!(
        chapters.len() >= 6,
        "only {} chapters were found",
        chapters.len()
    );
    chapters
}

/// The level of a heading that a text cell begins with.
fn heading(cell: &Cell) -> Option<usize> {
    let marks = cell.text.len() - cell.text.trim_start_matches('#').len();
    (cell.markdown && marks > 0).then_some(marks)
}

#[test]
fn a_chapter_opens_with_what_the_reader_will_be_able_to_do() {
    for (name, cells) in chapters() {
        let first = &cells[0];
        assert_eq!(
            heading(first),
            Some(1),
            "{name}: the first cell has no title"
        );
        assert!(first.text.contains("able to"), "{name}: {}", first.text);
        assert!(
            first.text.matches("\n* ").count() >= 3,
            "{name}: fewer than three objectives"
        );
    }
}

#[test]
fn a_chapter_closes_with_a_self_test_whose_answers_are_folded_away() {
    for (name, cells) in chapters() {
        let test = cells.iter().rposition(|cell| {
            cell.text.contains("Self-test") || cell.text.contains("Test yourself")
        });
        let test = test.unwrap_or_else(|| panic!("{name} has no self-test"));
        assert!(
            test + 2 >= cells.len(),
            "{name}: more than a last word follows the self-test"
        );
        let questions = cells[test].text.matches("<details><summary>").count();
        assert!(questions >= 3, "{name}: {questions} questions");
        assert_eq!(
            questions,
            cells[test].text.matches("</details>").count(),
            "{name}"
        );
    }
}

#[test]
fn headings_make_a_table_of_contents_and_begin_a_slide_each() {
    for (name, cells) in chapters() {
        let mut level = 0;
        let mut sections = 0;
        for cell in &cells {
            let Some(this) = heading(cell) else { continue };
            assert!(
                this <= level + 1,
                "{name}, cell {}: a level is left out",
                cell.id
            );
            level = this;
            sections += usize::from(this == 2);
            let slide = cell.slide.as_deref();
            assert_eq!(
                slide,
                Some("slide"),
                "{name}, cell {}: no slide begins here",
                cell.id
            );
        }
        assert!(sections >= 3, "{name} has {sections} sections");
    }
}

#[test]
fn cells_are_short_and_no_two_have_one_id() {
    for (name, cells) in chapters() {
        let mut ids: Vec<&str> = cells.iter().map(|cell| cell.id.as_str()).collect();
        ids.sort_unstable();
        assert!(
            ids.windows(2).all(|pair| pair[0] != pair[1]),
            "{name}: {ids:?}"
        );
        for cell in cells.iter().filter(|cell| !cell.markdown) {
            let lines = cell.text.lines().count();
            assert!(lines < 20, "{name}, cell {}: {lines} lines", cell.id);
        }
    }
}
