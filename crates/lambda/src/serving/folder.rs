//! The folder of a store: versions, and which of them is served.
//!
//! ```text
//! CURRENT                      the version served: swapped by one rename
//! versions/000007/header       what it holds
//! versions/000007/shard-00/    index.fst, values, checksums
//! versions/.building           a version on its way; cleared by the next builder
//! .lock                        held by a builder
//! ```
//!
//! 1. A version is written once. Nothing in it changes after it has its name.
//! 2. `CURRENT` names a whole version, at every instant.
//! 3. One builder at a time: the operating system takes the lock back from a
//!    dead one.
use super::error::{Result, StoreError, io_at};
use super::header::{self, Header};
use super::shard::Shard;
use super::shard_writer::Identity;
use std::fs::{self, File, TryLockError};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

/// Where things lie in a store.
#[derive(Clone, Debug)]
pub(super) struct Paths {
    root: PathBuf,
}

impl Paths {
    pub fn new(root: impl AsRef<Path>) -> Self {
        Self {
            root: root.as_ref().to_owned(),
        }
    }

    pub fn root(&self) -> &Path {
        &self.root
    }

    pub fn current(&self) -> PathBuf {
        self.root.join("CURRENT")
    }

    pub fn next_current(&self) -> PathBuf {
        self.root.join("CURRENT.new")
    }

    pub fn versions(&self) -> PathBuf {
        self.root.join("versions")
    }

    pub fn version(&self, version: u64) -> PathBuf {
        self.versions().join(format!("{version:06}"))
    }

    pub fn building(&self) -> PathBuf {
        self.versions().join(".building")
    }

    pub fn header(&self, version: u64) -> PathBuf {
        self.version(version).join(HEADER)
    }

    pub fn shard(&self, version: u64, shard: u32) -> PathBuf {
        self.version(version).join(shard_name(shard))
    }

    /// The version served.
    pub fn served(&self) -> Result<u64> {
        match header::read_current(&self.current()) {
            Err(StoreError::Missing { .. }) => Err(StoreError::NotAStore {
                folder: self.root.clone(),
            }),
            other => other,
        }
    }

    /// The versions that are kept, oldest first.
    pub fn kept(&self) -> Result<Vec<u64>> {
        let folder = self.versions();
        let mut kept: Vec<u64> = fs::read_dir(&folder)
            .map_err(io_at("read", &folder))?
            .flatten()
            .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
            .collect();
        kept.sort_unstable();
        Ok(kept)
    }

    /// Removes a version, under a hidden name first, so that no half of one is
    /// ever seen.
    pub fn remove(&self, version: u64) -> Result<()> {
        let from = self.version(version);
        let gone = self.versions().join(format!(".gone-{version:06}"));
        fs::rename(&from, &gone).map_err(io_at("remove", &from))?;
        fs::remove_dir_all(&gone).map_err(io_at("remove", &gone))
    }

    /// Opens one shard of a version.
    pub fn open_shard(&self, version: u64, shard: u32) -> Result<Shard> {
        Shard::open(&self.shard(version, shard), identity(version, shard))
    }
}

pub(super) const HEADER: &str = "header";

pub(super) fn shard_name(shard: u32) -> String {
    format!("shard-{shard:02}")
}

pub(super) fn identity(version: u64, shard: u32) -> Identity {
    Identity {
        format: header::FORMAT,
        version,
        shard,
    }
}

/// The lock of a store, given back when dropped.
#[derive(Debug)]
pub(super) struct Lock {
    file: File,
}

impl Drop for Lock {
    fn drop(&mut self) {
        // Closing is not enough: a process that another thread starts just now
        // holds a copy of the file until it has become its program.
        let _ = self.file.unlock();
    }
}

