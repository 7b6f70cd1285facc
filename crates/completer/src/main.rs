//! The completer: answers the kernel's questions about a cell.
//!
//! evcxr's own rust-analyzer sees no crate in this project, which keeps cells quick.
//! Completion therefore has a rust-analyzer of its own, in this process. The kernel
//! starts it at the first Tab with the project's root as its only argument, writes
//! questions to its standard input and reads answers from its standard output.
//!
//! - [`question`]: what is asked and answered.
//! - [`project`]: the crates that a cell can name, as cargo knows them.
//! - [`sources`]: their files, without what completion never looks at.
//! - [`analysis`]: rust-analyzer over those files.
//! - [`complete`], [`help`]: completions, and documentation.

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
    // Questions are read while the sources are being read.
    let (sender, questions) = mpsc::channel();
    std::thread::spawn(move || {
        for line in std::io::stdin().lock().lines() {
            let Ok(line) = line else { return };
            if sender.send(line).is_err() {
                return;
            }
        }
    });
    let mut analysis = Analysis::load(&root)?;
    let mut out = std::io::stdout().lock();
    loop {
        let line = match questions.try_recv() {
            Ok(line) => line,
            Err(mpsc::TryRecvError::Disconnected) => return Ok(()),
            // No question waits: a good time to prepare what later answers need.
            Err(mpsc::TryRecvError::Empty) if analysis.warm_up() => continue,
            Err(mpsc::TryRecvError::Empty) => match questions.recv() {
                Ok(line) => line,
                Err(_) => return Ok(()),
            },
        };
        let answer = serde_json::from_str::<Question>(&line)
            .map(|question| analysis.answer(&question))
            .unwrap_or_default();
        serde_json::to_writer(&mut out, &answer)?;
        out.write_all(b"\n")?;
        out.flush()?;
    }
}
