//! A cell of a notebook, beside rustc alone on the same lines.
use anyhow::{Context, Result, bail};
use kernel::cargo_stand_in::env;
use kernel::client::Client;
use kernel::metadata;
use kernel::place::{Built, Place};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Instant;
use tempfile::TempDir;
use tokio::runtime::Runtime;

const MAKE: &str = r#"let df: DataFrame = df!("url" => (0..1_000i64).map(|i| i % 97).collect::<Vec<_>>(), "n" => (0..1_000i64).collect::<Vec<_>>()).unwrap();"#;
const CELL: &str = r#"let g: DataFrame = df.clone().lazy().group_by([col("url")]).agg([col("n").sum()]).collect().unwrap();"#;

/// A kernel, and what rustc needs for the same lines.
pub struct Cells {
    runtime: Runtime,
    client: Client,
    place: Place,
    folder: TempDir,
}

impl Cells {
    pub fn start() -> Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let built = Built::find()?;
        let folder = tempfile::tempdir()?;
        let place = Place::prepare(&built)?;
        let client = runtime.block_on(Client::start(&built.exe, folder.path()))?;
        let mut cells = Self {
            runtime,
            client,
            place,
            folder,
        };
        for code in ["use polars::prelude::*;", MAKE, CELL] {
            cells.run(code)?;
        }
        Ok(cells)
    }

    fn run(&mut self, code: &str) -> Result<f64> {
        let ran = self.runtime.block_on(self.client.execute(code))?;
        if let Some(error) = ran.error() {
            bail!("`{code}` failed: {}", error["evalue"]);
        }
        Ok(ran.took.as_secs_f64())
    }

    /// Seconds from the request until the cell has run.
    pub fn ours(&mut self) -> Result<f64> {
        self.run(CELL)
    }

    /// Seconds in which rustc makes a library of the same lines, with the flags, the metadata and the
    /// linker of a cell.
    pub fn rustc_alone(&self) -> Result<f64> {
        let source = self.folder.path().join("alone.rs");
        let text = format!(
            "use lambda_workbook::polars::prelude::*;\n#[unsafe(no_mangle)]\npub fn cell(df: DataFrame) -> DataFrame {{\n    {CELL}\n    g\n}}\n"
        );
        std::fs::write(&source, text)?;
        let library = self.place.dylib.parent().context("the library's folder")?;
        let short = metadata::for_cell(library, true);
        let folders: Vec<PathBuf> = match short.is_dir() {
            true => vec![short],
            false => vec![library.to_owned(), self.place.deps.clone()],
        };
        let mut command = Command::new(self.place.toolchain.join("rustc"));
        command
            .arg(&source)
            .args(["--edition", "2024", "--crate-type", "cdylib"])
            .args([
                "-Cdebug-assertions=on",
                "-Coverflow-checks=on",
                "-Cprefer-dynamic",
            ])
            .arg("-o")
            .arg(self.folder.path().join("libalone.so"))
            .arg("--extern")
            .arg(format!("lambda_workbook={}", self.place.dylib.display()))
            .arg(format!(
                "-Clinker={}",
                self.place.bin().join("cc").display()
            ))
            .args(
                folders
                    .iter()
                    .map(|folder| format!("-Ldependency={}", folder.display())),
            )
            .env(env::DYLIB, &self.place.dylib)
            .env(env::STUB, self.place.stub())
            .stdin(Stdio::null());
        if let Some(path) = std::env::var_os("PATH") {
            command.env(env::REAL_PATH, path);
        }
        if let Some(home) = std::env::var_os("CARGO_HOME") {
            command.env(env::REAL_CARGO_HOME, home);
        }
        let started = Instant::now();
        let output = command.output()?;
        let seconds = started.elapsed().as_secs_f64();
        if !output.status.success() {
            bail!(
                "rustc failed on the lines of a cell:\n{}",
                String::from_utf8_lossy(&output.stderr)
            );
        }
        Ok(seconds)
    }

    pub fn stop(self) -> Result<()> {
        self.runtime.block_on(self.client.shutdown())
    }
}
