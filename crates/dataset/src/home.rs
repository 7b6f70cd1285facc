//! Where the project keeps its data, and the sets that its chapters share.
use super::error::{DatasetError, Result};
use super::make::{Format, generate};
use super::parquet::read_parquet;
use super::spec::Spec;
use polars::frame::DataFrame;
use std::env;
use std::path::{Path, PathBuf};

/// The columns of a page view.
pub const PAGE_VIEW_COLUMNS: [&str; 6] = [
    "true_as_of_secs",
    "kind",
    "url",
    "cookie",
    "user_id",
    "nonce",
];

/// The project's `data/` folder: `LAMBDA_WORKBOOK_DATA` if set, else that of
/// the project around the current directory.
pub fn home() -> Result<PathBuf> {
    if let Some(data) = env::var_os("LAMBDA_WORKBOOK_DATA").filter(|data| !data.is_empty()) {
        return Ok(data.into());
    }
    let here = env::current_dir().unwrap_or_default();
    find_home(&here).ok_or(DatasetError::NoHome { from: here })
}

/// The `data/` of the nearest folder upwards that holds `notebooks/` and
/// `Cargo.toml`.
fn find_home(from: &Path) -> Option<PathBuf> {
    let project = from
        .ancestors()
        .find(|dir| dir.join("notebooks").is_dir() && dir.join("Cargo.toml").is_file())?;
    Some(project.join("data"))
}

/// The folder of a data set under [`home`], made if it is missing.
///
/// The first call for a set takes as long as making it; later ones look at
/// three files.
pub fn ensure(spec: &Spec) -> Result<PathBuf> {
    spec.check()?;
    let path = home()?.join("generated").join(spec.name());
    Ok(generate(spec, &path, Format::Both, &|_, _| ())?.path)
}

/// The lesson's page views as they came, raw URLs, duplicates and all:
/// 1,409,422 rows with the columns [`PAGE_VIEW_COLUMNS`].
///
/// The set is made if it is missing.
pub fn lesson() -> Result<DataFrame> {
    let parquet = ensure(&Spec::lesson())?.join(super::folder::PARQUET);
    read_parquet(parquet, &PAGE_VIEW_COLUMNS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn home_is_found_from_anywhere_in_the_project_and_nowhere_outside() {
        let root = tempfile::tempdir().unwrap();
        let deep = root.path().join("crates/workbook/src");
        fs::create_dir_all(&deep).unwrap();
        assert_eq!(find_home(&deep), None);
        fs::create_dir(root.path().join("notebooks")).unwrap();
        fs::write(root.path().join("Cargo.toml"), "").unwrap();
        fs::write(root.path().join("crates/workbook/Cargo.toml"), "").unwrap();
        assert_eq!(find_home(&deep), Some(root.path().join("data")));
    }
}
