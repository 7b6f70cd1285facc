//! What evcxr gets when it calls `cargo`.
//!
//! evcxr compiles each cell by `cargo build` in a crate of its own. Cargo
//! would look at every dependency each time; here nothing but the cell can
//! have changed, so the build is one direct call of rustc against the prebuilt
//! support crate, answered in cargo's own JSON. Other calls, and crates that
//! the reader asked for by `:dep`, go to the real cargo.
//!
//! Before it builds, it has the cell use [`lambda_workbook::notebook::channel`]:
//! for an error that `?` met, for a panic that nobody caught, and for evcxr's own
//! words, which must not mingle with what the cell prints. Every line stays in
//! its place.
//!
//! `cargo check` does one thing more: evcxr must write down the type of every
//! variable that it keeps, and rustc knows it. evcxr's source for checking
//! passes each variable to `evcxr_variable_store`; giving that function a bound
//! that no type meets makes rustc name each type in a diagnostic. Those
//! diagnostics are taken out again, and the names are left in a file for
//! [`super::session`].

use super::place::real_cargo;
use anyhow::{Context, Result};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Output, Stdio};

/// Names and values of the environment by which [`super::backend`] talks to
/// this process through evcxr.
pub mod env {
    pub const DYLIB: &str = "LAMBDA_WORKBOOK_DYLIB";
    pub const STD: &str = "LAMBDA_WORKBOOK_STD";
    pub const DEPS: &str = "LAMBDA_WORKBOOK_DEPS";
    pub const LINKER: &str = "LAMBDA_WORKBOOK_LINKER";
    pub const STUB: &str = "LAMBDA_WORKBOOK_STUB";
    pub const TYPES: &str = "LAMBDA_WORKBOOK_TYPES";
    pub const COMPILER: &str = "LAMBDA_WORKBOOK_COMPILER";
    pub const CARGO: &str = "LAMBDA_WORKBOOK_CARGO";
    pub const REAL_PATH: &str = "LAMBDA_WORKBOOK_PATH";
    pub const REAL_CARGO_HOME: &str = "LAMBDA_WORKBOOK_CARGO_HOME";
}

/// The name under which this program was called, when it stands in for another.
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

