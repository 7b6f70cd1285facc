//! The peers in Python: where they are, and how they get there.
use anyhow::{Context, Result, bail};
use lambda_workbook::dataset;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The package of Spark, in the newest version whose Kafka connector is on Maven Central too.
pub const PYSPARK: &str = "pyspark==4.2.0";

/// The project's folder.
pub fn project() -> Result<PathBuf> {
    let data = dataset::home()?;
    let project = data.parent();
    Ok(project
        .context("the data folder lies in the project")?
        .to_owned())
}

/// The Python that runs the peers: the one given, else that of `.venv-bench`, else
/// `python3`. Packages to set up are installed into `.venv-bench` first.
pub fn python(given: Option<PathBuf>, set_up: Option<&[&str]>) -> Result<PathBuf> {
    let venv = project()?.join(".venv-bench");
    if let Some(packages) = set_up {
        self::set_up(&venv, packages)?;
    }
    let in_venv = venv.join("bin/python");
    Ok(match given {
        Some(python) => python,
        None if in_venv.exists() => in_venv,
        None => PathBuf::from("python3"),
    })
}

/// Makes a virtual environment with these packages.
fn set_up(venv: &Path, packages: &[&str]) -> Result<()> {
    let run = |command: &mut Command| -> Result<()> {
        let status = command
            .status()
            .with_context(|| format!("starting {command:?}"))?;
        if !status.success() {
            bail!("{command:?} failed: {status}");
        }
        Ok(())
    };
    run(Command::new("python3").args(["-m", "venv"]).arg(venv))?;
    let python = venv.join("bin/python");
    run(Command::new(python)
        .args(["-m", "pip", "install", "--quiet"])
        .args(packages))
}

/// The version of a package that Python has; `None` if it has none.
pub fn version(python: &Path, package: &str) -> Option<String> {
    let output = Command::new(python)
        .args([
            "-c",
            // Not every module says its version; what pip has installed does.
            &format!("import {package}, importlib.metadata as m; print(m.version('{package}'))"),
        ])
        .stderr(Stdio::null())
        .output()
        .ok()
        .filter(|output| output.status.success())?;
    Some(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// Whether Python has the peer; says so when not.
pub fn installed(python: &Path, peer: &str) -> bool {
    let version = version(python, peer);
    match &version {
        Some(version) => println!("{peer} {version}"),
        None => println!(
            "{peer}: not installed for {}, so left out; --setup installs it",
            python.display()
        ),
    }
    version.is_some()
}
