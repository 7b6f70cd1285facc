//! What is taken for a submission, and what is not.
use super::*;
use std::os::unix::fs::symlink;

#[test]
fn folders_and_files_are_named_by_student() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    for name in [
        "ada/chapter-1/01_1_pacific_days.ipynb",
        "bob_02_4_visits_range.ipynb",
        "bob-01_1_pacific_days.ipynb",
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
        fs::write(
            folder.path().join(name).join("01_1_pacific_days.ipynb"),
            "{}",
        )
        .unwrap();
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

/// Rule: two names that are one text to Unicode are two students, each told of the other.
#[test]
fn both_forms_of_an_accent_are_two_students_and_said() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["Zoe\u{308}", "Zo\u{eb}", "Ada"] {
        let file = format!("{name}_01_1_pacific_days.ipynb");
        fs::write(folder.path().join(file), "{}").unwrap();
    }
    let students = students(folder.path()).unwrap();
    let names: Vec<&str> = students.iter().map(|student| &*student.name).collect();
    assert_eq!(names, ["Ada", "Zo\u{eb} [Zoe\\u{308}]", "Zo\u{eb}"]);
    let notes: Vec<Option<String>> = students.iter().map(Student::note).collect();
    assert_eq!(notes[0], None);
    assert!(
        notes[1]
            .as_ref()
            .unwrap()
            .contains("and Zo\u{eb} are one name"),
        "{notes:?}"
    );
    assert!(
        notes[2]
            .as_ref()
            .unwrap()
            .contains(r"[Zoe\u{308}] are one name"),
        "{notes:?}"
    );
}

/// Rule: one separator stands between a name and an exercise.
#[test]
fn a_name_ends_where_the_exercise_begins() {
    for (stem, name) in [
        ("bob_02_4_visits_range", "bob"),
        ("bob - 02_3_visits", "bob"),
        ("02_3_visits-bob", "bob"),
        ("bob _02_3_visits", "bob "),
        ("bob", "bob"),
        ("02_3_visits", "02_3_visits"),
    ] {
        assert_eq!(without_exercise(stem), name);
    }
}

/// Rule: what tells copies of a file apart, and upper and lower case, are no part of a
/// student's name; other words are.
#[test]
fn a_copy_belongs_to_the_same_student() {
    for (stem, name) in [
        ("ada_08_2_top_three (1)", "ada"),
        ("bob-08_2_top_three-1", "bob"),
        ("Cleo_07_1_Counter_Merge", "Cleo"),
        ("dan_08_2_top_three_final", "dan"),
        ("dan_08_2_top_three-Copy1", "dan"),
        ("dan 08 2 top three - Copy (2)", "dan"),
        ("02_4_visits_range-eve (1)", "eve"),
        ("02_3_visits-1234567", "1234567"),
        ("02_3_visits (1)", "02_3_visits (1)"),
        ("dan_08_2_top_three_of_eve", "dan_08_2_top_three_of_eve"),
        ("dan_02_3_visits5", "dan_02_3_visits5"),
        ("ada (1)", "ada (1)"),
    ] {
        assert_eq!(without_exercise(stem), name, "{stem}");
    }
    let file = Path::new("Cleo_07_1_Counter_Merge.ipynb");
    assert_eq!(exercise_of(file), Some("07_1_counter_merge"));
}

/// A notebook of one cell of code.
fn notebook_of(source: &str) -> String {
    json!({"nbformat": 4, "cells": [{"cell_type": "code", "source": [source]}]}).to_string()
}

/// The only student of a folder, whose files are these; all are of the same age.
fn student_with(folder: &Path, files: &[(&str, &str)]) -> Student {
    for (name, source) in files {
        let path = folder.join("ada").join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, notebook_of(source)).unwrap();
        set_age(&path, 1_000);
    }
    students(folder).unwrap().remove(0)
}

fn set_age(path: &Path, seconds: u64) {
    let file = File::options().write(true).open(path).unwrap();
    let then = UNIX_EPOCH + std::time::Duration::from_secs(seconds);
    file.set_modified(then).unwrap();
}

/// The name of the file that counts, or the reason for none.
fn counts(student: &Student, exercise: &Exercise) -> String {
    match student.notebook(exercise, crate::definition::function(exercise)) {
        Ok((notebook, _)) => printable(notebook.path.file_name().unwrap()),
        Err(problem) => problem.reason,
    }
}

/// Rule: a notebook without the exercise's name counts for what it checks, whatever the
/// function is called and however the check is spaced, and if it defines that function.
#[test]
fn a_check_of_another_function_counts() {
    use lambda_workbook::exercises::{exactly_once, opaque_state};
    let folder = tempfile::tempdir().unwrap();
    let ada = student_with(
        folder.path(),
        &[
            ("a.ipynb", "check!(opaque_state, lost)"),
            ("b.ipynb", "// check!(opaque_state, f)\nfn f() {}"),
            (
                "c.ipynb",
                "fn update14() { 1 }\ncheck!( opaque_state ,\n update14 )",
            ),
        ],
    );
    assert_eq!(counts(&ada, &opaque_state::EXERCISE), "c.ipynb");
    assert_eq!(
        counts(&ada, &exactly_once::EXERCISE),
        "there is no notebook 08_1_exactly_once.ipynb"
    );
}

