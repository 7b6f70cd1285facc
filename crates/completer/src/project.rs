//! Finds the crates that a cell can use: their files, features and dependencies.
//!
//! The support crate has 190 direct and indirect dependencies. A cell uses only a few of
//! them, and only those are read.
//!
//! `cargo metadata` is not run in the workspace, but in a temporary package that depends on
//! the support crate. The reason is the workspace's development dependencies: `cargo build`
//! does not download them, and without them `cargo metadata --offline` fails.

use anyhow::{Context, Result, bail};
use serde_json::Value;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A library crate.
pub struct Crate {
    /// The name, with underscores.
    pub name: String,
    /// The file of its root module.
    pub root: PathBuf,
    /// The edition, such as "2024".
    pub edition: String,
    /// The version; `None` for crates that are in no package.
    pub version: Option<String>,
    /// The enabled features.
    pub features: Vec<String>,
    /// The dependencies: the index of the crate in [`Project::crates`], and the name under which
    /// this crate depends on it.
    pub deps: Vec<(usize, String)>,
}

impl Crate {
    /// Creates a crate of the edition 2024 without features and dependencies.
    pub fn plain(name: &str, root: PathBuf) -> Crate {
        Crate {
            name: name.to_owned(),
            root,
            edition: "2024".to_owned(),
            version: None,
            features: Vec::new(),
            deps: Vec::new(),
        }
    }
}

/// The crates that cells can use, and the toolchain that compiles them.
pub struct Project {
    /// The crates, in any order.
    pub crates: Vec<Crate>,
    /// The index of the support crate in `crates`.
    pub support: usize,
    /// The compile-time options of this platform, as `rustc --print cfg` prints them.
    pub cfg: Vec<String>,
    /// The version of rustc.
    pub version: String,
    /// The folder with the sources of `core`, `alloc` and `std`; `None` when they are not
    /// installed.
    pub library: Option<PathBuf>,
}

/// Returns whether a package is read: one that cells can name, or whose types they can hold.
fn is_read(name: &str) -> bool {
    // Packages that are read, apart from those of plotters and polars.
    const NAMES: [&str; 17] = [
        "lambda_workbook",
        "calendar",
        "dataset",
        "exercises",
        "lambda",
        "lessons",
        "notebook",
        "show",
        "chrono",
        "chrono-tz",
        "hyperloglogplus",
        "petgraph",
        "serde_json",
        "serde_core",
        "serde",
        "indexmap",
        "num-traits",
    ];
    // Packages of polars whose types do not occur in its public interface.
    const HIDDEN: [&str; 11] = [
        "polars-arrow-format",
        "polars-async",
        "polars-config",
        "polars-expr",
        "polars-json",
        "polars-mem-engine",
        "polars-ooc",
        "polars-parquet",
        "polars-parquet-format",
        "polars-row",
        "polars-stream",
    ];
    NAMES.contains(&name)
        || name.starts_with("plotters")
        || name.starts_with("polars") && !HIDDEN.contains(&name)
}

impl Project {
    /// Finds the crates and the toolchain of the checkout at `root`.
    ///
    /// # Errors
    /// Returns an error when rustc or cargo cannot be run, or cargo does not list the support
    /// crate.
    pub fn find(root: &Path) -> Result<Project> {
        // Ask rustc about itself and the platform.
        let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
        let rustc = |args: &[&str]| answer(Command::new(&rustc).args(args).current_dir(root));
        let sysroot = rustc(&["--print", "sysroot", "--print", "cfg"])?;
        let mut lines = sysroot.lines();
        let sysroot = lines.next().context("rustc did not name its sysroot")?;
        let cfg = lines.map(str::to_owned).collect();
        let about = rustc(&["-vV"])?;
        let field = |name: &str| about.lines().find_map(|line| line.strip_prefix(name));
        let host = field("host: ").context("rustc -vV names no host")?;

        // Ask cargo about the crates.
        let metadata = metadata(root, host)?;
        let (crates, support) = crates(&metadata)?;
        Ok(Project {
            crates,
            support,
            cfg,
            version: field("release: ").unwrap_or_default().to_owned(),
            library: library(Path::new(sysroot)),
        })
    }
}

/// Returns the folder with the sources of the standard library: the one in `RUST_SRC_PATH`, a
/// variable that rust-analyzer uses too, or else that of the toolchain's component `rust-src`.
/// Returns `None` when the folder has no sources.
fn library(sysroot: &Path) -> Option<PathBuf> {
    let named = std::env::var_os("RUST_SRC_PATH").map(PathBuf::from);
    let folder = named.unwrap_or_else(|| sysroot.join("lib/rustlib/src/rust/library"));
    folder.join("core/src/lib.rs").is_file().then_some(folder)
}

