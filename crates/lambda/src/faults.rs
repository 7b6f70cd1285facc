//! What the world may do to a build: passed in, so that a test can choose.
//!
//! A build asks its [`World`] before each step and each write. [`Calm`] says yes
//! to all. [`Quota`] is a disk that fills up. A test's own world kills the
//! process at a step, which is the honest way to try a power switch.
use std::fmt::Debug;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};

/// The steps of a build, in order. Each is announced when it is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Step {
    /// The lock is held, what dead builders left is cleared away.
    Claimed,
    /// The hidden folder for the new version is there, with its empty files.
    FolderMade,
    /// A URL's rows went into their shard.
    UrlWritten,
    /// The files of a shard are whole and on the disk.
    ShardWritten,
    /// So is the header: the version is whole, but hidden.
    HeaderWritten,
    /// The version has its name, but nobody is told.
    Named,
    /// The new `CURRENT` is on the disk, beside the old.
    CurrentWritten,
    /// The swap: `CURRENT` names the new version.
    Swapped,
    /// Versions beyond those to keep are gone.
    Pruned,
}

impl Step {
    pub const ALL: [Self; 9] = [
        Self::Claimed,
        Self::FolderMade,
        Self::UrlWritten,
        Self::ShardWritten,
        Self::HeaderWritten,
        Self::Named,
        Self::CurrentWritten,
        Self::Swapped,
        Self::Pruned,
    ];
}

/// The world of a build.
pub trait World: Debug + Send + Sync {
    /// A step is done. An error ends the build as if the system had refused
    /// the next one.
    fn reached(&self, _step: Step) -> io::Result<()> {
        Ok(())
    }

    /// So many bytes are about to be written to a file.
    fn writing(&self, _bytes: usize) -> io::Result<()> {
        Ok(())
    }
}

/// Nothing goes wrong but what really does.
#[derive(Clone, Copy, Debug, Default)]
pub struct Calm;

impl World for Calm {}

/// A disk with room for so many bytes.
///
/// ```
/// use lambda_workbook::serving::{Quota, World};
/// let disk = Quota::new(1000);
/// assert!(disk.writing(1000).is_ok());
/// assert_eq!(disk.writing(1).unwrap_err().kind(), std::io::ErrorKind::StorageFull);
/// ```
#[derive(Debug)]
pub struct Quota(AtomicU64);

impl Quota {
    /// Room for `bytes`.
    pub fn new(bytes: u64) -> Self {
        Self(AtomicU64::new(bytes))
    }
}

impl World for Quota {
    fn writing(&self, bytes: usize) -> io::Result<()> {
        self.0
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| {
                left.checked_sub(bytes as u64)
            })
            .map(|_| ())
            .map_err(|_| io::Error::from(io::ErrorKind::StorageFull))
    }
}
