//! The swap: new views replace the old ones at one instant.
//!
//! Batch views are written from scratch and replaced as a whole. Whoever opens
//! the folder finds all files of one run, never some of each:
//!
//! 1. the new views are written into a hidden folder beside it and flushed;
//! 2. one system call exchanges the two folders;
//! 3. the old views, now hidden, are removed.
//!
//! A run that is killed leaves the old views or the new ones in place, and its
//! hidden folder for the next run to clear away. A lock, which the system takes
//! back from a dead process, keeps two runs from one folder.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::fs::{self, File, TryLockError};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

/// The file that says what the folder is. Written last, so it vouches for all.
pub const MANIFEST: &str = "manifest.json";

/// Page views by URL, granularity and time.
pub const PAGE_VIEWS: &str = "page_views.parquet";
/// Page views by local day, of a run with zones.
pub const LOCAL_DAYS: &str = "page_views_by_local_day.parquet";
/// Uniques and their sketches, by URL, granularity and time.
pub const UNIQUES: &str = "uniques.parquet";
/// Visits and bounces by domain.
pub const BOUNCES: &str = "bounces.parquet";
/// Folder of the stores that serve the views.
pub const SERVING: &str = "serving";

/// What the folder holds, and what it was made from. The same input gives the
/// same bytes: no clock, no machine, no path stands in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// Always [`Manifest::MADE_BY`].
    pub made_by: String,
    /// Raised when files or columns change: [`Manifest::VERSION`].
    pub version: u32,
    pub engine: String,
    pub input: Input,
    pub counts: Counts,
    /// Of the sketches of uniques.
    #[serde(default)]
    pub precision: u8,
    /// Zones of the view by local day.
    pub zones: Vec<String>,
    /// Every file beside this one, with its rows, in order of name.
    pub files: Vec<FileRows>,
}

impl Manifest {
    pub const MADE_BY: &str = "workbook batch";
    pub const VERSION: u32 = 2;

    /// The manifest of a folder of batch views, if it is one.
    pub fn read(folder: impl AsRef<Path>) -> Option<Manifest> {
        let text = fs::read_to_string(folder.as_ref().join(MANIFEST)).ok()?;
        let manifest: Manifest = serde_json::from_str(&text).ok()?;
        (manifest.made_by == Manifest::MADE_BY).then_some(manifest)
    }
}

/// The input of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Input {
    /// File name, without the folders above it.
    pub name: String,
    pub format: String,
    pub bytes: u64,
}

/// Where every datum went: `read = distinct + duplicates + other_kinds + rejected`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    pub read: u64,
    pub rejected: u64,
    pub other_kinds: u64,
    pub duplicates: u64,
    pub distinct: u64,
}

/// A file of the folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileRows {
    pub name: String,
    pub rows: u64,
}

/// Why a folder cannot be replaced.
#[derive(Debug)]
pub enum OutputError {
    /// The root, or a name such as `..`.
    NoName(PathBuf),
    /// A file stands where the folder should be.
    IsFile(PathBuf),
    /// A folder of something else.
    Foreign { folder: PathBuf, found: String },
    /// The input would be replaced with the folder it lies in.
    HoldsInput { folder: PathBuf, input: PathBuf },
    /// Another run is writing it.
    Busy { folder: PathBuf, process: String },
    Io {
        path: PathBuf,
        doing: &'static str,
        source: io::Error,
    },
}

impl fmt::Display for OutputError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            OutputError::NoName(path) => {
                write!(
                    f,
                    "{}: name a folder of its own for the views",
                    path.display()
                )
            }
            OutputError::IsFile(path) => {
                write!(
                    f,
                    "{}: a file stands there; name another folder",
                    path.display()
                )
            }
            OutputError::Foreign { folder, found } => write!(
                f,
                "{}: not a folder of batch views: it holds {found}, which would be lost; \
                 name another folder, or empty this one",
                folder.display()
            ),
            OutputError::HoldsInput { folder, input } => write!(
                f,
                "{}: holds the input {}, which would be lost; name another folder",
                folder.display(),
                input.display()
            ),
            OutputError::Busy { folder, process } => write!(
                f,
                "{}: another run{process} is writing these views; wait for it, or name another folder",
                folder.display()
            ),
            OutputError::Io {
                path,
                doing,
                source,
            } => {
                write!(f, "{}: {doing}: {source}", path.display())?;
                if source.kind() == io::ErrorKind::StorageFull {
                    write!(f, "; make room on this disk and run again")?;
                }
                Ok(())
            }
        }
    }
}

