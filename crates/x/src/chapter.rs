//! `cargo x chapter`: one chapter on the real kernel.
use crate::command::{cargo, counted};
use crate::{Failure, Result};
use std::path::Path;

/// Runs the test that executes the chapter and compares its outputs with those committed.
pub fn compare(root: &Path, name: &str) -> Result {
    let stem = find(root, name)?;
    let test = test_of(&stem);
    let arguments = ["test", "--locked", "--test", "all", "--", "--exact", &test];
    counted(root, &arguments, &test)
}

/// Executes the chapter and stores its outputs in the notebook.
pub fn write(root: &Path, name: &str) -> Result {
    let path = format!("notebooks/{}.ipynb", find(root, name)?);
    cargo(root, &["workbook", "run", "--write", &path]).run()
}

/// The full name of the chapter's test in `crates/workbook/tests/notebooks.rs`. It carries the
/// number before the first `_` of the notebook's name.
fn test_of(stem: &str) -> String {
    let number = stem.split('_').next().unwrap_or(stem);
    format!("notebooks::gives_what_is_committed::chapter_{number}")
}

/// Returns the notebook that a name means, without `.ipynb`: by its number, else by a
/// part of its name that no other chapter has.
fn find(root: &Path, name: &str) -> Result<String> {
    let stems = stems(&root.join("notebooks"))?;
    let wanted = name.strip_suffix(".ipynb").unwrap_or(name);
    let wanted = wanted.rsplit('/').next().unwrap_or(wanted);
    let number = wanted.strip_prefix("chapter_").unwrap_or(wanted);
    let numbered = |stem: &&String| stem.split('_').next() == Some(number);
    if let Some(stem) = stems.iter().find(numbered) {
        return Ok(stem.clone());
    }
    let named: Vec<&String> = stems.iter().filter(|stem| stem.contains(wanted)).collect();
    match named[..] {
        [stem] => Ok(stem.clone()),
        _ => {
            let which = if named.is_empty() {
                "no"
            } else {
                "more than one"
            };
            let known = stems.join("\n  ");
            Err(Failure::Usage(format!(
                "{which} chapter is called `{name}`; there are:\n  {known}"
            )))
        }
    }
}

fn stems(folder: &Path) -> Result<Vec<String>> {
    let unreadable = |error| Failure::Broken(format!("cannot read {}: {error}", folder.display()));
    let mut stems = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        if path.extension().is_some_and(|end| end == "ipynb") {
            stems.extend(
                path.file_stem()
                    .map(|stem| stem.to_string_lossy().into_owned()),
            );
        }
    }
    stems.sort();
    Ok(stems)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chapter_is_found_by_number_by_path_and_by_a_part_of_its_name() {
        let root = crate::project();
        for (name, stem) in [
            ("01", "01_page_views"),
            ("03", "03_people"),
            ("chapter_03", "03_people"),
            ("people", "03_people"),
            ("notebooks/03_people.ipynb", "03_people"),
        ] {
            assert_eq!(find(&root, name).unwrap(), stem, "{name}");
        }
        let found = find(&root, "_s");
        assert!(matches!(found, Err(Failure::Usage(words)) if words.contains("more than one")));
    }

    #[test]
    fn every_chapter_has_the_test_that_is_run_for_it() {
        let root = crate::project();
        let source =
            std::fs::read_to_string(root.join("crates/workbook/tests/notebooks.rs")).unwrap();
        assert!(source.contains("mod gives_what_is_committed {"));
        for stem in stems(&root.join("notebooks")).unwrap() {
            let test = test_of(&stem);
            let line = format!("{}: \"{stem}\",", test.rsplit(':').next().unwrap());
            assert!(
                source.contains(&line),
                "no line `{line}` in crates/workbook/tests/notebooks.rs"
            );
        }
    }
}
