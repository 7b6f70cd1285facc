//! The crates of the project and their dependencies on each other, from the Cargo
//! manifests.
//!
//! This reads the part of TOML that our manifests use: tables, strings, lists of strings,
//! and inline tables on one line.
use crate::{Failure, Result};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// One crate of the project.
#[derive(Debug)]
pub struct Package {
    pub name: String,
    pub description: String,
    /// Whether it has a program.
    pub is_program: bool,
    /// Names of the project's crates that it is compiled against, in order. Dependencies
    /// of tests do not count: Cargo lets those point up.
    pub dependencies: Vec<String>,
}

/// Reads the manifests of the workspace's members and of the crates that it excludes.
pub fn packages(root: &Path) -> Result<Vec<Package>> {
    let mut packages = Vec::new();
    for folder in folders(root)? {
        let file = folder.join("Cargo.toml");
        let mut package = parse(&read(&file)?)
            .ok_or_else(|| Failure::Broken(format!("{} has no package", file.display())))?;
        package.is_program |= folder.join("src/main.rs").is_file();
        packages.push(package);
    }
    packages.sort_by(|a, b| a.name.cmp(&b.name));
    // What is left are arrows within the project.
    let names: BTreeSet<String> = packages
        .iter()
        .map(|package| package.name.clone())
        .collect();
    for package in &mut packages {
        package.dependencies.retain(|name| names.contains(name));
        package.dependencies.sort();
        package.dependencies.dedup();
    }
    Ok(packages)
}

/// The folders of all crates: the root, the members, and what the workspace excludes.
fn folders(root: &Path) -> Result<Vec<PathBuf>> {
    let text = read(&root.join("Cargo.toml"))?;
    let mut folders = vec![root.to_owned()];
    for (table, key, value) in entries(&text) {
        if table != "workspace" || !matches!(key.as_str(), "members" | "exclude") {
            continue;
        }
        for member in strings(&value) {
            match member.strip_suffix("/*") {
                None => folders.push(root.join(member)),
                Some(above) => {
                    let above = root.join(above);
                    let unreadable = |error| {
                        Failure::Broken(format!("cannot read {}: {error}", above.display()))
                    };
                    for entry in fs::read_dir(&above).map_err(unreadable)? {
                        let folder = entry.map_err(unreadable)?.path();
                        if folder.join("Cargo.toml").is_file() {
                            folders.push(folder);
                        }
                    }
                }
            }
        }
    }
    Ok(folders)
}

fn read(file: &Path) -> Result<String> {
    fs::read_to_string(file)
        .map_err(|error| Failure::Broken(format!("cannot read {}: {error}", file.display())))
}

/// Returns the package that a manifest describes; `None` if it has no name.
fn parse(text: &str) -> Option<Package> {
    let mut package = Package {
        name: String::new(),
        description: String::new(),
        is_program: false,
        dependencies: Vec::new(),
    };
    for (table, key, value) in entries(text) {
        let of_dependencies = table == "dependencies" || is_of_a_target(&table);
        match (table.as_str(), key.as_str()) {
            ("package", "name") => package.name = strings(&value).pop()?,
            ("package", "description") => package.description = strings(&value).pop()?,
            ("[bin]", _) => package.is_program = true,
            _ if of_dependencies => {
                // `name.workspace = true`, `name = "1"`, `key = { package = "name", .. }`.
                let key = key.split('.').next().unwrap_or(&key);
                let renamed = value.split("package = \"").nth(1);
                let renamed = renamed.and_then(|rest| rest.split('"').next());
                package.dependencies.push(renamed.unwrap_or(key).to_owned());
            }
            _ => {}
        }
    }
    (!package.name.is_empty()).then_some(package)
}

/// Whether a table is `target.'cfg(..)'.dependencies`.
fn is_of_a_target(table: &str) -> bool {
    table.starts_with("target.") && table.ends_with(".dependencies")
}

/// The lines `key = value` of a manifest, each with the table it stands in. A table that
/// may stand more than once keeps one pair of brackets. A list may go over several lines.
fn entries(text: &str) -> Vec<(String, String, String)> {
    let mut entries = Vec::new();
    let mut table = String::new();
    let mut lines = text
        .lines()
        .filter(|line| !line.trim_start().starts_with('#'));
    while let Some(line) = lines.next() {
        let line = line.trim();
        if let Some(name) = line
            .strip_prefix('[')
            .and_then(|line| line.strip_suffix(']'))
        {
            table = name.to_owned();
        } else if let Some((key, value)) = line.split_once('=') {
            let mut value = value.trim().to_owned();
            while value.starts_with('[') && !value.contains(']') {
                let Some(line) = lines.next() else { break };
                value += line.trim();
            }
            entries.push((table.clone(), key.trim().to_owned(), value));
        }
    }
    entries
}

/// The quoted strings of a value.
fn strings(value: &str) -> Vec<String> {
    let parts = value.split('"').skip(1).step_by(2);
    parts.map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manifest_gives_its_name_and_what_it_is_compiled_against() {
        let package = parse(
            "[package]\nname = \"cap\"\ndescription = \"C: A or P\"\n\
             [[bin]]\nname = \"cap\"\n\
             [dependencies]\n# not = \"this\"\nshow.workspace = true\nserde = \"1\"\n\
             other = { package = \"lambda\", path = \"..\" }\n\
             [target.'cfg(unix)'.dependencies]\nlibc = \"0.2\"\n\
             [dev-dependencies]\nproptest = \"1\"\n",
        );
        let package = package.unwrap();
        assert_eq!(package.name, "cap");
        assert_eq!(package.description, "C: A or P");
        assert!(package.is_program);
        assert_eq!(package.dependencies, ["show", "serde", "lambda", "libc"]);
    }

    #[test]
    fn a_list_may_go_over_several_lines() {
        let entries =
            entries("[workspace]\nmembers = [\n    \"a\",\n    \"b\",\n]\nresolver = \"3\"\n");
        assert_eq!(strings(&entries[0].2), ["a", "b"]);
        assert_eq!(entries[1].1, "resolver");
    }

    #[test]
    fn the_project_has_its_crates() {
        let packages = packages(&crate::project()).unwrap();
        let of = |name: &str| {
            packages
                .iter()
                .find(|package| package.name == name)
                .unwrap()
        };
        assert!(of("lambda").dependencies.contains(&"calendar".to_owned()));
        assert_eq!(
            of("lambda_workbook_cells").dependencies,
            ["lambda_workbook"]
        );
        assert!(of("workbook").is_program && !of("lambda").is_program);
    }
}
