//! `workbook kernel`: what the kernelspec starts, one process a notebook.

use crate::Outcome;
use crate::kernel::{place::Built, session, wire::ConnectionFile};
use std::path::PathBuf;

#[derive(clap::Args)]
pub struct Args {
    /// The file in which Jupyter says where to listen
    #[arg(long, value_name = "FILE")]
    connection_file: PathBuf,
}

pub fn run(args: Args) -> anyhow::Result<Outcome> {
    let connection = ConnectionFile::read(&args.connection_file)?;
    let built = Built::find()?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let served = runtime.block_on(session::serve(&connection, built));
    // Not waited for: the support crate may be building.
    runtime.shutdown_background();
    served?;
    Ok(Outcome::Done)
}
