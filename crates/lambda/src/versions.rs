//! The versions of a folder: each written whole, one of them served, the others kept
//! for a way back.
//!
//! ```text
//! current -> versions/000007   the version that is served: a link, replaced by one rename
//! versions/000007/             a version: nothing in it changes after it has its name
//! versions/.building/          a version on its way; the next writer removes it
//! .lock                        held by the one process that writes
//! .unfinished/                 what a batch run that was cut off has done, for the next one
//! ```
//!
//! The views of a batch run, a serving store and the parts of the master data set all lie
//! in such folders, so all of them are published and rolled back by the code below.
//!
//! 1. A version is written once, under a hidden name, and flushed to the disk before it
//!    gets its number.
//! 2. `current` leads to a whole version at every instant.
//! 3. One process writes at a time. The operating system releases the lock of a process
//!    that crashes, and the next writer removes what it left.
//! 4. Numbers rise and are never used again while a later version is kept: after a
//!    roll-back the next version gets the next free number.
//!
//! Any other program finds the version that is served through the link, for example
//! `current/page_views.parquet`. A file can also be linked from the folder itself
//! ([`Draft::link`]): `page_views.parquet -> current/page_views.parquet`.
use crate::faults::{CrashPoint, Faults, NoFaults};
pub use crate::version_step::VersionStep;
use std::fs::{self, File, TryLockError};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The link to the version that is served.
pub const CURRENT: &str = "current";
const NEXT: &str = ".current.new";
const VERSIONS: &str = "versions";
const BUILDING: &str = ".building";
const LOCK: &str = ".lock";
/// The folder in which a batch run writes down how far it is. It belongs to the one who writes.
pub const UNFINISHED: &str = ".unfinished";

/// Files of folders that earlier programs wrote in place of versions.
const OLD_FORMS: [&str; 4] = ["manifest.json", "CURRENT", "ROLLED_BACK", "batch-000001"];

/// Why a version could not be written, served or found.
//
// Messages contain their cause, so `source()` must not return it again. `thiserror` returns a
// field named `source`, but not one named `r#source`; for Rust, both are the same name.
#[derive(Debug, thiserror::Error)]
pub enum VersionError {
    /// No version was published in the folder.
    #[error("{}: no version is there; publish one first", folder.display())]
    None {
        /// The folder that was to be read.
        folder: PathBuf,
    },
    /// The folder was written by an earlier program, in another form.
    #[error("{}: holds {found} of an earlier program's form; compute the views again into another folder, or empty this one", folder.display())]
    OldForm {
        /// The folder that was to be read or written.
        folder: PathBuf,
        /// The file by which the form was recognised.
        found: String,
    },
    /// The folder holds something that is no version, and would get mixed up with them.
    #[error("{}: not a folder of versions: it holds {found}; name another folder, or empty this one", folder.display())]
    Foreign {
        /// The folder that was to be written.
        folder: PathBuf,
        /// The first file that does not belong there.
        found: String,
    },
    /// A file stands where the folder should be.
    #[error("{}: a file stands there; name another folder", .0.display())]
    IsFile(PathBuf),
    /// The link `current` does not lead to a version.
    #[error("{}: leads to {found}, which is no version; roll back to a version that is kept", link.display())]
    Link {
        /// The link.
        link: PathBuf,
        /// Where it leads.
        found: String,
    },
    /// A version that is not kept.
    #[error("{}: version {version} is not kept; kept are {kept:?}", folder.display())]
    NotKept {
        /// The folder of the versions.
        folder: PathBuf,
        /// The version that was asked for.
        version: u64,
        /// The versions that are kept, oldest first.
        kept: Vec<u64>,
    },
    /// Another process is writing a version.
    #[error("{}: another process{process} is writing there; wait for it, or name another folder", folder.display())]
    Busy {
        /// The folder of the versions.
        folder: PathBuf,
        /// " (process 4711)", or nothing where it is not known.
        process: String,
    },
    /// The operating system refused.
    #[error("cannot {doing} {}: {source}{}", path.display(), remedy(source))]
    Io {
        /// What was being done, such as "make".
        doing: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// The system's own error.
        r#source: io::Error,
    },
}

fn remedy(source: &io::Error) -> &'static str {
    match source.kind() {
        io::ErrorKind::StorageFull => {
            "; make room on this disk and try again; what is served is unchanged"
        }
        io::ErrorKind::PermissionDenied => "; make the folder yours, or name another one",
        _ => "",
    }
}

/// The result of this module.
pub type Result<T, E = VersionError> = std::result::Result<T, E>;

