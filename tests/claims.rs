//! The list of claims names cells and tests that exist, and no claim without its conditions.
use super::coverage::{cells, tests};
use std::collections::{HashMap, HashSet};
use std::fs;
use std::path::Path;

/// The head of every table.
const HEAD: [&str; 4] = ["claim", "conditions", "notebook#cell", "test"];

/// Returns the cells of each row of a table in a page; heads and rules are left out.
fn rows(page: &str) -> Vec<Vec<&str>> {
    let rows = page.lines().filter_map(|line| {
        let row = line.strip_prefix("| ")?.strip_suffix(" |")?;
        Some(row.split(" | ").map(str::trim).collect::<Vec<_>>())
    });
    rows.filter(|row| row[..] != HEAD).collect()
}

/// Returns what is wrong with a page of claims.
fn problems(page: &str) -> Vec<String> {
    let tests = tests();
    let mut notebooks: HashMap<String, HashSet<String>> = HashMap::new();
    let mut problems = Vec::new();
    for row in rows(page) {
        let [claim, conditions, place, test] = row[..] else {
            problems.push(format!("not four columns: {row:?}"));
            continue;
        };
        if claim.is_empty() || conditions.len() < 4 {
            problems.push(format!("{claim:?} has no conditions"));
        }
        if (place, test) == ("-", "-") {
            problems.push(format!("{claim:?} has neither a cell nor a test"));
        }
        if place != "-" {
            let (notebook, cell) = place.split_once('#').unwrap_or((place, ""));
            let ids = notebooks
                .entry(notebook.to_owned())
                .or_insert_with(|| cells(notebook));
            if !ids.contains(cell) {
                problems.push(format!("{claim:?}: {notebook} has no cell {cell:?}"));
            }
        }
        if test != "-" && !tests.contains(test) {
            problems.push(format!("{claim:?}: there is no test {test:?}"));
        }
    }
    problems
}

fn page() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/claims.md");
    fs::read_to_string(path).expect("the list is committed")
}

#[test]
fn every_claim_has_conditions_and_names_a_cell_and_a_test_that_exist() {
    assert_eq!(problems(&page()), [""; 0]);
    assert!(!rows(&page()).is_empty());
}

#[test]
fn a_claim_with_an_unknown_cell_or_test_is_found() {
    let row = |cells: &str| {
        problems(&format!(
            "| claim | conditions | notebook#cell | test |\n|---|---|---|---|\n{cells}\n"
        ))
    };
    let known = "every_claim_has_conditions_and_names_a_cell_and_a_test_that_exist";
    assert_eq!(
        row(&format!("| a | always | 05_speed_layer#map | {known} |")),
        [""; 0]
    );
    for (wrong, reason) in [
        (
            "| a | always | 05_speed_layer#no-such-cell | - |",
            "no cell",
        ),
        ("| a | always | - | no_such_test |", "no test"),
        ("| a | always | - | - |", "neither"),
        ("| a |  | 05_speed_layer#map | - |", "no conditions"),
        ("| a | always | - |", "not four columns"),
    ] {
        let found = row(wrong);
        assert!(
            found.iter().any(|found| found.contains(reason)),
            "{wrong}: {found:?}"
        );
    }
}
