//! How far the build of the kernel is: one small file, `.lab/build.json`.
//!
//! Three readers follow it: the terminal of `cargo lab`, the progress item in
//! JupyterLab's top bar, and a notebook cell that is run before the kernel exists.
use crate::process::write_whole;
use crate::project::Project;
use anyhow::Result;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// The state of the build, as a reader should see it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct State {
    pub phase: Phase,
    /// What is being done, in a few words, such as "compiling polars-core".
    pub now: String,
    /// How much of the work is done, in percent of its expected time.
    pub percent: u8,
    /// Seconds until notebooks can run; `None` until that can be estimated.
    pub seconds_left: Option<u64>,
    /// What the reader should know before it goes wrong, such as little memory.
    pub notice: Option<String>,
    /// Why the build failed. Only in [`Phase::Failed`].
    pub failure: Option<Failure>,
    /// The kernel of the last build that succeeded. It stays while the next build
    /// runs or fails.
    pub kernel: Option<Kernel>,
    /// Whether Tab completion knows more than the words of the cell.
    pub completion: Completion,
}

/// Where the build is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Fetching the sources of the dependencies.
    Downloading,
    Compiling,
    /// Making the lesson's data with the built kernel.
    Data,
    /// Notebooks run.
    Ready,
    Failed,
}

/// Whether the completer is built.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Completion {
    Waiting,
    Compiling,
    Ready,
    Failed,
}

/// A step of the build that ended badly.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// What failed, such as "compiling the kernel failed (exit status: 101)".
    pub what: String,
    /// The last lines that it printed.
    pub tail: Vec<String>,
    /// What to do about it.
    pub fix: String,
    /// The log with everything it printed, named from the project folder.
    pub log: String,
}

/// A built kernel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kernel {
    /// The program `workbook`.
    pub program: PathBuf,
    /// The compiler that built it, as `rustc --version` prints it: cells must be
    /// compiled by the same one.
    pub rustc: String,
}

impl State {
    /// The state at the start of a build; the kernel of an earlier one stays known.
    pub fn starting(kernel: Option<Kernel>) -> State {
        State {
            phase: Phase::Downloading,
            now: "checking the dependencies".into(),
            percent: 0,
            seconds_left: None,
            notice: None,
            failure: None,
            kernel,
            completion: Completion::Waiting,
        }
    }

    /// The state that the last build left, if one can be read.
    pub fn read(project: &Project) -> Option<State> {
        let bytes = std::fs::read(path(project)).ok()?;
        serde_json::from_slice(&bytes).ok()
    }

    /// The program that serves notebooks, where one is built: the one named in
    /// `LAMBDA_WORKBOOK_KERNEL`, else that of the last build.
    pub fn program(project: &Project) -> Option<PathBuf> {
        let named = std::env::var_os(super::KERNEL).map(PathBuf::from);
        named
            .or_else(|| Some(State::read(project)?.kernel?.program))
            .filter(|program| program.is_file())
    }

    /// Replaces the file atomically, and the copy that JupyterLab's page reads.
    ///
    /// # Errors
    /// When the project folder cannot be written.
    pub fn write(&self, project: &Project) -> Result<()> {
        let bytes = serde_json::to_vec_pretty(self)?;
        show_on_page(project, &bytes);
        write_whole(&path(project), &bytes)
    }

    /// One line for a reader: the phase, how far it is, and how long it still takes.
    pub fn line(&self) -> String {
        match self.phase {
            Phase::Ready => "The kernel is ready".into(),
            Phase::Failed => match &self.failure {
                Some(failure) => failure.what.clone(),
                None => "The build failed".into(),
            },
            _ => {
                let left = self.seconds_left.map_or(String::new(), |seconds| {
                    format!(", about {} left", duration(seconds))
                });
                format!(
                    "Building the kernel: {} %{left} ({})",
                    self.percent, self.now
                )
            }
        }
    }
}

/// Where the state is kept.
pub fn path(project: &Project) -> PathBuf {
    project.lab().join("build.json")
}

/// A time as a person says it: "40 s", "3 min".
fn duration(seconds: u64) -> String {
    match seconds {
        0..=89 => format!("{} s", seconds.max(1)),
        _ => format!("{} min", (seconds + 30) / 60),
    }
}

/// Copies the state to where JupyterLab's page reads it. Before the environment is there,
/// there is no page to read it.
pub fn show_on_page(project: &Project, state: &[u8]) {
    let folder = project.progress_item().join("static");
    if folder.is_dir() {
        // Where this fails, the page shows the state after the next change.
        let _ = write_whole(&folder.join("build.json"), state);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_says_how_far_and_how_long() {
        let mut state = State::starting(None);
        state.phase = Phase::Compiling;
        state.now = "polars-core".into();
        assert_eq!(state.line(), "Building the kernel: 0 % (polars-core)");
        (state.percent, state.seconds_left) = (41, Some(200));
        assert_eq!(
            state.line(),
            "Building the kernel: 41 %, about 3 min left (polars-core)"
        );
        state.seconds_left = Some(40);
        assert!(state.line().contains("about 40 s left"));
    }
}
