//! The program `connect`, a child process that is asked about a system elsewhere over a pipe: one
//! question, one answer.
//!
//! Clients of real systems take time to compile, and cells must not wait for them. So they are in a
//! program of its own, which is built after the kernel.
//!
//! ```text
//! frame   length of the head (u32), length of the body (u32), head, body
//! head    a question or an answer, in JSON
//! body    keys and values, one after another
//! ```
use serde::{Deserialize, Serialize};
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Mutex, PoisonError};

/// The variable that names the program, if it is not beside the one that runs.
const PROGRAM: &str = "LAMBDA_WORKBOOK_CONNECT";

/// The longest head and body that are read.
const LONGEST: usize = 1 << 30;

/// Writes a frame.
///
/// # Errors
/// If the pipe is closed.
pub fn write_frame(to: &mut impl Write, head: &impl Serialize, body: &[&[u8]]) -> io::Result<()> {
    let head = serde_json::to_vec(head)?;
    let length: usize = body.iter().map(|part| part.len()).sum();
    for length in [head.len(), length] {
        let length = u32::try_from(length).map_err(io::Error::other)?;
        to.write_all(&length.to_le_bytes())?;
    }
    to.write_all(&head)?;
    for part in body {
        to.write_all(part)?;
    }
    to.flush()
}

/// Reads a frame; `None` if the pipe was closed before it.
///
/// # Errors
/// If the pipe is closed within it, or it is no frame.
pub fn read_frame<T: for<'a> Deserialize<'a>>(
    from: &mut impl Read,
) -> io::Result<Option<(T, Vec<u8>)>> {
    let mut lengths = [0; 8];
    match from.read(&mut lengths[..1])? {
        0 => return Ok(None),
        _ => from.read_exact(&mut lengths[1..])?,
    }
    let length = |at: usize| -> io::Result<usize> {
        let length =
            u32::from_le_bytes(lengths[at..at + 4].try_into().unwrap_or_default()) as usize;
        if length > LONGEST {
            return Err(io::Error::other(format!("a frame of {length} bytes")));
        }
        Ok(length)
    };
    let mut head = vec![0; length(0)?];
    from.read_exact(&mut head)?;
    let mut body = vec![0; length(4)?];
    from.read_exact(&mut body)?;
    Ok(Some((serde_json::from_slice(&head)?, body)))
}

/// The error of a question that the program did not answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RemoteError {
    /// What was being done, for example "connecting".
    pub(crate) doing: String,
    /// The address of the system.
    pub(crate) address: String,
    /// What is wrong, and what to do.
    pub(crate) problem: String,
}

/// An answer of the program to questions of one kind.
pub(crate) trait RemoteAnswer: for<'a> Deserialize<'a> {
    /// The errors of these questions.
    type Error: From<RemoteError>;

    /// Returns the error that the answer is; `None` if it is none. `address` is that of the system.
    fn error(self, address: &str) -> Option<Self::Error>;
}

/// The program, connected to the system at an address. It may be used by several threads, one
/// question at a time. Dropping it ends the child process.
#[derive(Debug)]
pub(crate) struct Remote {
    /// The address of the system.
    pub(crate) address: String,
    program: PathBuf,
    /// `None` after the child ended; the next question starts another.
    child: Mutex<Option<Connected>>,
}

#[derive(Debug)]
struct Connected {
    child: Child,
    questions: BufWriter<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

impl Drop for Connected {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Remote {
    /// Connects to a system through a program, the usual one if `program` is `None`.
    ///
    /// # Errors
    /// If the program is not there, or cannot reach the system.
    pub(crate) fn open<A: RemoteAnswer>(
        address: &str,
        program: Option<&Path>,
    ) -> Result<Self, A::Error> {
        let remote = Self {
            address: address.to_owned(),
            program: program.map_or_else(usual_program, Path::to_owned),
            child: Mutex::new(None),
        };
        let connected = remote.start::<A>()?;
        *remote.child.lock().unwrap_or_else(PoisonError::into_inner) = Some(connected);
        Ok(remote)
    }