// Without `source`: the cause stands in the message, once.
impl std::error::Error for OutputError {}

type Result<T> = std::result::Result<T, OutputError>;

fn io_at(path: &Path, doing: &'static str) -> impl FnOnce(io::Error) -> OutputError + use<> {
    let path = path.to_owned();
    move |source| OutputError::Io {
        path,
        doing,
        source,
    }
}

/// A folder of batch views, held by this run alone until dropped.
#[derive(Debug)]
pub struct Output {
    folder: PathBuf,
    parent: PathBuf,
    name: String,
    _lock: Lock,
}

impl Output {
    /// Takes hold of `folder`, making the folders above it, and clears away
    /// what killed runs left. `input` must not lie in it.
    pub fn claim(folder: &Path, input: &Path) -> Result<Self> {
        // A link to a folder stays a link; what it leads to is replaced.
        let folder = match fs::canonicalize(folder) {
            Ok(folder) => folder,
            Err(_) => std::path::absolute(folder).map_err(io_at(folder, "finding"))?,
        };
        let (Some(parent), Some(name)) = (folder.parent(), folder.file_name()) else {
            return Err(OutputError::NoName(folder));
        };
        let (parent, name) = (parent.to_owned(), name.to_string_lossy().into_owned());
        if folder.exists() && !folder.is_dir() {
            return Err(OutputError::IsFile(folder));
        }
        if fs::canonicalize(input).is_ok_and(|input| input.starts_with(&folder)) {
            return Err(OutputError::HoldsInput {
                folder,
                input: input.to_owned(),
            });
        }
        fs::create_dir_all(&parent).map_err(io_at(&parent, "making this folder"))?;
        let lock = Lock::take(&parent.join(format!(".{name}.lock")), &folder)?;
        let output = Output {
            folder,
            parent,
            name,
            _lock: lock,
        };
        output.clear_away()?;
        output.refuse_foreign()?;
        Ok(output)
    }

    /// Where the views will be.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    fn hidden(&self, what: &str) -> PathBuf {
        self.parent.join(format!(".{}.{what}", self.name))
    }

    /// Removes hidden folders of dead runs: nobody else holds the lock. One that
    /// died between the two renames of the fallback gets its old views back.
    fn clear_away(&self) -> Result<()> {
        let (previous, staging) = (self.hidden("previous"), self.hidden("staging"));
        if previous.exists() && !self.folder.exists() {
            fs::rename(&previous, &self.folder).map_err(io_at(&previous, "putting back"))?;
        }
        for stale in [previous, staging] {
            if stale.exists() {
                fs::remove_dir_all(&stale).map_err(io_at(&stale, "clearing away"))?;
            }
        }
        Ok(())
    }

    fn refuse_foreign(&self) -> Result<()> {
        if !self.folder.exists() {
            return Ok(());
        }
        let manifest = Manifest::read(&self.folder);
        let ours = |name: &str| {
            manifest.as_ref().is_some_and(|manifest| {
                name == MANIFEST
                    || name == SERVING
                    || manifest.files.iter().any(|file| file.name == name)
            })
        };
        let mut foreign: Vec<String> = fs::read_dir(&self.folder)
            .map_err(io_at(&self.folder, "listing"))?
            .flatten()
            .map(|entry| entry.file_name().to_string_lossy().into_owned())
            .filter(|name| !ours(name))
            .collect();
        foreign.sort();
        match foreign.into_iter().next() {
            Some(found) => Err(OutputError::Foreign {
                folder: self.folder.clone(),
                found,
            }),
            None => Ok(()),
        }
    }

    /// The folder to write the new views into; gone again unless swapped in.
    pub fn staging(&self) -> Result<Staging> {
        let path = self.hidden("staging");
        fs::create_dir(&path).map_err(io_at(&path, "making this folder"))?;
        Ok(Staging { path })
    }

    /// Puts the views of `staging` in place of what was there.
    pub fn swap_in(&self, staging: Staging, manifest: &Manifest) -> Result<()> {
        let path = staging.path.join(MANIFEST);
        let mut text = serde_json::to_string_pretty(manifest).expect("a manifest is plain data");
        text.push('\n');
        File::create(&path)
            .and_then(|mut file| {
                file.write_all(text.as_bytes())
                    .and_then(|()| file.sync_all())
            })
            .map_err(io_at(&path, "writing"))?;
        for file in &manifest.files {
            let path = staging.path.join(&file.name);
            File::open(&path)
                .and_then(|file| file.sync_all())
                .map_err(io_at(&path, "flushing"))?;
        }
        sync_folder(&staging.path)?;
        if self.folder.exists() {
            self.exchange(&staging.path)?;
        } else {
            fs::rename(&staging.path, &self.folder).map_err(io_at(&self.folder, "making"))?;
        }
        sync_folder(&self.parent)
        // Dropping `staging` removes the old views, which stand there now.
    }

    fn exchange(&self, staging: &Path) -> Result<()> {
        #[cfg(any(target_os = "linux", target_os = "android", target_vendor = "apple"))]
        {
            use rustix::fs::{CWD, RenameFlags, renameat_with};
            use rustix::io::Errno;
            match renameat_with(CWD, staging, CWD, &self.folder, RenameFlags::EXCHANGE) {
                Ok(()) => return Ok(()),
                // A file system that cannot: the way below.
                Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => {}
                Err(error) => return Err(io_at(&self.folder, "replacing")(error.into())),
            }
        }
        // Two renames, with an instant between them at which neither is there;
        // a run that dies just then is mended by the next one.
        let previous = self.hidden("previous");
        fs::rename(&self.folder, &previous).map_err(io_at(&self.folder, "replacing"))?;
        if let Err(error) = fs::rename(staging, &self.folder) {
            let _ = fs::rename(&previous, &self.folder);
            return Err(io_at(&self.folder, "replacing")(error));
        }
        fs::remove_dir_all(&previous).map_err(io_at(&previous, "clearing away"))
    }
}

