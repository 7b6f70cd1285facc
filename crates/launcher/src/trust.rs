//! Trust in the project's own notebooks.
//!
//! JupyterLab shows no picture and no styled table of a notebook that it did not
//! run itself, until somebody says that its outputs may be trusted. These come
//! with the code that is about to run.
use super::process::{run_logged, write_whole};
use super::progress::Progress;
use super::project::Project;
use super::server;
use super::step::{Finding, RUN_LAB, Setup, Step};
use anyhow::Result;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Command;
use std::time::UNIX_EPOCH;

const FOLDERS: [&str; 3] = ["notebooks", "exercises", "solutions"];

/// Size and time of each notebook, by its place in the project.
type Seen = BTreeMap<String, (u64, u128)>;

pub struct Trust;

impl Step for Trust {
    fn name(&self) -> &'static str {
        "trust"
    }

    fn check(&self, setup: &Setup) -> Finding {
        let notebooks = notebooks(&setup.project);
        if trusted(&setup.project) == notebooks {
            Finding::Fine(format!("{} notebooks show their pictures", notebooks.len()))
        } else {
            Finding::problem("JupyterLab would hide the notebooks' pictures", RUN_LAB)
        }
    }

    fn fix(&self, setup: &Setup, progress: &Progress) -> Option<Result<()>> {
        Some(trust(&setup.project, progress))
    }
}

fn stamp(project: &Project) -> PathBuf {
    project.lab().join("trusted.json")
}

fn notebooks(project: &Project) -> Seen {
    let mut seen = Seen::new();
    for folder in FOLDERS {
        let entries = std::fs::read_dir(project.root.join(folder));
        for entry in entries.into_iter().flatten().flatten() {
            let path = entry.path();
            if path.extension().is_some_and(|end| end == "ipynb")
                && let Ok(meta) = entry.metadata()
            {
                let age = meta.modified().ok();
                let age = age.and_then(|time| time.duration_since(UNIX_EPOCH).ok());
                let age = age.unwrap_or_default().as_nanos();
                seen.insert(project.name(&path), (meta.len(), age));
            }
        }
    }
    seen
}

fn trusted(project: &Project) -> Seen {
    std::fs::read(stamp(project))
        .ok()
        .and_then(|bytes| serde_json::from_slice(&bytes).ok())
        .unwrap_or_default()
}

fn trust(project: &Project, progress: &Progress) -> Result<()> {
    let notebooks = notebooks(project);
    let task = progress.start("Trusting the project's notebooks", 0);
    let mut command = Command::new(project.venv_python());
    command
        .args(["-m", "jupyter", "trust"])
        .args(notebooks.keys())
        .current_dir(&project.root);
    server::environment(project, &mut command);
    run_logged(
        project,
        "trusting the notebooks",
        "trust",
        &mut command,
        |_, _| {},
    )?;
    write_whole(&stamp(project), &serde_json::to_vec_pretty(&notebooks)?)?;
    task.done("");
    Ok(())
}
