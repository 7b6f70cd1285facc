//! `workbook prepare`: what the chapters need beside the kernel, which is the lesson's
//! data set.
use crate::Outcome;
use anyhow::{Context, Result};
use indicatif::HumanCount;
use lambda_workbook::dataset::{self, Format, Spec};

#[derive(clap::Args)]
pub struct Args {
    /// Only say whether it is there
    #[arg(long)]
    check: bool,
}

pub fn run(args: Args) -> Result<Outcome> {
    let spec = Spec::lesson();
    let folder = dataset::home()?.join("generated").join(spec.name());
    if args.check {
        return Ok(match dataset::manifest(&folder) {
            Some(manifest) => {
                let datums = HumanCount(manifest.counts.datums);
                println!("{datums} datums in {}", folder.display());
                Outcome::Done
            }
            None if folder.exists() => {
                println!("{} is not whole", folder.display());
                Outcome::No
            }
            None => {
                println!("{} is not there yet", folder.display());
                Outcome::No
            }
        });
    }
    let made = dataset::generate(&spec, &folder, Format::Both, &|_, _| {})
        .with_context(|| format!("the lesson's data cannot be made in {}", folder.display()))?;
    println!("{} datums", HumanCount(made.manifest.counts.datums));
    Ok(Outcome::Done)
}
