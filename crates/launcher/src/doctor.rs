//! `cargo workbook doctor` (or `cargo lab doctor`, which needs no built kernel): what
//! is wrong with the set-up, and how to fix it.
use crate::project::Project;
use crate::step::{Finding, Setup};
use crate::steps;
use anyhow::Result;
use std::path::PathBuf;

#[derive(clap::Args)]
pub struct Args {
    /// Look at this Python, as `cargo lab --python` would
    #[arg(long, value_name = "PATH")]
    python: Option<PathBuf>,
}

/// Reports every step; returns whether all that must hold does.
///
/// # Errors
/// When there is no project folder.
pub fn run(args: Args) -> Result<bool> {
    let setup = Setup::new(Project::find()?, args.python);
    let steps = [steps::required(), steps::built(), steps::optional()];
    let mut problems = 0;
    for step in steps.into_iter().flatten() {
        let (state, text, fix) = match step.check(&setup) {
            Finding::Fine(text) => ("ok", text, None),
            Finding::Problem { what, fix } => ("PROBLEM", what, Some(fix)),
            Finding::Optional { what, fix } => ("optional", what, Some(fix)),
        };
        println!("{state:<9} {:<15} {text}", step.name());
        if let Some(fix) = fix {
            println!("{:<26}fix: {fix}", "");
        }
        problems += usize::from(state == "PROBLEM");
    }
    match problems {
        0 => println!("\nEverything that must hold does."),
        1 => println!("\n1 problem."),
        n => println!("\n{n} problems. Fix the first one first."),
    }
    Ok(problems == 0)
}
