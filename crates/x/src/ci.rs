//! `cargo x ci`: everything that must pass before a change lands. `.ci/run` calls it on a
//! bare machine, after it has installed the packages of the system.
use crate::command::{cargo, program};
use crate::{Failure, Result, format, picture};
use std::path::{Path, PathBuf};
use std::time::Instant;

/// The pinned Python packages with which programs of others are tested on our kernel.
const PINS: &str = "crates/workbook/python/test-requirements.txt";

pub fn run(root: &Path) -> Result {
    let started = Instant::now();
    let say = |step: &str| {
        let secs = started.elapsed().as_secs();
        println!("\n== {step} ({}:{:02})", secs / 60, secs % 60);
    };

    say("cargo x fmt --check");
    format::run(root, true)?;
    say("cargo x picture --check");
    picture::check(root)?;
    say("cargo clippy");
    let clippy = [
        "clippy",
        "--quiet",
        "--locked",
        "--workspace",
        "--all-targets",
        "--",
        "-D",
        "warnings",
    ];
    cargo(root, &clippy).run()?;
    say("Building");
    cargo(root, &["build", "--quiet", "--locked"]).run()?;
    say("Setting up, as cargo lab does");
    cargo(root, &["lab", "--setup-only"]).run()?;
    install_test_tools(root, &say)?;

    say("Building the programs of chapter 12");
    let rivals = target(root).join("rivals");
    for name in ["dataflow", "lakehouse"] {
        let manifest = format!("rivals/{name}/Cargo.toml");
        let into = rivals.to_string_lossy();
        let build = [
            "build",
            "--quiet",
            "--locked",
            "--manifest-path",
            &manifest,
            "--target-dir",
            &into,
        ];
        cargo(root, &build).run()?;
    }

    say("cargo test");
    let mut tests = cargo(root, &["test", "--locked"]);
    tests
        .command
        .env("LAMBDA_WORKBOOK_RIVALS", rivals.join("debug"));
    // No test may leave itself out because this machine lacks a part. `long` has the
    // random runs in their long form as well.
    if std::env::var_os("LAMBDA_WORKBOOK_TESTS").is_none_or(|set| set.is_empty()) {
        tests.command.env("LAMBDA_WORKBOOK_TESTS", "all");
    }
    tests.run()
}

/// Installs nbgrader and Jupyter's conformance suite where the tests look for them, and
/// again when their pins or Python have changed.
fn install_test_tools(root: &Path, say: &dyn Fn(&str)) -> Result {
    let python = program(root, "python3", &["--version"]).quietly()?;
    let pins = std::fs::read_to_string(root.join(PINS))
        .map_err(|error| Failure::Broken(format!("cannot read {PINS}: {error}")))?;
    let venv = target(root).join("test-venv");
    // Written last, so that an installation that was interrupted is made again.
    let made_of = venv.join("made-of");
    let wanted = format!("{python}{pins}");
    if std::fs::read_to_string(&made_of).is_ok_and(|found| found == wanted) {
        return Ok(());
    }
    say("Installing nbgrader and Jupyter's suite for the tests");
    let folder = venv.to_string_lossy();
    program(root, "python3", &["-m", "venv", "--clear", &folder]).quietly()?;
    let pip = venv.join("bin/pip");
    let install = [
        "install",
        "--require-hashes",
        "--no-deps",
        "--requirement",
        PINS,
    ];
    program(root, pip, &install).quietly()?;
    std::fs::write(&made_of, wanted)
        .map_err(|error| Failure::Broken(format!("cannot write {}: {error}", made_of.display())))
}

/// The folder of cargo's output.
fn target(root: &Path) -> PathBuf {
    let chosen = std::env::var_os("CARGO_TARGET_DIR");
    root.join(chosen.unwrap_or_else(|| "target".into()))
}
