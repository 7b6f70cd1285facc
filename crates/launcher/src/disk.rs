//! The project folder: can it be written, and is there room?
use super::free_space::free_mb;
use super::project::Project;
use super::record::{Record, Stage};
use super::step::{Finding, Setup, Step};
use std::ffi::CString;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// What a full `.venv` takes: 242 MB, and half as much again while pip unpacks.
pub const VENV_MB: u64 = 400;
/// What must stay free for logs, checkpoints and batch views.
const SPARE_MB: u64 = 100;

/// The folder can be written.
pub struct Folder;

impl Step for Folder {
    fn name(&self) -> &'static str {
        "folder"
    }

    fn check(&self, setup: &Setup) -> Finding {
        let root = &setup.project.root;
        for folder in [root.clone(), setup.project.lab(), setup.project.venv()] {
            if !folder.exists() {
                continue;
            }
            let name = folder.display();
            if !folder.is_dir() {
                // Anything called .venv that is not ours is moved aside by its own step.
                if folder == setup.project.lab() {
                    return Finding::problem(
                        format!("{name} is a file; set-up keeps its logs in a folder of that name"),
                        format!("move it away: `mv {name} {name}.old`"),
                    );
                }
            } else if let Err(error) = writable(&folder) {
                return Finding::problem(
                    format!("{name} cannot be written: {error}"),
                    format!(
                        "make it yours: `sudo chown -R \"$USER\" {}`; or clone the project elsewhere",
                        root.display()
                    ),
                );
            }
        }
        Finding::Fine(root.display().to_string())
    }
}

/// Free space for JupyterLab. What the build needs is [`crate::build::room`]'s matter:
/// without room for it the chapters can be read all the same.
pub struct Space;

impl Step for Space {
    fn name(&self) -> &'static str {
        "disk space"
    }

    fn check(&self, setup: &Setup) -> Finding {
        let project = &setup.project;
        let needed = needed_mb(project);
        match free_mb(&project.root) {
            Ok(free) if free < needed => Finding::problem(
                format!(
                    "{free} MB free in {}, and {needed} MB needed",
                    project.root.display()
                ),
                "free some space on that disk, then run `cargo lab` again",
            ),
            Ok(free) => Finding::Fine(format!("{free} MB free, {needed} MB needed")),
            // Not knowing is no reason to stop: the steps see a full disk themselves.
            Err(error) => Finding::Fine(format!("could not be read ({error})")),
        }
    }
}

fn needed_mb(project: &Project) -> u64 {
    let installed =
        Record::read(project).is_some_and(|record| matches!(record.stage, Stage::Installed { .. }));
    let venv = if installed { 0 } else { VENV_MB };
    SPARE_MB + venv
}

fn writable(folder: &Path) -> std::io::Result<()> {
    let path = CString::new(folder.as_os_str().as_bytes()).map_err(std::io::Error::other)?;
    // SAFETY: the path ends in NUL; access only reads it.
    match unsafe { libc::access(path.as_ptr(), libc::W_OK | libc::X_OK) } {
        0 => Ok(()),
        _ => Err(std::io::Error::last_os_error()),
    }
}
