//! `workbook lab`: everything set up, JupyterLab open.
use crate::Outcome;
use crate::setup::progress::Progress;
use crate::setup::project::Project;
use crate::setup::step::{self, Setup};
use crate::setup::{disk, lock, port, server};
use anyhow::{Result, bail};
use std::ffi::OsString;
use std::path::PathBuf;

#[derive(clap::Args)]
pub struct Args {
    /// The Python that makes .venv; without it, the first fit one on the PATH
    #[arg(long, value_name = "PATH", value_parser = program)]
    python: Option<PathBuf>,
    /// Answer on this port; without it, 8888 or the next free one
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    port: Option<u16>,
    /// Do not open a browser: the page's address is printed in any case
    #[arg(long)]
    no_browser: bool,
    /// Set up, and do not open JupyterLab
    #[arg(long, conflicts_with_all = ["port", "no_browser", "jupyter"])]
    setup_only: bool,
    /// After `--`: more arguments for `jupyter lab`
    #[arg(last = true, value_name = "ARGUMENT")]
    jupyter: Vec<OsString>,
}

/// A path that cannot be a Python is wrong use, told before anything is done.
fn program(text: &str) -> Result<PathBuf, String> {
    let path = std::path::absolute(text).map_err(|error| error.to_string())?;
    if path.is_file() {
        Ok(path)
    } else {
        Err("no such file; name the python3 program itself".to_string())
    }
}

pub fn run(args: Args) -> Result<Outcome> {
    let setup = Setup::new(Project::find()?, args.python);
    let project = &setup.project;
    let progress = Progress::on_stderr();
    // The locks lie in the project folder, so that it can be written comes first.
    if let step::Finding::Problem { what, mend } = step::Step::check(&disk::Folder, &setup) {
        bail!("folder: {what}\n  mend: {mend}");
    }
    let locked = lock::setup(project)?;
    if args.setup_only {
        let mended = step::mend_all(&setup, &progress)?;
        progress.say(match mended {
            0 => "Everything is set up",
            _ => "Everything is set up now",
        });
        return Ok(Outcome::Done);
    }
    // Before the long steps: a run that cannot end well should not begin.
    drop(lock::open(project)?);
    port::choose(args.port)?;
    step::mend_all(&setup, &progress)?;
    let options = server::Options {
        port: port::choose(args.port)?,
        port_retries: if args.port.is_some() { 0 } else { port::TRIES },
        browser: !args.no_browser,
        more: args.jupyter,
    };
    let open = lock::open(project)?;
    server::run(project, &options, open, locked, &progress)?;
    Ok(Outcome::Done)
}
