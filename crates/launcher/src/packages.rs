//! The packages in `.venv`: the pinned ones, whole.
use super::interpreter::clean;
use super::process::{run_logged, write_whole};
use super::progress::Progress;
use super::project::Project;
use super::record::{Record, Stage};
use super::step::{Finding, RUN_LAB, Setup, Step};
use super::{environment, lock};
use anyhow::{Context, Result};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Every package, its version and the hashes of its files.
const PINNED: &str = include_str!("../python/requirements.txt");

/// The requirements to install. `LAMBDA_WORKBOOK_REQUIREMENTS` names a file to take
/// instead of ours, for a course with pins of its own, and for tests.
fn requirements() -> Result<Cow<'static, str>> {
    match std::env::var_os("LAMBDA_WORKBOOK_REQUIREMENTS") {
        None => Ok(Cow::Borrowed(PINNED)),
        Some(path) => std::fs::read_to_string(&path)
            .map(Cow::Owned)
            .with_context(|| {
                format!(
                    "{} (LAMBDA_WORKBOOK_REQUIREMENTS) cannot be read",
                    Path::new(&path).display()
                )
            }),
    }
}

pub struct Packages;

impl Step for Packages {
    fn name(&self) -> &'static str {
        "packages"
    }

    fn check(&self, setup: &Setup) -> Finding {
        match check(&setup.project) {
            Ok(pins) => Finding::Fine(match pins.get("jupyterlab") {
                Some(version) => format!("{} as pinned, JupyterLab {version}", pins.len()),
                None => format!("{} as pinned", pins.len()),
            }),
            Err(what) => Finding::problem(what, RUN_LAB),
        }
    }

    fn fix(&self, setup: &Setup, progress: &Progress) -> Option<Result<()>> {
        Some(install(setup, progress))
    }
}

/// The installed pins, each verified file by file; or what is wrong.
fn check(project: &Project) -> Result<BTreeMap<String, String>, String> {
    let record = Record::read(project).ok_or("no .venv yet")?;
    let (installed, pins) = match record.stage {
        Stage::Making | Stage::Made => return Err("not installed yet".into()),
        Stage::Installing => return Err("half installed: an earlier run was interrupted".into()),
        Stage::Installed { requirements, pins } => (requirements, pins),
    };
    let wanted = requirements().map_err(|error| format!("{error:#}"))?;
    if wanted != installed {
        return Err("installed from other pins than this checkout's".into());
    }
    let site = site_packages(project).ok_or("no site-packages folder in .venv")?;
    verify(&site, &pins)?;
    Ok(pins)
}

/// Whether every pin is in `site` with every file that it brought, at its size.
/// Stamps are not trusted alone: a file may have been lost since.
fn verify(site: &Path, pins: &BTreeMap<String, String>) -> Result<(), String> {
    let mut found = BTreeMap::new();
    let entries =
        std::fs::read_dir(site).map_err(|error| format!("{}: {error}", site.display()))?;
    for entry in entries.flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if let Some((package, version)) = name
            .strip_suffix(".dist-info")
            .and_then(|stem| stem.split_once('-'))
        {
            found.insert(canonical(package), (version.to_string(), entry.path()));
        }
    }
    for (package, wanted) in pins {
        let Some((version, info)) = found.get(package) else {
            return Err(format!("{package} {wanted} is missing"));
        };
        if version != wanted {
            return Err(format!("{package} is {version}, pinned {wanted}"));
        }
        let record = std::fs::read_to_string(info.join("RECORD"))
            .map_err(|_| format!("{package} {version} is not whole: it has no RECORD"))?;
        for line in record.lines() {
            // path,hash,size; what Python writes itself has no size.
            let mut fields = line.rsplitn(3, ',');
            let size = fields.next().and_then(|size| size.parse::<u64>().ok());
            let path = fields.nth(1);
            if let (Some(size), Some(path)) = (size, path) {
                let path = site.join(path.trim_matches('"'));
                if std::fs::metadata(&path).map(|m| m.len()).ok() != Some(size) {
                    return Err(format!(
                        "{package} {version} is not whole: {} is missing or changed",
                        path.display()
                    ));
                }
            }
        }
    }
    Ok(())
}

