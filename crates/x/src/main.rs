//! `cargo x`: the tasks of somebody who changes this project.
//!
//! Each task is a file. The program uses the standard library alone, so that it compiles
//! in two seconds, before anything that it starts.
mod chapter;
mod ci;
mod circles;
mod command;
mod format;
mod manifest;
mod names;
mod picture;
mod sources;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

const HELP: &str = "\
The tasks of somebody who changes this project.

Usage: cargo x COMMAND

  fmt [--check]           formats every source, also those that rustfmt does not find
  test [NAME] [-- ARGS]   runs all tests; with NAME, the unit and integration tests whose
                          names contain it. ARGS go to the test programs
  chapter NAME [--write]  runs a chapter on the real kernel and compares its outputs with
                          those committed; with --write, stores its outputs instead.
                          NAME is `03`, `people` or `notebooks/03_people.ipynb`
  picture [--check]       draws docs/images/workspace.svg from the Cargo manifests
  circles                 prints the files that import each other in a circle
  names                   prints the public types that share a name
  ci                      runs everything that must pass before a change lands
  help                    prints this text

With --check, nothing is written, and the exit code is 1 if something would be.
Exit codes: 0 done; 1 the answer is no, such as a test that failed; 2 wrong use;
3 the set-up is broken.
";

/// Why a task did not succeed.
#[derive(Debug)]
pub enum Failure {
    /// The answer is no: a test failed, or a file is not current. The reason has been
    /// printed by whoever found it, or stands here.
    No(String),
    /// The command line asks for something that does not exist.
    Usage(String),
    /// A file cannot be read or a program cannot be started.
    Broken(String),
}

pub type Result<T = ()> = std::result::Result<T, Failure>;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let (words, code) = match run(&project(), &arguments) {
        Ok(()) => return ExitCode::SUCCESS,
        Err(Failure::No(words)) => (words, 1),
        Err(Failure::Usage(words)) => (words, 2),
        Err(Failure::Broken(words)) => (words, 3),
    };
    eprintln!("error: {words}");
    ExitCode::from(code)
}

fn run(root: &Path, arguments: &[&str]) -> Result {
    match arguments {
        [] | ["help" | "--help" | "-h"] => {
            print!("{HELP}");
            Ok(())
        }
        ["fmt"] => format::run(root, false),
        ["fmt", "--check"] => format::run(root, true),
        ["circles"] => circles::print(root),
        ["names"] => names::print(root),
        ["picture"] => picture::write(root),
        ["picture", "--check"] => picture::check(root),
        ["chapter", name] => chapter::compare(root, name),
        ["chapter", name, "--write"] | ["chapter", "--write", name] => chapter::write(root, name),
        ["test"] => command::cargo(root, &["test", "--locked"]).run(),
        ["test", "--", more @ ..] => command::tests(root, "", more),
        ["test", name] if !name.starts_with('-') => command::tests(root, name, &[]),
        ["test", name, "--", more @ ..] if !name.starts_with('-') => {
            command::tests(root, name, more)
        }
        ["ci"] => ci::run(root),
        [known @ ("fmt" | "picture" | "chapter" | "test" | "ci"), ..] => Err(Failure::Usage(
            format!("`{known}` does not take these arguments; `cargo x help` shows what it takes"),
        )),
        [unknown, ..] => Err(Failure::Usage(format!(
            "there is no command `{unknown}`; `cargo x help` lists the commands"
        ))),
    }
}

/// The folder of the workspace: two above this crate.
fn project() -> PathBuf {
    // Cargo names the folder of the crate that it runs; without cargo, the folder where
    // the crate was compiled is taken.
    let package = std::env::var_os("CARGO_MANIFEST_DIR")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
    package.ancestors().nth(2).unwrap_or(&package).to_owned()
}

/// The entries of a list of exceptions, each of which has its reason behind a dash.
#[cfg(test)]
fn exceptions(list: &str) -> std::collections::BTreeSet<String> {
    let entries = list.lines().filter(|line| !line.starts_with('#'));
    let named = entries.filter_map(|line| Some(line.split_once(" - ")?.0.to_owned()));
    named.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_that_does_not_exist_is_wrong_use() {
        for arguments in [
            &["tset"][..],
            &["fmt", "--chek"],
            &["chapter"],
            &["chapter", "99"],
            &["test", "--nocapture"],
            &["ci", "now"],
        ] {
            let outcome = run(&project(), arguments);
            assert!(
                matches!(outcome, Err(Failure::Usage(_))),
                "{arguments:?}: {outcome:?}"
            );
        }
    }
}
