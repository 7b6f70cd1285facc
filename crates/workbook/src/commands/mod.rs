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

use anyhow::bail;
use std::path::Path;

/// Refuses a home folder that is not there: a mistyped name would make an empty one.
pub(crate) fn must_be_home(home: &Path) -> anyhow::Result<()> {
    if !home.join("log").is_dir() {
        bail!(
            "{}: no log is there; make it with `workbook append --home {} FILE`",
            home.display(),
            home.display()
        );
    }
    Ok(())
}
