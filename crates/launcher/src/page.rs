//! The progress of the build in JupyterLab's page: an item in its top bar.
//!
//! JupyterLab loads an extension as a few static files from the environment. This
//! one asks for the state file once a second, which the build copies beside it, and
//! shows its line until notebooks can run.
use super::build::state;
use super::environment;
use super::process::write_whole;
use super::progress::Progress;
use super::project::Project;
use super::step::{Finding, RUN_LAB, Setup, Step};
use anyhow::Result;

/// The extension's files, by their place in its folder.
const FILES: [(&str, &str); 2] = [
    ("package.json", include_str!("../labextension/package.json")),
    (
        "static/remote.js",
        include_str!("../labextension/remote.js"),
    ),
];

pub struct Page;

impl Step for Page {
    fn name(&self) -> &'static str {
        "progress item"
    }

    fn check(&self, setup: &Setup) -> Finding {
        let folder = setup.project.progress_item();
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
        write_whole(&project.progress_item().join(name), text.as_bytes())?;
    }
    if let Ok(state) = std::fs::read(state::path(project)) {
        state::show_on_page(project, &state);
    }
    Ok(())
}
