//! The support crate as a dylib beside this binary: what every cell links.
use super::progress::Progress;
use super::project::Project;
use super::step::{Finding, RUN_LAB, Setup, Step};
use crate::kernel::place::Built;
use anyhow::Result;

/// The build this program belongs to, as the kernel finds it.
pub fn built(project: &Project) -> Result<Built> {
    Ok(Built {
        root: project.root.clone(),
        ..Built::find()?
    })
}

pub struct SupportCrate;

impl Step for SupportCrate {
    fn name(&self) -> &'static str {
        "support crate"
    }

    fn check(&self, setup: &Setup) -> Finding {
        let project = &setup.project;
        let built = match built(project) {
            Ok(built) => built,
            Err(error) => return Finding::problem(format!("{error:#}"), RUN_LAB),
        };
        let dylib = project.name(&built.dylib());
        if !built.dylib().is_file() {
            return Finding::problem(format!("{dylib} is not there"), RUN_LAB);
        }
        match built.changed_source() {
            Some(file) => Finding::problem(
                format!("{dylib} is older than {}", project.name(&file)),
                RUN_LAB,
            ),
            None => Finding::Fine(dylib),
        }
    }

    fn mend(&self, setup: &Setup, progress: &Progress) -> Option<Result<()>> {
        let task = progress.start("Building the support crate", 0);
        let done = built(&setup.project).and_then(|built| built.rebuild());
        Some(done.map(|()| task.done("")))
    }
}
