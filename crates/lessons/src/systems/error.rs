//! What can go wrong with a data system of this room, where, and what to do about it.
use dataset::DatasetError;
use lambda::LambdaError;
use lambda::batch::sketch::SketchError;
use lambda::datum::Reason;
use lambda::faults::Crash;
use lambda::serving::ServingError;
use lambda::speed::SpeedError;
use polars::prelude::PolarsError;
use std::io;
use std::path::{Path, PathBuf};

/// Why a master data set or a design built on one refused.
//
// Messages contain their cause, so `source()` must not return it again. `thiserror` returns a
// field named `source`, but not one named `r#source`; for Rust, both are the same name.
#[derive(Debug, thiserror::Error)]
pub enum SystemsError {
    /// The operating system refused.
    #[error(
        "{doing} {}: {source}; is the disk full, or the folder not yours?",
        path.display()
    )]
    Io {
        /// What was being done, such as "reading".
        doing: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// The system's error.
        r#source: io::Error,
    },
    /// A table could not be read or written.
    #[error("{doing} {}: {source}", path.display())]
    Polars {
        /// What was being done, such as "reading".
        doing: &'static str,
        /// The file.
        path: PathBuf,
        /// The error of polars.
        r#source: PolarsError,
    },
    /// A file of the master data set is not what was appended.
    #[error(
        "{} is not as it was appended: {problem}; put a copy of the file back, \
         every other part can still be read",
        path.display()
    )]
    Changed {
        /// The file.
        path: PathBuf,
        /// What is different.
        problem: String,
    },
    /// A description of an append cannot be read.
    #[error("{} does not describe an append: {problem}; put a copy of it back", path.display())]
    Unreadable {
        /// The file of the description.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// An argument is not allowed.
    #[error("{argument} {value:?} will not do: {remedy}")]
    BadArgument {
        /// The name of the argument.
        argument: &'static str,
        /// The value that was given.
        value: String,
        /// The values that are allowed.
        remedy: &'static str,
    },
    /// A design that runs in a program of its own failed there.
    #[error("{program}: {problem}")]
    Program {
        /// The name of the program.
        program: &'static str,
        /// What is wrong, and what to do.
        problem: String,
    },
    /// The process crashed, as its [faults](lambda::faults) asked for.
    #[error(transparent)]
    Crashed(#[from] Crash),
    /// A datum breaks the [rule](lambda::datum#the-rule).
    #[error("datum rejected, nothing was changed: {0}")]
    Rejected(Reason),
    /// A table of the batch layer refused.
    #[error("{0}")]
    Batch(PolarsError),
    /// The data set refused.
    #[error(transparent)]
    Dataset(#[from] DatasetError),
    /// The log, a random-write store or the layers refused.
    #[error(transparent)]
    Layer(#[from] LambdaError),
}

// polars' message contains its cause too, and `#[from]` would return that a second time.
impl From<PolarsError> for SystemsError {
    fn from(error: PolarsError) -> Self {
        Self::Batch(error)
    }
}

/// A result of this room.
pub type Result<T, E = SystemsError> = std::result::Result<T, E>;

impl From<SpeedError> for SystemsError {
    fn from(error: SpeedError) -> Self {
        Self::Layer(error.into())
    }
}

impl From<ServingError> for SystemsError {
    fn from(error: ServingError) -> Self {
        Self::Layer(error.into())
    }
}

impl From<SketchError> for SystemsError {
    fn from(error: SketchError) -> Self {
        Self::Layer(error.into())
    }
}

/// Says what was being done, and where, when the operating system refused.
pub(crate) fn io_at(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> SystemsError {
    let path = path.to_owned();
    move |source| SystemsError::Io {
        doing,
        path,
        source,
    }
}

/// The same for polars.
pub(crate) fn polars_at(
    doing: &'static str,
    path: &Path,
) -> impl FnOnce(PolarsError) -> SystemsError {
    let path = path.to_owned();
    move |source| SystemsError::Polars {
        doing,
        path,
        source,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::error::Error;

    #[test]
    fn a_message_contains_its_cause_once() {
        let lost = || io::Error::other("the disk is gone");
        let path = PathBuf::from("parts");
        let layer = LambdaError::Io {
            doing: "read",
            path: path.clone(),
            source: lost(),
        };
        for error in [
            io_at("reading", &path)(lost()),
            polars_at("reading", &path)(lost().into()),
            PolarsError::from(lost()).into(),
            layer.into(),
        ] {
            assert!(error.to_string().contains("the disk is gone"), "{error}");
            assert!(error.source().is_none(), "{error}");
        }
    }
}
