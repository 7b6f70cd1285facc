//! Opening the storage engine's folder, made whole or not at all.
//!
//! The engine makes its files one by one, and a folder that has only some of them
//! can never be opened. So a new one is made under another name first.
use super::error::{Result, at};
use fjall::Database;
use std::ffi::OsStr;
use std::fs;
use std::path::Path;

/// Opens a database of fjall, or makes it where there is none. `doing` stands in the
/// error that is returned where it cannot be opened.
pub fn open(path: &Path, doing: &'static str) -> Result<Database> {
    let failed = || at(doing, path);
    let empty = match fs::read_dir(path) {
        Ok(mut entries) => entries.next().is_none(),
        Err(_) => true,
    };
    if empty {
        let name = path.file_name().unwrap_or(OsStr::new("store"));
        let draft = path.with_file_name(format!(".{}.new", name.to_string_lossy()));
        // Left by a process that ended here.
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

fn failed_io(doing: &'static str, path: &Path) -> impl Fn(std::io::Error) -> super::SpeedError {
    at(doing, path)
}
