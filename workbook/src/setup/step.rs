//! The list of steps: what a working set-up is, told once for `lab` and `doctor`.
use super::progress::Progress;
use super::project::Project;
use super::{
    disk, environment, kernelspec, lesson, packages, peers, python, support, toolchain, trust,
};
use anyhow::{Result, bail};
use std::cell::OnceCell;
use std::path::PathBuf;

/// What a check found.
#[derive(Debug, Clone, PartialEq)]
pub enum Finding {
    /// In order; the text says what was found.
    Fine(String),
    /// Something is wrong: what, and what mends it.
    Problem { what: String, mend: String },
    /// Not there, and nothing that must be: what it would give, and how to get it.
    Optional { what: String, mend: String },
}

impl Finding {
    pub fn problem(what: impl Into<String>, mend: impl Into<String>) -> Finding {
        Finding::Problem {
            what: what.into(),
            mend: mend.into(),
        }
    }

    pub fn optional(what: impl Into<String>, mend: impl Into<String>) -> Finding {
        Finding::Optional {
            what: what.into(),
            mend: mend.into(),
        }
    }
}

/// What mends every step that set-up can mend.
pub const RUN_LAB: &str = "run `cargo lab`, which mends it";

/// One thing that must hold before a notebook opens.
pub trait Step {
    /// A short name, for the first column of `doctor`.
    fn name(&self) -> &'static str;

    /// Looks, and changes nothing.
    fn check(&self, setup: &Setup) -> Finding;

    /// Makes it so. `None`: only a person can, as the finding says.
    fn mend(&self, _setup: &Setup, _progress: &Progress) -> Option<Result<()>> {
        None
    }
}

/// What the checks look at: the project and what the reader asked for.
pub struct Setup {
    pub project: Project,
    /// `--python PATH`
    pub python: Option<PathBuf>,
    found: OnceCell<Result<python::Python, python::NoPython>>,
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
    pub fn base_python(&self) -> &Result<python::Python, python::NoPython> {
        self.found
            .get_or_init(|| python::find(self.python.as_deref(), &self.project.venv()))
    }
}

/// What must hold, in the order in which set-up reaches it.
pub fn required() -> Vec<Box<dyn Step>> {
    vec![
        Box::new(disk::Folder),
        Box::new(disk::Space),
        Box::new(toolchain::Compiler),
        Box::new(toolchain::Linker),
        Box::new(support::SupportCrate),
        Box::new(python::PythonStep),
        Box::new(environment::Environment),
        Box::new(packages::Packages),
        Box::new(kernelspec::Kernelspec),
        Box::new(trust::Trust),
        Box::new(lesson::LessonData),
    ]
}

/// What is good to have.
pub fn optional() -> Vec<Box<dyn Step>> {
    peers::all()
}

/// Walks the required steps, mends what is wrong, and stops at the first thing
/// that stays wrong. Says how many steps needed work.
pub fn mend_all(setup: &Setup, progress: &Progress) -> Result<usize> {
    let mut mended = 0;
    for step in required() {
        let Finding::Problem { what, mend } = step.check(setup) else {
            continue;
        };
        match step.mend(setup, progress) {
            None => bail!("{}: {what}\n  mend: {mend}", step.name()),
            Some(done) => done?,
        }
        if let Finding::Problem { what, .. } = step.check(setup) {
            bail!(
                "{}: {what}, and doing it again did not help\n  mend: remove .venv and .lab, run `cargo lab` again, and report this if it comes back",
                step.name()
            );
        }
        mended += 1;
    }
    Ok(mended)
}