/// Gives this process (or `command`) the reader's own PATH and cargo home back.
pub fn restore_environment() {
    // SAFETY: called first thing in `main`, before any thread is started.
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

/// Runs as `cargo`.
pub fn main() -> ExitCode {
    restore_environment();
    let args: Vec<OsString> = std::env::args_os().skip(1).collect();
    let verb = args
        .iter()
        .find(|arg| !arg.to_string_lossy().starts_with('-'));
    let result = match verb.and_then(|verb| verb.to_str()) {
        Some("build") if no_dependencies() => Cell::here().and_then(|cell| cell.build()),
        Some("check") if no_dependencies() => Cell::here().and_then(|cell| cell.check()),
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

/// Runs as `cc`, the linker: links a cell against an empty library of the
/// support crate's name.
///
/// The support crate exports 145,000 symbols, and reading them is most of the
/// linker's time. A shared library may leave its symbols to be found when it is
/// loaded, where the pinned support crate is.
pub fn link() -> ExitCode {
    use std::os::unix::process::CommandExt;
    let dylib = std::env::var_os(env::DYLIB);
    let stub = std::env::var_os(env::STUB).filter(|stub| Path::new(stub).exists());
    restore_environment();
    let mut command = Command::new("cc");
    for arg in std::env::args_os().skip(1) {
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

/// Whether the cell's crate has only the support crate, which is in no manifest.
fn no_dependencies() -> bool {
    std::fs::read_to_string("Cargo.toml").is_ok_and(|manifest| {
        manifest
            .split("[dependencies]")
            .nth(1)
            .is_none_or(|dependencies| dependencies.trim().is_empty())
    })
}

fn with_real_cargo(args: Vec<OsString>, link_support_crate: bool) -> ExitCode {
    let mut command = Command::new(real_cargo());
    command.args(args);
    if link_support_crate && let Ok(cell) = Cell::here() {
        if let Ok(source) = std::fs::read_to_string(SOURCE) {
            let _ = prepare(&source).and_then(|source| Ok(std::fs::write(SOURCE, source)?));
        }
        // Cargo splits this at its separator, so that paths may hold spaces.
        command.env_remove("RUSTFLAGS");
        command.env("CARGO_ENCODED_RUSTFLAGS", cell.link_flags().join("\u{1f}"));
    }
    match command.spawn().and_then(|mut cargo| {
        note_compiler(cargo.id());
        cargo.wait()
    }) {
        Ok(status) => ExitCode::from(status.code().unwrap_or(101) as u8),
        Err(error) => {
            eprintln!("error: cannot start cargo: {error}");
            ExitCode::from(101)
        }
    }
}

/// Where evcxr has written the cell, in the cell's crate.
const SOURCE: &str = "src/lib.rs";

/// Says which process an interrupt must end while a cell is being compiled.
fn note_compiler(id: u32) {
    if let Some(file) = std::env::var_os(env::COMPILER) {
        let _ = std::fs::write(file, id.to_string());
    }
}

/// The source to compile for a cell, which is also kept under the name of its
/// function, to find the line of a later panic in.
fn prepare(source: &str) -> Result<String> {
    let source = with_channel(source);
    let name = source
        .split("pub extern \"C\" fn ")
        .skip(1)
        .filter_map(|rest| rest.split('(').next())
        .find(|name| name.starts_with("run_user_code"));
    if let Some(name) = name {
        let folder = Path::new(OUTPUT);
        std::fs::create_dir_all(folder)?;
        std::fs::write(folder.join(name).with_extension("rs"), &source)
            .context("cannot keep the source of the cell")?;
    }
    Ok(source)
}

/// What a cell becomes, in the cell's crate.
pub const OUTPUT: &str = "target/cell";

/// The cell's crate, in the current folder.
struct Cell {
    rustc: OsString,
    dylib: PathBuf,
    deps: PathBuf,
    std: PathBuf,
}

impl Cell {
    fn here() -> Result<Cell> {
        let path = |name: &str| {
            std::env::var_os(name)
                .map(PathBuf::from)
                .with_context(|| format!("{name} is not set"))
        };
        Ok(Cell {
            rustc: std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()),
            dylib: path(env::DYLIB)?,
            deps: path(env::DEPS)?,
            std: path(env::STD)?,
        })
    }

    fn link_flags(&self) -> Vec<String> {
        let folder = self.dylib.parent().unwrap_or(Path::new("."));
        let mut flags = vec![
            "-Cprefer-dynamic".into(),
            "--extern".into(),
            format!("lambda_workbook={}", self.dylib.display()),
            // First what was kept beside it, then what every build shares.
            format!("-Ldependency={}", folder.display()),
            format!("-Ldependency={}", self.deps.display()),
        ];
        for folder in [folder, &self.std] {
            // `-Wl,` would split a path at its commas.
            for arg in ["-Xlinker", "-rpath", "-Xlinker", &folder.to_string_lossy()] {
                flags.push(format!("-Clink-arg={arg}"));
            }
        }
        flags
    }

    fn rustc(&self) -> Command {
        let mut command = Command::new(&self.rustc);
        command
            .args(["--crate-name", "ctx", "--edition", "2024"])
            .args(["--error-format=json", "--json=diagnostic-rendered-ansi"])
            .args(["-Cdebug-assertions=on", "-Coverflow-checks=on"])
            .args(self.link_flags())
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        command
    }

    /// Runs rustc on `source`, in the file whose name evcxr looks for in the
    /// diagnostics.
    fn compile(&self, source: &str, arrange: impl FnOnce(&mut Command)) -> Result<Output> {
        std::fs::write(SOURCE, source).context("cannot write the cell")?;
        let mut command = self.rustc();
        command.arg(SOURCE);
        arrange(&mut command);
        let rustc = command.spawn().context("cannot start rustc")?;
        note_compiler(rustc.id());
        Ok(rustc.wait_with_output()?)
    }

    fn build(&self) -> Result<bool> {
        std::fs::create_dir_all(OUTPUT)?;
        let library = std::env::current_dir()?.join(OUTPUT).join("libctx.so");
        let source = std::fs::read_to_string(SOURCE).context("cannot read the cell")?;
        let output = self.compile(&prepare(&source)?, |rustc| {
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
        for line in String::from_utf8_lossy(&output.stderr).lines() {
            forward(line);
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

    fn check(&self) -> Result<bool> {
        let source = std::fs::read_to_string(SOURCE).context("cannot read the cell")?;
        let answers = std::env::var_os(env::TYPES).map(PathBuf::from);
        let wants_types = answers.as_ref().is_some_and(|file| file.exists());
        let asked = match wants_types {
            true => ask_for_types(&source),
            false => source.clone(),
        };
        let output = self.compile(&asked, |rustc| {
            rustc.args(["--crate-type", "cdylib", "--emit=metadata"]);
            if wants_types {
                // Types must come as full paths, since the cell need not have
                // imported them; both flags exist only with this variable set.
                rustc.env("RUSTC_BOOTSTRAP", "1").args([
                    "-Ztrim-diagnostic-paths=no",
                    "-Zwrite-long-types-to-disk=no",
                ]);
            }
            rustc.args(["-o", "target/ctx.rmeta"]);
        })?;
        let mut types = BTreeMap::new();
        let mut errors: Vec<Value> = Vec::new();
        for line in String::from_utf8_lossy(&output.stderr).lines() {
            match named_type(line) {
                Some((variable, name)) => {
                    types.insert(variable, name);
                }
                None => {
                    if forward(line) {
                        errors.push(serde_json::from_str(line).unwrap_or_default());
                    }
                }
            }
        }
        let correct = errors.is_empty();
        if let Some(file) = answers {
            let source = if correct { "" } else { source.as_str() };
            let answer = json!({"types": types, "errors": errors, "source": source});
            std::fs::write(file, answer.to_string())?;
        }
        Ok(correct)
    }
}

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

/// Passes one of rustc's JSON lines on as cargo would; true for an error.
fn forward(line: &str) -> bool {
    let Ok(mut message) = serde_json::from_str::<Value>(line) else {
        eprintln!("{line}");
        return false;
    };
    keep_display(&mut message);
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

/// Where evcxr converts an error that `?` met, and what it does with it.
const CONVERT_ERROR: &str = "From<T> for EvcxrUserCodeError {";
const PRINT_ERROR: &str = "eprintln!(";
const REPORT_ERROR: &str = "::lambda_workbook::notebook::channel::question_mark(std::any::type_name_of_val(&error), format_args!(";

/// What a cell says to evcxr by printing it, and by what it says it here.
const WORDS: [(&str, &str); 3] = [
    (
        r#"println!("EVCXR_PANIC_NOTIFICATION");"#,
        "::lambda_workbook::notebook::channel::panics::panicked();",
    ),
    (
        r#"println!("{}", evcxr_internal_runtime::USER_ERROR_OCCURRED);"#,
        "::lambda_workbook::notebook::channel::to_evcxr(evcxr_internal_runtime::USER_ERROR_OCCURRED);",
    ),
    (
        r#"println!("{VARIABLE_CHANGED_TYPE}{name}");"#,
        r#"::lambda_workbook::notebook::channel::to_evcxr(&format!("{VARIABLE_CHANGED_TYPE}{name}"));"#,
    ),
];

fn with_channel(source: &str) -> String {
    let mut source = source.to_owned();
    for (word, said) in WORDS {
        // evcxr's own comes last, behind the reader's code.
        if let Some(at) = source.rfind(word) {
            source.replace_range(at..at + word.len(), said);
        }
    }
    if let Some(at) = source.find(CONVERT_ERROR)
        && let Some(print) = source[at..].find(PRINT_ERROR).map(|print| at + print)
        && let Some(end) = source[print..].find(", error);").map(|end| print + end)
    {
        source.replace_range(end..end + ", error);".len(), ", error));");
        source.replace_range(print..print + PRINT_ERROR.len(), REPORT_ERROR);
    }
    source
}

/// Lets evcxr keep the rich form of a last expression that moves a variable.
///
/// evcxr stores every variable behind the last expression, so rustc complains
/// of a use after the move (E0382), naming both places. evcxr answers the first
/// by forgetting the variable, which is right, and the second by showing the
/// expression as `{:?}`, which is not: that one is taken out.
fn keep_display(message: &mut Value) {
    let stored = |span: &Value| {
        span["is_primary"] == true
            && span["text"][0]["text"]
                .as_str()
                .is_some_and(|text| text.contains("evcxr_variable_store.put_variable::<"))
    };
    if message["code"]["code"] == "E0382"
        && let Some(spans) = message["spans"].as_array_mut()
        && spans.iter().any(stored)
    {
        spans.retain(stored);
        message["children"] = json!([]);
    }
}

const STORE: &str = "fn evcxr_variable_store<T: 'static>(_: T) {}";
const ASK: &str = "trait EvcxrTypeOf {} fn evcxr_variable_store<T: EvcxrTypeOf>(_: T) {}";

fn ask_for_types(source: &str) -> String {
    source.replacen(STORE, ASK, 1)
}

/// The variable and type in a diagnostic that [`ASK`] caused.
fn named_type(line: &str) -> Option<(String, String)> {
    let message: Value = serde_json::from_str(line).ok()?;
    let name = message["message"]
        .as_str()?
        .strip_prefix("the trait bound `")?
        .strip_suffix(": EvcxrTypeOf` is not satisfied")?;
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
    Some((variable, spell(name)))
}

/// A type as rustc shows it, in a form that compiles.
fn spell(name: &str) -> String {
    // Literals that nothing fixes fall back to these.
    let mut name = name.replace("{integer}", "i32").replace("{float}", "f64");
    // A function item has no name, but its pointer type has.
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
    fn evcxrs_words_and_errors_go_past_the_printed_text() {
        let source = "impl<T: std::fmt::Display> From<T> for EvcxrUserCodeError {\n fn from(error: T) -> Self {\n eprintln!(\"{}\", error);\nprintln!(\"{}\", evcxr_internal_runtime::USER_ERROR_OCCURRED);\n}}\nfn user() { eprintln!(\"{}\", error); println!(\"EVCXR_PANIC_NOTIFICATION\"); }\n    println!(\"EVCXR_PANIC_NOTIFICATION\");\n";
        let changed = with_channel(source);
        assert!(changed.contains("type_name_of_val(&error), format_args!(\"{}\", error));"));
        assert!(changed.contains("to_evcxr(evcxr_internal_runtime::USER_ERROR_OCCURRED);"));
        assert!(changed.ends_with("channel::panics::panicked();\n"));
        assert!(
            changed.contains(
                "fn user() { eprintln!(\"{}\", error); println!(\"EVCXR_PANIC_NOTIFICATION\"); }"
            ),
            "the reader's own code stays"
        );
        assert_eq!(changed.lines().count(), source.lines().count());
    }

    #[test]
    fn a_function_item_is_kept_as_a_pointer() {
        assert_eq!(spell("fn(u8) -> u8 {double}"), "fn(u8) -> u8");
        assert_eq!(
            spell("std::boxed::Box<dyn Fn()>"),
            "std::boxed::Box<dyn Fn()>"
        );
    }
}