/// Returns the output of `cargo metadata` for a package that depends on the support crate.
fn metadata(root: &Path, host: &str) -> Result<Value> {
    // Write the package.
    let folder = tempfile::tempdir().context("cannot make a temporary folder")?;
    let manifest = folder.path().join("Cargo.toml");
    let text = format!(
        "[package]\nname = \"cell\"\nedition = \"2024\"\n\
         [lib]\npath = \"lib.rs\"\n\
         [dependencies]\nlambda_workbook = {{ path = {} }}\n\
         [workspace]\n",
        serde_json::to_string(root)?
    );
    std::fs::write(&manifest, text)?;
    std::fs::write(folder.path().join("lib.rs"), "")?;

    // Copy the lock file, so that the versions are those of the build. cargo removes the entries
    // that this package does not need, so `--locked` cannot be used.
    std::fs::copy(root.join("Cargo.lock"), folder.path().join("Cargo.lock"))
        .with_context(|| format!("cannot copy {}", root.join("Cargo.lock").display()))?;

    // Run cargo.
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let text = answer(
        Command::new(cargo)
            .args(["metadata", "--format-version=1", "--offline"])
            .args(["--filter-platform", host, "--manifest-path"])
            .arg(&manifest)
            .current_dir(root),
    )
    .context("cannot list the packages that cells use; run `cargo fetch` once with a network")?;
    Ok(serde_json::from_str(&text)?)
}

/// Returns the crates that are read, and the index of the support crate among them.
fn crates(metadata: &Value) -> Result<(Vec<Crate>, usize)> {
    // Select the packages and number them.
    let nodes: HashMap<&str, &Value> = list(&metadata["resolve"]["nodes"])
        .iter()
        .filter_map(|node| Some((node["id"].as_str()?, node)))
        .collect();
    let packages: Vec<(&Value, &Value)> = list(&metadata["packages"])
        .iter()
        .filter(|package| is_read(package["name"].as_str().unwrap_or_default()))
        .filter_map(|package| Some((package, library_target(package)?)))
        .collect();
    let index: HashMap<&str, usize> = packages
        .iter()
        .enumerate()
        .filter_map(|(at, (package, _))| Some((package["id"].as_str()?, at)))
        .collect();
    let support = packages
        .iter()
        .position(|(package, _)| package["name"] == "lambda_workbook")
        .context("cargo metadata does not list lambda_workbook")?;

    // Collect what is known about each.
    let crates = packages
        .into_iter()
        .map(|(package, target)| {
            let node = nodes.get(text(&package["id"])).copied();
            let deps = node.map_or(&[][..], |node| list(&node["deps"]));
            let features = node.map_or(&[][..], |node| list(&node["features"]));
            Crate {
                name: text(&target["name"]).replace('-', "_"),
                root: PathBuf::from(text(&target["src_path"])),
                edition: text(&target["edition"]).to_owned(),
                version: package["version"].as_str().map(str::to_owned),
                features: features.iter().map(|name| text(name).to_owned()).collect(),
                deps: deps
                    .iter()
                    .filter_map(|dep| {
                        Some((
                            *index.get(dep["pkg"].as_str()?)?,
                            text(&dep["name"]).to_owned(),
                        ))
                    })
                    .collect(),
            }
        })
        .collect();
    Ok((crates, support))
}

/// Returns the library target of a package, if it has one.
fn library_target(package: &Value) -> Option<&Value> {
    list(&package["targets"]).iter().find(|target| {
        list(&target["kind"])
            .iter()
            .any(|kind| kind == "lib" || kind == "rlib")
    })
}

/// Returns the items of a JSON list; none when the value is no list.
fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// Returns the string in a JSON value; empty when the value is no string.
fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// Runs a program and returns its standard output.
///
/// # Errors
/// Returns an error when the program cannot be started or fails.
fn answer(command: &mut Command) -> Result<String> {
    let name = command.get_program().to_owned();
    let output = command
        .output()
        .with_context(|| format!("cannot start {}", name.display()))?;
    if !output.status.success() {
        bail!(
            "{} failed: {}",
            name.display(),
            String::from_utf8_lossy(&output.stderr).trim()
        );
    }
    Ok(String::from_utf8(output.stdout)?)
}
