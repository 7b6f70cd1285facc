//! Temporary folders for the files of a notebook's cells.
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Creates an empty folder for the files of a cell, and returns its path. If this notebook has
/// created one of the same name before, that one is removed with its files, so that a cell can be
/// run again.
///
/// The folder is in the system's folder for temporary files. The folders of notebooks that have
/// ended are removed when another notebook creates its first one (on Unix only).
///
/// ```
/// use lambda_workbook::notebook::scratch;
/// let folder = scratch("store")?;
/// std::fs::write(folder.join("a"), "b")?;
/// assert_eq!(scratch("store")?.read_dir()?.count(), 0);
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// # Errors
/// If the name has other characters than letters, digits, `-` and `_`, or if the folder cannot be
/// removed or created.
pub fn scratch(name: &str) -> io::Result<PathBuf> {
    let plain = !name.is_empty()
        && name
            .chars()
            .all(|c| c.is_alphanumeric() || "-_".contains(c));
    if !plain {
        let problem =
            format!("invalid name of a scratch folder {name:?}: use letters, digits, - and _");
        return Err(io::Error::new(io::ErrorKind::InvalidInput, problem));
    }
    let mine = std::env::temp_dir().join(format!("{PREFIX}{}", std::process::id()));
    if !mine.exists() {
        remove_folders_of_ended_processes(&std::env::temp_dir());
    }
    let folder = mine.join(name);
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    fs::create_dir_all(&folder)?;
    Ok(folder)
}

/// The name of a process's folder, without the process id at its end.
const PREFIX: &str = "lambda-workbook-scratch-";

/// Removes the folders of processes that have ended.
fn remove_folders_of_ended_processes(temp: &Path) {
    let Ok(entries) = fs::read_dir(temp) else {
        return;
    };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let process = name.to_str().and_then(|name| name.strip_prefix(PREFIX));
        if process.is_some_and(|id| id.parse().is_ok_and(has_ended)) {
            // An error does no harm: the folder is another user's, or another notebook has removed
            // it already.
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

/// Returns true if there is no process with this id.
#[cfg(unix)]
fn has_ended(process: i32) -> bool {
    // SAFETY: signal 0 is not sent to the process; the call only checks that it exists.
    let asked = unsafe { libc::kill(process, 0) };
    asked == -1 && io::Error::last_os_error().raw_os_error() == Some(libc::ESRCH)
}

/// Returns false, because the check is not implemented on this system.
#[cfg(not(unix))]
fn has_ended(_process: i32) -> bool {
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_lead_out_of_the_folder() {
        for name in ["", ".", "..", "../a", "a/b", "/etc"] {
            assert!(scratch(name).is_err(), "{name:?}");
        }
    }

    #[test]
    #[cfg(unix)]
    fn folders_of_ended_processes_are_removed_and_others_stay() {
        let temp = tempfile::tempdir().unwrap();
        let mut child = std::process::Command::new("true").spawn().unwrap();
        let ended = temp.path().join(format!("{PREFIX}{}", child.id()));
        child.wait().unwrap();
        let running = temp.path().join(format!("{PREFIX}{}", std::process::id()));
        let foreign = temp.path().join(format!("{PREFIX}notes"));
        for folder in [&ended, &running, &foreign] {
            fs::create_dir(folder).unwrap();
        }
        remove_folders_of_ended_processes(temp.path());
        assert!(!ended.exists() && running.exists() && foreign.exists());
    }
}
