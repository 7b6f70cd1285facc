//! The program that evcxr finds under the name `cargo`.
//!
//! # Build
//!
//! evcxr compiles each cell with `cargo build`, in a crate that it writes for the cell.
//! The real cargo would look at every dependency each time. Here only the cell can have
//! changed, so the build is one direct call of rustc against the prebuilt support crate.
//! The result is printed in cargo's JSON format. Other commands, and cells with crates
//! that the reader added by `:dep`, go to the real cargo.
//!
//! Before the build, some of evcxr's lines in the cell are replaced ([`cell_source`]).
//!
//! # Check
//!
//! evcxr must write the type of every variable that it keeps for later cells. rustc knows
//! these types and is asked like this: in evcxr's source for `cargo check`, each variable
//! is passed to the function `evcxr_variable_store`. That function gets a trait bound
//! that no type meets, so rustc names the type of each variable in a diagnostic. Those
//! diagnostics are filtered out, and the types are written to a file for
//! [`super::session`], together with the other errors.

use super::{cell_source, metadata, place::real_cargo};
use anyhow::{Context, Result};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Output, Stdio};

/// The environment variables that [`super::backend`] sets for evcxr, which passes them on
/// to this program and to the cell process.
pub mod env {
    /// The shared library of the support crate that cells link.
    pub const DYLIB: &str = "LAMBDA_WORKBOOK_DYLIB";
    /// The folder of the toolchain's shared standard library.
    pub const STD: &str = "LAMBDA_WORKBOOK_STD";
    /// The folder with the metadata of the support crate's dependencies.
    pub const DEPS: &str = "LAMBDA_WORKBOOK_DEPS";
    /// The stand-in for the linker.
    pub const LINKER: &str = "LAMBDA_WORKBOOK_LINKER";
    /// The empty library against which cells are linked; see [`super::link`].
    pub const STUB: &str = "LAMBDA_WORKBOOK_STUB";
    /// The file for the report of a check. When it exists before the check, the report
    /// includes the types of the variables.
    pub const TYPES: &str = "LAMBDA_WORKBOOK_TYPES";
    /// The file for the process id of the running compiler.
    pub const COMPILER: &str = "LAMBDA_WORKBOOK_COMPILER";
    /// The real cargo.
    pub const CARGO: &str = "LAMBDA_WORKBOOK_CARGO";
    /// The reader's own `PATH`, without the stand-ins.
    pub const REAL_PATH: &str = "LAMBDA_WORKBOOK_PATH";
    /// The reader's own `CARGO_HOME`; not set when the reader has none.
    pub const REAL_CARGO_HOME: &str = "LAMBDA_WORKBOOK_CARGO_HOME";
}

/// Returns the name under which this program was called: `cargo`, `rustup` or `cc`. Returns
/// `None` when it was not called by evcxr or has another name.
pub fn called_as() -> Option<&'static str> {
    std::env::var_os(env::DYLIB)?;
    let name = PathBuf::from(std::env::args_os().next()?);
    match name.file_name()?.to_str()? {
        "cargo" => Some("cargo"),
        "rustup" => Some("rustup"),
        "cc" => Some("cc"),
        _ => None,
    }
}

/// Restores the reader's own `PATH` and `CARGO_HOME` for this process and its children. Must
/// be called before the first thread is started.
pub fn restore_environment() {
    // SAFETY: `main` calls this before it starts any thread.
    unsafe {
        for (saved, name) in [
            (env::REAL_PATH, "PATH"),
            (env::REAL_CARGO_HOME, "CARGO_HOME"),
        ] {
            match std::env::var_os(saved) {
                Some(value) => std::env::set_var(name, value),
                None => std::env::remove_var(name),
            }
        }
        std::env::remove_var("RUST_SRC_PATH");
        std::env::remove_var("JUPYTER_PATH");
    }
}

