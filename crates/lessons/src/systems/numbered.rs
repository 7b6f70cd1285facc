//! Numbered folders that are made once and never again: how files are only added.
//!
//! A number is taken by making its folder, which the operating system grants to one
//! process only. What the folder is about becomes visible when its description gets
//! its name; a process that crashes before leaves a number that nobody reads.
use super::error::{Result, SystemsError, io_at};
use serde::{Serialize, de::DeserializeOwned};
use std::fs::{self, File};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

const DESCRIPTION: &str = "description.json";

/// A number that is taken, and not yet described.
#[must_use = "what is not described is not read"]
pub(super) struct Taken {
    pub number: u64,
    folder: PathBuf,
}

/// Takes the next number in a folder.
pub(super) fn take(home: &Path) -> Result<Taken> {
    fs::create_dir_all(home).map_err(io_at("making", home))?;
    let mut number = all(home)?.last().map_or(1, |last| last + 1);
    loop {
        let folder = home.join(format!("{number:06}"));
        match fs::create_dir(&folder) {
            Ok(()) => return Ok(Taken { number, folder }),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => number += 1,
            Err(error) => return Err(io_at("making", &folder)(error)),
        }
    }
}

impl Taken {
    /// Makes it visible, whole, and durably.
    pub fn describe(self, about: &impl Serialize) -> Result<()> {
        let draft = self.folder.join("draft");
        let text = serde_json::to_vec_pretty(about).expect("a description is plain data");
        write_new(&draft, &text)?;
        let path = self.folder.join(DESCRIPTION);
        fs::rename(&draft, &path).map_err(io_at("naming", &path))
    }
}

/// Writes a file that is not there yet, and lets nobody write it again.
pub(super) fn write_new(path: &Path, bytes: &[u8]) -> Result<()> {
    let failed = || io_at("writing", path);
    let mut file = File::create_new(path).map_err(failed())?;
    file.write_all(bytes).map_err(failed())?;
    let mut rights = file.metadata().map_err(failed())?.permissions();
    rights.set_readonly(true);
    fs::set_permissions(path, rights).map_err(failed())?;
    file.sync_all().map_err(failed())
}

/// Every number that was taken, in order.
fn all(home: &Path) -> Result<Vec<u64>> {
    let mut numbers = Vec::new();
    for entry in fs::read_dir(home).map_err(io_at("reading", home))? {
        let name = entry.map_err(io_at("reading", home))?.file_name();
        numbers.extend(name.to_str().and_then(|name| name.parse::<u64>().ok()));
    }
    numbers.sort_unstable();
    Ok(numbers)
}

/// The descriptions in a folder, in the order of their numbers.
pub(super) fn described<T: DeserializeOwned>(home: &Path) -> Result<Vec<(u64, T)>> {
    let mut found = Vec::new();
    if !home.exists() {
        return Ok(found);
    }
    for number in all(home)? {
        let path = home.join(format!("{number:06}")).join(DESCRIPTION);
        let text = match fs::read(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => continue,
            Err(error) => return Err(io_at("reading", &path)(error)),
        };
        let about = serde_json::from_slice(&text).map_err(|error| SystemsError::Unreadable {
            path,
            problem: error.to_string(),
        })?;
        found.push((number, about));
    }
    Ok(found)
}
