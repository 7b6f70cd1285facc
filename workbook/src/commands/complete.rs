//! `workbook complete`: the kernel's completer.

use crate::Outcome;
use crate::kernel::{complete::analysis, place::Built};

#[derive(clap::Args)]
pub struct Args {}

pub fn run(_args: Args) -> anyhow::Result<Outcome> {
    analysis::serve(&Built::find()?.root)?;
    Ok(Outcome::Done)
}