/// A folder's names reach the disk only when the folder is flushed too.
fn sync_folder(folder: &Path) -> Result<()> {
    if cfg!(unix) {
        let flushed = File::open(folder).and_then(|folder| folder.sync_all());
        return flushed.map_err(io_at(folder, "flushing"));
    }
    Ok(())
}

/// A folder that is being written, removed when dropped.
#[derive(Debug)]
pub struct Staging {
    path: PathBuf,
}

impl Staging {
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Staging {
    fn drop(&mut self) {
        // What cannot be removed now is cleared away by the next run.
        let _ = fs::remove_dir_all(&self.path);
    }
}

/// A lock file, removed when dropped.
#[derive(Debug)]
struct Lock {
    path: PathBuf,
    _file: File,
}

impl Lock {
    fn take(path: &Path, folder: &Path) -> Result<Lock> {
        loop {
            let mut file = File::options()
                .read(true)
                .write(true)
                .create(true)
                .truncate(false)
                .open(path)
                .map_err(io_at(path, "opening"))?;
            match file.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => {
                    let mut holder = String::new();
                    let _ = file.read_to_string(&mut holder);
                    let process = match holder.trim() {
                        "" => String::new(),
                        id => format!(" (process {id})"),
                    };
                    return Err(OutputError::Busy {
                        folder: folder.to_owned(),
                        process,
                    });
                }
                Err(TryLockError::Error(error)) => return Err(io_at(path, "locking")(error)),
            }
            // Its last holder may have removed it since it was opened; then a
            // lock on it keeps nobody out.
            if still_there(&file, path) {
                let id = std::process::id();
                file.set_len(0)
                    .and_then(|()| write!(file, "{id}"))
                    .map_err(io_at(path, "writing"))?;
                return Ok(Lock {
                    path: path.to_owned(),
                    _file: file,
                });
            }
        }
    }
}

#[cfg(unix)]
fn still_there(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    match (file.metadata(), fs::metadata(path)) {
        (Ok(held), Ok(found)) => (held.dev(), held.ino()) == (found.dev(), found.ino()),
        _ => false,
    }
}

#[cfg(not(unix))]
fn still_there(_file: &File, path: &Path) -> bool {
    path.exists()
}

impl Drop for Lock {
    fn drop(&mut self) {
        // Removed while held, so that nobody takes a lock on a file that is gone.
        let _ = fs::remove_file(&self.path);
    }
}