/// Runs as `cargo`. Exits with 101 when the build fails, as cargo does.
pub fn main() -> ExitCode {
    restore_environment();
    let args: Vec<OsString> = std::env::args_os().skip(1).collect();
    let subcommand = args
        .iter()
        .find(|arg| !arg.to_string_lossy().starts_with('-'));
    let result = match subcommand.and_then(|name| name.to_str()) {
        Some("build") if no_dependencies() => CellCrate::find().and_then(|cell| cell.build()),
        Some("check") if no_dependencies() => CellCrate::find().and_then(|cell| cell.check()),
        Some("build" | "check") => return with_real_cargo(args, true),
        _ => return with_real_cargo(args, false),
    };
    match result {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(101),
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::from(101)
        }
    }
}

/// Runs as `cc`, the linker: calls the real linker with an empty library (a stub) in the
/// place of the support crate. Returns only when the linker cannot be started.
///
/// The support crate exports 145,000 symbols, and reading them is most of the linker's
/// time. A shared library may have undefined symbols, which are found when it is loaded;
/// the cell process has loaded the support crate by then.
pub fn link() -> ExitCode {
    use std::os::unix::process::CommandExt;
    let dylib = std::env::var_os(env::DYLIB);
    let stub = std::env::var_os(env::STUB).filter(|stub| Path::new(stub).exists());
    restore_environment();
    let mut command = Command::new("cc");
    for arg in std::env::args_os().skip(1) {
        // `--no-as-needed` makes the linker record the stub as needed although no symbol of
        // it is used, so that loading the cell finds the support crate.
        match &stub {
            Some(stub) if Some(&arg) == dylib.as_ref() => command.args([
                "-Wl,--no-as-needed".as_ref(),
                stub.as_os_str(),
                "-Wl,--as-needed".as_ref(),
            ]),
            _ => command.arg(arg),
        };
    }
    eprintln!("error: cannot start the linker `cc`: {}", command.exec());
    ExitCode::from(101)
}

/// Returns whether the manifest in the current folder lists no dependencies. The support
/// crate is never in the manifest, so this is the usual case.
fn no_dependencies() -> bool {
    std::fs::read_to_string("Cargo.toml").is_ok_and(|manifest| {
        manifest
            .split("[dependencies]")
            .nth(1)
            .is_none_or(|dependencies| dependencies.trim().is_empty())
    })
}

/// Runs the real cargo with these arguments and returns its exit code. With
/// `link_support_crate` the flags that link the support crate are passed on to rustc.
fn with_real_cargo(args: Vec<OsString>, link_support_crate: bool) -> ExitCode {
    let mut command = Command::new(real_cargo());
    command.args(args);
    if link_support_crate && let Ok(cell) = CellCrate::find() {
        if let Ok(source) = std::fs::read_to_string(SOURCE) {
            let _ = prepare_source(&source, true)
                .and_then(|source| Ok(std::fs::write(SOURCE, source)?));
        }
        // In this variable the flags are separated by the character 0x1f, so that paths may
        // contain spaces.
        command.env_remove("RUSTFLAGS");
        command.env(
            "CARGO_ENCODED_RUSTFLAGS",
            cell.link_flags(&cell.cargo_metadata()).join("\u{1f}"),
        );
    }
    match command.spawn().and_then(|mut cargo| {
        record_compiler(cargo.id());
        cargo.wait()
    }) {
        Ok(status) => ExitCode::from(status.code().unwrap_or(101) as u8),
        Err(error) => {
            eprintln!("error: cannot start cargo: {error}");
            ExitCode::from(101)
        }
    }
}

/// The file in the cell's crate to which evcxr writes the cell.
const SOURCE: &str = "src/lib.rs";

/// Writes the id of the process that compiles a cell to a file. An interrupt kills that
/// process.
fn record_compiler(id: u32) {
    if let Some(file) = std::env::var_os(env::COMPILER) {
        let _ = std::fs::write(file, id.to_string());
    }
}

/// Returns the source to compile for a cell, see [`cell_source::prepared`]. A copy is stored under
/// the name of the cell's function: the line of a later panic is looked up in it.
fn prepare_source(source: &str, other_crates: bool) -> Result<String> {
    let source = cell_source::prepared(source, other_crates);
    if let Some(name) = cell_source::function(&source) {
        let folder = Path::new(OUTPUT);
        std::fs::create_dir_all(folder)?;
        std::fs::write(folder.join(name).with_extension("rs"), &source)
            .context("cannot store the source of the cell")?;
    }
    Ok(source)
}

