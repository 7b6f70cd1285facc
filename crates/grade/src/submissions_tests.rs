//! What is taken for a submission, and what is not.
use super::*;
use std::os::unix::fs::symlink;

#[test]
fn folders_and_files_are_named_by_student() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    for name in [
        "ada/chapter-1/01_pacific_days.ipynb",
        "bob_03_visits_range.ipynb",
        "bob-01_pacific_days.ipynb",
        "cleo.ipynb",
        "empty/notes.txt",
        "list.csv",
    ] {
        fs::create_dir_all(at(name).parent().unwrap()).unwrap();
        fs::write(at(name), "{}").unwrap();
    }
    fs::write(at("dan.zip"), "PK").unwrap();
    symlink("/etc/passwd", at("eve.ipynb")).unwrap();
    let students = students(folder.path()).unwrap();
    let names: Vec<_> = students
        .iter()
        .map(|student| (student.name.as_str(), student.notebooks.len()))
        .collect();
    assert_eq!(
        names,
        [
            ("ada", 1),
            ("bob", 2),
            ("cleo", 1),
            ("dan", 0),
            ("empty", 0),
            ("eve", 0)
        ]
    );
    let verdicts: Vec<_> = students[3..]
        .iter()
        .map(|student| student.problems[0].verdict)
        .collect();
    assert_eq!(verdicts, [UNREADABLE, MISSING, FORBIDDEN]);
}

#[test]
fn only_plain_files_of_a_sensible_size_are_read() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    File::create(at("large.ipynb"))
        .unwrap()
        .set_len(100 << 20)
        .unwrap();
    fs::write(at("broken.ipynb"), "{\"cells\": [").unwrap();
    fs::write(at("binary.ipynb"), [0xff, 0xfe]).unwrap();
    fs::write(at("deep.ipynb"), "[".repeat(1_000_000)).unwrap();
    symlink(at("broken.ipynb"), at("link.ipynb")).unwrap();
    let pipe = std::ffi::CString::new(at("pipe.ipynb").to_str().unwrap()).unwrap();
    // SAFETY: a path that ends in zero.
    assert_eq!(unsafe { libc::mkfifo(pipe.as_ptr(), 0o600) }, 0);
    for (name, verdict, words) in [
        ("large.ipynb", UNREADABLE, "100 MB, more than 8"),
        ("broken.ipynb", UNREADABLE, "not JSON"),
        ("binary.ipynb", UNREADABLE, "no text"),
        ("deep.ipynb", UNREADABLE, "recursion limit"),
        ("link.ipynb", FORBIDDEN, "is a link"),
        ("pipe.ipynb", UNREADABLE, "no file"),
    ] {
        let problem = read(&at(name)).err().expect(name);
        assert_eq!(problem.verdict, verdict, "{name}");
        assert!(problem.reason.contains(words), "{}", problem.reason);
        assert!(
            !problem.reason.contains(folder.path().to_str().unwrap()),
            "{}",
            problem.reason
        );
    }
}

/// Rule: names that look alike are different students, with pages of their own.
#[test]
fn names_that_look_alike_are_different_students() {
    use std::collections::BTreeSet;
    use std::os::unix::ffi::OsStringExt;
    let folder = tempfile::tempdir().unwrap();
    let long = "a".repeat(200);
    let alike = [
        "zoe",
        "Zoe",
        "zoe ",
        " zoe",
        "zoe\u{301}",
        "zo\u{e9}",
        "z\u{43e}e",
        "zoe\u{200b}",
        "zoe\u{202e}",
        "zoe\u{a0}",
        "zoe\t",
        "zo\u{435}",
        "z\u{3bf}e",
        "zoe\\u{20}",
        "zoe\\u{301}",
        "=zoe",
        "con",
        "zo_e",
        "zo?e",
        "zo e",
        "z\u{43e}e [z\\u{43e}e]",
        &long,
        &long[1..],
    ];
    let mut names: Vec<OsString> = alike.iter().map(OsString::from).collect();
    names.extend([
        OsString::from_vec(b"zoe\xff".to_vec()),
        OsString::from_vec(b"zoe\xfe".to_vec()),
    ]);
    for name in &names {
        fs::create_dir(folder.path().join(name)).unwrap();
        fs::write(folder.path().join(name).join("01_pacific_days.ipynb"), "{}").unwrap();
    }
    let students = students(folder.path()).unwrap();
    assert_eq!(students.len(), names.len());
    let shown: BTreeSet<&str> = students
        .iter()
        .map(|student| student.name.as_str())
        .collect();
    assert_eq!(shown.len(), names.len(), "{shown:?}");
    let pages: BTreeSet<String> = shown
        .iter()
        .map(|name| file_name(name).to_lowercase())
        .collect();
    assert_eq!(pages.len(), names.len(), "{pages:?}");
    for page in &pages {
        assert!(
            page.len() < 100
                && page
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b)),
            "{page}"
        );
    }
    // What makes a page's name cannot be chosen as a name.
    let made = file_name("zo?e");
    assert_ne!(file_name(&made), made);
}

