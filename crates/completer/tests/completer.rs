//! The completer as the kernel starts it.
//!
//! Two tests clone the checkout and give cargo a home of its own, which `cargo fetch`
//! fills for this platform, as `cargo lab` does. After that there is no network. What
//! other builds on this machine have downloaded is therefore of no help.
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

/// What stands around a cell, as evcxr writes it.
const BEFORE: &str = "\
use lambda_workbook::{self, chrono, chrono_tz, petgraph, plotters, polars, serde_json};
use lambda_workbook::prelude::*;
fn cell(views: DataFrame, lazy: LazyFrame, name: String, numbers: Vec<u64>) -> PolarsResult<()> {
";

struct Completer {
    child: Child,
    questions: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Completer {
    /// Starts the completer over the checkout at `root`, without network.
    fn start(root: &Path, environment: &[(&str, &Path)]) -> Completer {
        let mut child = Command::new(env!("CARGO_BIN_EXE_completer"))
            .arg(root)
            .envs(environment.iter().copied())
            .env("CARGO_NET_OFFLINE", "true")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        Completer {
            questions: child.stdin.take().unwrap(),
            answers: BufReader::new(child.stdout.take().unwrap()),
            child,
        }
    }

    /// Asks about a cell; the cursor is where the last `|` is.
    fn ask(&mut self, cell: &str, ask: Value) -> Value {
        let (before, after) = cell.rsplit_once('|').expect("no cursor");
        let source = format!("{BEFORE}{before}{after}\n}}\n");
        let question = json!({"source": source, "offset": BEFORE.len() + before.len(), "ask": ask});
        writeln!(self.questions, "{question}").unwrap();
        let mut answer = String::new();
        self.answers.read_line(&mut answer).unwrap();
        serde_json::from_str(&answer).unwrap_or_else(|_| panic!("{cell}: no answer: {answer}"))
    }

    /// The names that are offered.
    fn names(&mut self, cell: &str) -> Vec<String> {
        let answer = self.ask(cell, json!("Completions"));
        let items = answer["items"].as_array().unwrap();
        items
            .iter()
            .map(|item| item["text"].as_str().unwrap().to_owned())
            .collect()
    }

    fn offers(&mut self, cell: &str, wanted: &str) {
        let names = self.names(cell);
        assert!(
            names.iter().any(|name| name == wanted),
            "{cell}: no {wanted} in {names:?}"
        );
    }

    /// The documentation as plain text.
    fn help(&mut self, cell: &str) -> String {
        let answer = self.ask(cell, json!({"Help": {"detailed": false}}));
        let help = answer["help"]["plain"].as_str();
        help.unwrap_or_else(|| panic!("{cell}: no help")).to_owned()
    }
}

impl Drop for Completer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn checkout() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .canonicalize()
        .unwrap()
}

/// Why a test cannot run here. `LAMBDA_WORKBOOK_TESTS=all` allows no reason.
fn skip(why: &str) {
    let all = std::env::var("LAMBDA_WORKBOOK_TESTS").is_ok_and(|which| which == "all");
    assert!(!all, "{why}");
    eprintln!("skipped: {why}");
}

fn succeeds(command: &mut Command) -> bool {
    command.status().is_ok_and(|status| status.success())
}

fn host() -> String {
    let output = Command::new("rustc").arg("-vV").output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let host = text.lines().find_map(|line| line.strip_prefix("host: "));
    host.unwrap().to_owned()
}

/// A clone of the checkout, and an empty home for cargo.
struct Fresh {
    folder: tempfile::TempDir,
}

impl Fresh {
    /// Clones the checkout. Returns `None` where that is impossible.
    fn clone() -> Option<Fresh> {
        let folder = tempfile::tempdir().unwrap();
        let fresh = Fresh { folder };
        let cloned = succeeds(
            Command::new("git")
                .args(["clone", "--quiet"])
                .args([&checkout(), &fresh.root()]),
        );
        if !cloned {
            skip("this checkout cannot be cloned: git is missing, or it is no repository");
        }
        cloned.then_some(fresh)
    }

    fn root(&self) -> PathBuf {
        self.folder.path().join("clone")
    }

    fn home(&self) -> PathBuf {
        self.folder.path().join("cargo-home")
    }

    /// Calls cargo in the clone, with the home.
    fn cargo(&self, arguments: &[&str]) -> bool {
        succeeds(
            Command::new("cargo")
                .args(arguments)
                .current_dir(self.root())
                .env("CARGO_HOME", self.home()),
        )
    }

    /// Downloads packages. Returns false where there is no network.
    fn fetch(&self, arguments: &[&str]) -> bool {
        let fetch = ["fetch", "--quiet", "--target", &host()];
        let fetched = self.cargo(&[&fetch, arguments].concat());
        if !fetched {
            skip("the packages cannot be downloaded: there is no network");
        }
        fetched
    }

    fn completer(&self) -> Completer {
        Completer::start(&self.root(), &[("CARGO_HOME", &self.home())])
    }
}

#[test]
fn a_fresh_clone_completes_and_explains_offline_after_cargo_fetch() {
    let Some(fresh) = Fresh::clone() else { return };
    if !fresh.fetch(&["--locked"]) {
        return;
    }
    let mut completer = fresh.completer();
    completer.offers("Gran|", "Granularity");
    completer.offers("batch::page_v|", "page_views");
    completer.offers("views.gro|", "group_by");
    completer.offers("lazy.gro|", "group_by");
    completer.offers("chrono_tz::Am|", "America");
    completer.offers("let other = vie|;", "views");
    assert_eq!(completer.names("views.no_method_|"), [""; 0]);
    let help = completer.help("batch::page_vi|ews(&views)");
    assert!(help.contains("pub fn page_views("), "{help}");
    let help = completer.help("batch::page_views(&views, |)");
    assert!(help.contains("\nParameter 2 of 2: "), "{help}");
}

#[test]
fn completion_needs_no_package_that_only_tests_need() {
    let Some(fresh) = Fresh::clone() else { return };
    // What `cargo build` downloads: everything but the development dependencies, which
    // are the last section of a manifest here.
    let own = std::fs::read_dir(fresh.root().join("crates")).unwrap();
    let own = own.map(|entry| entry.unwrap().path().join("Cargo.toml"));
    let kept: Vec<(PathBuf, String)> = ["Cargo.toml", "benches/Cargo.toml", "Cargo.lock"]
        .iter()
        .map(|name| fresh.root().join(name))
        .chain(own)
        .map(|path| (path.clone(), std::fs::read_to_string(path).unwrap()))
        .collect();
    for (path, text) in &kept {
        std::fs::write(path, without_section(text, "[dev-dependencies]")).unwrap();
    }
    if !fresh.fetch(&[]) {
        return;
    }
    for (path, text) in &kept {
        std::fs::write(path, text).unwrap();
    }
    let all = [
        "metadata",
        "--quiet",
        "--locked",
        "--offline",
        "--format-version=1",
    ];
    let platform = ["--filter-platform", &host()];
    assert!(
        !fresh.cargo(&[&all[..], &platform].concat()),
        "cargo misses nothing, so this test shows nothing"
    );
    let mut completer = fresh.completer();
    completer.offers("Gran|", "Granularity");
    completer.offers("views.gro|", "group_by");
}

/// A manifest without one of its sections.
fn without_section(manifest: &str, head: &str) -> String {
    let Some((before, after)) = manifest.split_once(head) else {
        return manifest.to_owned();
    };
    let rest = after.find("\n[").map_or("", |at| &after[at + 1..]);
    format!("{before}{rest}")
}

#[test]
fn without_the_sources_of_the_standard_library_only_its_own_methods_are_unknown() {
    let mut completer = Completer::start(&checkout(), &[("RUST_SRC_PATH", Path::new("/nowhere"))]);
    // Nothing false is said of them.
    assert_eq!(completer.names("name.tri|"), [""; 0]);
    assert_eq!(completer.names("numbers.pus|"), [""; 0]);
    // Types that lie behind them are known.
    completer.offers("views.column(\"a\")?.i6|", "i64");
    completer.offers("views.clone().laz|", "lazy");
    completer.offers("let x: Opti|", "Option");
}

#[test]
fn with_the_sources_of_the_standard_library_its_methods_are_offered() {
    let named = std::env::var_os("RUST_SRC_PATH").map(PathBuf::from);
    let library = named.unwrap_or_else(|| {
        let output = Command::new("rustc").args(["--print", "sysroot"]).output();
        let sysroot = String::from_utf8(output.unwrap().stdout).unwrap();
        Path::new(sysroot.trim()).join("lib/rustlib/src/rust/library")
    });
    if !library.join("core/src/lib.rs").exists() {
        return skip("rust-src is not installed, and RUST_SRC_PATH names no other copy");
    }
    let mut completer = Completer::start(&checkout(), &[("RUST_SRC_PATH", &library)]);
    completer.offers("name.tri|", "trim");
    completer.offers("numbers.pus|", "push");
    completer.offers("numbers.iter().map(|n| n + 1).col|", "collect");
    completer.offers("std::coll|", "collections");
    completer.offers("views.column(\"a\")?.i6|", "i64");
    let unstable = completer.names("numbers.push_w|");
    assert_eq!(unstable, [""; 0], "only what this toolchain compiles");
    let help = completer.help("name.split_onc|e('a')");
    assert!(help.contains("pub fn split_once"), "{help}");
}

#[test]
fn without_the_packages_the_completer_ends_and_says_why() {
    let folder = tempfile::tempdir().unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_completer"))
        .arg(checkout())
        .env("CARGO_HOME", folder.path())
        .env("CARGO_NET_OFFLINE", "true")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success(), "an empty home is enough?");
    assert!(error.contains("cannot list the packages"), "{error}");
}
