//! Tab and Shift-Tab, as Jupyter asks for them.
use super::with_kernel::{block_on, good, kernel};
use kernel::client::Client;
use serde_json::{Value, json};
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant, SystemTime};

/// Long enough for a busy machine; what a reader waits for is measured by
/// `workbook bench kernel`.
const HANGS: Duration = Duration::from_secs(120);

/// The cursor in a cell is where the `|` is.
fn question(cell: &str) -> Value {
    let (before, after) = cell.split_once('|').expect("no cursor");
    json!({"code": format!("{before}{after}"), "cursor_pos": before.chars().count()})
}

async fn complete(kernel: &mut Client, cell: &str) -> Value {
    let reply = kernel.ask("complete_request", question(cell)).await;
    reply.unwrap().content
}

fn matches(reply: &Value) -> Vec<&str> {
    let matches = reply["matches"].as_array().unwrap();
    matches.iter().map(|text| text.as_str().unwrap()).collect()
}

/// Asks until the completer has read its sources and `wanted` is offered; before that
/// the kernel offers words of the cell.
async fn complete_until(kernel: &mut Client, cell: &str, wanted: &str) -> Value {
    let deadline = Instant::now() + HANGS;
    loop {
        let reply = complete(kernel, cell).await;
        if matches(&reply).contains(&wanted) {
            return reply;
        }
        assert!(Instant::now() < deadline, "{cell}: no {wanted} in {reply}");
    }
}

async fn inspect(kernel: &mut Client, cell: &str, detail: u8) -> Value {
    let mut question = question(cell);
    question["detail_level"] = detail.into();
    let reply = kernel.ask("inspect_request", question).await;
    reply.unwrap().content
}

/// `cargo test` builds the completer for its own tests. When this package is tested
/// alone, it may not be there.
fn build_completer() {
    let workbook = Path::new(env!("CARGO_BIN_EXE_workbook"));
    if workbook.with_file_name("completer").exists() {
        return;
    }
    let target = workbook.parent().and_then(Path::parent).unwrap();
    let built = Command::new(env!("CARGO"))
        // Both, because each package alone would select other features of what they share.
        .args([
            "build",
            "--offline",
            "--package",
            "workbook",
            "--package",
            "completer",
        ])
        .env("CARGO_TARGET_DIR", target)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .status();
    assert!(built.unwrap().success(), "the completer does not compile");
}

#[test]
fn tab_knows_the_support_crate_and_polars() {
    build_completer();
    block_on(async {
        let mut kernel = kernel().await;
        good(&mut kernel, "let views = df!(\"a\" => [1])?;").await;
        for (cell, wanted) in [
            ("views.group_|", "group_by"),
            ("views.lazy().sel|", "select"),
            ("let x: LazyFr|", "LazyFrame"),
            ("Gran|", "Granularity"),
            ("batch::page_v|", "page_views"),
            ("lambda_workbook::cal|", "calendar"),
            ("chrono_tz::Am|", "America"),
            // Variables and unfinished code complete as well.
            ("vie|", "views"),
            ("if true { vie|", "views"),
        ] {
            let reply = complete_until(&mut kernel, cell, wanted).await;
            let start = reply["cursor_start"].as_u64().unwrap() as usize;
            let typed = cell.trim_end_matches('|').get(start..).unwrap();
            assert!(wanted.starts_with(typed), "{cell}: {reply}");
            // With the kinds that JupyterLab shows beside the names.
            let kinds = &reply["metadata"]["_jupyter_types_experimental"];
            assert_eq!(kinds.as_array().unwrap().len(), matches(&reply).len());
        }
        // In the middle of a word, the whole word is replaced.
        let reply = complete_until(&mut kernel, "let é = views.gro|up_", "group_by").await;
        assert_eq!(reply["cursor_start"], 14, "{reply}");
        assert_eq!(reply["cursor_end"], 20, "{reply}");
        kernel.shutdown().await.unwrap();
    });
}

#[test]
fn shift_tab_explains_a_name_and_a_call_around_the_cursor() {
    build_completer();
    block_on(async {
        let mut kernel = kernel().await;
        good(&mut kernel, "let views = df!(\"a\" => [1])?;").await;
        complete_until(&mut kernel, "views.group_|", "group_by").await;
        let help = async |kernel: &mut Client, cell: &str, detail: u8| {
            // On a busy machine the kernel may lose patience with an answer.
            let deadline = Instant::now() + HANGS;
            let mut reply = inspect(kernel, cell, detail).await;
            while reply["found"] == false && Instant::now() < deadline {
                reply = inspect(kernel, cell, detail).await;
            }
            assert_eq!(reply["status"], "ok");
            assert_eq!(reply["found"], true, "{cell}: {reply}");
            let form = |mime: &str| reply["data"][mime].as_str().unwrap().to_owned();
            (form("text/plain"), form("text/markdown"))
        };

        // On a name: its declaration and its documentation.
        let (plain, markdown) = help(&mut kernel, "batch::page_vi|ews(&views)", 0).await;
        assert!(plain.contains("pub fn page_views("), "{plain}");
        assert!(!plain.contains("```"), "{plain}");
        assert!(markdown.contains("```rust"), "{markdown}");

        // Between the parentheses of a call: the signature, and which parameter this is.
        let (plain, markdown) = help(&mut kernel, "batch::page_views(&views, |)", 0).await;
        assert!(plain.starts_with("fn page_views("), "{plain}");
        let parameter = plain.lines().find(|line| line.starts_with("Parameter"));
        let parameter = parameter.unwrap_or_else(|| panic!("{plain}"));
        assert!(parameter.starts_with("Parameter 2 of 2: "), "{parameter}");
        assert!(parameter.contains("Granularity"), "{parameter}");
        assert!(markdown.contains("```rust\nfn page_views("), "{markdown}");
        let (plain, _) = help(&mut kernel, "views.head(|", 0).await;
        assert!(plain.contains("fn head("), "not closed yet: {plain}");

        // Level 1 lists all variants, not only the first eight.
        let (brief, _) = help(&mut kernel, "chrono_tz::T|z", 0).await;
        let (detailed, _) = help(&mut kernel, "chrono_tz::T|z", 1).await;
        assert!(
            detailed.len() > 10 * brief.len(),
            "{brief}\n{}",
            detailed.len()
        );

        for cell in ["nothing_of_this_name|", "|"] {
            let asked = Instant::now();
            let reply = inspect(&mut kernel, cell, 0).await;
            assert_eq!(reply["found"], false, "{cell}: {reply}");
            assert_eq!(reply["data"], json!({}), "{cell}");
            assert!(asked.elapsed() < Duration::from_secs(10), "{cell} hangs");
        }
        kernel.shutdown().await.unwrap();
    });
}