    fn start<A: RemoteAnswer>(&self) -> Result<Connected, A::Error> {
        let failed = |problem: String| A::Error::from(self.failed("connecting", problem));
        let child = Command::new(&self.program)
            .arg("serve")
            .arg(&self.address)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn();
        let mut child = child.map_err(|error| {
            failed(format!(
                "cannot start {}: {error}; build it: `cargo build --package workbook --package connect`",
                self.program.display()
            ))
        })?;
        let (Some(questions), Some(answers)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(failed("the program has no pipes".to_owned()));
        };
        let mut connected = Connected {
            child,
            questions: BufWriter::new(questions),
            answers: BufReader::new(answers),
        };
        // The first answer says whether the system was reached.
        match read_frame::<A>(&mut connected.answers) {
            Ok(Some((answer, _))) => match answer.error(&self.address) {
                Some(error) => Err(error),
                None => Ok(connected),
            },
            Ok(None) => Err(failed("the program connect ended at once".to_owned())),
            Err(error) => Err(failed(error.to_string())),
        }
    }

    /// Asks a question, and returns the answer with its body.
    ///
    /// # Errors
    /// If the program ends, which may be after the question had its effect.
    pub(crate) fn ask<A: RemoteAnswer>(
        &self,
        question: &impl Serialize,
        body: &[&[u8]],
    ) -> Result<(A, Vec<u8>), A::Error> {
        self.ask_watched(question, body, |_| false)
    }

    /// Asks a question, and returns the answer with its body. `is_progress` is called with each
    /// answer, and says whether it is a report, after which the answer itself will follow.
    ///
    /// # Errors
    /// As for [`ask`](Self::ask).
    pub(crate) fn ask_watched<A: RemoteAnswer>(
        &self,
        question: &impl Serialize,
        body: &[&[u8]],
        mut is_progress: impl FnMut(&A) -> bool,
    ) -> Result<(A, Vec<u8>), A::Error> {
        let mut child = self.child.lock().unwrap_or_else(PoisonError::into_inner);
        let mut connected = match child.take() {
            Some(connected) => connected,
            None => self.start::<A>()?,
        };
        let mut exchanged = write_frame(&mut connected.questions, question, body)
            .and_then(|()| read_frame(&mut connected.answers));
        while let Ok(Some((answer, _))) = &exchanged
            && is_progress(answer)
        {
            exchanged = read_frame(&mut connected.answers);
        }
        match exchanged {
            Ok(Some(answer)) => {
                *child = Some(connected);
                Ok(answer)
            }
            // Its end is somewhere between the question and the answer.
            Ok(None) | Err(_) => Err(A::Error::from(self.failed(
                "asking",
                "the program connect ended; the question may have had its effect, so look before you ask again".to_owned(),
            ))),
        }
    }

    /// Returns the error of something that failed.
    pub(crate) fn failed(&self, doing: &str, problem: String) -> RemoteError {
        RemoteError {
            doing: doing.to_owned(),
            address: self.address.clone(),
            problem,
        }
    }

    /// Returns the error for an answer, which is one or belongs to another question.
    pub(crate) fn error<A: RemoteAnswer>(&self, answer: A) -> A::Error {
        let other = "the answer is to another question; restart the program";
        let error = answer.error(&self.address);
        error.unwrap_or_else(|| self.failed("asking", other.to_owned()).into())
    }
}

/// The program beside the one that runs, or in the folder above it, where tests lie.
fn usual_program() -> PathBuf {
    if let Some(named) = std::env::var_os(PROGRAM) {
        return named.into();
    }
    let here = std::env::current_exe().unwrap_or_default();
    let folders = here.ancestors().skip(1).take(2);
    let mut programs = folders.map(|folder| folder.join("connect"));
    programs
        .find(|program| program.is_file())
        .unwrap_or_else(|| "connect".into())
}

/// Returns whether a text is `host:port`.
///
/// ```
/// use lambda::remote::is_host_and_port;
/// assert!(is_host_and_port("127.0.0.1:9092"));
/// assert!(!is_host_and_port("127.0.0.1") && !is_host_and_port(":9092"));
/// ```
pub fn is_host_and_port(text: &str) -> bool {
    text.rsplit_once(':')
        .is_some_and(|(host, port)| !host.is_empty() && port.parse::<u16>().is_ok())
}
