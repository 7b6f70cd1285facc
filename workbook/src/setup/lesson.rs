//! The lesson's data set, which every chapter reads.
use super::progress::Progress;
use super::project::Project;
use super::step::{Finding, RUN_LAB, Setup, Step};
use anyhow::{Context, Result};
use lambda_workbook::dataset::{Counts, Format, Spec, generate, manifest};
use std::path::{Path, PathBuf};

/// Where it lies: in `LAMBDA_WORKBOOK_DATA`, else in the project's `data/`.
pub fn folder(project: &Project) -> PathBuf {
    let data = std::env::var_os("LAMBDA_WORKBOOK_DATA").filter(|data| !data.is_empty());
    let data = data.map_or_else(|| project.root.join("data"), PathBuf::from);
    data.join("generated").join(Spec::lesson().name())
}

/// How many datums are in `folder`, if it holds a whole data set.
pub fn counts(folder: &Path) -> Option<Counts> {
    Some(manifest(folder)?.counts)
}

pub struct LessonData;

impl Step for LessonData {
    fn name(&self) -> &'static str {
        "lesson data"
    }

    fn check(&self, setup: &Setup) -> Finding {
        let folder = folder(&setup.project);
        let name = setup.project.name(&folder);
        match counts(&folder) {
            Some(counts) => Finding::Fine(format!("{} datums in {name}", counts.datums)),
            None if folder.exists() => Finding::problem(format!("{name} is not whole"), RUN_LAB),
            None => Finding::problem(format!("{name} is not there yet"), RUN_LAB),
        }
    }

    fn mend(&self, setup: &Setup, progress: &Progress) -> Option<Result<()>> {
        Some(make(&folder(&setup.project), progress))
    }
}

fn make(folder: &Path, progress: &Progress) -> Result<()> {
    let task = progress.start("Making the lesson's data", 0);
    let made = generate(&Spec::lesson(), folder, Format::Both, &|done, total| {
        task.set_total(total);
        task.at(done, "");
    })
    .with_context(|| format!("the lesson's data cannot be made in {}", folder.display()))?;
    task.done(&format!("{} datums", made.manifest.counts.datums));
    Ok(())
}