fn io_at(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> VersionError + use<> {
    let path = path.to_owned();
    move |source| VersionError::Io {
        doing,
        path,
        source,
    }
}

/// The versions in a folder.
///
/// ```
/// use lambda_workbook::lambda::versions::Versions;
///
/// let folder = tempfile::tempdir()?;
/// let versions = Versions::at(folder.path());
/// for text in ["first", "second"] {
///     let draft = versions.draft()?;
///     std::fs::write(draft.path().join("view"), text)?;
///     draft.publish(3)?;
/// }
/// assert_eq!((versions.kept()?, versions.served()?), (vec![1, 2], 2));
/// versions.roll_back_to(1)?;
/// let served = std::fs::read_to_string(folder.path().join("current/view"))?;
/// assert_eq!(served, "first");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Versions {
    root: PathBuf,
}

impl Versions {
    /// Names the folder of the versions. Nothing is read or made yet.
    pub fn at(folder: impl AsRef<Path>) -> Self {
        Self {
            root: folder.as_ref().to_owned(),
        }
    }

    /// Returns the folder that holds the versions.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Returns the folder of a version, which need not be there.
    pub fn folder(&self, version: u64) -> PathBuf {
        self.root.join(VERSIONS).join(format!("{version:06}"))
    }

    /// Returns the number of the version that is served.
    ///
    /// # Errors
    /// If none is, or the link does not lead to a version.
    pub fn served(&self) -> Result<u64> {
        let link = self.root.join(CURRENT);
        let found = match fs::read_link(&link) {
            Ok(found) => found,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(self.none()),
            // A folder or a file under the name of the link.
            Err(error) if error.kind() == io::ErrorKind::InvalidInput => "no link".into(),
            Err(error) => return Err(io_at("read", &link)(error)),
        };
        let number = found.strip_prefix(VERSIONS).ok().and_then(number_of);
        number.ok_or_else(|| VersionError::Link {
            link,
            found: found.display().to_string(),
        })
    }

    /// Returns the number of the version that is served; `None` if none was published.
    ///
    /// # Errors
    /// As [`served`](Self::served).
    pub fn served_if_any(&self) -> Result<Option<u64>> {
        match self.served() {
            Err(VersionError::None { .. }) => Ok(None),
            other => other.map(Some),
        }
    }

    fn none(&self) -> VersionError {
        let old = OLD_FORMS
            .into_iter()
            .find(|name| self.root.join(name).exists());
        match old {
            Some(found) => VersionError::OldForm {
                folder: self.root.clone(),
                found: found.to_owned(),
            },
            None => VersionError::None {
                folder: self.root.clone(),
            },
        }
    }

