//! Grader processes that are killed, in the middle of a class.
use super::parts::{exe, notebook, root, solution, write};
use serde_json::Value;
use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::yield_now;
use std::time::{Duration, Instant};

/// An answer that takes all of its time, for each case.
const SLOW: &str = "fn daily_page_views(_: &DataFrame, _: Tz) -> PolarsResult<DataFrame> { loop { std::hint::spin_loop() } }";

/// `ada` and `zoe` are right; `bob`, between them, is as said.
fn class(folder: &Path, bob: &str) {
    let right = solution("01_1_pacific_days");
    for (student, source) in [
        ("ada", right.as_str()),
        ("bob", bob),
        ("zoe", right.as_str()),
    ] {
        let file = folder
            .join("in")
            .join(student)
            .join("01_1_pacific_days.ipynb");
        write(&file, notebook(source).to_string());
    }
}

fn start(folder: &Path) -> Child {
    Command::new(exe())
        .arg("grade")
        .arg(folder.join("in"))
        .arg("--out")
        .arg(folder.join("grades.csv"))
        .args([
            "--exercise",
            "pacific_days",
            "--seed",
            "7",
            "--jobs",
            "1",
            "--timeout",
            "60",
        ])
        .env("LAMBDA_WORKBOOK_ROOT", root())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Waits until something is so, for at most two minutes.
fn until<T>(what: &str, so: impl Fn() -> Option<T>) -> T {
    let deadline = Instant::now() + Duration::from_secs(120);
    loop {
        if let Some(found) = so() {
            return found;
        }
        assert!(Instant::now() < deadline, "{what}");
        yield_now();
    }
}

/// The process that grades for a process, if it has started.
fn grader_of(parent: u32) -> Option<i32> {
    let children = format!("/proc/{parent}/task");
    for task in fs::read_dir(children).ok()?.flatten() {
        let children = fs::read_to_string(task.path().join("children")).unwrap_or_default();
        for child in children.split_whitespace() {
            let words = fs::read(format!("/proc/{child}/cmdline")).unwrap_or_default();
            if words
                .split(|byte| *byte == 0)
                .any(|word| word == b"grade-process")
            {
                return child.parse().ok();
            }
        }
    }
    None
}

/// Waits until `ada` is graded and `bob` is being graded: the grader's process.
fn while_bob_is_graded(folder: &Path, parent: u32) -> i32 {
    let page = folder.join("grades.feedback/ada.html");
    until("ada is graded", || page.exists().then_some(()));
    until("a grader", || grader_of(parent))
}

fn verdicts(folder: &Path) -> Vec<(String, String)> {
    let text = fs::read_to_string(folder.join("grades.json")).unwrap();
    let json: Value = serde_json::from_str(&text).unwrap();
    let of = |value: &Value| value.as_str().unwrap().to_owned();
    let students = json["students"].as_array().unwrap().iter();
    students
        .map(|student| {
            let verdict = of(&student["exercises"][0]["verdict"]);
            (of(&student["student"]), verdict)
        })
        .collect()
}

fn pairs(verdicts: [(&str, &str); 3]) -> Vec<(String, String)> {
    let owned = |(student, verdict): (&str, &str)| (student.to_owned(), verdict.to_owned());
    verdicts.map(owned).to_vec()
}

#[test]
fn a_grader_that_dies_costs_one_submission_and_no_other() {
    let folder = tempfile::tempdir().unwrap();
    class(folder.path(), SLOW);
    let run = start(folder.path());
    let grader = while_bob_is_graded(folder.path(), run.id());
    // SAFETY: a process that this test has started.
    unsafe { libc::kill(grader, libc::SIGKILL) };
    let output = run.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(
        said.contains("the grader failed on bob, 01_1_pacific_days"),
        "{said}"
    );
    assert_eq!(
        verdicts(folder.path()),
        pairs([("ada", "passed"), ("bob", "grader"), ("zoe", "passed")])
    );
    // The next run grades that one, and nobody else.
    class(folder.path(), &solution("01_1_pacific_days"));
    let output = start(folder.path()).wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(said.contains("3 students, 1 of them graded now"), "{said}");
    assert_eq!(
        verdicts(folder.path()),
        pairs([("ada", "passed"), ("bob", "passed"), ("zoe", "passed")])
    );
}

#[test]
fn a_run_that_is_killed_leaves_nothing_behind_and_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    class(folder.path(), SLOW);
    let mut run = start(folder.path());
    let grader = while_bob_is_graded(folder.path(), run.id());
    run.kill().unwrap();
    run.wait().unwrap();
    let gone = || (!Path::new(&format!("/proc/{grader}")).exists()).then_some(());
    until("its grader ends too", gone);
    assert!(!folder.path().join("grades.csv").exists());
    class(folder.path(), &solution("01_1_pacific_days"));
    let output = start(folder.path()).wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(said.contains("3 students, 2 of them graded now"), "{said}");
}
