//! `workbook speed`: the realtime views take in what waits in the log.
use crate::Outcome;
use indicatif::HumanCount;
use lambda_workbook::lambda::Options;
use lambda_workbook::notebook::table::counted;
use std::io::Write;
use std::path::PathBuf;

/// Records that are applied in one step.
const STEP: usize = 1 << 16;

/// Apply what waits in the log to the realtime views, each record once.
///
/// A run that is killed has applied some records whole and others not at all; the next run
/// goes on where it was.
#[derive(clap::Args)]
pub struct Args {
    /// Folder that `workbook append` made
    #[arg(long, value_name = "DIR")]
    home: PathBuf,
    #[command(flatten)]
    log: super::LogArgs,
}

pub fn run(args: Args) -> anyhow::Result<Outcome> {
    crate::commands::must_be_home(&args.home)?;
    let mut lambda = args.log.open(&args.home, Options::default())?;
    let (mut records, mut rejected) = (0, 0);
    while lambda.realtime().lag()? > 0 {
        let step = lambda.step(STEP)?;
        records += step.records;
        rejected += step.rejected;
    }
    let freshness = lambda.query()?.freshness();
    let mut out = std::io::stdout().lock();
    // A reader that has gone (`| head -1`) is no fault.
    let _ = writeln!(
        out,
        "applied {}, {} of them rejected; the realtime views hold {} since batch {}",
        counted(records as usize, "record", "records"),
        HumanCount(rejected),
        counted(freshness.realtime as usize, "record", "records"),
        freshness.batch
    );
    Ok(Outcome::Done)
}
