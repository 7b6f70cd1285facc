//! A program of chapter 12 as a child process: one line of JSON is asked, one is answered.
//!
//! The programs are in the folder `rivals/` of the project, outside its workspace, and
//! `cargo workbook up NAME` builds them. So a reader who does not open chapter 12 does not compile
//! their libraries, and cells link none of them.
use crate::systems::{Result, SystemsError};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::cell::RefCell;
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

/// The folder of the programs, if it is not that of this project.
const FOLDER: &str = "LAMBDA_WORKBOOK_RIVALS";

/// A running program. Dropping it kills the process, as a crash would.
pub(super) struct Program {
    name: &'static str,
    child: Child,
    pipes: RefCell<(BufWriter<ChildStdin>, BufReader<ChildStdout>)>,
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Returns where a program is, once it is built.
pub(super) fn place(name: &str) -> PathBuf {
    let folder = std::env::var_os(FOLDER).map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/rivals/debug"),
        PathBuf::from,
    );
    folder.join(format!("{name}{}", std::env::consts::EXE_SUFFIX))
}

impl Program {
    /// Starts a program.
    ///
    /// # Errors
    /// If it is not built.
    pub fn start(name: &'static str) -> Result<Self> {
        let failed = |problem: String| SystemsError::Program {
            program: name,
            problem,
        };
        let path = place(name);
        if !path.is_file() {
            return Err(failed(format!(
                "the program is not built; run `cargo workbook up {name}` once"
            )));
        }
        let mut child = Command::new(&path)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| failed(format!("cannot start {}: {error}", path.display())))?;
        let (Some(to), Some(from)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(failed("it has no pipes".to_owned()));
        };
        Ok(Self {
            name,
            child,
            pipes: RefCell::new((BufWriter::new(to), BufReader::new(from))),
        })
    }

    /// Returns the bytes of its memory that are resident; 0 where that cannot be found out.
    pub fn memory(&self) -> i64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()));
        let status = status.unwrap_or_default();
        let kilobytes = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kilobytes = kilobytes.and_then(|text| text.trim().strip_suffix("kB"));
        kilobytes
            .and_then(|text| text.trim().parse().ok())
            .unwrap_or(0)
            * 1024
    }

    /// Asks a question.
    ///
    /// # Errors
    /// What the program says is wrong, or that it ended.
    pub fn ask<A: DeserializeOwned>(&self, question: &impl Serialize) -> Result<A> {
        let failed = |problem: String| SystemsError::Program {
            program: self.name,
            problem,
        };
        let (to, from) = &mut *self.pipes.borrow_mut();
        let mut line = serde_json::to_vec(question).map_err(|error| failed(error.to_string()))?;
        line.push(b'\n');
        let mut answer = String::new();
        to.write_all(&line)
            .and_then(|()| to.flush())
            .and_then(|()| from.read_line(&mut answer))
            .map_err(|error| failed(format!("it ended: {error}")))?;
        let answer: std::result::Result<A, String> = serde_json::from_str(&answer)
            .map_err(|error| failed(format!("its answer {answer:?} cannot be read: {error}")))?;
        answer.map_err(failed)
    }
}
