//! The support crate as a dylib beside this binary: what every cell links.
use super::step::{Finding, Setup, Step};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// The dylib that cells link. It lies where cargo put this binary, so that any
/// target folder does.
pub fn dylib() -> std::io::Result<PathBuf> {
    let name = format!(
        "{}lambda_workbook{}",
        std::env::consts::DLL_PREFIX,
        std::env::consts::DLL_SUFFIX
    );
    Ok(std::env::current_exe()?.with_file_name(name))
}

pub struct SupportCrate;

impl Step for SupportCrate {
    fn name(&self) -> &'static str {
        "support crate"
    }

    fn check(&self, setup: &Setup) -> Finding {
        let mend = "run `cargo lab`, which builds it";
        let path = match dylib() {
            Ok(path) => path,
            Err(error) => return Finding::problem(format!("cannot be looked for: {error}"), mend),
        };
        let Ok(built) = std::fs::metadata(&path).and_then(|m| m.modified()) else {
            return Finding::problem(format!("{} is not there", path.display()), mend);
        };
        let root = &setup.project.root;
        let mut newest = None;
        newest_change(&root.join("src"), &mut newest);
        newest_change(&root.join("Cargo.toml"), &mut newest);
        match newest {
            Some((changed, file)) if changed > built => Finding::problem(
                format!(
                    "{} is older than {}",
                    setup.project.name(&path),
                    setup.project.name(&file)
                ),
                mend,
            ),
            _ => Finding::Fine(setup.project.name(&path)),
        }
    }
}

/// The file changed last in `path` or below, unless `newest` holds a later one.
fn newest_change(path: &Path, newest: &mut Option<(SystemTime, PathBuf)>) {
    if path.is_dir() {
        for entry in std::fs::read_dir(path).into_iter().flatten().flatten() {
            newest_change(&entry.path(), newest);
        }
    } else if let Ok(changed) = std::fs::metadata(path).and_then(|m| m.modified())
        && newest.as_ref().is_none_or(|(time, _)| changed > *time)
    {
        *newest = Some((changed, path.to_path_buf()));
    }
}
