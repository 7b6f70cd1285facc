//! Folders for the files of a notebook's cells.
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// A new, empty folder for the files of a cell. One of the same name that this
/// notebook made before is emptied, so that a cell can be run again.
///
/// It lies in the system's folder for temporary files. Folders of notebooks that
/// have ended are removed when another notebook asks for its first.
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
/// A name with a path in it, or a disk that refuses.
pub fn scratch(name: &str) -> io::Result<PathBuf> {
    let plain = !name.is_empty()
        && name
            .chars()
            .all(|c| c.is_alphanumeric() || "-_".contains(c));
    if !plain {
        let problem = format!("{name:?} cannot name a folder here: use letters, digits, - and _");
        return Err(io::Error::new(io::ErrorKind::InvalidInput, problem));
    }
    let mine = std::env::temp_dir().join(format!("{PREFIX}{}", std::process::id()));
    if !mine.exists() {
        remove_those_of_the_dead(&std::env::temp_dir());
    }
    let folder = mine.join(name);
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    fs::create_dir_all(&folder)?;
    Ok(folder)
}

/// Before the number of the process.
const PREFIX: &str = "lambda-workbook-scratch-";

fn remove_those_of_the_dead(temp: &Path) {
    let Ok(entries) = fs::read_dir(temp) else {
        return;
    };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let process = name.to_str().and_then(|name| name.strip_prefix(PREFIX));
        if process.is_some_and(|id| id.parse().is_ok_and(has_ended)) {
            // Another user's, or another notebook was quicker: no harm.
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

#[cfg(unix)]
fn has_ended(process: i32) -> bool {
    // SAFETY: signal 0 is sent to nobody; the call only asks.
    let asked = unsafe { libc::kill(process, 0) };
    asked == -1 && io::Error::last_os_error().raw_os_error() == Some(libc::ESRCH)
}

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
        remove_those_of_the_dead(temp.path());
        assert!(!ended.exists() && running.exists() && foreign.exists());
    }
}
