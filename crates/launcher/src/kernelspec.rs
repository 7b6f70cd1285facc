//! The kernelspec in `.venv`: how Jupyter starts our kernel.
use super::environment;
use super::process::write_whole;
use super::progress::Progress;
use super::project::Project;
use super::step::{Finding, RUN_LAB, Setup, Step};
use anyhow::{Context, Result};
use serde_json::json;
use std::path::{Path, PathBuf};

/// The name that notebooks are written for.
pub const NAME: &str = "lambda-workbook";

const LOGO_SVG: &[u8] = include_bytes!("../python/logo-svg.svg");
const LOGO_PNG: &[u8] = include_bytes!("../python/logo-64x64.png");

/// Settings that keep JupyterLab from asking the network about news and updates.
const LAB_SETTINGS: &[u8] = br#"{
  "@jupyterlab/apputils-extension:notification": {
    "checkForUpdates": false,
    "fetchNews": "false"
  }
}
"#;

/// What is copied as it is, by its place below the environment's Jupyter folder.
const FILES: [(&str, &[u8]); 3] = [
    ("kernels/lambda-workbook/logo-svg.svg", LOGO_SVG),
    ("kernels/lambda-workbook/logo-64x64.png", LOGO_PNG),
    ("lab/settings/overrides.json", LAB_SETTINGS),
];

pub fn folder(project: &Project) -> PathBuf {
    project.share().join("kernels").join(NAME)
}

/// The program that the kernelspec starts: `cargo lab` itself, which is there before
/// the kernel is built.
fn launcher() -> Result<PathBuf> {
    let here = std::env::current_exe().context("cannot tell where this program is")?;
    // `workbook doctor` looks at what `cargo lab` made, in the folder beside its own.
    if here.file_stem().is_some_and(|name| name == "launcher") {
        return Ok(here);
    }
    let target = here
        .ancestors()
        .nth(2)
        .context("this program is in no folder")?;
    Ok(target.join("lab/launcher"))
}

/// What kernel.json holds for this checkout and this launcher.
fn kernel_json(project: &Project, launcher: &Path) -> serde_json::Value {
    json!({
        "argv": [launcher, "kernel", "--connection-file", "{connection_file}"],
        "display_name": "Rust (Lambda Workbook)",
        "language": "rust",
        // By message: a signal would reach evcxr's child, and the variables with it.
        "interrupt_mode": "message",
        "env": { "LAMBDA_WORKBOOK_ROOT": project.root },
    })
}

pub struct Kernelspec;

impl Step for Kernelspec {
    fn name(&self) -> &'static str {
        "kernelspec"
    }

    fn check(&self, setup: &Setup) -> Finding {
        match check(&setup.project) {
            Ok(()) => Finding::Fine(format!(
                "{NAME}, in {}",
                setup.project.name(&folder(&setup.project))
            )),
            Err(what) => Finding::problem(what, RUN_LAB),
        }
    }

    fn fix(&self, setup: &Setup, _progress: &Progress) -> Option<Result<()>> {
        Some(install(&setup.project))
    }
}

fn check(project: &Project) -> Result<(), String> {
    let path = folder(project).join("kernel.json");
    let name = project.name(&path);
    let text = std::fs::read(&path).map_err(|_| format!("{name} is not there"))?;
    let found: serde_json::Value =
        serde_json::from_slice(&text).map_err(|error| format!("{name}: {error}"))?;
    let program = found["argv"][0].as_str().unwrap_or_default();
    if !Path::new(program).is_file() {
        return Err(format!("it starts {program}, which is not there"));
    }
    let mut launcher = launcher().map_err(|error| error.to_string())?;
    // `cargo test` builds the same program in another folder of the same build.
    let target = |program: &Path| program.ancestors().nth(2).map(Path::to_path_buf);
    if program.ends_with("/launcher") && target(Path::new(program)) == target(&launcher) {
        launcher = program.into();
    }
    if found != kernel_json(project, &launcher) {
        return Err(format!(
            "it starts {program}, not {} as it should",
            launcher.display()
        ));
    }
    for (name, bytes) in FILES {
        let path = project.share().join(name);
        if std::fs::read(&path).ok().as_deref() != Some(bytes) {
            return Err(format!("{} is missing or old", project.name(&path)));
        }
    }
    Ok(())
}

fn install(project: &Project) -> Result<()> {
    // Only into an environment that stands: a folder .venv of our making would
    // look like somebody else's.
    environment::whole(project).map_err(|what| anyhow::anyhow!(".venv: {what}"))?;
    let mut text = serde_json::to_vec_pretty(&kernel_json(project, &launcher()?))?;
    text.push(b'\n');
    let folder = folder(project);
    for (name, bytes) in FILES {
        write_whole(&project.share().join(name), bytes)?;
    }
    write_whole(&folder.join("kernel.json"), &text)
}
