//! Import circles: files of a crate that import each other, so that none can be read first.
//!
//! A circle is fine where a type and the file with its second `impl` are one concept.
//! `crates/x/circles.txt` lists these, with the reason; a test fails at every other one, and
//! at an entry that is no circle any more.
//!
//! Files are read as text. An import of a parent module does not count, because a parent
//! re-exports its children; a name that it re-exports counts as an import of the child.
use crate::{Failure, Result};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// A module as the names from the crate's root: `["serving", "store"]`.
type Module = Vec<String>;

/// Prints the circles of every crate.
pub fn print(root: &Path) -> Result {
    for circle in all(root)? {
        println!("{circle}");
    }
    Ok(())
}

/// Returns the circles of all crates of the workspace, each as "crate: file file ...".
pub fn all(root: &Path) -> Result<BTreeSet<String>> {
    let crates = root.join("crates");
    let entries = fs::read_dir(&crates).map_err(|error| broken(&crates, &error))?;
    let mut packages: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    packages.push(root.join("benches"));
    let mut found = BTreeSet::new();
    for package in packages {
        let name = package.file_name().unwrap_or_default().to_string_lossy();
        for circle in of_package(&package.join("src"))? {
            found.insert(format!("{name}: {}", circle.join(" ")));
        }
    }
    Ok(found)
}

fn broken(path: &Path, error: &std::io::Error) -> Failure {
    Failure::Broken(format!("cannot read {}: {error}", path.display()))
}

/// Returns the circles among the files of a package, each as sorted paths without endings.
fn of_package(src: &Path) -> Result<Vec<Vec<String>>> {
    // Read every file but the tests.
    let mut texts: BTreeMap<Module, String> = BTreeMap::new();
    let mut folders = vec![src.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if let Some(module) = module_of(src, &path) {
                let text = fs::read_to_string(&path).map_err(|error| broken(&path, &error))?;
                texts.insert(module, code(&text));
            }
        }
    }
    let modules: BTreeSet<&Module> = texts.keys().collect();

    // What each module re-exports of its children: (module, name) -> child.
    let mut exported: BTreeMap<(Module, String), Module> = BTreeMap::new();
    for (module, text) in &texts {
        for path in imports(text, "pub use ").chain(imports(text, "pub(crate) use ")) {
            let path: Vec<&String> = path.iter().filter(|part| *part != "self").collect();
            if let [child, .., name] = path[..] {
                let child = [&module[..], std::slice::from_ref(child)].concat();
                if modules.contains(&child) {
                    exported.insert((module.clone(), name.clone()), child);
                }
            }
        }
    }

    // Which file imports which.
    let mut edges: BTreeMap<&Module, BTreeSet<&Module>> = BTreeMap::new();
    for (module, text) in &texts {
        for path in imports(text, "use ").chain(inline(text)) {
            let Some(target) = resolve(module, &path, &modules, &exported) else {
                continue;
            };
            if target != *module
                && !module.starts_with(&target)
                && let Some(target) = modules.get(&target)
            {
                edges.entry(module).or_default().insert(target);
            }
        }
    }
    Ok(circles(&edges))
}

/// Returns the module of a source file; `None` for a file of tests and for other files.
fn module_of(src: &Path, path: &Path) -> Option<Module> {
    let relative = path.strip_prefix(src).ok()?.with_extension("");
    let mut parts: Module = relative
        .iter()
        .map(|part| part.to_string_lossy().into_owned())
        .collect();
    let tests = parts.iter().any(|part| part.ends_with("tests"));
    if path.extension()? != "rs" || tests {
        return None;
    }
    if matches!(parts.last()?.as_str(), "mod" | "lib" | "main") {
        parts.pop();
    }
    Some(parts)
}

/// Returns the code of a file without comments and without what follows its tests.
fn code(text: &str) -> String {
    let code = text.split("\n#[cfg(test)]\n").next().unwrap_or_default();
    let lines = code
        .lines()
        .map(|line| line.split("//").next().unwrap_or_default());
    lines.collect::<Vec<_>>().join("\n")
}

/// Returns the paths that the `use` items of a text name, with their trees spread out.
fn imports<'a>(text: &'a str, keyword: &'a str) -> impl Iterator<Item = Vec<String>> + 'a {
    text.match_indices(keyword).flat_map(move |(at, _)| {
        // `use` stands alone, not at the end of another word.
        let alone = !text[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_');
        let tree = text[at + keyword.len()..].split(';').next();
        let mut paths = Vec::new();
        if let (true, Some(tree)) = (alone, tree) {
            spread(&[], tree, &mut paths);
        }
        paths
    })
}

/// Spreads a tree such as `a::{b, c::d}` into its paths.
fn spread(before: &[String], tree: &str, paths: &mut Vec<Vec<String>>) {
    let (head, group) = match tree.split_once('{') {
        Some((head, rest)) => (head, Some(rest.rsplit_once('}').map_or(rest, |it| it.0))),
        None => (tree, None),
    };
    let mut path = before.to_vec();
    let names = head
        .split("::")
        .map(|part| part.split_whitespace().next().unwrap_or_default());
    path.extend(names.filter(|name| !name.is_empty()).map(str::to_owned));
    let Some(group) = group else {
        return paths.push(path);
    };
    // The commas of the group itself, not those of groups in it.
    let (mut depth, mut start) = (0, 0);
    for (at, c) in group.char_indices().chain([(group.len(), ',')]) {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                if !group[start..at].trim().is_empty() {
                    spread(&path, &group[start..at], paths);
                }
                start = at + 1;
            }
            _ => {}
        }
    }
}

