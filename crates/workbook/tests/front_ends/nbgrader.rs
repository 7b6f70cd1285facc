//! An unchanged nbgrader makes and marks an assignment in our kernel's language.
use super::parts::{Desk, QUIET, test_python};
use super::project::checkout;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::PoisonError;
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(120);

/// The teacher's function, between nbgrader's marks.
const SOLUTION: &str = "fn hour(ts: i64) -> i64 {
    // BEGIN SOLUTION
    ts - ts.rem_euclid(3_600)
    // END SOLUTION
}";

const CHECK: &str = "assert_eq!(hour(7_199), 3_600);
// BEGIN HIDDEN TESTS
assert_eq!(hour(-1), -3_600);
// END HIDDEN TESTS";

/// An assignment whose solution cell holds `function`.
fn assignment(folder: &Path, function: &str) {
    let cell = |id: &str, solution: bool, points: u64, source: &str| {
        let mut nbgrader = json!({
            "schema_version": 3, "cell_type": "code", "grade_id": id, "task": false,
            "solution": solution, "grade": !solution, "locked": !solution,
        });
        if !solution {
            nbgrader["points"] = json!(points);
        }
        json!({
            "cell_type": "code", "id": id, "execution_count": null, "outputs": [],
            "metadata": {"nbgrader": nbgrader}, "source": source,
        })
    };
    let notebook = json!({
        "nbformat": 4, "nbformat_minor": 5,
        "metadata": {
            "kernelspec": {
                "name": "lambda-workbook", "language": "rust", "display_name": "Rust"},
            "language_info": {"name": "rust"},
        },
        "cells": [
            cell("hour", true, 0, function),
            cell("check_hour", false, 4, CHECK),
            cell("check_epoch", false, 2, "assert_eq!(hour(0), 0);"),
        ],
    });
    fs::create_dir_all(folder).unwrap();
    fs::write(folder.join("hours.ipynb"), notebook.to_string()).unwrap();
}

fn marks_of(wanted: &[(&str, &str)]) -> BTreeMap<String, String> {
    let owned = |(student, score): &(&str, &str)| (student.to_string(), score.to_string());
    wanted.iter().map(owned).collect()
}

/// Each student's marks, as nbgrader exports them.
fn marks(table: &str) -> BTreeMap<String, String> {
    let mut rows = table
        .lines()
        .map(|line| line.split(',').collect::<Vec<_>>());
    let head = rows.next().expect("a head");
    let column = |name: &str| {
        head.iter()
            .position(|field| *field == name)
            .expect("a column")
    };
    let (student, score) = (column("student_id"), column("score"));
    rows.map(|row| (row[student].to_owned(), row[score].to_owned()))
        .collect()
}

#[test]
fn nbgrader_clears_solutions_and_marks_right_wrong_panicking_and_broken_ones() {
    let Some(python) = test_python() else { return };
    let _beside = QUIET.read().unwrap_or_else(PoisonError::into_inner);
    let desk = Desk::new();
    let nbgrader = |args: &[&str]| {
        let mut command = desk.python(&python);
        command.args(["-m", "nbgrader"]).args(args);
        desk.done(&mut command, PATIENCE)
    };
    let config = checkout().join("docs/nbgrader_config.py");
    fs::copy(config, desk.path("nbgrader_config.py")).unwrap();

    assignment(&desk.path("source/hours"), SOLUTION);
    nbgrader(&["generate_assignment", "hours"]);
    let handout = fs::read(desk.path("release/hours/hours.ipynb")).unwrap();
    let handout: Value = serde_json::from_slice(&handout).unwrap();
    let stub: String = serde_json::from_value::<Vec<String>>(handout["cells"][0]["source"].clone())
        .unwrap()
        .concat();
    assert_eq!(
        stub,
        "fn hour(ts: i64) -> i64 {\n    // YOUR CODE HERE\n    todo!()\n}"
    );

    for (student, function) in [
        (
            "right",
            "fn hour(ts: i64) -> i64 { ts - ts.rem_euclid(3_600) }",
        ),
        (
            "wrong_before_1970",
            "fn hour(ts: i64) -> i64 { ts / 3_600 * 3_600 }",
        ),
        ("panics", "fn hour(ts: i64) -> i64 { panic!(\"at {ts}\") }"),
        ("does_not_compile", "fn hour(ts: i64) -> i64 { ts - }"),
        ("unsolved", &stub),
    ] {
        assignment(&desk.path(&format!("submitted/{student}/hours")), function);
    }
    let said = nbgrader(&["autograde", "hours"]);
    assert!(!said.contains("Traceback"), "{said}");
    nbgrader(&["export", "--to", "marks.csv"]);
    let exported = fs::read_to_string(desk.path("marks.csv")).unwrap();
    let wanted = [
        ("right", "6.0"),
        ("wrong_before_1970", "2.0"),
        ("panics", "0.0"),
        ("does_not_compile", "0.0"),
        ("unsolved", "0.0"),
    ];
    assert_eq!(marks(&exported), marks_of(&wanted), "{said}");
}