impl Lock {
    /// Takes the lock, or says who holds it. The file stays: it is the lock on
    /// it that counts.
    pub fn take(paths: &Paths) -> Result<Self> {
        let path = paths.root.join(".lock");
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
                return Err(StoreError::Busy {
                    folder: paths.root.clone(),
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

/// A folder's names reach the disk only when the folder is flushed too.
pub(super) fn sync(folder: &Path) -> Result<()> {
    if cfg!(unix) {
        let flushed = File::open(folder).and_then(|folder| folder.sync_all());
        return flushed.map_err(io_at("flush", folder));
    }
    Ok(())
}

/// Removes hidden folders that dead builders left. Only under the lock.
pub(super) fn clear_hidden(paths: &Paths) -> Result<()> {
    let folder = paths.versions();
    for entry in fs::read_dir(&folder)
        .map_err(io_at("read", &folder))?
        .flatten()
    {
        if entry.file_name().to_string_lossy().starts_with('.') {
            fs::remove_dir_all(entry.path()).map_err(io_at("clear away", &entry.path()))?;
        }
    }
    let stale = paths.next_current();
    if stale.exists() {
        fs::remove_file(&stale).map_err(io_at("clear away", &stale))?;
    }
    Ok(())
}

/// The versions of a store: what is kept, what is served, and the way back.
///
/// For whoever runs the store. Readers have a [`Store`](super::Store).
///
/// ```
/// use lambda_workbook::calendar::Granularity::Hour;
/// use lambda_workbook::serving::{Layout, Store, Value, Versions, build};
///
/// let folder = tempfile::tempdir()?;
/// for count in [1, 2] {
///     build(folder.path(), Layout::counts(1), [("foo.com/", Hour, 0, Value::Count(count))])?;
/// }
/// let versions = Versions::of(folder.path())?;
/// assert_eq!((versions.kept()?, versions.served()?), (vec![1, 2], 2));
/// versions.roll_back_to(1)?;
/// assert_eq!(Store::open(folder.path())?.count("foo.com/", Hour, 0)?, Some(1));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Versions {
    paths: Paths,
}

impl Versions {
    /// The versions of the store in `folder`.
    pub fn of(folder: impl AsRef<Path>) -> Result<Self> {
        let paths = Paths::new(folder);
        paths.served()?;
        Ok(Self { paths })
    }

    /// The versions that are kept, oldest first.
    pub fn kept(&self) -> Result<Vec<u64>> {
        self.paths.kept()
    }

    /// The version that a reader finds who opens the store now.
    pub fn served(&self) -> Result<u64> {
        self.paths.served()
    }

    /// What a version holds.
    pub fn header(&self, version: u64) -> Result<Header> {
        self.must_be_kept(version)?;
        Header::read(&self.paths.header(version), version)
    }

    /// The folder of a shard, to look at its files.
    pub fn shard_folder(&self, version: u64, shard: u32) -> PathBuf {
        self.paths.shard(version, shard)
    }

    /// Serves a version that is kept, older or newer, after checking every
    /// block of it. The next build still gets the next free number.
    pub fn roll_back_to(&self, version: u64) -> Result<()> {
        let _lock = Lock::take(&self.paths)?;
        let header = self.header(version)?;
        for shard in 0..header.shards {
            self.paths.open_shard(version, shard)?.verify()?;
        }
        let (next, current) = (self.paths.next_current(), self.paths.current());
        let io = |doing| io_at(doing, &current);
        let mut file = File::create(&next).map_err(io("write"))?;
        file.write_all(header::current(version).as_bytes())
            .and_then(|()| file.sync_all())
            .map_err(io("write"))?;
        fs::rename(&next, &current).map_err(io("replace"))?;
        sync(self.paths.root())
    }

    fn must_be_kept(&self, version: u64) -> Result<()> {
        let kept = self.kept()?;
        if kept.contains(&version) {
            return Ok(());
        }
        Err(StoreError::NoVersion {
            folder: self.paths.root.clone(),
            version,
            kept,
        })
    }
}