/// The folder in the cell's crate for compiled cells and the copies of their sources.
pub const OUTPUT: &str = "target/cell";

/// The crate that evcxr wrote for the cell, in the current folder, and the paths that its
/// compilation needs.
struct CellCrate {
    rustc: OsString,
    dylib: PathBuf,
    deps: PathBuf,
    std: PathBuf,
}

impl CellCrate {
    /// Reads the paths from the environment.
    ///
    /// # Errors
    /// Returns an error when a variable of [`env`] is not set.
    fn find() -> Result<CellCrate> {
        let path = |name: &str| {
            std::env::var_os(name)
                .map(PathBuf::from)
                .with_context(|| format!("{name} is not set"))
        };
        Ok(CellCrate {
            rustc: std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()),
            dylib: path(env::DYLIB)?,
            deps: path(env::DEPS)?,
            std: path(env::STD)?,
        })
    }

    /// Returns the folders with cargo's own metadata: first that of the support crate, which
    /// is kept beside it for this kernel alone, then that of its dependencies, which all
    /// builds share.
    fn cargo_metadata(&self) -> Vec<PathBuf> {
        vec![self.folder().to_owned(), self.deps.clone()]
    }

    /// Returns the folder with metadata that rustc reads faster for this source, where there is one.
    fn short_metadata(&self, source: &str) -> Option<Vec<PathBuf>> {
        let folder = metadata::for_cell(self.folder(), cell_source::computes_columns(source));
        folder.is_dir().then(|| vec![folder])
    }

    fn folder(&self) -> &Path {
        self.dylib.parent().unwrap_or(Path::new("."))
    }

    /// Returns the flags of rustc that link the support crate, and make the cell find it and
    /// the standard library when it is loaded. `metadata` are the folders with the metadata
    /// of the support crate and its dependencies.
    fn link_flags(&self, metadata: &[PathBuf]) -> Vec<String> {
        let mut flags = vec![
            "-Cprefer-dynamic".into(),
            "--extern".into(),
            format!("lambda_workbook={}", self.dylib.display()),
        ];
        for folder in metadata {
            flags.push(format!("-Ldependency={}", folder.display()));
        }
        for folder in [self.folder(), &self.std] {
            // `-Xlinker` passes one argument on unchanged; `-Wl,` would split a path at its
            // commas.
            for arg in ["-Xlinker", "-rpath", "-Xlinker", &folder.to_string_lossy()] {
                flags.push(format!("-Clink-arg={arg}"));
            }
        }
        flags
    }

    /// Creates the command of rustc with the flags of every cell.
    fn rustc(&self, metadata: &[PathBuf]) -> Command {
        let mut command = Command::new(&self.rustc);
        command
            .args(["--crate-name", "ctx", "--edition", "2024"])
            .args(["--error-format=json", "--json=diagnostic-rendered-ansi"])
            .args(["-Cdebug-assertions=on", "-Coverflow-checks=on"])
            .args(self.link_flags(metadata))
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        command
    }

    /// Runs rustc on `source` with the flags that `configure` adds.
    ///
    /// The source is written to [`SOURCE`], because evcxr looks for that name in the
    /// diagnostics.
    fn compile(&self, source: &str, configure: impl Fn(&mut Command)) -> Result<Output> {
        std::fs::write(SOURCE, source).context("cannot write the cell")?;
        // Metadata that rustc cannot read costs time, never a cell.
        if let Some(short) = self.short_metadata(source) {
            let output = self.compile_with(&short, &configure)?;
            if !metadata::refused(&output) {
                return Ok(output);
            }
        }
        self.compile_with(&self.cargo_metadata(), &configure)
    }

    /// Runs rustc on the source that was written, with the metadata in these folders.
    fn compile_with(
        &self,
        metadata: &[PathBuf],
        configure: impl Fn(&mut Command),
    ) -> Result<Output> {
        let mut command = self.rustc(metadata);
        command.arg(SOURCE);
        configure(&mut command);
        let rustc = command.spawn().context("cannot start rustc")?;
        record_compiler(rustc.id());
        Ok(rustc.wait_with_output()?)
    }

    /// Compiles the cell to a shared library and prints cargo's messages. Returns false when
    /// the cell does not compile.
    fn build(&self) -> Result<bool> {
        // Compile. The library is for this machine and this session only, so it needs no
        // debug information.
        std::fs::create_dir_all(OUTPUT)?;
        let library = std::env::current_dir()?.join(OUTPUT).join("libctx.so");
        let source = std::fs::read_to_string(SOURCE).context("cannot read the cell")?;
        let output = self.compile(&prepare_source(&source, false)?, |rustc| {
            rustc
                .args(["--crate-type", "cdylib"])
                .arg(format!("-Copt-level={}", opt_level()))
                .args(["-Cdebuginfo=0", "-Ccodegen-units=1"])
                .arg("-o")
                .arg(&library);
            if let Ok(linker) = std::env::var(env::LINKER) {
                rustc.arg(format!("-Clinker={linker}"));
            }
        })?;

        // Print the diagnostics and the path of the library.
        for line in String::from_utf8_lossy(&output.stderr).lines() {
            forward_diagnostic(line);
        }
        if output.status.success() {
            println!(
                "{}",
                json!({
                    "reason": "compiler-artifact",
                    "target": {"name": "ctx"},
                    "filenames": [library],
                })
            );
        }
        Ok(output.status.success())
    }

    /// Checks the cell without building it, prints cargo's messages, and writes the report.
    /// Returns false when the cell has errors.
    fn check(&self) -> Result<bool> {
        // Run rustc, on a source that makes it name the types if they are asked for.
        let source = std::fs::read_to_string(SOURCE).context("cannot read the cell")?;
        let report = std::env::var_os(env::TYPES).map(PathBuf::from);
        let wants_types = report.as_ref().is_some_and(|file| file.exists());
        let checked = match wants_types {
            true => with_type_bound(&source),
            false => source.clone(),
        };
        let output = self.compile(&checked, |rustc| {
            rustc.args(["--crate-type", "cdylib", "--emit=metadata"]);
            if wants_types {
                // The types must be full paths, because the cell may not have imported
                // them. These flags are unstable; this variable makes a stable rustc
                // accept them.
                rustc.env("RUSTC_BOOTSTRAP", "1").args([
                    "-Ztrim-diagnostic-paths=no",
                    "-Zwrite-long-types-to-disk=no",
                ]);
            }
            rustc.args(["-o", "target/ctx.rmeta"]);
        })?;

        // Sort the diagnostics into types and errors.
        let mut types = BTreeMap::new();
        let mut errors: Vec<Value> = Vec::new();
        for line in String::from_utf8_lossy(&output.stderr).lines() {
            match named_type(line) {
                Some((variable, name)) => {
                    types.insert(variable, name);
                }
                None => {
                    if forward_diagnostic(line) {
                        errors.push(serde_json::from_str(line).unwrap_or_default());
                    }
                }
            }
        }

        // Write the report; the source is only needed to explain errors.
        let passed = errors.is_empty();
        if let Some(file) = report {
            let source = if passed { "" } else { source.as_str() };
            let report = json!({"types": types, "errors": errors, "source": source});
            std::fs::write(file, report.to_string())?;
        }
        Ok(passed)
    }
}

