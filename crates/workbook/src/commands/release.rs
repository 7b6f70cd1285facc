//! `workbook release`: makes the handouts in `exercises/` from `solutions/`.
//!
//! [`grade::handout`] says what a handout is. Its marks are nbgrader's, so that its tools
//! read the same source.
use crate::Outcome;
use anyhow::Result;
use grade::extract::extract;
use grade::handout::{handout, solutions};
use kernel::notebook_file::Notebook;
use kernel::place::Built;
use std::path::{Path, PathBuf};

mod course;

#[derive(clap::Args)]
pub struct Args {
    /// Change nothing: say which handouts are not current, and exit 1 if any
    #[arg(long)]
    check: bool,
    /// Replace notebooks that were solved in place, too
    #[arg(long)]
    force: bool,
    /// Make a course folder for nbgrader instead
    #[arg(long, value_name = "DIR", conflicts_with = "check")]
    nbgrader: Option<PathBuf>,
    /// What nbgrader's cases are drawn from; by lot unless said
    #[arg(long, requires = "nbgrader")]
    seed: Option<u64>,
}

pub fn run(args: Args) -> Result<Outcome> {
    let root = Built::find()?.root;
    if let Some(folder) = &args.nbgrader {
        let (seed, _) = uuid::Uuid::new_v4().as_u64_pair();
        return course::make(&root, folder, args.seed.unwrap_or(seed >> 12));
    }
    let mut stale = false;
    for solution in solutions(&root)? {
        let handout = handout(&solution)?;
        if is_current(&handout) {
            println!("{}: current", name(&handout.path));
            continue;
        }
        stale = true;
        if args.check {
            println!(
                "{}: not current, run `cargo workbook release`",
                name(&handout.path)
            );
            continue;
        }
        if !args.force && is_solved(&handout) {
            println!(
                "{}: solved in place, and left alone; --force replaces it",
                name(&handout.path)
            );
            continue;
        }
        if let Some(folder) = handout.path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        handout.write(&handout.path)?;
        println!("{}: made", name(&handout.path));
    }
    Ok(if args.check && stale {
        Outcome::No
    } else {
        Outcome::Done
    })
}

fn name(path: &Path) -> String {
    let file = path.file_name().unwrap_or_default().to_string_lossy();
    format!("exercises/{file}")
}

/// Whether somebody has written an answer where the handout would go.
fn is_solved(handout: &Notebook) -> bool {
    let stem = handout.path.file_stem().unwrap_or_default();
    let exercise = lambda_workbook::exercises::find(&stem.to_string_lossy());
    let (Some(exercise), Ok(on_disk)) = (exercise, Notebook::read(&handout.path)) else {
        return false;
    };
    let answer = extract(&on_disk, handout, exercise);
    answer.is_ok_and(|answer| !answer.source.contains("todo!()"))
}

fn is_current(handout: &Notebook) -> bool {
    Notebook::read(&handout.path).is_ok_and(|on_disk| on_disk.json == handout.json)
}
