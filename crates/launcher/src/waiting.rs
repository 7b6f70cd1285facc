//! What a notebook's kernel is: the built one, or, until that is built, one that
//! waits for it.
//!
//! The kernelspec starts this program. Where the kernel is ready, this process
//! becomes it. Where it is not, it becomes `python/waiting_kernel.py`, which speaks
//! Jupyter's protocol with what `.venv` brings: it holds the cells that are run, shows
//! in them how far the build is, and becomes the kernel when that is ready. The
//! process, its sockets' addresses and the notebook's connection stay the same.
use crate::build::state::{Phase, State};
use crate::build::{KERNEL, RETRY};
use crate::project::Project;
use crate::{environment, lock, toolchain};
use anyhow::{Context, Result, bail};
use std::convert::Infallible;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

const PROGRAM: &str = include_str!("../python/waiting_kernel.py");

/// How long a build may take that has nothing to do: cargo's check alone.
const CHECK: Duration = Duration::from_secs(2);

#[derive(clap::Args)]
pub struct Args {
    /// The file in which Jupyter says where to listen
    #[arg(long, value_name = "FILE")]
    connection_file: PathBuf,
}

/// Becomes the kernel, or what waits for it.
///
/// # Errors
/// When neither can be started.
pub fn run(args: Args) -> Result<Infallible> {
    let project = Project::find()?;
    let started = Instant::now();
    loop {
        if let Some(kernel) = usable(&project) {
            let error = Command::new(&kernel)
                .args(["kernel", "--connection-file"])
                .arg(&args.connection_file)
                .exec();
            return Err(error).with_context(|| format!("{} cannot be started", kernel.display()));
        }
        if started.elapsed() > CHECK || !lock::is_building(&project) {
            break;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    wait(&project, &args)
}

/// The kernel that a notebook may use now, if there is one.
fn usable(project: &Project) -> Option<PathBuf> {
    if let Some(kernel) = std::env::var_os(KERNEL) {
        return Some(kernel.into());
    }
    let state = State::read(project)?;
    let kernel = state.kernel.filter(|kernel| kernel.program.is_file())?;
    let usable = match state.phase {
        Phase::Ready if lock::is_building(project) => true,
        // A build under way may replace it at any moment.
        Phase::Downloading | Phase::Compiling | Phase::Data if lock::is_building(project) => false,
        // Left from before: it works if cells are compiled as it was.
        _ => toolchain::rustc_version() == Some(kernel.rustc),
    };
    usable.then_some(kernel.program)
}

fn wait(project: &Project, args: &Args) -> Result<Infallible> {
    if let Err(what) = environment::whole(project) {
        bail!(".venv: {what}\n  fix: run `cargo lab`");
    }
    let error = Command::new(project.venv_python())
        .args(["-I", "-c", PROGRAM])
        .arg(&args.connection_file)
        .arg(&project.root)
        .arg(RETRY)
        .arg(crate::KERNEL_INFO)
        .exec();
    Err(error).context(".venv's Python cannot be started")
}
