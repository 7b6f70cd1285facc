//! The command, on a folder as it comes from a class.
use super::parts::{exe, notebook, root, solution, write};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Command, Output};

fn grade(folder: &Path, more: &[&str]) -> Output {
    let mut command = Command::new(exe());
    command
        .arg("grade")
        .arg(folder.join("in"))
        .arg("--out")
        .arg(folder.join("grades.csv"));
    command
        .args(["--exercise", "pacific_days", "--seed", "7"])
        .args(more);
    command
        .env("LAMBDA_WORKBOOK_ROOT", root())
        .output()
        .unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

fn verdicts(folder: &Path) -> BTreeMap<String, (String, f64)> {
    let json: Value =
        serde_json::from_str(&fs::read_to_string(folder.join("grades.json")).unwrap()).unwrap();
    let students = json["students"].as_array().unwrap().iter().map(|student| {
        let verdict = student["exercises"][0]["verdict"]
            .as_str()
            .unwrap()
            .to_owned();
        (
            student["student"].as_str().unwrap().to_owned(),
            (verdict, student["points"].as_f64().unwrap()),
        )
    });
    students.collect()
}

#[test]
fn a_class_is_graded_and_late_ones_later() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join("in").join(name);
    let right = solution("01_1_pacific_days");
    let file = "01_1_pacific_days.ipynb";
    let wrong = right.replace(".earliest()", ".latest()");
    write(&at("ada").join(file), notebook(&right).to_string());
    write(
        &at("bob/chapter-1").join(file),
        notebook(&wrong).to_string(),
    );
    write(
        &at("copy_of_ada_01_1_pacific_days.ipynb"),
        notebook(&right.replace("day_start", "mine")).to_string(),
    );
    write(&at("broken").join(file), "{\"cells\": [");
    write(&at("large").join(file), "");
    File::options()
        .write(true)
        .open(at("large").join(file))
        .unwrap()
        .set_len(100 << 20)
        .unwrap();
    write(&at("archive.zip"), "PK\u{3}\u{4}../../../etc/passwd");
    write(&at("syntax").join(file), notebook("fn daily_page_views(views: &DataFrame, zone: Tz) -> PolarsResult<DataFrame> { views. }").to_string());
    write(
        &at("=cmd|' <b>").join(file),
        notebook("fn other() {}").to_string(),
    );
    fs::create_dir(at("link")).unwrap();
    symlink(root().join("solutions").join(file), at("link").join(file)).unwrap();
    symlink(root().join("solutions"), at("linked")).unwrap();

    let output = grade(folder.path(), &[]);
    assert!(output.status.success(), "{}", said(&output));
    let all = verdicts(folder.path());
    let of = |student: &str| (all[student].0.as_str(), all[student].1);
    assert_eq!(of("ada"), ("passed", 10.0));
    assert_eq!(of("bob"), ("wrong", 9.55));
    assert_eq!(of("copy_of_ada"), ("passed", 10.0));
    assert_eq!(of("broken"), ("unreadable", 0.0));
    assert_eq!(of("large"), ("unreadable", 0.0));
    assert_eq!(of("archive"), ("unreadable", 0.0));
    assert_eq!(of("syntax"), ("compile", 0.0));
    assert_eq!(of("=cmd|' <b>"), ("missing", 0.0));
    assert_eq!(of("link"), ("forbidden", 0.0));
    assert_eq!(of("linked"), ("forbidden", 0.0));
    let text = said(&output);
    assert!(
        text.contains("similar: ada and copy_of_ada, 100 %"),
        "{text}"
    );

    let csv = fs::read_to_string(folder.path().join("grades.csv")).unwrap();
    assert_eq!(csv.lines().count(), 11);
    assert!(csv.contains("\n\"'=cmd|' <b>\",0,10,0,missing,"), "{csv}");
    assert!(csv.contains("\nbob,9.55,10,9.55,wrong,0.455,"), "{csv}");
    let pages: Vec<_> = fs::read_dir(folder.path().join("grades.feedback"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|end| end == "html"))
        .collect();
    assert_eq!(pages.len(), 10);
    for page in pages {
        let page = fs::read_to_string(page).unwrap();
        assert!(
            !page.contains("<b>:") && !page.contains(root().to_str().unwrap()),
            "{page}"
        );
    }
    let bob = fs::read_to_string(folder.path().join("grades.feedback/bob.html")).unwrap();
    assert!(
        bob.contains("two_midnights") && bob.contains("expected") && bob.contains("Why it matters"),
        "{bob}"
    );

    write(&at("late").join(file), notebook(&right).to_string());
    write(
        &at("bob/chapter-1").join(file),
        notebook(&right).to_string(),
    );
    let output = grade(folder.path(), &[]);
    let text = said(&output);
    assert!(text.contains("11 students, 2 of them graded now"), "{text}");
    let all = verdicts(folder.path());
    assert_eq!(
        (all["bob"].1, all["late"].1, all["ada"].1),
        (10.0, 10.0, 10.0)
    );
}

#[test]
fn what_is_wrong_with_the_command_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let output = grade(folder.path(), &[]);
    assert_eq!(output.status.code(), Some(3), "{}", said(&output));
    assert!(said(&output).contains("cannot read"), "{}", said(&output));
    let output = grade(folder.path(), &["--timeout", "0"]);
    assert!(
        said(&output).contains("--timeout is a number of seconds"),
        "{}",
        said(&output)
    );
}
