//! Opens the storage engine's folder, and creates it atomically.
//!
//! The engine creates its files one by one, and a folder that has only some of them can
//! never be opened. So a new folder is created under a hidden name and then renamed.
use super::error::{Result, at};
use fjall::Database;
use std::ffi::OsStr;
use std::fs;
use std::path::Path;

/// Opens the fjall database in a folder, or creates an empty one there. `doing` says in an
/// error what was being done, for example "opening the log".
///
/// # Errors
/// If the folder cannot be read or written, or another process has the database open.
pub fn open(path: &Path, doing: &'static str) -> Result<Database> {
    let failed = || at(doing, path);
    let empty = match fs::read_dir(path) {
        Ok(mut entries) => entries.next().is_none(),
        Err(_) => true,
    };
    if empty {
        let name = path.file_name().unwrap_or(OsStr::new("store"));
        let draft = path.with_file_name(format!(".{}.new", name.to_string_lossy()));
        // Remove what a process left that crashed before its rename.
        if draft.exists() {
            fs::remove_dir_all(&draft).map_err(failed_io(doing, &draft))?;
        }
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).map_err(failed_io(doing, parent))?;
        }
        drop(
            Database::builder(&draft)
                .worker_threads(1)
                .open()
                .map_err(failed())?,
        );
        fs::rename(&draft, path).map_err(failed_io(doing, path))?;
    }
    Database::builder(path).open().map_err(failed())
}

/// [`at`] for an error of the file system.
fn failed_io(doing: &'static str, path: &Path) -> impl Fn(std::io::Error) -> super::SpeedError {
    at(doing, path)
}
