//! `workbook bench`: builds and starts the measurements, a program of its own.
use crate::Outcome;
use anyhow::{Context, Result, bail};
use kernel::place::{Built, real_cargo};
use std::ffi::OsString;
use std::process::Command;

/// Measure beside the peers found on this machine, ratios first.
///
/// The measurements are the package `benches`, which is built when it is first asked for.
#[derive(clap::Args)]
#[command(disable_help_flag = true)]
pub struct Args {
    /// What to measure, and its options; `--help` lists them
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    words: Vec<OsString>,
}

pub fn run(args: Args) -> Result<Outcome> {
    let root = Built::find()?.root;
    if !root.join("benches/Cargo.toml").is_file() {
        bail!(
            "{}: no measurements are there; run this in a checkout of the project",
            root.display()
        );
    }
    let status = Command::new(real_cargo())
        .args(["run", "--quiet", "--package", "benches", "--"])
        .args(args.words)
        .current_dir(&root)
        .status()
        .context("cannot start cargo")?;
    match status.code() {
        Some(0) => Ok(Outcome::Done),
        Some(1) => Ok(Outcome::No),
        // It has said why.
        code => std::process::exit(code.unwrap_or(3)),
    }
}