/// Returns the optimisation level in the manifest of the cell's crate (evcxr's `:opt`), "0"
/// when there is none.
fn opt_level() -> String {
    std::fs::read_to_string("Cargo.toml")
        .ok()
        .and_then(|manifest| {
            let line = manifest
                .lines()
                .find(|line| line.starts_with("opt-level"))?;
            Some(line.split('=').nth(1)?.trim().trim_matches('"').to_owned())
        })
        .unwrap_or_else(|| "0".into())
}

/// Prints one of rustc's JSON diagnostics as cargo prints it. Returns true for an error with
/// a place in the source. A line that is not JSON goes to standard error.
fn forward_diagnostic(line: &str) -> bool {
    let Ok(mut message) = serde_json::from_str::<Value>(line) else {
        eprintln!("{line}");
        return false;
    };
    remove_display_span(&mut message);
    let error = message["level"] == "error"
        && message["spans"]
            .as_array()
            .is_some_and(|spans| !spans.is_empty());
    println!(
        "{}",
        json!({"reason": "compiler-message", "target": {"name": "ctx"}, "message": message})
    );
    error
}

/// Removes the place of the last expression from an error about a moved variable, so that
/// evcxr still shows the expression's rich form.
///
/// evcxr stores every variable after the last expression. When that expression moves a
/// variable, rustc reports a use after the move (E0382) and names two places. evcxr reacts
/// to both. For the place of the storing it drops the variable, which is right. For the
/// place of the expression it falls back to `{:?}`, which is not wanted.
fn remove_display_span(message: &mut Value) {
    let in_storing = |span: &Value| {
        span["is_primary"] == true
            && span["text"][0]["text"]
                .as_str()
                .is_some_and(|text| text.contains("evcxr_variable_store.put_variable::<"))
    };
    if message["code"]["code"] == "E0382"
        && let Some(spans) = message["spans"].as_array_mut()
        && spans.iter().any(in_storing)
    {
        spans.retain(in_storing);
        message["children"] = json!([]);
    }
}

