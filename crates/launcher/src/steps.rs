//! The list of steps: what a working set-up is, stated once for `lab` and `doctor`.
use super::progress::Progress;
use super::step::{Finding, Setup, Step};
use super::{
    disk, environment, kernel, kernelspec, lesson, packages, page, peers, python, stop, toolchain,
    trust,
};
use anyhow::{Result, bail};

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
