//! One file per command.
pub mod append;
pub mod batch;
pub mod bench;
pub mod check;
pub mod data;
pub mod grade;
pub mod kernel;
pub mod prepare;
pub mod query;
pub mod release;
pub mod roll_back;
pub mod run;
pub mod soak;
pub mod speed;
pub mod stream;
pub mod up;

use anyhow::bail;
use lambda_workbook::lambda::{Lambda, Options, is_home};
use std::path::Path;

/// Where the log and the realtime views of a home folder lie.
#[derive(clap::Args)]
pub struct LogArgs {
    /// Log of the home folder, if it is not in the folder: kafka://HOST:PORT/TOPIC. The folder
    /// remembers it
    #[arg(long, value_name = "ADDRESS", requires = "home")]
    log: Option<String>,
    /// Realtime views of the home folder, if they are not in the folder: hbase://HOST:PORT. The
    /// folder remembers it
    #[arg(long, value_name = "ADDRESS", requires = "home")]
    store: Option<String>,
}

impl LogArgs {
    /// Opens both layers.
    pub(crate) fn open(&self, home: &Path, options: Options) -> anyhow::Result<Lambda> {
        Ok(Lambda::open_home_on(
            home,
            self.log.as_deref(),
            self.store.as_deref(),
            options,
        )?)
    }
}

/// Refuses a home folder that is not there: a mistyped name would make an empty one.
pub(crate) fn must_be_home(home: &Path) -> anyhow::Result<()> {
    if !is_home(home) {
        bail!(
            "{}: no log is there; make it with `workbook append --home {} FILE`",
            home.display(),
            home.display()
        );
    }
    Ok(())
}
