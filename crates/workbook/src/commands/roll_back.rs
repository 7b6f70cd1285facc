//! `workbook roll-back`: an older version of the views is served again.
use crate::Outcome;
use lambda_workbook::lambda::versions::Versions;
use lambda_workbook::lambda::{Lambda, Options};
use std::io::Write;
use std::path::PathBuf;

/// Serve an older version of the batch views again, or list those that are kept.
///
/// Nothing is removed: the next batch is computed from all data again, and is served then.
#[derive(clap::Args)]
pub struct Args {
    /// Folder with both layers; versions are then named by their batch
    #[arg(
        long,
        value_name = "DIR",
        required_unless_present = "views",
        conflicts_with = "views"
    )]
    home: Option<PathBuf>,
    /// Folder that `workbook batch --out` wrote
    #[arg(long, value_name = "DIR")]
    views: Option<PathBuf>,
    /// The batch, or with --views the version, to serve; without it they are listed
    number: Option<u64>,
}

pub fn run(args: Args) -> anyhow::Result<Outcome> {
    // What is kept, and which of it is served.
    let mut out = std::io::stdout().lock();
    let (what, kept, served) = match (&args.home, &args.views) {
        (Some(home), _) => {
            crate::commands::must_be_home(home)?;
            let mut lambda = Lambda::open_home(home, Options::default())?;
            if let Some(batch) = args.number {
                lambda.roll_back(batch)?;
            }
            let mut batches: Vec<u64> =
                lambda.kept()?.into_iter().map(|(batch, _)| batch).collect();
            batches.sort_unstable();
            batches.dedup();
            ("batch", batches, lambda.served().batch())
        }
        (None, Some(views)) => {
            let versions = Versions::at(views);
            if let Some(version) = args.number {
                versions.roll_back_to(version)?;
            }
            ("version", versions.kept()?, versions.served()?)
        }
        (None, None) => unreachable!("clap asks for one of them"),
    };
    for number in kept {
        let mark = if number == served { ", served" } else { "" };
        // A reader that has gone (`| head -1`) is no fault.
        let _ = writeln!(out, "{what} {number}{mark}");
    }
    Ok(Outcome::Done)
}
