//! The Rust sources of the project, and those that no line `mod NAME;` declares.
//!
//! rustfmt follows these lines from the root of each crate. It finds neither a module
//! that a macro declares, nor a crate outside the workspace.
use crate::{Failure, Result};
use std::fs;
use std::path::{Path, PathBuf};

/// Folders and files that are not formatted, because they are read as text:
/// known wrong answers, in which one line holds the mistake and the first line names the
/// case that finds it; hostile submissions, some of which no parser reads; and an outline
/// that only rust-analyzer reads.
const AS_TEXT: [&str; 3] = [
    "solutions/mutants",
    "crates/workbook/tests/grade/attacks",
    "crates/completer/src/std_outline.rs",
];

/// Folders of the project in which Rust sources lie.
const FOLDERS: [&str; 6] = ["src", "tests", "crates", "benches", "cells", "rivals"];

/// Returns the sources that rustfmt does not find from the workspace, relative to the
/// project, in order.
pub fn hidden(root: &Path) -> Result<Vec<PathBuf>> {
    let mut hidden = Vec::new();
    for folder in FOLDERS {
        for file in all(root, Path::new(folder))? {
            let outside = ["cells", "benches/peers", "rivals"];
            let member = !outside.iter().any(|folder| file.starts_with(folder));
            let found = member && is_root(root, &file) || is_declared(root, &file)?;
            if !found {
                hidden.push(file);
            }
        }
    }
    hidden.sort();
    Ok(hidden)
}

/// Returns the sources under a folder, relative to the project, except for those that are read
/// as text.
pub fn all(root: &Path, folder: &Path) -> Result<Vec<PathBuf>> {
    let unreadable = |error| Failure::Broken(format!("cannot read {}: {error}", folder.display()));
    let mut found = Vec::new();
    for entry in fs::read_dir(root.join(folder)).map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        let path = folder.join(entry.file_name());
        if AS_TEXT.iter().any(|text| path == Path::new(text)) || entry.file_name() == "target" {
            continue;
        }
        if entry.file_type().map_err(unreadable)?.is_dir() {
            found.extend(all(root, &path)?);
        } else if path.extension().is_some_and(|end| end == "rs") {
            found.push(path);
        }
    }
    Ok(found)
}

/// Whether cargo takes a file for the root of a library, a program or a test program.
fn is_root(root: &Path, file: &Path) -> bool {
    let folder = file.parent().unwrap_or(Path::new(""));
    // Without a `main.rs`, each file of `tests` is a program.
    let alone = folder.ends_with("tests") && !root.join(folder).join("main.rs").is_file();
    file.ends_with("src/lib.rs")
        || file.ends_with("src/main.rs")
        || file.ends_with("tests/main.rs")
        || folder.ends_with("src/bin")
        || folder.ends_with("examples")
        || root.join(folder).join("Cargo.toml").is_file() && file.ends_with("build.rs")
        || alone
}

/// Whether a line of another file declares this one as a module.
fn is_declared(root: &Path, file: &Path) -> Result<bool> {
    let folder = file.parent().unwrap_or(Path::new(""));
    // `a/mod.rs` is the module `a` of the folder above.
    let (module, above) = if file.ends_with("mod.rs") {
        (folder, folder.parent().unwrap_or(Path::new("")))
    } else {
        (file, folder)
    };
    let name = module.file_stem().unwrap_or_default().to_string_lossy();
    let declared = format!("mod {name};");
    let parents = ["lib.rs", "main.rs", "mod.rs"].map(|parent| above.join(parent));
    for parent in parents.into_iter().chain([above.with_extension("rs")]) {
        let text = fs::read_to_string(root.join(&parent)).unwrap_or_default();
        let ends = |line: &str| {
            let line = line.trim_end();
            let before = line.strip_suffix(&declared);
            before.is_some_and(|before| before.is_empty() || before.ends_with(' '))
        };
        if text.lines().any(ends) {
            return Ok(true);
        }
    }
    // `#[path = "name_tests.rs"] mod tests;` stands in a file of the same folder.
    let path = format!("#[path = \"{name}.rs\"]");
    let folder = root.join(folder);
    let unreadable = |error| Failure::Broken(format!("cannot read {}: {error}", folder.display()));
    for entry in fs::read_dir(&folder).map_err(unreadable)? {
        let other = entry.map_err(unreadable)?.path();
        let is_source = other.extension().is_some_and(|end| end == "rs");
        if is_source && fs::read_to_string(&other).is_ok_and(|text| text.contains(&path)) {
            return Ok(true);
        }
    }
    Ok(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A file that no module declares is not compiled: its tests do not run, and nothing
    /// else would say so.
    #[test]
    fn every_source_is_compiled() {
        let root = crate::project();
        let list = fs::read_to_string(root.join("crates/exercises/src/lib.rs")).unwrap();
        let list = list
            .split("exercises![")
            .nth(1)
            .expect("the list of exercises");
        let list = list.split("];").next().unwrap();
        for file in hidden(&root).unwrap() {
            let outside = ["cells", "benches/peers", "rivals"];
            let outside = outside.iter().any(|folder| file.starts_with(folder));
            let stem = file.file_stem().unwrap().to_string_lossy();
            let stem = stem.strip_suffix("_tests").unwrap_or(&stem);
            let exercise = file.starts_with("crates/exercises/src")
                && list.lines().any(|line| line.trim() == format!("{stem},"));
            assert!(outside || exercise, "no module declares {}", file.display());
        }
    }

    #[test]
    fn the_exercises_and_the_crates_outside_the_workspace_are_hidden() {
        let hidden = hidden(&crate::project()).unwrap();
        for file in [
            "crates/exercises/src/pacific_days.rs",
            "cells/src/lib.rs",
            "benches/peers/src/main.rs",
        ] {
            assert!(hidden.contains(&PathBuf::from(file)), "{file}: {hidden:?}");
        }
        assert!(!hidden.contains(&PathBuf::from("crates/exercises/src/judge.rs")));
    }
}
