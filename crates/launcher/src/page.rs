//! The progress of the build in JupyterLab's page: an item in its top bar.
//!
//! JupyterLab loads an extension as a few static files from the environment. This
//! one asks for the state file once a second, which the build copies beside it, and
//! shows its line until notebooks can run.
use super::build::state;
use super::environment;
use super::kernelspec::share;
use super::process::write_whole;
use super::progress::Progress;
use super::project::Project;
use super::step::{Finding, RUN_LAB, Setup, Step};
use anyhow::Result;
use std::path::PathBuf;

/// The extension's files, by their place in its folder.
const FILES: [(&str, &str); 2] = [
    ("package.json", include_str!("../labextension/package.json")),
    (
        "static/remote.js",
        include_str!("../labextension/remote.js"),
    ),
];

fn folder(project: &Project) -> PathBuf {
    share(project).join("labextensions/lambda-workbook-progress")
}

/// Copies the state to where the page reads it; before the environment is there,
/// there is no page to read it.
pub fn publish(project: &Project, state: &[u8]) {
    let folder = folder(project).join("static");
    if folder.is_dir() {
        // The page shows the state a second later then.
        let _ = write_whole(&folder.join("build.json"), state);
    }
}

pub struct Page;

impl Step for Page {
    fn name(&self) -> &'static str {
        "progress item"
    }

    fn check(&self, setup: &Setup) -> Finding {
        let folder = folder(&setup.project);
        for (name, text) in FILES {
            let path = folder.join(name);
            if std::fs::read_to_string(&path).ok().as_deref() != Some(text) {
                let name = setup.project.name(&path);
                return Finding::problem(format!("{name} is missing or old"), RUN_LAB);
            }
        }
        Finding::Fine(setup.project.name(&folder))
    }

    fn fix(&self, setup: &Setup, _progress: &Progress) -> Option<Result<()>> {
        Some(install(&setup.project))
    }
}

fn install(project: &Project) -> Result<()> {
    environment::whole(project).map_err(|what| anyhow::anyhow!(".venv: {what}"))?;
    for (name, text) in FILES {
        write_whole(&folder(project).join(name), text.as_bytes())?;
    }
    if let Ok(state) = std::fs::read(state::path(project)) {
        publish(project, &state);
    }
    Ok(())
}
