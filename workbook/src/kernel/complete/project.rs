//! The crates that rust-analyzer reads for completion, and no more.
//!
//! The support crate has 190 packages below it, most of which no cell ever
//! names. Only those whose types a cell can hold are read.

use crate::kernel::place::real_cargo;
use anyhow::{Context, Result, bail};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Packages that cells name, or whose types they hold.
fn is_read(name: &str) -> bool {
    const NAMES: [&str; 10] = [
        "lambda_workbook",
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
    NAMES.contains(&name) || name.starts_with("plotters") || name.starts_with("polars")
}

/// The crates, as the data of a `rust-project.json`; the first one is the
/// cell's own, at `cell`.
pub fn project(root: &Path, cell: &Path, sysroot_src: Option<&Path>) -> Result<Value> {
    let output = Command::new(real_cargo())
        .args(["metadata", "--format-version=1", "--offline", "--locked"])
        .args(["--filter-platform", &host()?])
        .current_dir(root)
        .output()
        .context("cannot start cargo metadata")?;
    if !output.status.success() {
        bail!(
            "cargo metadata: {}",
            String::from_utf8_lossy(&output.stderr).trim()
        );
    }
    let metadata: Value = serde_json::from_slice(&output.stdout)?;
    let nodes: HashMap<&str, &Value> = list(&metadata["resolve"]["nodes"])
        .iter()
        .filter_map(|node| Some((node["id"].as_str()?, node)))
        .collect();
    let packages: Vec<&Value> = list(&metadata["packages"])
        .iter()
        .filter(|package| is_read(package["name"].as_str().unwrap_or_default()))
        .filter(|package| library(package).is_some())
        .collect();
    // Index 0 is the cell's crate.
    let index: HashMap<&str, usize> = packages
        .iter()
        .enumerate()
        .filter_map(|(at, package)| Some((package["id"].as_str()?, at + 1)))
        .collect();
    let support = packages
        .iter()
        .position(|package| package["name"] == "lambda_workbook")
        .context("cargo metadata does not list lambda_workbook")?
        + 1;

    let mut crates = vec![json!({
        "display_name": "ctx",
        "root_module": cell,
        "edition": "2024",
        "deps": [{"crate": support, "name": "lambda_workbook"}],
        "is_workspace_member": true,
    })];
    for package in packages {
        let library = library(package).context("filtered above")?;
        let node = nodes.get(package["id"].as_str().unwrap_or_default());
        let source = PathBuf::from(library["src_path"].as_str().unwrap_or_default());
        let deps: Vec<Value> = node
            .map(|node| list(&node["deps"]))
            .unwrap_or_default()
            .iter()
            .filter_map(|dep| {
                let at = index.get(dep["pkg"].as_str()?)?;
                Some(json!({"crate": at, "name": dep["name"]}))
            })
            .collect();
        let features = node.map(|node| list(&node["features"])).unwrap_or_default();
        let cfg: Vec<String> = features
            .iter()
            .filter_map(|feature| Some(format!("feature=\"{}\"", feature.as_str()?)))
            .collect();
        crates.push(json!({
            "display_name": library["name"],
            "root_module": source,
            "edition": library["edition"],
            "version": package["version"],
            "deps": deps,
            "cfg": cfg,
            "is_workspace_member": false,
            "source": {"include_dirs": [source.parent()], "exclude_dirs": []},
        }));
    }
    Ok(json!({"crates": crates, "sysroot_src": sysroot_src}))
}

fn library(package: &Value) -> Option<&Value> {
    list(&package["targets"]).iter().find(|target| {
        list(&target["kind"])
            .iter()
            .any(|kind| kind == "lib" || kind == "rlib")
    })
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn host() -> Result<String> {
    let output = Command::new("rustc").arg("-vV").output()?;
    String::from_utf8_lossy(&output.stdout)
        .lines()
        .find_map(|line| line.strip_prefix("host: ").map(str::to_owned))
        .context("rustc -vV names no host")
}