    /// Returns the versions that are kept, oldest first.
    ///
    /// # Errors
    /// If the folder cannot be read. A folder that is not there keeps none.
    pub fn kept(&self) -> Result<Vec<u64>> {
        let folder = self.root.join(VERSIONS);
        let entries = match fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(io_at("read", &folder)(error)),
        };
        let mut kept: Vec<u64> = entries
            .flatten()
            .filter_map(|entry| number_of(Path::new(&entry.file_name())))
            .collect();
        kept.sort_unstable();
        Ok(kept)
    }

    /// Takes hold of the folder, making it if need be, and begins the next version.
    ///
    /// # Errors
    /// If another process writes there, if the folder holds anything but versions, or if
    /// the system refuses.
    pub fn draft(&self) -> Result<Draft> {
        self.draft_in(Arc::new(NoFaults))
    }

    /// As [`draft`](Self::draft), with faults that a test passes in.
    ///
    /// # Errors
    /// As [`draft`](Self::draft), and a crash that the faults ask for.
    pub fn draft_in(&self, faults: Arc<dyn Faults<VersionStep>>) -> Result<Draft> {
        // Claim: the folder, then its lock, and remove what crashed writers left.
        if self.root.is_file() {
            return Err(VersionError::IsFile(self.root.clone()));
        }
        self.refuse_foreign()?;
        let versions = self.root.join(VERSIONS);
        fs::create_dir_all(&versions).map_err(io_at("make", &versions))?;
        let lock = Lock::take(&self.root)?;
        self.clear_hidden()?;

        // The next number, and an empty folder under a hidden name.
        let version = self.kept()?.last().map_or(1, |last| last + 1);
        let draft = Draft {
            versions: self.clone(),
            path: versions.join(BUILDING),
            version,
            unserved: false,
            faults,
            _lock: lock,
        };
        draft.reached(VersionStep::Lock)?;
        fs::create_dir(&draft.path).map_err(io_at("make", &draft.path))?;
        Ok(draft)
    }

    /// Serves a version that is kept, older or newer. The next version still gets the
    /// next free number.
    ///
    /// # Errors
    /// If the version is not kept, another process writes there, or the system refuses.
    pub fn roll_back_to(&self, version: u64) -> Result<()> {
        self.roll_back_after(version, |_| Ok(()))
    }

    /// As [`roll_back_to`](Self::roll_back_to), after a check of the version's folder.
    ///
    /// # Errors
    /// As [`roll_back_to`](Self::roll_back_to), and those of the check.
    pub fn roll_back_after<E: From<VersionError>>(
        &self,
        version: u64,
        check: impl FnOnce(&Path) -> Result<(), E>,
    ) -> Result<(), E> {
        let _lock = Lock::take(&self.root)?;
        let kept = self.kept()?;
        if !kept.contains(&version) {
            return Err(E::from(VersionError::NotKept {
                folder: self.root.clone(),
                version,
                kept,
            }));
        }
        check(&self.folder(version))?;
        self.link_next(version)?;
        self.replace_current()?;
        Ok(())
    }

    /// Writes the next link beside the one in use.
    fn link_next(&self, version: u64) -> Result<()> {
        let next = self.root.join(NEXT);
        let _ = fs::remove_file(&next);
        let target = Path::new(VERSIONS).join(format!("{version:06}"));
        symlink(&target, &next).map_err(io_at("make", &next))
    }

    /// Puts the next link in the place of the one in use.
    fn replace_current(&self) -> Result<()> {
        let current = self.root.join(CURRENT);
        fs::rename(self.root.join(NEXT), &current).map_err(io_at("replace", &current))?;
        flush_folder(&self.root)
    }

    /// Removes a version, under a hidden name first, so that half of one is never seen.
    fn remove(&self, version: u64) -> Result<()> {
        let from = self.folder(version);
        let gone = self.root.join(VERSIONS).join(format!(".gone-{version:06}"));
        fs::rename(&from, &gone).map_err(io_at("remove", &from))?;
        fs::remove_dir_all(&gone).map_err(io_at("remove", &gone))
    }

    /// Removes hidden files that crashed writers left. Only under the lock.
    fn clear_hidden(&self) -> Result<()> {
        let folder = self.root.join(VERSIONS);
        for entry in fs::read_dir(&folder)
            .map_err(io_at("read", &folder))?
            .flatten()
        {
            if entry.file_name().to_string_lossy().starts_with('.') {
                fs::remove_dir_all(entry.path()).map_err(io_at("remove", &entry.path()))?;
            }
        }
        let _ = fs::remove_file(self.root.join(NEXT));
        Ok(())
    }

    /// Refuses a folder that holds anything but versions: a name that was mistyped.
    fn refuse_foreign(&self) -> Result<()> {
        // List what is neither ours nor a link that leads to what is served.
        let Ok(entries) = fs::read_dir(&self.root) else {
            return Ok(());
        };
        let own = [CURRENT, NEXT, VERSIONS, LOCK, UNFINISHED];
        let others = entries.flatten().filter(|entry| {
            let name = entry.file_name();
            !own.iter().any(|own| name == *own) && !leads_to_current(&entry.path())
        });
        let mut foreign: Vec<String> = others
            .map(|entry| entry.file_name().to_string_lossy().into_owned())
            .collect();
        foreign.sort();

        // Name the first one; what an older form of this program wrote comes first.
        let folder = self.root.clone();
        let old = foreign.iter().position(|name| OLD_FORMS.contains(&&**name));
        match (old, foreign.is_empty()) {
            (_, true) => Ok(()),
            (Some(place), _) => Err(VersionError::OldForm {
                folder,
                found: foreign.swap_remove(place),
            }),
            (None, _) => Err(VersionError::Foreign {
                folder,
                found: foreign.swap_remove(0),
            }),
        }
    }
}

/// Whether this is a link to a file of the version that is served.
fn leads_to_current(path: &Path) -> bool {
    fs::read_link(path).is_ok_and(|target| target.starts_with(CURRENT))
}

fn number_of(name: &Path) -> Option<u64> {
    name.to_str()?.parse().ok()
}

/// A version on its way. Dropped before it is published, it leaves nothing behind.
#[derive(Debug)]
pub struct Draft {
    versions: Versions,
    path: PathBuf,
    version: u64,
    /// The version has its name, but is not served yet.
    unserved: bool,
    faults: Arc<dyn Faults<VersionStep>>,
    _lock: Lock,
}

impl Draft {
    /// Returns the folder to write into.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Returns the number that the version will have.
    pub fn version(&self) -> u64 {
        self.version
    }

    /// Returns the folder that holds the versions.
    pub fn root(&self) -> &Path {
        self.versions.root()
    }

    /// Returns the folder that the version will have.
    pub fn home(&self) -> PathBuf {
        self.versions.folder(self.version)
    }

