//! The list of steps: what a working set-up is, stated once for `lab` and `doctor`.
use super::progress::Progress;
use super::project::Project;
use super::{
    disk, environment, kernel, kernelspec, lesson, packages, page, peers, python, stop, toolchain,
    trust,
};
use anyhow::{Result, bail};
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

/// What must hold before JupyterLab can open, in the order in which set-up reaches it.
pub fn required() -> Vec<Box<dyn Step>> {
    vec![
        Box::new(disk::Folder),
        Box::new(disk::Space),
        Box::new(toolchain::Compiler),
        Box::new(toolchain::Linker),
        Box::new(python::PythonStep),
        Box::new(environment::Environment),
        Box::new(packages::Packages),
        Box::new(kernelspec::Kernelspec),
        Box::new(page::Page),
        Box::new(trust::Trust),
    ]
}

/// What must hold before anything is begun, because set-up cannot fix it.
pub fn before_the_build() -> Vec<Box<dyn Step>> {
    vec![
        Box::new(disk::Space),
        Box::new(toolchain::Compiler),
        Box::new(toolchain::Linker),
        Box::new(python::PythonStep),
    ]
}

/// What [`crate::build`] makes beside it.
pub fn built() -> Vec<Box<dyn Step>> {
    vec![Box::new(kernel::KernelStep), Box::new(lesson::LessonData)]
}

/// What is good to have.
pub fn optional() -> Vec<Box<dyn Step>> {
    peers::all()
}

/// Walks the required steps, fixes what is wrong, and stops at the first thing that
/// stays wrong. Returns how many steps needed work.
pub fn fix_all(setup: &Setup, progress: &Progress) -> Result<usize> {
    let mut fixed = 0;
    for step in required() {
        stop::check()?;
        let Finding::Problem { what, fix } = step.check(setup) else {
            continue;
        };
        match step.fix(setup, progress) {
            None => bail!("{}: {what}\n  fix: {fix}", step.name()),
            Some(done) => done?,
        }
        if let Finding::Problem { what, .. } = step.check(setup) {
            bail!(
                "{}: {what}, and doing it again did not help\n  fix: remove .venv and .lab, run `cargo lab` again, and report this if it comes back",
                step.name()
            );
        }
        fixed += 1;
    }
    Ok(fixed)
}