/// A student's answer in place of the stub.
fn submit(desk: &Desk, student: &str, function: &str) {
    let handout = fs::read(desk.path("release/01_1_pacific_days/01_1_pacific_days.ipynb")).unwrap();
    let mut notebook: Value = serde_json::from_slice(&handout).unwrap();
    let cells = notebook["cells"].as_array_mut().unwrap();
    let cell = cells
        .iter_mut()
        .find(|cell| cell["metadata"]["nbgrader"]["solution"] == true);
    cell.unwrap()["source"] = json!(function);
    let folder = desk.path(&format!("submitted/{student}/01_1_pacific_days"));
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("01_1_pacific_days.ipynb"), notebook.to_string()).unwrap();
}

#[test]
fn a_course_made_by_release_is_graded_by_nbgrader_from_end_to_end() {
    let Some(python) = test_python() else { return };
    let _beside = QUIET.read().unwrap_or_else(PoisonError::into_inner);
    let desk = Desk::new();
    let nbgrader = |args: &[&str]| {
        let mut command = desk.python(&python);
        command.args(["-m", "nbgrader"]).args(args);
        desk.done(&mut command, 3 * PATIENCE)
    };
    let made = Command::new(env!("CARGO_BIN_EXE_workbook"))
        .args(["release", "--seed", "7", "--nbgrader"])
        .arg(desk.path("."))
        .env("LAMBDA_WORKBOOK_ROOT", checkout())
        .output()
        .unwrap();
    assert!(
        made.status.success(),
        "{}",
        String::from_utf8_lossy(&made.stderr)
    );

    nbgrader(&["generate_assignment", "01_1_pacific_days"]);
    let handout =
        fs::read_to_string(desk.path("release/01_1_pacific_days/01_1_pacific_days.ipynb")).unwrap();
    assert!(
        handout.contains("check!(pacific_days, daily_page_views)") && handout.contains("todo!()"),
        "{handout}"
    );
    for hidden in [
        "marks!",
        "seed",
        "BEGIN SOLUTION",
        "a day has a first moment",
        "Why this way",
    ] {
        assert!(!handout.contains(hidden), "{hidden}");
    }

    let text = fs::read(desk.path("source/01_1_pacific_days/01_1_pacific_days.ipynb")).unwrap();
    let source: Value = serde_json::from_slice(&text).unwrap();
    let cells = source["cells"].as_array().unwrap();
    let cell = cells
        .iter()
        .find(|cell| cell["metadata"]["nbgrader"]["solution"] == true);
    let right = kernel::notebook_file::source(cell.unwrap());
    submit(&desk, "perfect", &right);
    submit(&desk, "partial", &right.replace(".earliest()", ".latest()"));
    submit(
        &desk,
        "broken",
        &right.replace("let day_start = ", "let = "),
    );
    submit(
        &desk,
        "panicking",
        &right.replace(
            "let day_start = ",
            "panic!(\"no idea\"); #[allow(unreachable_code)] let day_start = ",
        ),
    );
    let said = nbgrader(&["autograde", "01_1_pacific_days"]);
    assert!(!said.contains("Traceback"), "{said}");
    nbgrader(&["generate_feedback", "01_1_pacific_days"]);
    nbgrader(&["export", "--to", "marks.csv"]);
    let exported = fs::read_to_string(desk.path("marks.csv")).unwrap();
    // `latest` fails where midnight comes twice: one case of twelve.
    let wanted = [
        ("perfect", "10.0"),
        ("partial", "9.55"),
        ("broken", "0.0"),
        ("panicking", "0.0"),
    ];
    assert_eq!(marks(&exported), marks_of(&wanted), "{said}");
    let feedback = desk.path("feedback/partial/01_1_pacific_days/01_1_pacific_days.html");
    let feedback = fs::read_to_string(feedback).unwrap();
    assert!(feedback.contains("Havana") && feedback.contains("Why it matters"));
}
