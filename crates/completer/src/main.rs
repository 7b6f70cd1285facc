//! The completer: answers the kernel's questions about a cell.
//!
//! evcxr's own rust-analyzer sees no crates in this project, which makes cells compile
//! faster. Therefore this process has a rust-analyzer for completion. The kernel starts it at the first Tab with the project's root as its only argument, writes
//! questions to its standard input and reads answers from its standard output.
//!
//! - [`question`]: the format of questions and answers.
//! - [`project`]: finds the crates that a cell can use, with cargo.
//! - [`sources`]: reads their files, without the parts that completion does not need.
//! - [`analysis`]: loads those files into rust-analyzer.
//! - [`complete`], [`help`]: completions and documentation.

mod analysis;
mod complete;
mod help;
mod project;
mod question;
mod sources;

use analysis::Analysis;
use anyhow::{Context, Result};
use question::Question;
use std::io::{BufRead, Write};
use std::path::PathBuf;
use std::sync::mpsc;

fn main() -> Result<()> {
    let root = std::env::args_os()
        .nth(1)
        .map(PathBuf::from)
        .context("usage: completer ROOT, where ROOT is the folder of the workspace")?;

    // Read questions in the background, also while the sources are being loaded.
    let (sender, questions) = mpsc::channel();
    std::thread::spawn(move || {
        for line in std::io::stdin().lock().lines() {
            let Ok(line) = line else { return };
            if sender.send(line).is_err() {
                return;
            }
        }
    });

    // Load the sources, then answer questions until the kernel closes standard input.
    let mut analysis = Analysis::load(&root)?;
    let mut out = std::io::stdout().lock();
    loop {
        let line = match questions.try_recv() {
            Ok(line) => line,
            Err(mpsc::TryRecvError::Disconnected) => return Ok(()),
            // While no question waits, prepare what later answers need.
            Err(mpsc::TryRecvError::Empty) if analysis.warm_up() => continue,
            Err(mpsc::TryRecvError::Empty) => match questions.recv() {
                Ok(line) => line,
                Err(_) => return Ok(()),
            },
        };
        // A question that cannot be read gets an empty answer.
        let answer = serde_json::from_str::<Question>(&line)
            .map(|question| analysis.answer(&question))
            .unwrap_or_default();
        serde_json::to_writer(&mut out, &answer)?;
        out.write_all(b"\n")?;
        out.flush()?;
    }
}