/// The function in evcxr's source for checking to which each variable is passed.
const STORE: &str = "fn evcxr_variable_store<T: 'static>(_: T) {}";
/// The same function with a bound that no type meets.
const STORE_WITH_BOUND: &str =
    "trait EvcxrTypeOf {} fn evcxr_variable_store<T: EvcxrTypeOf>(_: T) {}";

/// Returns a source for which rustc names the type of each variable in a diagnostic.
fn with_type_bound(source: &str) -> String {
    source.replacen(STORE, STORE_WITH_BOUND, 1)
}

/// Returns the variable and its type from a diagnostic that [`STORE_WITH_BOUND`] caused;
/// `None` for any other line.
fn named_type(line: &str) -> Option<(String, String)> {
    // The message names the type.
    let message: Value = serde_json::from_str(line).ok()?;
    let name = message["message"]
        .as_str()?
        .strip_prefix("the trait bound `")?
        .strip_suffix(": EvcxrTypeOf` is not satisfied")?;

    // The highlighted part of the line is the variable. Columns count from 1.
    let span = message["spans"]
        .as_array()?
        .iter()
        .find(|span| span["is_primary"] == true)?;
    let text = &span["text"][0];
    let column = |name: &str| text[name].as_u64().map(|column| column as usize - 1);
    let variable: String = text["text"]
        .as_str()?
        .chars()
        .skip(column("highlight_start")?)
        .take(column("highlight_end")? - column("highlight_start")?)
        .collect();
    Some((variable, writable_type(name)))
}

/// Converts a type as rustc displays it to a form that compiles.
fn writable_type(name: &str) -> String {
    // The type of a number whose type nothing determines.
    let mut name = name.replace("{integer}", "i32").replace("{float}", "f64");
    // The type of a function item cannot be written, but the type of a pointer to it can.
    if (name.starts_with("fn(") || name.starts_with("unsafe fn(") || name.starts_with("for<"))
        && let Some(at) = name.rfind(" {")
    {
        name.truncate(at);
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rustc_diagnostics_name_the_types() {
        let line = json!({
            "message": "the trait bound `std::vec::Vec<({integer}, {float})>: EvcxrTypeOf` is not satisfied",
            "spans": [{"is_primary": true, "text": [{
                "text": "evcxr_variable_store(rows);", "highlight_start": 22, "highlight_end": 26}]}],
        });
        assert_eq!(
            named_type(&line.to_string()),
            Some(("rows".into(), "std::vec::Vec<(i32, f64)>".into()))
        );
        assert_eq!(
            named_type(r#"{"message": "mismatched types", "spans": []}"#),
            None
        );
    }

    #[test]
    fn a_function_item_is_kept_as_a_pointer() {
        assert_eq!(writable_type("fn(u8) -> u8 {double}"), "fn(u8) -> u8");
        assert_eq!(
            writable_type("std::boxed::Box<dyn Fn()>"),
            "std::boxed::Box<dyn Fn()>"
        );
    }
}
