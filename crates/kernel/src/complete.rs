//! Completion and documentation, by the program `completer`.
//!
//! evcxr has a rust-analyzer, but in this kernel it sees no crates, which makes cells
//! compile faster. The program `completer`, of the package of that name, has a second
//! one. It is started at the first Tab and reads the sources of the crates that cells use.
//! Then it answers each question, one line of JSON, with one line of JSON. It needs a few
//! hundred megabytes of memory and ends with the kernel.
//!
//! The set-up builds the completer after the kernel. Until it is built, completion
//! has only the words of the cell to offer.

use super::cell_source::is_part;
use super::place::Place;
use anyhow::{Context, Result};
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

/// The types of questions and answers. The file belongs to the completer and is included by
/// its path: a dependency on that package would mean compiling rust-analyzer before the
/// kernel.
#[path = "../../../crates/completer/src/question.rs"]
mod question;

pub use question::{Answer, Ask, Help, Item, Question};

/// A running completer.
pub struct Completer {
    /// The process; it is killed when this is dropped.
    child: Child,
    stdin: ChildStdin,
    answers: Lines<BufReader<ChildStdout>>,
    /// How many questions were sent whose answers have not arrived.
    overdue: usize,
    /// Whether the first answer has arrived, so that the sources are loaded.
    loaded: bool,
}

/// How long an answer may take while the sources are being loaded. JupyterLab shows no
/// completions that take longer than a second, and the words of the cell can be offered
/// instead.
const TIMEOUT_WHILE_LOADING: Duration = Duration::from_millis(900);
/// How long an answer may take once the sources are loaded. It usually takes some
/// milliseconds, but the machine may be busy.
const TIMEOUT_ONCE_LOADED: Duration = Duration::from_secs(3);

impl Completer {
    /// Starts the process, which loads in the background. Returns `None` when the
    /// completer is not built yet.
    ///
    /// # Errors
    /// Returns an error when the program exists but cannot be started.
    pub fn start(place: &Place) -> Result<Option<Completer>> {
        let program = place.completer();
        if !program.exists() {
            return Ok(None);
        }
        let mut child = Command::new(&program)
            .arg(&place.root)
            // The toolchain that compiles cells, called directly and not through rustup.
            .env("CARGO", place.cargo())
            .env("RUSTC", place.toolchain.join("rustc"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("cannot start {}", program.display()))?;
        let stdin = child.stdin.take().context("the completer has no stdin")?;
        let stdout = child.stdout.take().context("the completer has no stdout")?;
        Ok(Some(Completer {
            child,
            stdin,
            answers: BufReader::new(stdout).lines(),
            overdue: 0,
            loaded: false,
        }))
    }

    /// Returns whether the process has ended.
    pub fn has_ended(&mut self) -> bool {
        !matches!(self.child.try_wait(), Ok(None))
    }

    /// Asks a question and waits for its answer. Returns `None` when the answer takes
    /// too long, for example because the sources are still being read.
    ///
    /// # Errors
    /// Returns an error when the process has ended or its answer cannot be read. The
    /// completer must be started again then.
    pub async fn ask(&mut self, question: &Question) -> Result<Option<Answer>> {
        let timeout = match self.loaded {
            false => TIMEOUT_WHILE_LOADING,
            true => TIMEOUT_ONCE_LOADED,
        };
        // Late answers to earlier questions may still be on their way. The question is not
        // sent before they have arrived. So a reader who presses Tab ten times while the
        // sources are loaded waits for one answer, not for ten.
        let asked = async {
            while self.overdue > 0 {
                self.next_answer().await?;
            }
            let mut line = serde_json::to_string(question)?;
            line.push('\n');
            self.stdin
                .write_all(line.as_bytes())
                .await
                .context("cannot send a question to the completer")?;
            self.overdue += 1;
            let line = self.next_answer().await?;
            serde_json::from_str(&line).context("cannot read the completer's answer")
        };
        match tokio::time::timeout(timeout, asked).await {
            Ok(answer) => answer.map(Some),
            Err(_) => Ok(None),
        }
    }

    /// Waits for the next answer and returns its line.
    async fn next_answer(&mut self) -> Result<String> {
        let line = self.answers.next_line().await?;
        let line = line.context("the completer has exited")?;
        self.overdue -= 1;
        self.loaded = true;
        Ok(line)
    }
}

/// Answers a question without the completer: the completions are the words of the source
/// that begin with the text before the cursor. There is no documentation.
pub fn words(question: &Question) -> Answer {
    // Find the start of the word at the cursor.
    if question.ask != Ask::Completions {
        return Answer::default();
    }
    let before = &question.source[..question.offset];
    let start = before.trim_end_matches(is_part).len();
    let prefix = &before[start..];

    // Collect the longer words that begin like it, without evcxr's internal names.
    let mut found: Vec<&str> = question
        .source
        .split(|c| !is_part(c))
        .filter(|candidate| {
            candidate.len() > prefix.len()
                && !prefix.is_empty()
                && candidate.starts_with(prefix)
                && !candidate.starts_with("evcxr")
        })
        .collect();
    found.sort_unstable();
    found.dedup();

    Answer {
        items: found
            .into_iter()
            .map(|text| Item {
                text: text.to_owned(),
                kind: "instance".to_owned(),
                label: text.to_owned(),
            })
            .collect(),
        start,
        end: question.offset,
        help: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_complete_what_the_cell_already_names() {
        let source = "fn w(hourly: X, hour: Y) { ho }";
        let offset = source.find("ho }").unwrap() + 2;
        let answer = words(&Question {
            source: source.to_owned(),
            offset,
            ask: Ask::Completions,
        });
        let texts: Vec<_> = answer.items.iter().map(|item| item.text.as_str()).collect();
        assert_eq!(texts, ["hour", "hourly"]);
        assert_eq!(&source[answer.start..answer.end], "ho");
    }
}
