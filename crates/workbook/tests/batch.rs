//! `workbook batch` as a process: exit codes, the swap, and what a reader sees.

use lambda_workbook::batch::output::Manifest;
use lambda_workbook::dataset::{self, Format, Spec};
use lambda_workbook::serving::ServedViews;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use tempfile::TempDir;

/// The files of a run, each linked from the folder of the views.
const FILES: [&str; 5] = [
    "bounces.parquet",
    "manifest.json",
    "page_views.parquet",
    "rejected.jsonl",
    "uniques.parquet",
];

const GOOD: &str = r#"{"dataunit":{"page_view":{"nonce":1,"page":{"url":"http://a.com/"},"person":{"user_id":1}}},"pedigree":{"true_as_of_secs":60}}"#;

fn command(input: &Path, out: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_workbook"));
    command
        .arg("batch")
        .arg("--input")
        .arg(input)
        .arg("--out")
        .arg(out);
    command
}

fn batch(input: &Path, out: &Path) -> Output {
    command(input, out).output().unwrap()
}

fn error(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(3), "{output:?}");
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// A folder with an input of `lines` good lines.
fn input(lines: usize) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("in.jsonl");
    let text: String = (0..lines)
        .map(|i| GOOD.replace("60", &i.to_string()) + "\n")
        .collect();
    fs::write(&path, text).unwrap();
    (folder, path)
}