/// Returns the paths that start at the crate or at a parent, wherever they stand.
fn inline(text: &str) -> impl Iterator<Item = Vec<String>> {
    let starts = ["crate::", "super::"];
    starts.into_iter().flat_map(move |start| {
        text.match_indices(start).map(|(at, _)| {
            let rest = &text[at..];
            let end = rest.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == ':'));
            let path = &rest[..end.unwrap_or(rest.len())];
            path.split("::")
                .filter(|part| !part.is_empty())
                .map(str::to_owned)
                .collect()
        })
    })
}

/// Returns the module that a path leads to, if it stays in the crate.
fn resolve(
    from: &Module,
    path: &[String],
    modules: &BTreeSet<&Module>,
    exported: &BTreeMap<(Module, String), Module>,
) -> Option<Module> {
    let mut parts = path.iter();
    let mut at = match parts.next()?.as_str() {
        "crate" => Module::new(),
        "super" => from.split_last()?.1.to_vec(),
        _ => return None,
    };
    for part in parts {
        let child = [&at[..], std::slice::from_ref(part)].concat();
        if part == "super" {
            at.pop();
        } else if modules.contains(&child) {
            at = child;
        } else {
            return Some(
                exported
                    .get(&(at.clone(), part.clone()))
                    .cloned()
                    .unwrap_or(at),
            );
        }
    }
    Some(at)
}

/// Returns the groups of modules that reach each other.
fn circles(edges: &BTreeMap<&Module, BTreeSet<&Module>>) -> Vec<Vec<String>> {
    let reach = |from: &Module| {
        let mut seen: BTreeSet<&Module> = BTreeSet::new();
        let mut open: Vec<&Module> = edges.get(from).into_iter().flatten().copied().collect();
        while let Some(next) = open.pop() {
            if seen.insert(next) {
                open.extend(edges.get(next).into_iter().flatten());
            }
        }
        seen
    };
    let all: BTreeMap<&Module, BTreeSet<&Module>> = edges
        .keys()
        .map(|module| (*module, reach(module)))
        .collect();
    let mut found: BTreeSet<Vec<String>> = BTreeSet::new();
    for (module, reached) in &all {
        if reached.contains(*module) {
            let back = |other: &&&Module| all.get(**other).is_some_and(|it| it.contains(*module));
            let circle = reached.iter().filter(back).map(|other| other.join("/"));
            found.insert(circle.collect());
        }
    }
    found.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The circles that are one concept, each with its reason behind a dash.
    const LISTED: &str = include_str!("../circles.txt");

    #[test]
    fn files_import_each_other_only_where_they_are_one_concept() {
        let listed = crate::exceptions(LISTED);
        let found = all(&crate::project()).unwrap();
        let new: Vec<_> = found.difference(&listed).collect();
        assert!(
            new.is_empty(),
            "these files import each other in a circle: {new:#?}"
        );
        let gone: Vec<_> = listed.difference(&found).collect();
        assert!(
            gone.is_empty(),
            "crates/x/circles.txt lists what is no circle: {gone:#?}"
        );
    }

    #[test]
    fn trees_spread_into_paths() {
        let paths: Vec<Vec<String>> =
            imports("pub use a::{b as c, d::{self, e}};\nreuse x;", "use ").collect();
        assert_eq!(paths.concat().join(" "), "a b a d self a d e");
    }

    #[test]
    fn a_circle_goes_through_what_a_parent_exports() {
        let folder = std::env::temp_dir().join(format!("circles-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        for (name, text) in [
            ("lib.rs", "mod a;\nmod b;\nmod c;\npub use a::A;\n"),
            ("a.rs", "use crate::b::B;\npub struct A(B);\n"),
            ("b.rs", "pub struct B;\nimpl From<crate::A> for B {}\n"),
            (
                "c.rs",
                "use super::A; // crate::c\n#[cfg(test)]\nmod tests { use crate::b; }\n",
            ),
        ] {
            fs::write(folder.join(name), text).unwrap();
        }
        let found = of_package(&folder).unwrap();
        fs::remove_dir_all(&folder).unwrap();
        assert_eq!(found, [["a", "b"]]);
    }
}