/// Rule: of notebooks that are named after an exercise a solved one counts before a stub,
/// then the newest one, then the exact name.
#[test]
fn a_solved_copy_counts_before_a_stub() {
    use lambda_workbook::exercises::counter_merge::EXERCISE;
    let folder = tempfile::tempdir().unwrap();
    let (stub, solved) = ("fn counter_merge() { todo!() }", "fn counter_merge() { 1 }");
    let ada = student_with(
        folder.path(),
        &[
            ("07_1_counter_merge.ipynb", stub),
            ("07_1_counter_merge (1).ipynb", solved),
        ],
    );
    assert_eq!(counts(&ada, &EXERCISE), "07_1_counter_merge (1).ipynb");
    let ada = student_with(folder.path(), &[("07_1_counter_merge.ipynb", solved)]);
    assert_eq!(counts(&ada, &EXERCISE), "07_1_counter_merge.ipynb");
    set_age(
        &folder.path().join("ada/07_1_counter_merge (1).ipynb"),
        2_000,
    );
    assert_eq!(counts(&ada, &EXERCISE), "07_1_counter_merge (1).ipynb");
    let (_, note) = ada.notebook(&EXERCISE, "counter_merge").unwrap();
    let said = "2 notebooks for this exercise: 07_1_counter_merge (1).ipynb counts";
    assert_eq!(note.as_deref(), Some(said));
    fs::write(folder.path().join("ada/07_1_counter_merge (1).ipynb"), "{").unwrap();
    assert_eq!(counts(&ada, &EXERCISE), "07_1_counter_merge.ipynb");
}

/// Rule: a number in a file's name decides before the order of the files.
#[test]
fn the_number_of_an_exercise_decides() {
    use lambda_workbook::exercises::{exactly_once, opaque_state};
    let folder = tempfile::tempdir().unwrap();
    let update = "fn update() { 1 }";
    let ada = student_with(
        folder.path(),
        &[("Ex8.1.ipynb", update), ("Ex8.3.ipynb", update)],
    );
    assert_eq!(counts(&ada, &exactly_once::EXERCISE), "Ex8.1.ipynb");
    assert_eq!(counts(&ada, &opaque_state::EXERCISE), "Ex8.3.ipynb");
}

/// Rule: a folder that is named like a notebook, and notebooks that lie too deep, are
/// named.
#[test]
fn what_is_not_read_is_named() {
    use lambda_workbook::exercises::top_three::EXERCISE;
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    fs::create_dir_all(at("ada/08_2_top_three.ipynb")).unwrap();
    fs::create_dir_all(at("bob_08_2_top_three.ipynb")).unwrap();
    for file in [
        "cleo/1/2/3/4/08_2_top_three.ipynb",
        "dan/1/2/3/08_2_top_three.ipynb",
    ] {
        fs::create_dir_all(at(file).parent().unwrap()).unwrap();
        fs::write(at(file), notebook_of("fn top_three() {}")).unwrap();
    }
    let students = students(folder.path()).unwrap();
    let told: Vec<(&str, String)> = students
        .iter()
        .map(|student| (student.name.as_str(), counts(student, &EXERCISE)))
        .collect();
    let is_folder = |name: &str| format!("{name} is a folder and no notebook: hand the file in");
    let deep = "the notebooks in the folder 4 lie too deep: put them at most 4 folders deep";
    assert_eq!(
        told,
        [
            ("ada", is_folder("08_2_top_three.ipynb")),
            ("bob", is_folder("bob_08_2_top_three.ipynb")),
            ("cleo", deep.to_owned()),
            ("dan", "08_2_top_three.ipynb".to_owned()),
        ]
    );
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
        {"cell_type": "code", "source": ["a\n", "b"], "execution_count": 3, "outputs": [{"data": {"image/png": "x"}}], "metadata": {"colab": {}}},
        {"cell_type": "markdown", "source": "c", "id": "d", "attachments": {}, "metadata": null},
        {"cell_type": "code", "source": null, "id": 7, "execution_count": "3", "metadata": {"nbgrader": {"solution": true, "grade_id": "e"}}},
        {"cell_type": "code", "source": {"a": [1, 2.5, true, -1]}}],
        "metadata": {"widgets": []}, "nbformat": 4, "nbformat_minor": 0}"#;
    let cells = read(&format!("\u{feff}{text}")).unwrap();
    assert_eq!(
        cells.json["cells"],
        json!([
            {"cell_type": "code", "id": "", "metadata": {}, "source": "a\nb", "execution_count": 3},
            {"cell_type": "markdown", "id": "d", "metadata": {}, "source": "c", "execution_count": null},
            {"cell_type": "code", "id": "", "metadata": {"nbgrader": {"solution": true, "grade_id": "e"}}, "source": "", "execution_count": null},
            {"cell_type": "code", "id": "", "metadata": {}, "source": "", "execution_count": null},
        ])
    );
    let old = r#"{"nbformat": 3, "worksheets": [{"cells": [
        {"cell_type": "heading", "level": 1, "source": "a"},
        {"cell_type": "code", "input": ["b\n", "c"], "language": "rust", "prompt_number": 4, "outputs": []}]}]}"#;
    let cells = read(old).unwrap();
    assert_eq!(cells.code_cells().len(), 1);
    assert_eq!(
        (
            &cells.cells()[1]["source"],
            &cells.cells()[1]["execution_count"]
        ),
        (&json!("b\nc"), &json!(4))
    );
    for (text, why) in [
        ("{", "not JSON"),
        ("[]", "expected a notebook"),
        (
            "{\"nbformat\": 2, \"worksheets\": []}",
            "nbformat 2 is not supported; open and save it in a current Jupyter",
        ),
        ("{\"nbformat\": 3}", "no list of cells"),
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
