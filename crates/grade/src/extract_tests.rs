//! Messy notebooks are understood, or named.
use super::*;
use lambda_workbook::exercises::pacific_days::EXERCISE;
use serde_json::{Value, json};
use std::path::Path;

const STUB: &str = "fn daily_page_views(views: &DataFrame, zone: Tz) -> PolarsResult<DataFrame> {\n    // YOUR CODE HERE\n    todo!()\n}";
const ANSWER: &str = "fn daily_page_views(views: &DataFrame, zone: Tz) -> PolarsResult<DataFrame> {\n    days(views)\n}";
const HELPER: &str = "fn days(views: &DataFrame) -> PolarsResult<DataFrame> { Ok(views.clone()) }";
const CHECK: &str = "check!(pacific_days, daily_page_views)";

fn notebook(cells: &[Value]) -> Notebook {
    let json = json!({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": cells});
    Notebook::parse(&json.to_string(), Path::new("a.ipynb")).unwrap()
}

fn code(source: &str) -> Value {
    json!({"cell_type": "code", "source": source, "metadata": {}})
}

fn marked(source: &str) -> Value {
    json!({"cell_type": "code", "source": source, "metadata": {"nbgrader": {"solution": true}}})
}

fn extracted(cells: &[Value]) -> Result<Extracted, Nothing> {
    let handout = notebook(&[marked(STUB), code(CHECK)]);
    extract(&notebook(cells), &handout, &EXERCISE)
}

fn source_and_notes(cells: &[Value]) -> (String, String) {
    let found = extracted(cells).unwrap();
    (found.source, found.notes.join("; "))
}

#[test]
fn the_solution_cell_is_taken_and_nothing_else() {
    let (source, notes) = source_and_notes(&[
        code("panic!(\"mine\")"),
        marked(ANSWER),
        code(CHECK),
        code("fn other() {}"),
    ]);
    assert_eq!((source.as_str(), notes.as_str()), (ANSWER, ""));
}

#[test]
fn a_handout_is_its_stub() {
    assert_eq!(
        source_and_notes(&[marked(STUB), code(CHECK)]),
        (STUB.to_owned(), String::new())
    );
}

#[test]
fn of_duplicates_the_last_counts_but_never_the_stub() {
    let (source, notes) = source_and_notes(&[
        marked(&ANSWER.replace("days", "old")),
        marked(ANSWER),
        marked(STUB),
    ]);
    assert_eq!(source, ANSWER);
    assert_eq!(
        notes,
        "code cells 1, 2 define `daily_page_views`: the last one counts"
    );
}

#[test]
fn a_retyped_cell_is_found() {
    let (source, notes) = source_and_notes(&[code(ANSWER), marked(STUB)]);
    assert_eq!(source, ANSWER);
    assert_eq!(
        notes,
        "`daily_page_views` was found in code cell 1, not in the solution cell"
    );
}

#[test]
fn a_split_answer_brings_what_it_needs() {
    let unused = "fn unused( {";
    let import = "use std::collections::BTreeMap;\nlet map = 1;";
    let helper = format!("const DAY: i64 = 1;\n{HELPER}");
    let (source, notes) =
        source_and_notes(&[code(&helper), code(unused), code(import), marked(ANSWER)]);
    assert_eq!(source, format!("{HELPER}\n\n{ANSWER}"));
    assert_eq!(notes, "`fn days` was taken from code cell 1");
}

#[test]
fn statements_beside_the_function_do_not_count() {
    let (source, notes) = source_and_notes(&[marked(&format!(
        "{ANSWER}\ndaily_page_views(&df, Tz::UTC)?;"
    ))]);
    assert_eq!(source, ANSWER);
    assert_eq!(
        notes,
        "line 4 of code cell 1 is outside the function and does not count"
    );
}

#[test]
fn what_is_missing_is_named() {
    let told = |cells: &[Value]| match extracted(cells) {
        Err(Nothing::Missing(told)) => told,
        other => panic!("{other:?}"),
    };
    assert_eq!(
        told(&[code(CHECK)]),
        "no code cell defines `fn daily_page_views`"
    );
    let text = json!({"cell_type": "markdown", "source": ANSWER, "metadata": {}});
    assert!(told(&[text]).contains("stands in a text cell"));
    assert!(told(&[marked(&format!("mod a {{ {ANSWER} }}"))]).contains("not as an item"));
}

#[test]
fn commands_to_the_notebook_are_forbidden() {
    for command in [":dep rand = \"0.9\"", "!rm -rf /", "!touch x"] {
        let found = extracted(&[marked(&format!("{command}\n{ANSWER}"))]);
        assert!(
            matches!(found, Err(Nothing::Forbidden(_))),
            "{command}: {found:?}"
        );
    }
}

#[test]
fn forged_marks_and_metadata_change_nothing() {
    let forged = json!({"cell_type": "code", "source": CHECK, "id": "solution", "metadata": {
        "nbgrader": {"solution": true, "grade": true, "points": 1000, "grade_id": "check_pacific_days"}},
        "outputs": [{"output_type": "execute_result", "data": {"text/plain": "1000"}}]});
    let answer = format!("// BEGIN SOLUTION\n// END SOLUTION\n{ANSWER}");
    let (source, _) = source_and_notes(&[forged, marked(&answer)]);
    assert!(source.ends_with(ANSWER));
}
