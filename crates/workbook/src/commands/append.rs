//! `workbook append`: datums become records of the log.
use crate::Outcome;
use anyhow::Context;
use indicatif::HumanCount;
use lambda_workbook::lambda::Options;
use lambda_workbook::notebook::table::counted;
use lambda_workbook::speed::feed_lines;
use std::fs::File;
use std::io::{BufReader, Write};
use std::path::PathBuf;

/// Append datums to the log of a home folder, where both layers read them.
///
/// A line that is no datum is appended too: the speed layer and every batch run report it,
/// with the reason.
#[derive(clap::Args)]
pub struct Args {
    /// Folder with the log, all data and both kinds of views; made if it is not there
    #[arg(long, value_name = "DIR")]
    home: PathBuf,
    #[command(flatten)]
    log: super::LogArgs,
    /// Datums as JSON lines; standard input if none is named
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,
}

pub fn run(args: Args) -> anyhow::Result<Outcome> {
    // Look at every file first, so that a mistyped name appends nothing.
    let files: Vec<(PathBuf, File)> = args
        .files
        .into_iter()
        .map(|path| {
            let file = File::open(&path).with_context(|| {
                format!("cannot open {}; name a file of JSON lines", path.display())
            })?;
            Ok((path, file))
        })
        .collect::<anyhow::Result<_>>()?;
    let lambda = args.log.open(&args.home, Options::default())?;
    let (log, topic) = (lambda.log(), lambda.topic());
    let mut appended = 0;
    for (path, file) in &files {
        appended += feed_lines(log, topic, BufReader::new(file))
            .with_context(|| format!("appending {}", path.display()))?;
    }
    if files.is_empty() {
        appended = feed_lines(log, topic, std::io::stdin().lock())?;
    }
    let records: u64 = log.ends(topic)?.iter().sum();
    // A reader that has gone (`| head -1`) is no fault.
    let _ = writeln!(
        std::io::stdout(),
        "appended {}; the log has {}",
        counted(appended as usize, "record", "records"),
        HumanCount(records)
    );
    Ok(Outcome::Done)
}