/// Names in the folder, hidden ones too.
fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder)
        .unwrap()
        .map(|e| e.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn the_lesson_gives_the_lessons_table_from_both_formats() {
    let folder = tempfile::tempdir().unwrap();
    let made = dataset::generate(
        &Spec::lesson(),
        &folder.path().join("lesson"),
        Format::Both,
        &|_, _| (),
    )
    .unwrap();
    let expected = [
        // url, granularity, ts, count
        ("mysite.com/", "d", 1_438_560_000, 101_212),
        ("mysite.com/", "d", 1_438_905_600, 300_054),
        ("mysite.com/", "h", 1_438_624_800, 101_212),
        ("mysite.com/", "h", 1_438_912_800, 300_054),
        ("mysite.com/", "m", 1_437_004_800, 401_266),
        ("mysite.com/", "w", 1_438_214_400, 101_212),
        ("mysite.com/", "w", 1_438_819_200, 300_054),
        ("mysite.com/blog", "d", 1_438_560_000, 101_732),
        ("mysite.com/blog", "d", 1_438_905_600, 899_778),
        ("mysite.com/blog", "h", 1_438_624_800, 101_732),
        ("mysite.com/blog", "h", 1_438_912_800, 899_778),
        ("mysite.com/blog", "m", 1_437_004_800, 1_001_510),
        ("mysite.com/blog", "w", 1_438_214_400, 101_732),
        ("mysite.com/blog", "w", 1_438_819_200, 899_778),
    ];
    let pacific = [
        ("mysite.com/", "America/Los_Angeles", 1_438_585_200, 101_212),
        ("mysite.com/", "America/Los_Angeles", 1_438_844_400, 300_054),
        (
            "mysite.com/blog",
            "America/Los_Angeles",
            1_438_585_200,
            101_732,
        ),
        (
            "mysite.com/blog",
            "America/Los_Angeles",
            1_438_844_400,
            899_778,
        ),
    ];
    let out = folder.path().join("views");
    let mut manifests = Vec::new();
    for input in [made.jsonl(), made.parquet()] {
        let output = command(&input, &out)
            .args(["--zone", "America/Los_Angeles"])
            .output()
            .unwrap();
        assert!(output.status.success(), "{output:?}");
        assert_eq!(table(&out.join("page_views.parquet")), expected.map(row));
        assert_eq!(
            table(&out.join("page_views_by_local_day.parquet")),
            pacific.map(row)
        );
        manifests.push(Manifest::read(&out).unwrap().counts);
    }
    assert_eq!(manifests[0], manifests[1]);
    let counts = &manifests[0];
    assert_eq!(
        (
            counts.read,
            counts.duplicates,
            counts.distinct,
            counts.rejected
        ),
        (1_409_422, 6_646, 1_402_776, 0)
    );
}

type Row = (String, String, i64, i64);

fn row((url, label, ts, count): (&str, &str, i64, i64)) -> Row {
    (url.to_owned(), label.to_owned(), ts, count)
}

fn table(path: &Path) -> Vec<Row> {
    let frame = dataset::read_parquet(path, &[]).unwrap();
    let columns = frame.columns();
    let text = |c: usize, i: usize| columns[c].str().unwrap().get(i).unwrap().to_owned();
    let number = |c: usize, i: usize| columns[c].i64().unwrap().get(i).unwrap();
    (0..frame.height())
        .map(|i| (text(0, i), text(1, i), number(2, i), number(3, i)))
        .collect()
}

#[test]
fn the_same_input_gives_the_same_bytes_and_leaves_nothing_beside() {
    let (folder, path) = input(100);
    fs::OpenOptions::new()
        .append(true)
        .open(&path)
        .unwrap()
        .write_all(b"bad\n")
        .unwrap();
    let out = folder.path().join("views");
    let bytes = || {
        let output = batch(&path, &out);
        assert!(output.status.success(), "{output:?}");
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(said.contains("rejected 1 lines, see "), "{said}");
        assert!(
            said.contains("rejected.jsonl; the first: line 101: not a datum: "),
            "{said}"
        );
        FILES.map(|name| fs::read(out.join(name)).unwrap())
    };
    let first = bytes();
    assert_eq!(first, bytes());
    // The stores in `serving` carry the number of their version.
    let mut whole = [&FILES[..], &["serving"]].concat();
    whole.sort_unstable();
    assert_eq!(names(&out.join("current")), whole);
    assert_eq!(names(&out.join("versions")), ["000001", "000002"]);
    let mut beside = [&FILES[..], &[".lock", "current", "versions"]].concat();
    beside.sort_unstable();
    assert_eq!(names(&out), beside);
    assert_eq!(names(folder.path()), ["in.jsonl", "views"]);
}

#[test]
fn a_folder_of_something_else_is_never_replaced() {
    let (folder, path) = input(3);
    let out = folder.path().join("views");
    fs::create_dir(&out).unwrap();
    // An empty folder may be taken.
    assert!(batch(&path, &out).status.success());
    // One with a file that no run wrote may not, manifest or no manifest.
    fs::write(out.join("notes.txt"), "mine").unwrap();
    let said = error(&batch(&path, &out));
    assert!(
        said.contains("not a folder of versions: it holds notes.txt"),
        "{said}"
    );
    assert_eq!(fs::read(out.join("notes.txt")).unwrap(), b"mine");
    // Views that an earlier program wrote there are recognised.
    let old = folder.path().join("old");
    fs::create_dir(&old).unwrap();
    fs::write(old.join("manifest.json"), "{}").unwrap();
    let said = error(&batch(&path, &old));
    assert!(
        said.contains("manifest.json of an earlier program's form"),
        "{said}"
    );

    let file = folder.path().join("file");
    fs::write(&file, "mine").unwrap();
    assert!(error(&batch(&path, &file)).contains("a file stands there"));
    assert_eq!(fs::read(&file).unwrap(), b"mine");
    // Neither is the folder of the input, nor the root.
    let said = error(&batch(&path, folder.path()));
    assert!(said.contains("not a folder of versions"), "{said}");
    let said = error(&batch(&path, Path::new("/")));
    assert!(said.contains("not a folder of versions"), "{said}");
}

#[test]
fn a_failed_run_leaves_the_old_views() {
    let (folder, path) = input(3);
    let out = folder.path().join("views");
    assert!(batch(&path, &out).status.success());
    let old = fs::read(out.join("manifest.json")).unwrap();
    fs::write(&path, "no datum\n").unwrap();
    assert!(error(&batch(&path, &out)).contains("so the views stay as they are"));
    assert!(error(&batch(&folder.path().join("none"), &out)).contains("no such file"));
    assert_eq!(fs::read(out.join("manifest.json")).unwrap(), old);
    assert_eq!(names(folder.path()), ["in.jsonl", "views"]);
}

#[test]
fn an_unknown_zone_is_wrong_use() {
    let (folder, path) = input(1);
    let output = command(&path, &folder.path().join("views"))
        .args(["--zone", "Mars/Olympus"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
}

#[test]
#[cfg(unix)]
fn a_full_disk_is_an_error_and_the_old_views_stay() {
    let (folder, path) = input(3);
    let out = folder.path().join("views");
    assert!(batch(&path, &out).status.success());
    let old = fs::read(out.join("manifest.json")).unwrap();
    // Bad lines make a large rejected.jsonl, past a limit on the size of files.
    let bad = format!("{GOOD}\n{}", "bad line\n".repeat(20_000));
    fs::write(&path, bad).unwrap();
    let program = env!("CARGO_BIN_EXE_workbook");
    let script =
        format!("trap '' XFSZ; ulimit -f 64; exec '{program}' batch --input \"$1\" --out \"$2\"");
    let output = Command::new("sh")
        .args(["-c", &script, "sh"])
        .arg(&path)
        .arg(&out)
        .output()
        .unwrap();
    let said = error(&output);
    assert!(said.contains("rejected.jsonl: writing: "), "{said}");
    assert_eq!(fs::read(out.join("manifest.json")).unwrap(), old);
    assert_eq!(names(folder.path()), ["in.jsonl", "views"]);
}

/// Rule: a run that may need room for temporary files says so before it reads a datum. One that fits
/// into memory says nothing. What is spilled changes no byte of the views.
#[test]
#[cfg(unix)]
fn the_room_for_temporary_files_is_said_first() {
    let (folder, path) = input(50_000);
    let (small, large) = (folder.path().join("small"), folder.path().join("large"));
    let spilled = command(&path, &small)
        .args(["--memory", "1"])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&spilled.stderr).into_owned();
    assert!(spilled.status.success(), "{said}");
    assert!(said.starts_with("temporary files: up to "), "{said}");
    assert!(said.lines().next().unwrap().contains("; free: "), "{said}");
    let held = batch(&path, &large);
    let said = String::from_utf8_lossy(&held.stderr).into_owned();
    assert!(
        held.status.success() && !said.contains("temporary"),
        "{said}"
    );
    for file in ["page_views.parquet", "uniques.parquet", "bounces.parquet"] {
        let read = |folder: &Path| fs::read(folder.join(file)).unwrap();
        assert_eq!(read(&small), read(&large), "{file}");
    }
}

#[test]
#[cfg(unix)]
fn two_runs_into_one_folder_are_kept_apart() {
    let (folder, path) = input(3);
    let out = folder.path().join("views");
    // Another run, as far as the lock can tell.
    fs::create_dir(&out).unwrap();
    let lock = fs::File::create(out.join(".lock")).unwrap();
    (&lock).write_all(b"4711").unwrap();
    lock.lock().unwrap();
    let said = error(&batch(&path, &out));
    assert!(
        said.contains("another process (process 4711) is writing there"),
        "{said}"
    );
    assert!(!out.join("current").exists());
    lock.unlock().unwrap();
    assert!(batch(&path, &out).status.success());

    // Many at once: each is done or says that it is not, and the views are whole.
    let children: Vec<_> = (0..8)
        .map(|_| {
            command(&path, &out)
                .stdout(Stdio::null())
                .stderr(Stdio::piped())
                .spawn()
                .unwrap()
        })
        .collect();
    let done = children
        .into_iter()
        .map(|child| child.wait_with_output().unwrap())
        .filter(|output| output.status.success() || !error(output).contains("is writing there"));
    assert!(done.count() >= 1);
    assert_eq!(Manifest::read(&out).unwrap().counts.distinct, 3);
    assert_eq!(names(folder.path()), ["in.jsonl", "views"]);
}

#[test]
#[cfg(unix)]
fn a_run_killed_at_any_moment_leaves_old_views_or_new() {
    let (folder, small) = input(1_000);
    let large = folder.path().join("large.jsonl");
    fs::write(&large, fs::read_to_string(&small).unwrap().repeat(100)).unwrap();
    let out = folder.path().join("views");
    assert!(batch(&small, &out).status.success());
    let whole = || {
        let manifest = Manifest::read(&out).expect("views are there at every moment");
        let view = table(&out.join("page_views.parquet"));
        let rows = view.len();
        let said = manifest
            .files
            .iter()
            .find(|file| file.name == "page_views.parquet")
            .unwrap()
            .rows;
        assert_eq!(rows as u64, said);
        // What is served is of the same run, and every block of it is sound.
        let served = ServedViews::open(&out).expect("stores are there at every moment");
        served.verify().unwrap();
        let all = served.extent("a.com/").unwrap().unwrap();
        let answer = served.page_views("a.com/", all).unwrap().unwrap();
        let hours = view.iter().filter(|row| row.1 == "h");
        assert_eq!(answer.value, hours.map(|row| row.3).sum::<i64>());
        manifest.input.name
    };
    // Killed after each time from nothing to the whole of a run.
    let started = std::time::Instant::now();
    assert!(batch(&large, &out).status.success());
    let takes = started.elapsed();
    for tenth in 0..12 {
        let (input, was) = if tenth % 2 == 0 {
            (&small, "large.jsonl")
        } else {
            (&large, "in.jsonl")
        };
        let mut child = command(input, &out)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let until = std::time::Instant::now() + takes * tenth / 10;
        while std::time::Instant::now() < until && child.try_wait().unwrap().is_none() {
            std::thread::yield_now();
        }
        let _ = child.kill();
        child.wait().unwrap();
        let name = whole();
        assert!(
            name == was || name == input.file_name().unwrap().to_str().unwrap(),
            "{name}"
        );
        // The next run clears away what is left, and ends with the other input.
        assert!(batch(input, &out).status.success());
        assert_eq!(whole(), input.file_name().unwrap().to_str().unwrap());
        assert_eq!(names(folder.path()), ["in.jsonl", "large.jsonl", "views"]);
    }
}

/// Rule: a run that was killed goes on from its last checkpoint, reads no datum twice, and writes
/// the bytes that an uninterrupted run writes. What is unfinished never shows, and is gone once the
/// views are served. (The property test of the engine kills runs of both formats several times.)
#[test]
#[cfg(target_os = "linux")]
fn a_killed_run_goes_on_where_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let spec = Spec {
        hours: "2015-08-03..2015-08-05".parse().unwrap(),
        kinds: dataset::Kinds::ALL,
        ..Spec::lesson()
    };
    let made = folder.path().join("made");
    let made = dataset::generate(&spec, &made, Format::Json, &|_, _| ()).unwrap();
    // Some lines that are no datums, in the middle of the others.
    let lines = fs::read_to_string(made.jsonl()).unwrap();
    let jsonl = folder.path().join("some.jsonl");
    let bad: Vec<String> = lines
        .lines()
        .enumerate()
        .map(|(number, line)| match number % 10_000 {
            7 => format!("{line}\nno datum {number}"),
            _ => line.to_owned(),
        })
        .collect();
    fs::write(&jsonl, bad.join("\n")).unwrap();
    let input = jsonl;
    let (whole, out) = (folder.path().join("whole"), folder.path().join("killed"));
    assert!(batch(&input, &whole).status.success());
    let total = Manifest::read(&whole).unwrap().counts.read;
    let unfinished = out.join(".unfinished");
    let often = || {
        let mut command = command(&input, &out);
        command.args(["--checkpoint-every", "0", "--memory", "20"]);
        command
    };
    let kill_after_a_checkpoint = || {
        let mut child = often()
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        while !unfinished.join("checkpoint.json").exists() {
            assert!(child.try_wait().unwrap().is_none(), "it ended too early");
            std::thread::yield_now();
        }
        child.kill().unwrap();
        child.wait().unwrap();
    };
    kill_after_a_checkpoint();
    assert!(!out.join("current").exists());
    let last = often().output().unwrap();
    let said = String::from_utf8_lossy(&last.stderr).into_owned();
    assert!(last.status.success(), "{said}");
    let read = |text: &str, before: &str, after: &str| -> u64 {
        let number = text.split(before).nth(1).unwrap().split(after).next();
        number.unwrap().replace(',', "").parse().unwrap()
    };
    let taken_up = read(&said, "going on with a run that was cut off: ", " datums");
    assert!(taken_up > 0 && taken_up < total, "{said}");
    let done = String::from_utf8_lossy(&last.stdout).into_owned();
    assert_eq!(read(&done, "read ", " datums"), total - taken_up, "{done}");
    for file in FILES.into_iter().filter(|file| *file != "manifest.json") {
        let bytes = |folder: &Path| fs::read(folder.join(file)).unwrap();
        assert!(bytes(&whole) == bytes(&out), "{file}");
    }
    assert!(!unfinished.exists());

    // Other options are other work: nothing is taken up.
    kill_after_a_checkpoint();
    let other = often().args(["--precision", "10"]).output().unwrap();
    let said = String::from_utf8_lossy(&other.stderr).into_owned();
    assert!(
        other.status.success() && !said.contains("going on"),
        "{said}"
    );
}
