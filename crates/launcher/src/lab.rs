//! `cargo lab`: JupyterLab to read at once, and the kernel built beside it.
use crate::build::Build;
use crate::progress::Progress;
use crate::project::Project;
use crate::step::{Finding, Setup, Step};
use crate::steps;
use crate::{disk, lock, port, reading, server, stop};
use anyhow::{Result, bail};
use std::ffi::OsString;
use std::path::PathBuf;

#[derive(clap::Args)]
pub struct Args {
    /// The Python that makes .venv; without it, the first suitable one on the PATH
    #[arg(long, value_name = "PATH", value_parser = program)]
    python: Option<PathBuf>,
    /// Answer on this port; without it, 8888 or the next free one
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    port: Option<u16>,
    /// Do not open a browser: the page's address is printed in any case
    #[arg(long)]
    no_browser: bool,
    /// Set up and build, and do not open JupyterLab
    #[arg(long, conflicts_with_all = ["port", "no_browser", "jupyter"])]
    setup_only: bool,
    /// After `--`: more arguments for `jupyter lab`
    #[arg(last = true, value_name = "ARGUMENT")]
    jupyter: Vec<OsString>,
}

/// A path that cannot be a Python is wrong use, reported before anything is done.
fn program(text: &str) -> Result<PathBuf, String> {
    let path = std::path::absolute(text).map_err(|error| error.to_string())?;
    if path.is_file() {
        Ok(path)
    } else {
        Err("no such file; name the python3 program itself".to_string())
    }
}

/// Runs the command until JupyterLab ends or the reader stops it.
///
/// # Errors
/// What is missing or broken, and how to fix it.
pub fn run(args: Args) -> Result<()> {
    let setup = Setup::new(Project::find()?, args.python);
    let project = &setup.project;
    let progress = Progress::on_stderr();

    // Before the long steps: a run that cannot end well should not begin. The locks
    // lie in the project folder, so that it can be written comes first.
    if let Finding::Problem { what, fix } = disk::Folder.check(&setup) {
        bail!("folder: {what}\n  fix: {fix}");
    }
    if !args.setup_only {
        drop(lock::open(project)?);
    }
    let locked = lock::setup(project)?;
    if !args.setup_only {
        port::choose(args.port)?;
    }
    for first in steps::before_the_build() {
        if let Finding::Problem { what, fix } = first.check(&setup) {
            bail!("{}: {what}\n  fix: {fix}", first.name());
        }
    }

    // The build and the installation of JupyterLab, side by side.
    stop::listen()?;
    server::adopt_orphans();
    let build = Build::start(project, &progress, !args.setup_only)?;
    let installed = steps::fix_all(&setup, &progress);
    if let Err(error) = installed {
        stop_build(build);
        if error.downcast_ref::<stop::Stopped>().is_none()
            && let Some(page) = reading::write(project)
        {
            progress.say(&format!(
                "JupyterLab cannot be opened. The chapters can be read all the same:\n\n  file://{}\n",
                page.display()
            ));
        }
        return Err(error);
    }
    if args.setup_only {
        build.join()?;
        stop::check()?;
        progress.say("Everything is set up");
        return Ok(());
    }

    let options = server::Options {
        port: port::choose(args.port)?,
        port_retries: if args.port.is_some() { 0 } else { port::TRIES },
        browser: !args.no_browser,
        more: args.jupyter,
    };
    let open = lock::open(project)?;
    let served = server::run(project, &options, open, locked, &progress);
    stop_build(build);
    server::end_orphans();
    if served.is_ok() {
        progress.say("done");
    }
    served
}

/// Ends a build under way; the next one continues where it was.
fn stop_build(build: Build) {
    stop::ask();
    // Its failure has been reported, or is that it was stopped.
    let _ = build.join();
}
