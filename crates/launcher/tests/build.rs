//! The build beside JupyterLab: real cargo on a small workspace, whatever befalls it.
use crate::project::{Programs, Project, assert_says, packages, run};
use crate::server::Lab;
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const FINE: &str = "fn main() { std::fs::write(\"prepared\", \"\").unwrap() }";

fn state(project: &Project) -> Value {
    let text = fs::read(project.path(".lab/build.json")).unwrap_or_default();
    serde_json::from_slice(&text).unwrap_or_default()
}

/// Waits until the state of the build is as wanted.
#[track_caller]
fn until(project: &Project, wanted: impl Fn(&Value) -> bool) -> Value {
    let started = Instant::now();
    loop {
        let now = state(project);
        if wanted(&now) {
            return now;
        }
        assert!(started.elapsed() < Duration::from_secs(120), "{now:#}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn the_kernel_is_built_prepared_and_named_and_a_second_run_leaves_it() {
    let project = Project::with_sources(FINE);
    let mut lab = project.launcher(&["--setup-only"]);
    let (code, said) = run(packages(&mut lab));
    assert_eq!(code, 0, "{said}");
    assert_says(&said, &["Everything is set up"]);
    let ready = state(&project);
    assert_eq!(ready["phase"], "ready", "{ready:#}");
    let program = ready["kernel"]["program"].as_str().unwrap();
    assert!(program.ends_with("target/debug/workbook"), "{program}");
    assert!(project.path("prepared").is_file(), "its data is made");

    let built = fs::metadata(program).unwrap().modified().unwrap();
    let (code, said) = run(packages(&mut lab));
    assert_eq!(code, 0, "{said}");
    assert_eq!(fs::metadata(program).unwrap().modified().unwrap(), built);
}

#[test]
fn the_kernel_is_the_program_of_its_name_among_others() {
    let project = Project::with_sources(FINE);
    // Programs that come before and after it in cargo's order.
    for name in ["a", "stand-in", "z"] {
        let folder = project.path("workbook/src/bin");
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join(format!("{name}.rs")), "fn main() { panic!() }").unwrap();
    }
    for _ in 0..2 {
        let (code, said) = run(packages(&mut project.launcher(&["--setup-only"])));
        assert_eq!(code, 0, "{said}");
        let program = state(&project)["kernel"]["program"].clone();
        assert!(
            program.as_str().unwrap().ends_with("/workbook"),
            "{program}"
        );
    }
}

#[test]
fn a_source_that_does_not_compile_is_reported_and_the_last_kernel_stays() {
    let project = Project::with_sources(FINE);
    let mut lab = project.launcher(&["--setup-only"]);
    assert_eq!(run(packages(&mut lab)).0, 0);
    project.edit("workbook/src/main.rs", |text| format!("{text} oops"));
    let (code, said) = run(packages(&mut lab));
    assert_eq!(code, 3, "{said}");
    assert_says(
        &said,
        &[
            "compiling the kernel failed",
            "main.rs:1",
            "fix: correct the error",
        ],
    );
    let failed = state(&project);
    assert_eq!(failed["phase"], "failed");
    assert!(failed["kernel"]["program"].is_string(), "{failed:#}");
    let (code, said) = run(packages(&mut project.launcher(&["doctor"])));
    assert_eq!(code, 1, "{said}");
    assert_says(&said, &["PROBLEM   kernel", "correct the error"]);

    project.edit("workbook/src/main.rs", |text| text.replace(" oops", ""));
    let (code, said) = run(packages(&mut lab));
    assert_eq!(code, 0, "{said}");
}

#[test]
fn without_a_network_what_must_be_downloaded_is_named() {
    let project = Project::with_sources(FINE);
    project.edit("workbook/Cargo.toml", |text| {
        format!("{text}[dependencies]\nlambda-workbook-has-no-such-crate = \"1\"\n")
    });
    project.edit("Cargo.lock", |_| {
        let source = "source = \"registry+https://github.com/rust-lang/crates.io-index\"";
        let sum = "0".repeat(64);
        format!(
            "version = 4\n\n[[package]]\nname = \"lambda-workbook-has-no-such-crate\"\nversion = \"1.0.0\"\n{source}\nchecksum = \"{sum}\"\n\n[[package]]\nname = \"workbook\"\nversion = \"0.1.0\"\ndependencies = [\n \"lambda-workbook-has-no-such-crate\",\n]\n"
        )
    });
    let home = tempfile::tempdir().unwrap();
    let mut lab = project.launcher(&["--setup-only"]);
    packages(&mut lab)
        .env("CARGO_HOME", home.path())
        .env("HTTPS_PROXY", "http://127.0.0.1:9")
        .env("https_proxy", "http://127.0.0.1:9")
        .env("CARGO_NET_RETRY", "0");
    let (code, said) = run(&mut lab);
    assert_eq!(code, 3, "{said}");
    assert_says(
        &said,
        &[
            "downloading the dependencies failed",
            "fix: crates.io cannot be reached",
        ],
    );
}

#[test]
fn a_killed_compiler_is_said_to_be_want_of_memory() {
    let project = Project::with_sources(FINE);
    let real = find_rustc();
    // The compiler of the package itself ends as the system's memory killer ends it.
    let programs = Programs::new().script(
        "rustc",
        &format!(
            "case \"$*\" in *--crate-name\\ workbook*) kill -9 $$;; esac\nexec '{real}' \"$@\""
        ),
    );
    let programs = programs.link("python3");
    let mut lab = project.launcher(&["--setup-only"]);
    let (code, said) = run(programs.only(packages(&mut lab)).env_remove("RUSTC"));
    assert_eq!(code, 3, "{said}");
    assert_says(&said, &["SIGKILL", "want of memory", "2 GB free"]);
}

fn find_rustc() -> String {
    let sysroot = std::process::Command::new("rustc")
        .args(["--print", "sysroot"])
        .output()
        .unwrap();
    format!(
        "{}/bin/rustc",
        String::from_utf8(sysroot.stdout).unwrap().trim()
    )
}

/// A program whose build script writes a file and then waits until it may go on.
fn slow(project: &Project) {
    let script = "fn main() {
        std::fs::write(\"../begun\", \"\").unwrap();
        while !std::path::Path::new(\"../go\").exists() {
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
    }";
    fs::write(project.path("workbook/build.rs"), script).unwrap();
}

#[test]
fn jupyterlab_opens_before_the_build_is_done_and_ctrl_c_ends_both() {
    let project = Project::with_jupyterlab();
    let project = project.and_sources(FINE);
    slow(&project);
    let mut lab = Lab::open(&mut project.launcher(&["--no-browser"]));
    let building = until(&project, |_| project.path("begun").exists());
    assert_ne!(building["phase"], "ready");
    // The page can read how far it is.
    let path = "/lab/extensions/lambda-workbook-progress/static/build.json";
    assert_says(&lab.ask("GET", path, ""), &["200 OK", "\"percent\""]);
    let extensions = lab.ask("GET", "/lab", "");
    assert_says(&extensions, &["lambda-workbook-progress"]);

    lab.signal("-INT");
    assert_eq!(lab.child.wait().unwrap().code(), Some(0));
    let folder = project.root.to_str().unwrap();
    assert_eq!(crate::lab::processes_of(folder), Vec::<String>::new());
    assert_ne!(state(&project)["phase"], "ready");

    // The next run goes on where it was.
    fs::write(project.path("go"), "").unwrap();
    let (code, said) = run(&mut project.launcher(&["--setup-only"]));
    assert_eq!(code, 0, "{said}");
    assert_eq!(state(&project)["phase"], "ready");
}

#[test]
fn a_failed_build_leaves_jupyterlab_open_and_is_tried_again_when_asked() {
    let project = Project::with_jupyterlab();
    let project = project.and_sources("fn main() { oops }");
    let lab = Lab::open(&mut project.launcher(&["--no-browser"]));
    let failed = until(&project, |state| state["phase"] == "failed");
    assert_says(
        failed["failure"]["fix"].as_str().unwrap(),
        &["correct the error"],
    );
    assert_says(&lab.ask("GET", "/api/status", ""), &["200 OK"]);
    project.edit("workbook/src/main.rs", |_| FINE.into());
    // What a cell does that is run again.
    fs::write(project.path(".lab/build.retry"), "").unwrap();
    until(&project, |state| state["phase"] == "ready");
}

#[test]
fn a_second_run_beside_the_first_ends_at_once_and_says_where_the_first_is() {
    let project = Project::with_jupyterlab();
    let project = project.and_sources(FINE);
    slow(&project);
    let lab = Lab::open(&mut project.launcher(&["--no-browser"]));
    until(&project, |_| project.path("begun").exists());
    let (code, said) = run(&mut project.launcher(&["--no-browser"]));
    assert_eq!(code, 3, "{said}");
    assert_says(&said, &["already open", &format!("127.0.0.1:{}", lab.port)]);
}

#[test]
fn a_run_that_is_killed_leaves_no_compiler_and_the_next_one_goes_on() {
    let project = Project::with_sources(FINE);
    slow(&project);
    let mut lab = project.launcher(&["--setup-only"]);
    let mut child = packages(&mut lab).stderr(Stdio::null()).spawn().unwrap();
    until(&project, |_| project.path("begun").exists());
    child.kill().unwrap();
    child.wait().unwrap();
    fs::write(project.path("go"), "").unwrap();
    let (code, said) = run(packages(&mut project.launcher(&["--setup-only"])));
    assert_eq!(code, 0, "{said}");
    assert_eq!(state(&project)["phase"], "ready");
}

#[test]
fn another_compiler_builds_the_kernel_anew() {
    let project = Project::with_sources(FINE);
    let mut lab = project.launcher(&["--setup-only"]);
    assert_eq!(run(packages(&mut lab)).0, 0);
    project.edit(".lab/build.json", |text| {
        text.replace("rustc 1.", "rustc 0.")
    });
    let (code, said) = run(packages(&mut project.launcher(&["doctor"])));
    assert_eq!(code, 1, "{said}");
    assert_says(
        &said,
        &["built the kernel: cells cannot link it", "cargo lab"],
    );
    let (code, said) = run(packages(&mut lab));
    assert_eq!(code, 0, "{said}");
    let (code, said) = run(packages(&mut project.launcher(&["doctor"])));
    assert_eq!(code, 0, "{said}");
}

#[test]
fn a_folder_with_spaces_and_umlauts_is_as_good_as_any() {
    let project = Project::with_sources(FINE).moved("Übungen in Rust");
    let (code, said) = run(packages(&mut project.launcher(&["--setup-only"])));
    assert_eq!(code, 0, "{said}");
    let program = state(&project)["kernel"]["program"].clone();
    assert_says(program.as_str().unwrap(), &["Übungen in Rust"]);
}

#[test]
fn without_jupyterlab_the_chapters_can_be_read_as_pages() {
    let project = Project::new();
    let notebook = r##"{"cells": [{"cell_type": "markdown", "source": "# Begin"}]}"##;
    fs::write(project.path("notebooks/00_start_here.ipynb"), notebook).unwrap();
    let mut lab = project.launcher(&["--no-browser"]);
    packages(&mut lab).env("PIP_FIND_LINKS", project.path("empty"));
    let (code, said) = run(&mut lab);
    assert_eq!(code, 3, "{said}");
    assert_says(
        &said,
        &[
            "can be read all the same",
            "the package index cannot be reached",
        ],
    );
    let page = said
        .lines()
        .find_map(|line| line.trim().strip_prefix("file://"))
        .unwrap();
    assert_says(&fs::read_to_string(page).unwrap(), &["<h1>Begin</h1>"]);
}

/// Rule: the programs that are built after the kernel, and the tests, compile none of its crates a
/// second time: all are compiled with the same features.
#[test]
fn what_is_built_after_the_kernel_has_its_crates_with_the_same_features() {
    let features = |selected: &[&str]| -> BTreeSet<String> {
        let mut tree = Command::new(env!("CARGO"));
        tree.current_dir(env!("CARGO_MANIFEST_DIR"))
            .args(["tree", "--locked", "--offline", "--prefix", "none"])
            .args(["--format", "{p} {f}"])
            .args(selected);
        let output = tree.output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{said}");
        let crates = String::from_utf8(output.stdout).unwrap();
        let crates = crates.lines().map(|line| line.trim_end_matches(" (*)"));
        crates.map(str::to_owned).collect()
    };
    let built = ["--edges", "normal,build", "--package", "workbook"];
    let kernel = features(&built);
    assert!(kernel.len() > 100, "{kernel:?}");
    let after = [
        &built[..],
        &["--package", "completer", "--package", "connect"],
    ]
    .concat();
    let tests = ["--edges", "normal,build,dev", "--workspace"];
    for (with, selected) in [("the programs after it", &after[..]), ("the tests", &tests)] {
        let with_them = features(selected);
        let again: Vec<_> = kernel.difference(&with_them).collect();
        assert!(
            again.is_empty(),
            "with {with}, cargo compiles these and all above them again: {again:#?}\n\
             Fix: name the features they get then in crates/workbook/Cargo.toml"
        );
    }
}
