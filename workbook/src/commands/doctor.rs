//! `workbook doctor`: what is wrong with the set-up, and the mend.
use crate::Outcome;
use crate::setup::project::Project;
use crate::setup::step::{self, Finding, Setup};
use anyhow::Result;
use std::path::PathBuf;

#[derive(clap::Args)]
pub struct Args {
    /// Look at this Python, as `workbook lab --python` would
    #[arg(long, value_name = "PATH")]
    python: Option<PathBuf>,
}

pub fn run(args: Args) -> Result<Outcome> {
    let setup = Setup::new(Project::find()?, args.python);
    let mut problems = 0;
    for step in step::required().into_iter().chain(step::optional()) {
        let (state, text, mend) = match step.check(&setup) {
            Finding::Fine(text) => ("ok", text, None),
            Finding::Problem { what, mend } => ("PROBLEM", what, Some(mend)),
            Finding::Optional { what, mend } => ("optional", what, Some(mend)),
        };
        println!("{state:<9} {:<15} {text}", step.name());
        if let Some(mend) = mend {
            println!("{:<26}mend: {mend}", "");
        }
        problems += usize::from(state == "PROBLEM");
    }
    match problems {
        0 => {
            println!("\nEverything that must hold does.");
            Ok(Outcome::Done)
        }
        1 => {
            println!("\n1 problem.");
            Ok(Outcome::No)
        }
        n => {
            println!("\n{n} problems. Mend the first one first.");
            Ok(Outcome::No)
        }
    }
}