    /// Returns the faults that this draft asks at each step.
    pub fn faults(&self) -> &Arc<dyn Faults<VersionStep>> {
        &self.faults
    }

    /// Links a file of the version from the folder itself, so that it has one path whatever
    /// version is served. The link leads through `current`, and so changes with it.
    ///
    /// # Errors
    /// If the link cannot be made.
    pub fn link(&self, name: &str) -> Result<()> {
        let link = self.versions.root.join(name);
        if leads_to_current(&link) {
            return Ok(());
        }
        symlink(&Path::new(CURRENT).join(name), &link).map_err(io_at("make", &link))
    }

    /// Flushes the draft, gives it its name, serves it, and removes all but the newest
    /// `keep` versions. Files in it must have been flushed by those who wrote them.
    /// Returns the version's number.
    ///
    /// # Errors
    /// If the system refuses; the version that was served before is served on.
    pub fn publish(mut self, keep: usize) -> Result<u64> {
        // The version gets its name, which nothing leads to yet.
        let named = self.home();
        flush_folder(&self.path)?;
        self.reached(VersionStep::WriteHeader)?;
        fs::rename(&self.path, &named).map_err(io_at("name", &named))?;
        self.unserved = true;
        flush_folder(&self.versions.root.join(VERSIONS))?;
        self.reached(VersionStep::Rename)?;

        // One rename serves it.
        self.versions.link_next(self.version)?;
        self.reached(VersionStep::WriteCurrent)?;
        self.versions.replace_current()?;
        self.unserved = false;
        self.reached(VersionStep::ReplaceCurrent)?;

        // It is served: what cannot be removed now waits for the next time.
        self.unlink_missing();
        let _ = self.prune(keep);
        self.reached(VersionStep::Prune)?;
        Ok(self.version)
    }

    /// Removes links to files that the version does not have.
    fn unlink_missing(&self) {
        for entry in fs::read_dir(&self.versions.root)
            .into_iter()
            .flatten()
            .flatten()
        {
            let path = entry.path();
            if leads_to_current(&path) && !path.exists() {
                let _ = fs::remove_file(path);
            }
        }
    }

    /// Removes all but the newest versions and the one that is served.
    fn prune(&self, keep: usize) -> Result<()> {
        let kept = self.versions.kept()?;
        let beyond = kept.len().saturating_sub(keep);
        let served = self.version;
        let mut old = kept
            .into_iter()
            .take(beyond)
            .filter(|version| *version != served);
        old.try_for_each(|version| self.versions.remove(version))
    }

    /// Tells the faults that a step has taken effect.
    ///
    /// # Errors
    /// The faults ask for a crash here.
    pub fn reached(&self, step: VersionStep) -> Result<()> {
        let refused = io_at("go on with the version at", &self.versions.root);
        let crashed = self.faults.reached(CrashPoint::after(step));
        crashed.map_err(io::Error::from).map_err(refused)
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        // What cannot be removed now is removed by the next writer.
        if self.unserved {
            let _ = self.versions.remove(self.version);
        }
        let _ = self.versions.clear_hidden();
    }
}

/// The lock of a folder, given back when dropped.
#[derive(Debug)]
struct Lock {
    file: File,
}

impl Lock {
    /// Takes the lock, or says who holds it. The file stays: the lock on it counts.
    fn take(root: &Path) -> Result<Self> {
        let path = root.join(LOCK);
        let mut file = File::options()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(io_at("open", &path))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut holder = String::new();
                let process = match file.read_to_string(&mut holder) {
                    Ok(_) if !holder.is_empty() => format!(" (process {holder})"),
                    _ => String::new(),
                };
                return Err(VersionError::Busy {
                    folder: root.to_owned(),
                    process,
                });
            }
            Err(TryLockError::Error(error)) => return Err(io_at("lock", &path)(error)),
        }
        // For the message above only: a disk without room for it does no harm.
        let _ = file.set_len(0);
        let _ = write!(file, "{}", std::process::id());
        Ok(Self { file })
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // Closing is not enough: a process that another thread starts just now holds a
        // copy of the file until it has become its program.
        let _ = self.file.unlock();
    }
}

/// Flushes a folder: the names in it reach the disk only so.
fn flush_folder(folder: &Path) -> Result<()> {
    let flushed = File::open(folder).and_then(|folder| folder.sync_all());
    flushed.map_err(io_at("flush", folder))
}

#[cfg(unix)]
fn symlink(target: &Path, link: &Path) -> io::Result<()> {
    std::os::unix::fs::symlink(target, link)
}

#[cfg(not(unix))]
fn symlink(_target: &Path, _link: &Path) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}
