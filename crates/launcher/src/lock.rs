//! Three locks keep runs apart: one while a set-up works, one while JupyterLab is
//! open, one while the kernel is built. The system drops both when their process ends, however it ends.
use super::project::Project;
use anyhow::{Context, Result, bail};
use std::fs::{File, OpenOptions, TryLockError};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// A lock, held until it is dropped.
pub struct Held {
    file: File,
}

impl Held {
    /// Writes what another run should know of this one.
    pub fn note(&mut self, text: &str) {
        // For a message only: without it the other run says less.
        let _ = self
            .file
            .set_len(0)
            .and_then(|()| writeln!(self.file, "{text}"));
    }
}

/// Taken by every run that checks and fixes.
pub fn setup(project: &Project) -> Result<Held> {
    match take(&project.lab().join("setup.lock"))? {
        Ok(mut held) => {
            held.note(&format!("process {}", std::process::id()));
            Ok(held)
        }
        Err(note) => bail!(
            "another `cargo lab` is setting up this folder ({note})\n  fix: wait until it is done, or end it; then run this again"
        ),
    }
}

/// Taken while JupyterLab is open.
pub fn open(project: &Project) -> Result<Held> {
    match take(&open_path(project))? {
        Ok(held) => Ok(held),
        Err(note) => bail!(
            "JupyterLab is already open for this folder ({note})\n  fix: use that one, or end it with Ctrl-C in its terminal and run this again"
        ),
    }
}

/// The `.venv` under a running JupyterLab is not taken apart.
pub fn refuse_while_open(project: &Project) -> Result<()> {
    match take(&open_path(project))? {
        Ok(_) => Ok(()),
        Err(note) => bail!(
            ".venv must be repaired, but JupyterLab is running from it ({note})\n  fix: end it with Ctrl-C in its terminal, then run this again"
        ),
    }
}

/// Taken for as long as somebody builds the kernel, or would if asked to.
pub fn build(project: &Project) -> Result<Held> {
    // A waiting kernel may look at the lock at this very moment.
    let path = project.lab().join("build.lock");
    let mut held = take(&path)?;
    for _ in 0..40 {
        if held.is_ok() {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(50));
        held = take(&path)?;
    }
    held.map_err(|note| {
        anyhow::anyhow!(
            "another `cargo lab` is building the kernel ({note})\n  fix: wait until it is done, or end it; then run this again"
        )
    })
}

/// Whether somebody builds the kernel now.
pub fn is_building(project: &Project) -> bool {
    let Ok(file) = File::open(project.lab().join("build.lock")) else {
        return false;
    };
    matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock))
}

fn open_path(project: &Project) -> PathBuf {
    project.lab().join("open.lock")
}

/// The lock in `path`, or the note of who holds it.
fn take(path: &Path) -> Result<Result<Held, String>> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)
            .with_context(|| format!("{} cannot be made", folder.display()))?;
    }
    let file = OpenOptions::new()
        .read(true)
        .append(true)
        .create(true)
        // The note may hold JupyterLab's token.
        .mode(0o600)
        .open(path)
        .with_context(|| format!("{} cannot be written", path.display()))?;
    match file.try_lock() {
        Ok(()) => {
            let mut held = Held { file };
            // What a run that was killed wrote is true no more.
            held.note("");
            Ok(Ok(held))
        }
        Err(TryLockError::WouldBlock) => {
            let note = std::fs::read_to_string(path).unwrap_or_default();
            let note = note.trim();
            let note = if note.is_empty() {
                "just started"
            } else {
                note
            };
            Ok(Err(note.to_string()))
        }
        Err(TryLockError::Error(error)) => {
            Err(error).with_context(|| format!("{} cannot be locked", path.display()))
        }
    }
}
