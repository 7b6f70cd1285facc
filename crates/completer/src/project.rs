//! The crates that a cell can name: their files, features and dependencies.
//!
//! The support crate has 190 packages below it, most of which no cell ever names.
//! Only those whose types a cell can hold are read.
//!
//! Cargo is asked about a package in a temporary folder that depends on the support
//! crate, not about the workspace. The workspace's development dependencies are
//! then no part of the answer: `cargo build` does not download them, and without
//! them `cargo metadata --offline` refuses to answer.

use anyhow::{Context, Result, bail};
use serde_json::Value;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A crate of Rust code.
pub struct Crate {
    pub name: String,
    /// The file of its root module.
    pub root: PathBuf,
    pub edition: String,
    pub version: Option<String>,
    pub features: Vec<String>,
    /// Index of each dependency and the name that the crate has for it.
    pub deps: Vec<(usize, String)>,
}

impl Crate {
    /// A crate of the latest edition without features and dependencies.
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

/// What cells can name.
pub struct Project {
    /// Dependencies stand anywhere, also after the crates that need them.
    pub crates: Vec<Crate>,
    /// Index of the support crate.
    pub support: usize,
    /// Compile-time options of this platform, as `rustc --print cfg` has them.
    pub cfg: Vec<String>,
    /// The version of rustc.
    pub version: String,
    /// The folder with the sources of `core`, `alloc` and `std`, where they are installed.
    pub library: Option<PathBuf>,
}

/// Packages that cells name, or whose types they hold.
fn is_read(name: &str) -> bool {
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
    // What is beneath polars without being seen in its interface.
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
    /// Finds the crates of the checkout at `root`.
    pub fn find(root: &Path) -> Result<Project> {
        let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
        let rustc = |args: &[&str]| answer(Command::new(&rustc).args(args).current_dir(root));
        let sysroot = rustc(&["--print", "sysroot", "--print", "cfg"])?;
        let mut lines = sysroot.lines();
        let sysroot = lines.next().context("rustc did not name its sysroot")?;
        let cfg = lines.map(str::to_owned).collect();
        let about = rustc(&["-vV"])?;
        let field = |name: &str| about.lines().find_map(|line| line.strip_prefix(name));
        let host = field("host: ").context("rustc -vV names no host")?;
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

/// The sources of the standard library: those that `RUST_SRC_PATH` names, as
/// rust-analyzer has it, or else the component `rust-src` of the toolchain.
fn library(sysroot: &Path) -> Option<PathBuf> {
    let named = std::env::var_os("RUST_SRC_PATH").map(PathBuf::from);
    let folder = named.unwrap_or_else(|| sysroot.join("lib/rustlib/src/rust/library"));
    folder.join("core/src/lib.rs").is_file().then_some(folder)
}

/// What `cargo metadata` says about a package that depends on the support crate.
fn metadata(root: &Path, host: &str) -> Result<Value> {
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
    // The same versions as in the build. Cargo leaves out of the copy what the
    // package does not need, so `--locked` would be refused.
    std::fs::copy(root.join("Cargo.lock"), folder.path().join("Cargo.lock"))
        .with_context(|| format!("cannot copy {}", root.join("Cargo.lock").display()))?;
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

/// The crates that are read, and the index of the support crate.
fn crates(metadata: &Value) -> Result<(Vec<Crate>, usize)> {
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

fn library_target(package: &Value) -> Option<&Value> {
    list(&package["targets"]).iter().find(|target| {
        list(&target["kind"])
            .iter()
            .any(|kind| kind == "lib" || kind == "rlib")
    })
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// The standard output of a program.
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
