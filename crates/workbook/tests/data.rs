//! `workbook data` as a process: exit codes, messages, and what is left behind
//! when it is killed or the disk is full.
use std::fs;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Output, Stdio};

fn data(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_workbook"));
    command.arg("data").args(args);
    command
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

fn names(dir: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(dir)
        .map(|entries| {
            entries
                .flatten()
                .map(|e| e.file_name().into_string().unwrap())
                .collect()
        })
        .unwrap_or_default();
    names.sort();
    names
}

#[test]
fn it_makes_a_set_says_so_and_says_so_again() {
    let dir = tempfile::tempdir().unwrap();
    let home = || {
        let mut command = data(&["--hours", "2015-03-08", "--format", "json", "--seed", "4"]);
        command.env("LAMBDA_WORKBOOK_DATA", dir.path());
        command.output().unwrap()
    };
    let first = home();
    assert_eq!(first.status.code(), Some(0), "{}", text(&first));
    assert!(
        text(&first).contains("1,409,422 datums in"),
        "{}",
        text(&first)
    );
    let set = dir.path().join("generated/2015-03-08_2015-03-09-seed4");
    assert_eq!(names(&set), ["dataset.json", "datums.jsonl"]);
    assert!(text(&home()).contains("there already"));
}

#[test]
fn wrong_use_is_exit_code_2_with_the_remedy() {
    for (args, words) in [
        (&["--scale", "0"][..], "1..=1000"),
        (&["--scale", "many"], "invalid"),
        (&["--hours", "2015-02-30"], "not a day of the calendar"),
        (&["--hours", "2015-08-02..2015-08-01"], "is empty"),
        (&["--kinds", "likes"], "page_view,equiv"),
        (&["--duplicates", "2"], "from 0 to 1"),
        (&["--format", "csv"], "parquet"),
        (&["--out", "/"], "folder of its own"),
    ] {
        let output = data(args).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{args:?}: {}", text(&output));
        assert!(text(&output).contains(words), "{args:?}: {}", text(&output));
    }
}

#[test]
fn an_output_folder_that_is_a_file_is_exit_code_3() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("file");
    fs::write(&file, "mine").unwrap();
    let output = data(&["--out", file.to_str().unwrap()]).output().unwrap();
    assert_eq!(output.status.code(), Some(3));
    assert!(
        text(&output).contains("choose another folder"),
        "{}",
        text(&output)
    );
    assert_eq!(fs::read_to_string(&file).unwrap(), "mine");
}

#[test]
fn a_disk_that_is_full_leaves_nothing_and_says_what_to_do() {
    let dir = tempfile::tempdir().unwrap();
    for format in ["json", "parquet"] {
        let out = dir.path().join(format);
        let mut command = data(&["--out", out.to_str().unwrap(), "--format", format]);
        // A limit on the size of files fails a write in the middle, as a full
        // disk would, without a disk to fill.
        let limit = libc::rlimit {
            rlim_cur: 1 << 20,
            rlim_max: 1 << 20,
        };
        // SAFETY: setrlimit may be called between fork and exec.
        unsafe {
            command.pre_exec(move || match libc::setrlimit(libc::RLIMIT_FSIZE, &limit) {
                0 => Ok(()),
                _ => Err(std::io::Error::last_os_error()),
            });
        }
        let output = command.output().unwrap();
        assert_eq!(output.status.code(), Some(3), "{}", text(&output));
        assert!(text(&output).contains("ulimit -f"), "{}", text(&output));
        assert_eq!(
            names(dir.path())
                .iter()
                .filter(|n| !n.ends_with(".lock"))
                .count(),
            0
        );
    }
}

#[test]
fn killed_in_the_middle_it_leaves_what_was_there_and_the_next_run_mends() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("set");
    let path = out.to_str().unwrap();
    let small = [
        "--hours",
        "2015-08-03T18",
        "--kinds",
        "equiv",
        "--format",
        "parquet",
        "--out",
        path,
    ];
    assert!(data(&small).output().unwrap().status.success());
    let before = fs::read(out.join("dataset.json")).unwrap();

    // A hundred times as much, killed as soon as it has begun to write.
    let mut child = data(&["--scale", "100", "--out", path])
        .stderr(Stdio::null())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let begun = || {
        names(dir.path()).iter().any(|name| {
            let draft = dir.path().join(name).join("set/datums.jsonl");
            name.starts_with(".set.partial-") && fs::metadata(draft).is_ok_and(|m| m.len() > 0)
        })
    };
    while !begun() {
        assert!(
            child.try_wait().unwrap().is_none(),
            "it ended before it began to write"
        );
        std::thread::yield_now();
    }
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(fs::read(out.join("dataset.json")).unwrap(), before);
    assert_eq!(
        names(dir.path()).len(),
        3,
        "the set, the lock and the draft"
    );

    let again = data(&small).output().unwrap();
    assert!(text(&again).contains("there already"), "{}", text(&again));
    let other = data(&[
        "--hours",
        "2015-08-03T19",
        "--kinds",
        "equiv",
        "--format",
        "parquet",
        "--out",
        path,
    ])
    .output()
    .unwrap();
    assert_eq!(other.status.code(), Some(0), "{}", text(&other));
    assert_eq!(
        names(dir.path()),
        [".set.lock", "set"],
        "the draft is swept away"
    );
}

#[test]
fn two_runs_into_one_folder_take_turns() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("set");
    let spawn = || {
        let mut command = data(&["--format", "parquet", "--out", out.to_str().unwrap()]);
        command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    };
    let ended: Vec<Output> = [spawn(), spawn()]
        .into_iter()
        .map(|child| child.wait_with_output().unwrap())
        .collect();
    assert!(ended.iter().all(|o| o.status.success()));
    let reused = ended
        .iter()
        .filter(|o| text(o).contains("there already"))
        .count();
    assert_eq!(reused, 1, "{}{}", text(&ended[0]), text(&ended[1]));
    assert_eq!(names(dir.path()), [".set.lock", "set"]);
}
