//! `workbook up`, `down`, `compact` and `status`: real systems on this machine, by the program `connect`;
//! and `workbook up dataflow` and `up lakehouse`, which build the programs of chapter 12.
use crate::Outcome;
use anyhow::{Context, Result, bail};
use kernel::place::{Built, real_cargo};
use std::ffi::OsString;
use std::process::{Command, Stdio};

/// Start a real system on this machine: `up kafka`, `up hbase`, `up spark`, `up sail`. The first time
/// it needs a network. Sail needs Python, the others Java. `up dataflow` and `up lakehouse` build the
/// programs of chapter 12, which run only while a cell asks them.
#[derive(clap::Args)]
#[command(disable_help_flag = true)]
pub struct Args {
    /// The system, and its options; `--help` lists them
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    words: Vec<OsString>,
}

/// The programs of chapter 12, in the folder `rivals`.
const RIVALS: [&str; 2] = ["dataflow", "lakehouse"];

/// Builds the program `connect` if it must, and runs it.
pub fn run(verb: &str, args: Args) -> Result<Outcome> {
    let named = args.words.first().and_then(|word| word.to_str());
    if let Some(name) = RIVALS.into_iter().find(|name| named == Some(name)) {
        return build_rival(verb, name);
    }
    let mut connect = connect()?;
    let status = connect.arg(verb).args(args.words).status();
    match status.context("cannot start the program connect")?.code() {
        Some(0) => Ok(Outcome::Done),
        // It has said why.
        code => std::process::exit(code.unwrap_or(3)),
    }
}

/// Builds a program of chapter 12. cargo shows how far it is.
fn build_rival(verb: &str, name: &str) -> Result<Outcome> {
    if verb != "up" {
        println!("{name} runs only while a cell asks it; there is nothing to do");
        return Ok(Outcome::Done);
    }
    let root = Built::find()?.root.clone();
    let manifest = format!("rivals/{name}/Cargo.toml");
    eprintln!(
        "building the program {name} of chapter 12, once; its libraries take some minutes ..."
    );
    let build = Command::new(real_cargo())
        .args(["build", "--locked", "--manifest-path", &manifest])
        .args(["--target-dir", "target/rivals"])
        .current_dir(&root)
        .status()
        .context("cannot start cargo")?;
    if !build.success() {
        bail!("the program {name} could not be built; cargo has said why");
    }
    println!("{name} is built; chapter 12 runs it from now on");
    Ok(Outcome::Done)
}

/// Starts a system on this machine unless it runs, and returns its address.
pub fn start(system: &str) -> Result<String> {
    let output = connect()?
        .args(["up", system])
        .stderr(Stdio::inherit())
        .output()
        .context("cannot start the program connect")?;
    let said = String::from_utf8_lossy(&output.stdout);
    match said.trim_end().split_once(" runs at ") {
        Some((_, address)) if output.status.success() => Ok(address.to_owned()),
        _ => bail!("{system} could not be started; the lines above say why"),
    }
}

/// The program `connect`. It is built together with this program: alone, it would get other features
/// of shared crates, and polars would be compiled twice.
fn connect() -> Result<Command> {
    let built = Built::find()?;
    let root = built.root.clone();
    if !root.join("crates/connect/Cargo.toml").is_file() {
        bail!(
            "{}: the crate connect is not there; run this in a checkout of the project",
            root.display()
        );
    }
    let build = Command::new(real_cargo())
        .args([
            "build",
            "--quiet",
            "--package",
            "workbook",
            "--package",
            "connect",
        ])
        .current_dir(&root)
        .status()
        .context("cannot start cargo")?;
    if !build.success() {
        bail!("the program connect could not be built; cargo has said why");
    }
    let mut connect = Command::new(built.exe.with_file_name("connect"));
    connect.current_dir(&root);
    Ok(connect)
}