/// Rule: one separator stands between a name and an exercise.
#[test]
fn a_name_ends_where_the_exercise_begins() {
    for (stem, name) in [
        ("bob_03_visits_range", "bob"),
        ("bob - 03_visits", "bob"),
        ("03_visits-bob", "bob"),
        ("bob _03_visits", "bob "),
        ("bob", "bob"),
        ("03_visits", "03_visits"),
    ] {
        assert_eq!(without_exercise(stem), name);
    }
}

/// Rule: of several notebooks that name no exercise, the one with its check counts, and
/// a longer name is another function.
#[test]
fn the_notebook_with_the_check_counts() {
    use lambda_workbook::exercises::{exactly_once, opaque_state, visits};
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join("ada").join(name);
    fs::create_dir(folder.path().join("ada")).unwrap();
    let notebook = |source: &str| {
        json!({"nbformat": 4, "cells": [{"cell_type": "code", "source": [source]}]}).to_string()
    };
    fs::write(
        at("a.ipynb"),
        notebook("fn visits_range() {}\nfn update() {}\ncheck!(exactly_once, update)"),
    )
    .unwrap();
    fs::write(
        at("b.ipynb"),
        notebook("fn visits() {}\nfn update() {}\ncheck!(opaque_state, update)"),
    )
    .unwrap();
    let ada = students(folder.path()).unwrap().remove(0);
    let found = |exercise: &Exercise, function: &str| {
        let (notebook, _) = ada.notebook(exercise, function).unwrap();
        notebook.path.file_name().unwrap().to_owned()
    };
    assert_eq!(found(&exactly_once::EXERCISE, "update"), "a.ipynb");
    assert_eq!(found(&opaque_state::EXERCISE, "update"), "b.ipynb");
    assert_eq!(found(&visits::EXERCISE, "visits"), "b.ipynb");
}

/// Rule: every form of the format is read, and nothing but what a grader needs is kept.
#[test]
fn every_form_of_a_notebook_is_read() {
    let read = |text: &str| decode(text, Path::new("a.ipynb"));
    let text = r#"{"cells": [
        {"cell_type": "code", "source": ["a\n", "b"], "outputs": [{"data": {"image/png": "x"}}], "metadata": {"colab": {}}},
        {"cell_type": "markdown", "source": "c", "id": "d", "attachments": {}, "metadata": null},
        {"cell_type": "code", "source": null, "id": 7, "metadata": {"nbgrader": {"solution": true, "grade_id": "e"}}},
        {"cell_type": "code", "source": {"a": [1, 2.5, true, -1]}}],
        "metadata": {"widgets": []}, "nbformat": 4, "nbformat_minor": 0}"#;
    let cells = read(&format!("\u{feff}{text}")).unwrap();
    assert_eq!(
        cells.json["cells"],
        json!([
            {"cell_type": "code", "id": "", "metadata": {}, "source": "a\nb"},
            {"cell_type": "markdown", "id": "d", "metadata": {}, "source": "c"},
            {"cell_type": "code", "id": "", "metadata": {"nbgrader": {"solution": true, "grade_id": "e"}}, "source": ""},
            {"cell_type": "code", "id": "", "metadata": {}, "source": ""},
        ])
    );
    for (text, why) in [
        ("{", "not JSON"),
        ("[]", "expected a notebook"),
        (
            "{\"nbformat\": 3, \"worksheets\": []}",
            "nbformat 3 is not supported",
        ),
        ("{\"nbformat\": 4}", "no list of cells"),
        (
            "{\"nbformat\": 4, \"cells\": 5}",
            "not a notebook: invalid type",
        ),
    ] {
        let told = read(text).err().unwrap();
        assert!(told.contains(why), "{text}: {told}");
    }
}