/// A package's name as pip compares it: lower case, one dash for `-`, `_` and `.`.
fn canonical(name: &str) -> String {
    name.to_lowercase().replace(['_', '.'], "-")
}

fn site_packages(project: &Project) -> Option<PathBuf> {
    std::fs::read_dir(project.venv().join("lib"))
        .ok()?
        .flatten()
        .map(|entry| entry.path().join("site-packages"))
        .find(|path| path.is_dir())
}

fn install(setup: &Setup, progress: &Progress) -> Result<()> {
    let project = &setup.project;
    lock::refuse_while_open(project)?;
    // Over new pins pip replaces what differs and leaves what the reader added. Where
    // files are lost or a run was cut off, only a new environment is sure.
    let sound = |record: &Record| match &record.stage {
        Stage::Made => true,
        Stage::Installed { pins, .. } => {
            site_packages(project).is_some_and(|site| verify(&site, pins).is_ok())
        }
        Stage::Making | Stage::Installing => false,
    };
    if !Record::read(project).is_some_and(|record| sound(&record)) {
        environment::make(setup, progress)?;
    }
    let record = Record::read(project).context(".venv was removed while it was made")?;
    let requirements = requirements()?;
    let file = project.lab().join("requirements.txt");
    write_whole(&file, requirements.as_bytes())?;
    let pins = applicable(project, &file)?;
    let task = progress.start(
        &format!("Installing {}", title(&pins)),
        pins.len() as u64 + 1,
    );
    record.clone().at(Stage::Installing).write(project)?;
    let mut seen = 0;
    let mut command = Command::new(project.venv_python());
    clean(&mut command)
        .args([
            "-m",
            "pip",
            "install",
            "--require-hashes",
            "--no-deps",
            "--progress-bar",
            "off",
        ])
        .arg("--requirement")
        .arg(&file);
    run_logged(
        project,
        "installing packages",
        "packages",
        &mut command,
        |_, line| {
            let now = if let Some(rest) = line.strip_prefix("Collecting ") {
                seen += 1;
                rest.split(' ').next().unwrap_or_default()
            } else if line.starts_with("Requirement already satisfied") {
                seen += 1;
                ""
            } else if line.starts_with("Installing collected packages") {
                seen = pins.len() as u64;
                "unpacking"
            } else {
                return;
            };
            task.at(seen, now);
        },
    )?;
    let requirements = requirements.into_owned();
    let count = pins.len();
    record
        .at(Stage::Installed { requirements, pins })
        .write(project)?;
    task.done(&format!("{count} packages"));
    Ok(())
}

fn title(pins: &BTreeMap<String, String>) -> String {
    match pins.get("jupyterlab") {
        Some(version) => format!("JupyterLab {version}"),
        None => "packages".to_string(),
    }
}

/// The pins in `file` that are for this Python and system. pip knows the rules.
fn applicable(project: &Project, file: &Path) -> Result<BTreeMap<String, String>> {
    let code = r#"
import json, sys
from pip._vendor.packaging.requirements import Requirement
pins = {}
for line in open(sys.argv[1]):
    if line.strip() and not line[0] in " #-":
        wanted = Requirement(line.split(" --hash")[0].rstrip("\\\n "))
        if wanted.marker is None or wanted.marker.evaluate():
            pins[wanted.name] = str(wanted.specifier).lstrip("=")
print(json.dumps(pins))
"#;
    let output = clean(&mut Command::new(project.venv_python()))
        .args(["-I", "-c", code])
        .arg(file)
        .stdin(Stdio::null())
        .output()
        .context(".venv's Python does not run")?;
    let pins: BTreeMap<String, String> =
        serde_json::from_slice(&output.stdout).with_context(|| {
            format!(
                "the pins in {} cannot be read: {}",
                file.display(),
                String::from_utf8_lossy(&output.stderr).trim()
            )
        })?;
    Ok(pins
        .into_iter()
        .map(|(name, version)| (canonical(&name), version))
        .collect())
}
