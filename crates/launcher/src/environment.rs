//! The Python environment: `.venv` in the project folder, made by us.
use super::interpreter::{Python, clean};
use super::process::run_logged;
use super::progress::Progress;
use super::project::Project;
use super::record::{FILE, Record, Stage};
use super::step::{Finding, RUN_LAB, Setup, Step};
use super::{lock, process::end_with_parent};
use anyhow::{Context, Result};
use std::io::ErrorKind;
use std::path::Path;
use std::process::{Command, Stdio};

pub struct Environment;

impl Step for Environment {
    fn name(&self) -> &'static str {
        ".venv"
    }

    fn check(&self, setup: &Setup) -> Finding {
        let record = match whole(&setup.project) {
            Ok(record) => record,
            Err(what) => return Finding::problem(what, RUN_LAB),
        };
        // Only a Python that was asked for by name makes a working one anew.
        if setup.python.is_some()
            && let Ok(asked) = setup.base_python()
            && asked.base != record.base
        {
            return Finding::problem(
                format!(
                    "made with {}, not {}",
                    record.base.display(),
                    asked.base.display()
                ),
                RUN_LAB,
            );
        }
        Finding::Fine(format!("Python {}", record.python))
    }

    fn fix(&self, setup: &Setup, progress: &Progress) -> Option<Result<()>> {
        Some(make(setup, progress))
    }
}

/// The record of an environment that is there, ours, for this folder, and whose
/// Python runs; or what is wrong with it.
pub fn whole(project: &Project) -> Result<Record, String> {
    let venv = project.venv();
    if venv.symlink_metadata().is_err() {
        return Err("not there yet".into());
    }
    let Some(record) = Record::read(project) else {
        return Err("not made by `cargo lab`, or only half".into());
    };
    if record.stage == Stage::Making {
        return Err("half made: an earlier run was interrupted".into());
    }
    if record.root != project.root {
        return Err(format!(
            "made for {}: the project folder has moved",
            record.root.display()
        ));
    }
    match python_in(project) {
        Some(version) if version == record.python => Ok(record),
        Some(version) => Err(format!(
            "made with Python {}, which is now {version}",
            record.python
        )),
        None => Err(format!(
            "its Python no longer runs (was {}, {})",
            record.python,
            record.base.display()
        )),
    }
}

/// The version of the Python in `.venv`, if it runs and calls `.venv` its home.
fn python_in(project: &Project) -> Option<String> {
    let mut command = Command::new(project.venv_python());
    let code = "import sys; print(sys.prefix); print('%d.%d.%d' % sys.version_info[:3])";
    clean(&mut command)
        .args(["-I", "-c", code])
        .stdin(Stdio::null())
        .stderr(Stdio::null());
    end_with_parent(&mut command, libc::SIGKILL);
    let output = command.output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    let (prefix, version) = text.trim().split_once('\n')?;
    let same = Path::new(prefix).canonicalize().ok()? == project.venv().canonicalize().ok()?;
    (output.status.success() && same).then(|| version.to_string())
}

/// Makes `.venv` anew, with pip and nothing else.
pub fn make(setup: &Setup, progress: &Progress) -> Result<()> {
    let project = &setup.project;
    let python = setup.base_python().clone().map_err(|error| {
        let fix = error.fix();
        anyhow::anyhow!("{error}\n  fix: {fix}")
    })?;
    lock::refuse_while_open(project)?;
    clear(project, progress)?;
    let task = progress.start(&format!("Making .venv with Python {}", python.version), 0);
    let record = Record {
        root: project.root.clone(),
        base: python.base.clone(),
        python: python.version.clone(),
        stage: Stage::Making,
    };
    record.found(project)?;
    let Python { base, .. } = python;
    let mut command = Command::new(&base);
    clean(&mut command).args(["-m", "venv"]).arg(project.venv());
    run_logged(project, "making .venv", "venv", &mut command, |_, _| {})?;
    record.at(Stage::Made).write(project)?;
    task.done("");
    Ok(())
}

/// Takes away the old `.venv`: ours is removed, anyone else's is moved aside.
fn clear(project: &Project, progress: &Progress) -> Result<()> {
    let venv = project.venv();
    let Ok(meta) = venv.symlink_metadata() else {
        return Ok(());
    };
    let record = venv.join(FILE);
    let empty = || std::fs::read_dir(&venv).is_ok_and(|mut entries| entries.next().is_none());
    if !meta.is_dir() || !(record.is_file() || empty()) {
        let aside = (1..)
            .map(|n| project.root.join(format!(".venv.before-{n}")))
            .find(|path| path.symlink_metadata().is_err())
            .expect("some number is free");
        std::fs::rename(&venv, &aside)
            .with_context(|| format!("{} cannot be moved aside", venv.display()))?;
        progress.say(&format!(
            ".venv was not made by `cargo lab`; it is now {}",
            project.name(&aside)
        ));
        return Ok(());
    }
    // The record goes last, and says "half made" until then: killed in between, what
    // is left is still known as ours.
    if let Some(old) = Record::read(project) {
        old.at(Stage::Making).write(project)?;
    }
    for entry in std::fs::read_dir(&venv)? {
        let path = entry?.path();
        if path != record {
            remove(&path).with_context(|| format!("{} cannot be removed", path.display()))?;
        }
    }
    Ok(())
}

/// Removes a file, or a folder with all in it. The build may be writing its progress into the
/// folder at this moment: what it adds is removed by another pass.
fn remove(path: &Path) -> std::io::Result<()> {
    const PASSES: usize = 20;
    if !path.symlink_metadata()?.is_dir() {
        return std::fs::remove_file(path);
    }
    for _ in 1..PASSES {
        match std::fs::remove_dir_all(path) {
            Err(error) if error.kind() == ErrorKind::DirectoryNotEmpty => {}
            other => return other,
        }
    }
    std::fs::remove_dir_all(path)
}
