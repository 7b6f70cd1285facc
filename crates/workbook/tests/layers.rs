//! `workbook append`, `speed`, `batch --home` and `query --home`: both layers from the
//! command line.
use crate::command_line::{self, view};
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

fn workbook(words: &[&str], home: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_workbook"));
    command.args(words).arg("--home").arg(home);
    command
}

/// Returns words with those that name a home folder.
fn at<'a>(words: &[&'a str], home: &'a Path) -> Vec<&'a str> {
    [words, &["--home", home.to_str().unwrap()]].concat()
}

fn done(words: &[&str], home: &Path) -> String {
    command_line::done(&at(words, home))
}

fn refused(words: &[&str], home: &Path) -> String {
    command_line::refused(&at(words, home))
}

fn append(home: &Path, lines: &str) -> String {
    let path = home.with_extension("jsonl");
    fs::write(&path, lines).unwrap();
    done(&["append", path.to_str().unwrap()], home)
}

#[test]
fn a_query_merges_both_layers_and_says_what_came_from_which() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join("home");
    let ask = ["query", "page-views", "foo.com/", "--explain"];

    // In the log only: no view holds it, and the error says what to do.
    let lines = [view("foo.com/", 1, 60), view("foo.com/", 2, 70)].concat();
    let said = append(&home, &(lines + "no datum\n\n"));
    assert_eq!(said, "appended 3 records; the log has 3\n");
    let said = refused(&ask, &home);
    assert!(said.contains("3 records wait in the log"), "{said}");
    assert!(said.contains("workbook speed --home"), "{said}");

    // In the realtime views.
    let said = done(&["speed"], &home);
    assert!(
        said.starts_with("applied 3 records, 1 of them rejected"),
        "{said}"
    );
    let said = done(&ask, &home);
    assert!(
        said.starts_with("2 page views of foo.com/ from Thu 1970-01-01 00:00 UTC"),
        "{said}"
    );
    assert!(
        said.contains("the serving views do not hold this URL"),
        "{said}"
    );
    assert!(
        said.contains("the realtime views alone, 3 records since the batch's cut: 2 page views"),
        "{said}"
    );

    // In the serving views, and what came after them in the realtime views.
    let said = done(&["batch"], &home);
    assert!(said.starts_with("batch 1: read 3 datums"), "{said}");
    assert!(said.contains("rejected 1 lines"), "{said}");
    append(
        &home,
        &[view("foo.com/a", 2, 600), view("foo.com/", 2, 700)].concat(),
    );
    append(&home, &view("foo.com/", 2, 70)); // a duplicate of what the batch holds
    done(&["speed"], &home);
    append(&home, &view("foo.com/", 3, 800));
    let said = done(&ask, &home);
    assert!(said.starts_with("3 page views of foo.com/ "), "{said}");
    for part in [
        "the serving views alone, batch 1 with 3 records: 2 page views",
        "the realtime views alone, 3 records since the batch's cut: 1 page view",
        "in the log, in no view yet: 1 record",
    ] {
        assert!(said.contains(part), "{said}");
    }

    // Neither uniques nor visits can be added: they are merged.
    let json = |words: &[&str]| -> serde_json::Value {
        serde_json::from_str(&done(&[&["query"], words, &["--json"]].concat(), &home)).unwrap()
    };
    let uniques = json(&["uniques", "foo.com/"]);
    assert_eq!(
        (&uniques["uniques"], &uniques["serving"]),
        (&2.into(), &2.into())
    );
    assert_eq!(uniques["realtime"], 1);
    let visits = json(&["bounce-rate", "foo.com"]);
    assert_eq!(
        (&visits["visits"], &visits["bounces"]),
        (&2.into(), &1.into())
    );
    assert_eq!(visits["serving"]["visits"], 2);
    assert_eq!(visits["realtime"]["visits"], 1);
}

#[test]
#[cfg(unix)]
fn a_gap_between_the_layers_is_refused_and_the_missing_batch_named() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join("home");
    for secs in 0..3 {
        append(&home, &view("foo.com/", 1, secs));
        done(&["batch"], &home);
    }
    let ask = ["query", "page-views", "foo.com/"];
    assert!(done(&ask, &home).starts_with("3 page views"));
    // The first version is served again.
    assert_eq!(
        done(&["roll-back"], &home),
        "batch 1\nbatch 2\nbatch 3, served\n"
    );
    assert_eq!(
        done(&["roll-back", "1"], &home),
        "batch 1, served\nbatch 2\nbatch 3\n"
    );
    let said = refused(&ask, &home);
    assert!(said.contains("batches 2 and 3 are missing"), "{said}");
    // The next batch holds everything.
    done(&["batch"], &home);
    assert!(done(&ask, &home).starts_with("3 page views"));
    let said = refused(&["roll-back", "9"], &home);
    assert!(said.contains("batch 9 is not kept"), "{said}");
}

#[test]
fn views_of_a_file_are_rolled_back_by_version() {
    let folder = tempfile::tempdir().unwrap();
    let input = folder.path().join("datums.jsonl");
    let views = folder.path().join("views");
    let path = |path: &std::path::Path| path.to_str().unwrap().to_owned();
    for secs in 1..3 {
        let lines: String = (0..secs).map(|secs| view("foo.com/", 1, secs)).collect();
        fs::write(&input, lines).unwrap();
        run_plain(&["batch", "--input", &path(&input), "--out", &path(&views)]);
    }
    let ask = ["query", "page-views", "foo.com/", "--views", &path(&views)];
    assert!(run_plain(&ask).starts_with("2 page views"));
    let said = run_plain(&["roll-back", "--views", &path(&views), "1"]);
    assert_eq!(said, "version 1, served\nversion 2\n");
    assert!(run_plain(&ask).starts_with("1 page view"));
}

/// Runs the program, which must succeed, and returns what it printed.
fn run_plain(arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_workbook"))
        .args(arguments)
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn a_batch_run_that_is_killed_and_run_again_holds_each_record_once() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join("home");
    let lines: String = (0..2_000).map(|n| view("foo.com/", n % 50, n)).collect();
    append(&home, &lines);
    for tries in 0..6u32 {
        let mut child = workbook(&["batch"], &home)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        // Killed at once, and later and later.
        for _ in 0..tries * 40_000 {
            std::hint::spin_loop();
        }
        let _ = child.kill();
        child.wait().unwrap();
        done(&["speed"], &home);
        let said = done(&["query", "page-views", "foo.com/"], &home);
        assert!(said.starts_with("2,000 page views"), "{said}");
    }
    done(&["batch"], &home);
    let said = done(&["query", "page-views", "foo.com/", "--explain"], &home);
    assert!(said.starts_with("2,000 page views"), "{said}");
    assert!(
        said.contains("with 2,000 records: 2,000 page views"),
        "{said}"
    );
}

#[test]
fn a_mistyped_home_is_no_new_one() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join("hoem");
    for words in [
        &["batch"][..],
        &["speed"],
        &["query", "page-views", "foo.com/"],
    ] {
        let said = refused(words, &home);
        assert!(said.contains("no log is there"), "{said}");
    }
    let said = refused(&["append", "none.jsonl"], &home);
    assert!(said.contains("none.jsonl"), "{said}");
    assert!(!home.exists());
}
