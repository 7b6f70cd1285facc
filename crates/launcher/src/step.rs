//! A step of the set-up: one thing that must hold before a notebook opens.
use super::interpreter;
use super::progress::Progress;
use super::project::Project;
use anyhow::Result;
use std::cell::OnceCell;
use std::path::PathBuf;

/// What a check found.
#[derive(Debug, Clone, PartialEq)]
pub enum Finding {
    /// In order; the text says what was found.
    Fine(String),
    /// Something is wrong: what, and what fixes it.
    Problem { what: String, fix: String },
    /// Not there, and nothing that must be: what it would give, and how to get it.
    Optional { what: String, fix: String },
}

impl Finding {
    pub fn problem(what: impl Into<String>, fix: impl Into<String>) -> Finding {
        Finding::Problem {
            what: what.into(),
            fix: fix.into(),
        }
    }

    pub fn optional(what: impl Into<String>, fix: impl Into<String>) -> Finding {
        Finding::Optional {
            what: what.into(),
            fix: fix.into(),
        }
    }
}

/// What fixes every step that set-up can fix.
pub const RUN_LAB: &str = "run `cargo lab`, which fixes it";

/// One thing that must hold before a notebook opens.
pub trait Step {
    /// A short name, for the first column of `doctor`.
    fn name(&self) -> &'static str;

    /// Looks, and changes nothing.
    fn check(&self, setup: &Setup) -> Finding;

    /// Makes it so. `None`: only a person can, as the finding says.
    fn fix(&self, _setup: &Setup, _progress: &Progress) -> Option<Result<()>> {
        None
    }
}

/// What the checks look at: the project and what the reader asked for.
pub struct Setup {
    pub project: Project,
    /// `--python PATH`
    pub python: Option<PathBuf>,
    found: OnceCell<Result<interpreter::Python, interpreter::NoPython>>,
}

impl Setup {
    pub fn new(project: Project, python: Option<PathBuf>) -> Setup {
        Setup {
            project,
            python,
            found: OnceCell::new(),
        }
    }

    /// The Python that makes environments, looked for once.
    pub fn base_python(&self) -> &Result<interpreter::Python, interpreter::NoPython> {
        self.found
            .get_or_init(|| interpreter::find(self.python.as_deref(), &self.project.venv()))
    }
}