/// A build of its own, as far as the kernel can see, that has no completer.
fn build_without_completer() -> (tempfile::TempDir, PathBuf) {
    let workbook = Path::new(env!("CARGO_BIN_EXE_workbook"));
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    for name in ["workbook", "stand-in", kernel::place::DYLIB] {
        let built = workbook.with_file_name(name);
        fs::hard_link(built, folder.path().join(name)).unwrap();
    }
    // `cargo test` has just built it: a manifest that was written since is no reason for the
    // kernel to build it again, with all dependencies, into this folder.
    let library = folder.path().join(kernel::place::DYLIB);
    let library = fs::File::options().append(true).open(library).unwrap();
    library.set_modified(SystemTime::now()).unwrap();
    symlink(workbook.with_file_name("deps"), folder.path().join("deps")).unwrap();
    let program = folder.path().join("workbook");
    (folder, program)
}

/// A program that takes the completer's place.
fn write_completer(folder: &Path, script: &str) {
    let draft = folder.join("draft");
    fs::write(&draft, format!("#!/bin/sh\n{script}\n")).unwrap();
    fs::set_permissions(&draft, fs::Permissions::from_mode(0o755)).unwrap();
    fs::rename(draft, folder.join("completer")).unwrap();
}

/// Answers with one completion, `found`.
const ANSWER: &str =
    r#"echo '{"items":[{"text":"found","kind":"function","label":"found"}],"start":0,"end":0}'"#;

#[test]
fn a_completer_that_is_built_after_the_kernel_started_is_used_by_the_next_tab() {
    let (folder, program) = build_without_completer();
    block_on(async {
        let mut kernel = Client::start(&program, folder.path()).await.unwrap();
        let cell = "let first = 1; fir|";
        let reply = complete(&mut kernel, cell).await;
        assert_eq!(matches(&reply), ["first"], "the words of the cell");
        let reply = inspect(&mut kernel, cell, 0).await;
        assert_eq!(reply["found"], false, "{reply}");

        write_completer(
            folder.path(),
            &format!("while read line; do {ANSWER}; done"),
        );
        let reply = complete(&mut kernel, cell).await;
        assert_eq!(matches(&reply), ["found"]);
        kernel.shutdown().await.unwrap();
    });
}

/// Kills the completer of a kernel and waits until it is dead.
fn kill_completer(kernel: &Client) {
    let kernel = kernel.id().unwrap();
    let children = fs::read_to_string(format!("/proc/{kernel}/task/{kernel}/children")).unwrap();
    let file = |id: &str, name: &str| fs::read_to_string(format!("/proc/{id}/{name}"));
    let completer = children
        .split_whitespace()
        .find(|id| file(id, "cmdline").is_ok_and(|line| line.contains("completer")))
        .unwrap_or_else(|| panic!("no completer among {children}"));
    let killed = Command::new("kill").args(["-9", completer]).status();
    assert!(killed.unwrap().success());
    while file(completer, "status").is_ok_and(|status| !status.contains("State:\tZ")) {
        std::thread::sleep(Duration::from_millis(1));
    }
}

#[test]
fn a_completer_that_dies_or_answers_nonsense_is_started_again_by_the_next_tab() {
    let (folder, program) = build_without_completer();
    block_on(async {
        let mut kernel = Client::start(&program, folder.path()).await.unwrap();
        for (failure, script) in [
            ("it ends", "read line; exit 1"),
            ("its answer is no JSON", "read line; echo nonsense; cat"),
            ("it ends before it is asked", "exit 1"),
        ] {
            // It fails the first time it runs, and then works.
            fs::write(folder.path().join("fail"), "").unwrap();
            let fail = folder.path().join("fail").display().to_string();
            write_completer(
                folder.path(),
                &format!(
                    "if rm '{fail}' 2>/dev/null; then {script}; else while read line; do {ANSWER}; done; fi"
                ),
            );
            let reply = complete(&mut kernel, "let first = 1; fir|").await;
            assert_eq!(matches(&reply), ["first"], "{failure}: words");
            let reply = complete(&mut kernel, "let first = 1; fir|").await;
            assert_eq!(matches(&reply), ["found"], "{failure}: started again");

            // One that is killed while it waits is started again by the next Tab.
            kill_completer(&kernel);
            let reply = complete(&mut kernel, "let first = 1; fir|").await;
            assert_eq!(
                matches(&reply),
                ["found"],
                "{failure}: killed, and started again"
            );
            kill_completer(&kernel);
        }
        kernel.shutdown().await.unwrap();
    });
}
