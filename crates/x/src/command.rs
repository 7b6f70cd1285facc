//! Programs that tasks start, cargo first.
use crate::{Failure, Result};
use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};

/// A command in the project's folder, and the words in which it is reported.
pub struct Task {
    pub command: Command,
    words: String,
}

/// Returns a command of the cargo that started this program, else of the one on the PATH.
pub fn cargo(root: &Path, arguments: &[&str]) -> Task {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut task = program(root, &cargo, arguments);
    task.words = format!("cargo {}", arguments.join(" "));
    // What `cargo x` set for this program alone must not reach another cargo, which
    // would build again what depends on it.
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        let ours = ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_"];
        if ours.iter().any(|prefix| text.starts_with(prefix)) || text == "LD_LIBRARY_PATH" {
            task.command.env_remove(&name);
        }
    }
    // rust-analyzer's crates compile CI in. With it set here and not elsewhere, they and
    // all that depends on them would be built anew, which takes minutes.
    task.command.env_remove("CI");
    task
}

/// Returns a command of another program.
pub fn program(root: &Path, program: impl AsRef<OsStr>, arguments: &[&str]) -> Task {
    let name = program.as_ref().to_string_lossy().into_owned();
    let mut command = Command::new(program);
    command.args(arguments).current_dir(root);
    Task {
        command,
        words: format!("{name} {}", arguments.join(" ")),
    }
}

impl Task {
    /// Runs the command, which prints for itself.
    pub fn run(mut self) -> Result {
        let status = self.command.status();
        let status = status.map_err(|error| self.cannot_start(&error))?;
        match status.success() {
            true => Ok(()),
            false => Err(Failure::No(format!("`{}` failed: {status}", self.words))),
        }
    }

    /// Runs the command and returns what it printed. Its output is shown only if it fails.
    pub fn quietly(mut self) -> Result<String> {
        let output = self.command.stdin(Stdio::null()).output();
        let output = output.map_err(|error| self.cannot_start(&error))?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        if output.status.success() {
            return Ok(text);
        }
        print!("{text}{}", String::from_utf8_lossy(&output.stderr));
        let status = output.status;
        Err(Failure::No(format!("`{}` failed: {status}", self.words)))
    }

    fn cannot_start(&self, error: &std::io::Error) -> Failure {
        Failure::Broken(format!("`{}` cannot be started: {error}", self.words))
    }
}

/// Runs the unit and integration tests whose names contain `name`. Fails also if there is
/// no such test, because a mistyped name would pass otherwise.
///
/// No package is chosen: a package alone asks dependencies for other features, and cargo
/// would build polars anew.
pub fn tests(root: &Path, name: &str, more: &[&str]) -> Result {
    let mut arguments = vec!["test", "--locked", "--tests"];
    arguments.extend(Some(name).filter(|name| !name.is_empty()));
    arguments.push("--");
    arguments.extend(more);
    counted(root, &arguments, name)
}

/// Runs cargo's tests with these arguments; an error if none is run.
pub fn counted(root: &Path, arguments: &[&str], name: &str) -> Result {
    let mut task = cargo(root, arguments);
    let child = task.command.stdout(Stdio::piped()).spawn();
    let mut child = child.map_err(|error| task.cannot_start(&error))?;
    let mut found = 0;
    let mut out = std::io::stdout();
    for line in BufReader::new(child.stdout.take().expect("a pipe")).split(b'\n') {
        let Ok(line) = line else { break };
        found += announced(&String::from_utf8_lossy(&line));
        let _ = out.write_all(&[&line[..], b"\n"].concat());
    }
    let status = child.wait();
    let status = status.map_err(|error| task.cannot_start(&error))?;
    match (status.success(), found) {
        (true, 0) => Err(Failure::No(format!("no test has `{name}` in its name"))),
        (true, _) => Ok(()),
        (false, _) => Err(Failure::No(format!("`{}` failed: {status}", task.words))),
    }
}

/// The number of tests that a test program says it will run.
fn announced(line: &str) -> usize {
    let number = line
        .strip_prefix("running ")
        .and_then(|rest| rest.split_once(" test"));
    number.map_or(0, |(number, _)| number.parse().unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_of_tests_is_read() {
        assert_eq!(announced("running 12 tests"), 12);
        assert_eq!(announced("running 1 test"), 1);
        assert_eq!(announced("test running 3 tests ... ok"), 0);
    }

    #[test]
    fn a_program_that_does_not_exist_is_a_broken_set_up() {
        let task = program(Path::new("/"), "no-such-program", &["now"]);
        assert!(matches!(task.run(), Err(Failure::Broken(words)) if words.contains("now")));
    }
}
