//! Real systems, started on this machine as plain processes on loopback, for those who have Java, or
//! Python for Sail.
//!
//! Each system has a folder: the jars that Maven copies by a pinned pom, or the environment in which
//! pip installs a pinned package; its configuration, its data, its log, and `process.json` with the
//! process that runs. Nothing is installed on the machine, and nothing outside the folder changes but
//! the caches of Maven and pip.
pub mod hbase;
pub mod java;
pub mod kafka;
mod process;
pub mod sail;
pub mod spark;
mod system;

pub use java::Java;
pub use process::{Running, descendants, running};
use std::path::PathBuf;
pub use system::LocalSystem;

/// Why a system could not be started, stopped or looked at.
#[derive(Debug, thiserror::Error)]
pub enum LocalError {
    /// A program that is needed is not there, or too old.
    #[error("{0}")]
    Missing(String),
    /// A file or folder of the system.
    #[error("cannot {doing} {}: {source}", path.display())]
    Io {
        /// What was being done.
        doing: &'static str,
        /// The file.
        path: PathBuf,
        /// The error of the system.
        r#source: std::io::Error,
    },
    /// A program failed.
    #[error("{program} failed: {said}")]
    Failed {
        /// What was run.
        program: String,
        /// The end of what it said, and where the rest is.
        said: String,
    },
}

/// The result of such an operation.
pub type Result<T> = std::result::Result<T, LocalError>;

/// Returns a function that turns an error of the file system into one that says what was done.
pub(crate) fn io_at(
    doing: &'static str,
    path: impl Into<PathBuf>,
) -> impl FnOnce(std::io::Error) -> LocalError {
    let path = path.into();
    move |source| LocalError::Io {
        doing,
        path,
        source,
    }
}
