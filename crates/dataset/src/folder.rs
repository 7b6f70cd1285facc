//! A data set's folder: it is there whole, or not at all.
//!
//! 1. A set is written into a hidden folder beside its place, and renamed when
//!    its last byte is written. So a killed process or a full disk leaves what
//!    was there before.
//! 2. `dataset.json` says what the set is, and how long each file must be.
//! 3. Two processes that make one set take turns, by a lock that the operating
//!    system takes back from a process that dies. The second finds the set made.
//!
//! Not kept: a power cut may lose what the system has not yet put on the disk,
//! for nothing is flushed, as a set can be made again. The lengths show it.
use super::error::{DatasetError, Result, io_error};
use super::spec::Spec;
use serde::{Deserialize, Serialize};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// Raised when the same arguments would give other bytes than before.
pub const VERSION: u32 = 1;

pub(super) const JSONL: &str = "datums.jsonl";
pub(super) const PARQUET: &str = "datums.parquet";
const MANIFEST: &str = "dataset.json";

/// What `dataset.json` says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DatasetManifest {
    /// [`VERSION`] of the program that made it.
    pub version: u32,
    pub arguments: Arguments,
    pub counts: DatasetCounts,
    pub files: Vec<FileEntry>,
}

/// A [`Spec`], as text.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Arguments {
    pub hours: String,
    pub scale: u64,
    pub seed: u64,
    pub users: u32,
    pub pages: u32,
    pub duplicates: f64,
    pub kinds: String,
}

impl From<&Spec> for Arguments {
    fn from(spec: &Spec) -> Self {
        Self {
            hours: spec.hours.to_string(),
            scale: spec.scale,
            seed: spec.seed,
            users: spec.users,
            pages: spec.pages,
            duplicates: spec.duplicates,
            kinds: spec.kinds.to_string(),
        }
    }
}

/// How many datums a set holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DatasetCounts {
    /// All of them: lines of JSON, rows of Parquet.
    pub datums: u64,
    /// Page views, duplicates among them.
    pub page_views: u64,
    /// Page views that repeat another, whole.
    pub duplicates: u64,
    pub equivs: u64,
    pub person_properties: u64,
    pub page_properties: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileEntry {
    pub name: String,
    pub bytes: u64,
}

/// The place of a data set, held by this process alone until dropped.
pub(super) struct Folder {
    path: PathBuf,
    parent: PathBuf,
    name: String,
    _lock: File,
}

impl Folder {
    /// Makes the folders above `path`, and waits for another process that is
    /// making the same set.
    pub fn claim(path: &Path) -> Result<Self> {
        // Through a link, so that the set goes where the link points to.
        let path = match path.canonicalize() {
            Ok(path) => path,
            Err(_) => std::path::absolute(path).map_err(io_error("find", path))?,
        };
        let (Some(parent), Some(name)) = (path.parent(), path.file_name()) else {
            return Err(DatasetError::BadArgument {
                argument: "--out",
                value: path.display().to_string(),
                remedy: "name a folder of its own for the data set".into(),
            });
        };
        let (parent, name) = (parent.to_owned(), name.to_string_lossy().into_owned());
        if path.exists() && !path.is_dir() {
            return Err(DatasetError::NotADataset {
                path,
                found: "a file".into(),
            });
        }
        fs::create_dir_all(&parent).map_err(io_error("make the folder", &parent))?;
        let lock_path = parent.join(format!(".{name}.lock"));
        let lock = File::create(&lock_path).map_err(io_error("make", &lock_path))?;
        lock.lock().map_err(io_error("lock", &lock_path))?;
        let folder = Self {
            path,
            parent,
            name,
            _lock: lock,
        };
        folder.sweep()?;
        Ok(folder)
    }

    /// Removes what killed processes left behind: nobody else is at it now.
    fn sweep(&self) -> Result<()> {
        let entries = fs::read_dir(&self.parent).map_err(io_error("list", &self.parent))?;
        for entry in entries.flatten() {
            if entry
                .file_name()
                .to_string_lossy()
                .starts_with(&self.hidden(""))
            {
                fs::remove_dir_all(entry.path()).map_err(io_error("clear", &entry.path()))?;
            }
        }
        Ok(())
    }

    fn hidden(&self, rest: &str) -> String {
        format!(".{}.partial-{rest}", self.name)
    }

    /// A folder to write into, gone again unless [`publish`](Self::publish)ed.
    pub fn draft(&self) -> Result<DatasetDraft> {
        let prefix = self.hidden("");
        let hidden = tempfile::Builder::new()
            .prefix(&prefix)
            .tempdir_in(&self.parent);
        let hidden = hidden.map_err(io_error("write into", &self.parent))?;
        let set = hidden.path().join("set");
        fs::create_dir(&set).map_err(io_error("make", &set))?;
        Ok(DatasetDraft { set, hidden })
    }

    /// Puts a finished draft in place of what was there.
    pub fn publish(&self, draft: DatasetDraft, manifest: &DatasetManifest) -> Result<()> {
        let text = serde_json::to_string_pretty(manifest).expect("a manifest is plain data") + "\n";
        let manifest_path = draft.set.join(MANIFEST);
        fs::write(&manifest_path, text).map_err(io_error("write", &manifest_path))?;
        let aside = draft.hidden.path().join("old");
        let replaces = self.path.exists();
        if replaces {
            fs::rename(&self.path, &aside).map_err(io_error("replace", &self.path))?;
        }
        if let Err(error) = fs::rename(&draft.set, &self.path) {
            if replaces && fs::rename(&aside, &self.path).is_err() {
                let _ = draft.hidden.keep(); // the old set is in there: better kept than lost
            }
            return Err(io_error("make", &self.path)(error));
        }
        Ok(())
    }

    /// Refuses a folder with anything in it that no data set has, or that lacks
    /// the manifest which every data set has.
    pub fn refuse_foreign(&self) -> Result<()> {
        if !self.path.exists() {
            return Ok(());
        }
        let ours = self.path.join(MANIFEST).exists();
        for entry in fs::read_dir(&self.path)
            .map_err(io_error("list", &self.path))?
            .flatten()
        {
            let name = entry.file_name().to_string_lossy().into_owned();
            if !ours || ![JSONL, PARQUET, MANIFEST].contains(&name.as_str()) {
                return Err(DatasetError::NotADataset {
                    path: self.path.clone(),
                    found: name,
                });
            }
        }
        Ok(())
    }
}

/// A set that is being written: a folder made as any other, with the rights
/// that the user's folders have, inside a hidden one that cleans up.
pub(super) struct DatasetDraft {
    set: PathBuf,
    hidden: TempDir,
}

impl DatasetDraft {
    pub fn path(&self) -> &Path {
        &self.set
    }
}

/// The manifest of a folder, if a whole data set is in it.
///
/// Whole means: made by this [`VERSION`], with every file as long as it was.
pub fn manifest(path: impl AsRef<Path>) -> Option<DatasetManifest> {
    let path = path.as_ref();
    let text = fs::read_to_string(path.join(MANIFEST)).ok()?;
    let manifest: DatasetManifest = serde_json::from_str(&text).ok()?;
    let whole = manifest.files.iter().all(|file| {
        fs::metadata(path.join(&file.name)).is_ok_and(|found| found.len() == file.bytes)
    });
    (whole && manifest.version == VERSION).then_some(manifest)
}
