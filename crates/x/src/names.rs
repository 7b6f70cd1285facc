//! Names with two meanings: public types that share a name, so that a reader cannot tell which
//! one is meant.
//!
//! The crates that a cell links are one world: a notebook sees all of their names, and the
//! root re-exports them. Each other crate is a world of its own. In a world, one file declares
//! a name. `crates/x/names.txt` lists the exceptions, with the reason; a test fails at every
//! other name, and at an entry that is no exception any more.
//!
//! Files are read as text. A name is that of a struct, enum, union, trait or type alias with
//! `pub` before it, `pub(super)` as well. Two declarations in one file are one name: they are
//! usually the forms for two platforms.
use crate::manifest::{Package, packages};
use crate::{Failure, Result, sources};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// The crate that cells link.
const FACE: &str = "lambda_workbook";

/// Prints the names that more than one file declares, each with its files.
pub fn print(root: &Path) -> Result {
    for (name, files) in shared(root)? {
        println!("{name}: {}", files.join(" "));
    }
    Ok(())
}

/// Returns the names that more than one file of a world declares, each with these files.
fn shared(root: &Path) -> Result<BTreeMap<String, Vec<String>>> {
    let packages = packages(root)?;
    let linked = linked(&packages);
    let mut declared = Vec::new();
    let mut files = sources::all(root, Path::new("crates"))?;
    files.extend(sources::all(root, Path::new("benches"))?);
    for file in files {
        let path = file.display().to_string();
        let Some((package, _)) = path.split_once("/src/") else {
            continue;
        };
        // The folder of a crate has the crate's name.
        let package = package.strip_prefix("crates/").unwrap_or(package);
        let world = if linked.contains(package) {
            FACE
        } else {
            package
        };
        let text = fs::read_to_string(root.join(&file))
            .map_err(|error| Failure::Broken(format!("cannot read {path}: {error}")))?;
        let names = names(&text).into_iter();
        declared.extend(names.map(|name| (world.to_owned(), name, path.clone())));
    }
    Ok(in_two_files(declared))
}

/// Returns the names of the crates that cells link.
fn linked(packages: &[Package]) -> BTreeSet<&str> {
    let mut linked = BTreeSet::new();
    let mut open = vec![FACE];
    while let Some(name) = open.pop() {
        if linked.insert(name) {
            let found = packages.iter().filter(|package| package.name == name);
            open.extend(found.flat_map(|package| package.dependencies.iter().map(String::as_str)));
        }
    }
    linked
}

/// Returns the public types that a source declares.
fn names(text: &str) -> BTreeSet<String> {
    text.lines().filter_map(name).collect()
}

/// Returns the public type that a line declares.
fn name(line: &str) -> Option<String> {
    // `pub`, or `pub(super)` and the like.
    let rest = line.trim_start().strip_prefix("pub")?;
    let rest = match rest.strip_prefix('(') {
        Some(place) => place.split_once(')')?.1,
        None => rest,
    };
    let mut words = rest.strip_prefix(' ')?.split(' ').peekable();
    words.next_if_eq(&"unsafe");
    if !matches!(
        words.next()?,
        "struct" | "enum" | "union" | "trait" | "type"
    ) {
        return None;
    }
    let name = words.next()?;
    let end = name.find(|c: char| !(c.is_alphanumeric() || c == '_'));
    let name = &name[..end.unwrap_or(name.len())];
    // The `pub struct $name` of a macro declares no name here.
    (!name.is_empty()).then(|| name.to_owned())
}

/// Returns, of declarations as (world, name, file), the names that several files of one world
/// declare, each with these files.
fn in_two_files(
    declared: impl IntoIterator<Item = (String, String, String)>,
) -> BTreeMap<String, Vec<String>> {
    let mut files: BTreeMap<(String, String), BTreeSet<String>> = BTreeMap::new();
    for (world, name, file) in declared {
        files.entry((world, name)).or_default().insert(file);
    }
    let mut shared: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for ((_, name), files) in files {
        if files.len() > 1 {
            shared.entry(name).or_default().extend(files);
        }
    }
    shared
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The names that several files may declare, each with its reason behind a dash.
    const LISTED: &str = include_str!("../names.txt");

    #[test]
    fn a_public_name_has_one_meaning() {
        let listed = crate::exceptions(LISTED);
        let found = shared(&crate::project()).unwrap();
        let new: Vec<_> = found
            .iter()
            .filter(|(name, _)| !listed.contains(*name))
            .collect();
        assert!(
            new.is_empty(),
            "several files declare these names; rename all but one, so that each says which \
             thing it is: {new:#?}"
        );
        let gone: Vec<_> = listed
            .iter()
            .filter(|name| !found.contains_key(*name))
            .collect();
        assert!(
            gone.is_empty(),
            "crates/x/names.txt lists what only one file declares: {gone:#?}"
        );
    }

    #[test]
    fn every_form_of_a_public_type_is_read() {
        let text = "\
            pub struct A<T>(T);\npub(super) enum B {}\npub(crate) type C = A<u8>;\n    \
            pub unsafe trait D: Send {\npub union E {\n\
            // pub struct Comment;\nstruct Private;\npub fn function() {}\n\
            publish struct Other;\npub struct $name;\n    type Value = u8;\n";
        let found: Vec<String> = names(text).into_iter().collect();
        assert_eq!(found, ["A", "B", "C", "D", "E"]);
    }

    #[test]
    fn a_name_may_stand_in_two_worlds_and_twice_in_a_file() {
        let declared = [
            ("kernel", "State", "kernel/state.rs"),
            ("launcher", "State", "launcher/state.rs"),
            ("cells", "Plan", "calendar/plan.rs"),
            ("cells", "Plan", "dataset/plan.rs"),
            ("cells", "Wire", "cap/wire.rs"),
            ("cells", "Wire", "cap/wire.rs"),
        ];
        let declared = declared
            .map(|(world, name, file)| (world.to_owned(), name.to_owned(), file.to_owned()));
        let files = vec!["calendar/plan.rs".to_owned(), "dataset/plan.rs".to_owned()];
        assert_eq!(
            in_two_files(declared),
            BTreeMap::from([("Plan".to_owned(), files)])
        );
    }

    #[test]
    fn crates_that_cells_link_are_one_world() {
        let packages = packages(&crate::project()).unwrap();
        let linked = linked(&packages);
        for name in ["show", "lambda", "lessons", "exercises"] {
            assert!(linked.contains(name), "{name} is linked by cells");
        }
        for name in ["kernel", "workbook"] {
            assert!(!linked.contains(name), "{name} is a program");
        }
    }
}
