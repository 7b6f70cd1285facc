//! `workbook kernel`: what the kernelspec starts, one process a notebook.

use crate::Outcome;
use kernel::{held, place::Built, session, wire::ConnectionFile};
use std::path::PathBuf;

#[derive(clap::Args)]
pub struct Args {
    /// The file in which Jupyter says where to listen
    #[arg(long, value_name = "FILE")]
    connection_file: PathBuf,
    /// Cells that were run before this kernel was built; the file is removed
    #[arg(long, value_name = "FILE", hide = true)]
    held: Option<PathBuf>,
}

pub fn run(args: Args) -> anyhow::Result<Outcome> {
    // A completer that has died must not end the kernel that writes to it.
    // SAFETY: no other thread runs yet.
    unsafe { libc::signal(libc::SIGPIPE, libc::SIG_IGN) };
    let connection = ConnectionFile::read(&args.connection_file)?;
    let held = match &args.held {
        Some(path) => held::take(path, &connection.signer())?,
        None => Vec::new(),
    };
    let built = Built::find()?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let served = runtime.block_on(session::serve(&connection, built, held));
    // Not waited for: the support crate may be building.
    runtime.shutdown_background();
    served?;
    Ok(Outcome::Done)
}
