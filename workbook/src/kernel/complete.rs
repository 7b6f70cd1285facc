//! Tab completion and documentation, in a process of its own.
//!
//! evcxr's rust-analyzer sees no crate here (that is what makes cells quick), so
//! completion has its own, in the program `completer` of the package of that name.
//! It is started at the first Tab, reads the sources of the crates that cells name,
//! and answers one line of JSON for each line of JSON. Its memory, a few hundred
//! megabytes, is its own and ends with the kernel.
//!
//! The set-up builds the completer after the kernel. Until it is built, completion
//! has only the words of the cell to offer.

use super::place::Place;
use anyhow::{Context, Result};
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

/// The completer's own file, by its path: to depend on that package would mean to
/// compile rust-analyzer before the kernel.
#[path = "../../../crates/completer/src/question.rs"]
mod question;

pub use question::{Answer, Ask, Help, Item, Question};

/// The completer as the kernel holds it.
pub struct Completer {
    /// Killed when this is dropped.
    child: Child,
    stdin: ChildStdin,
    answers: Lines<BufReader<ChildStdout>>,
    /// Questions whose answers nobody waits for any more.
    overdue: usize,
    /// Whether it has answered once.
    loaded: bool,
}

/// JupyterLab shows no completion that comes later than a second; the words of the
/// cell are better than nothing.
const WHILE_LOADING: Duration = Duration::from_millis(900);
/// Some milliseconds will do, but the machine may be busy.
const ONCE_LOADED: Duration = Duration::from_secs(3);

impl Completer {
    /// Starts the process, which loads in the background. Returns `None` when the
    /// completer is not built yet.
    ///
    /// # Errors
    /// When the program is there but cannot be started.
    pub fn start(place: &Place) -> Result<Option<Completer>> {
        let program = place.completer();
        if !program.exists() {
            return Ok(None);
        }
        let mut child = Command::new(&program)
            .arg(&place.root)
            // The toolchain that compiles cells, without rustup's detour.
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
    /// When the process has ended or its answer cannot be read. It is of no more use
    /// then.
    pub async fn ask(&mut self, question: &Question) -> Result<Option<Answer>> {
        let patience = match self.loaded {
            false => WHILE_LOADING,
            true => ONCE_LOADED,
        };
        // Late answers are still on their way when the next question is asked. A
        // question is not sent before they have arrived: a reader who presses Tab ten
        // times while the sources are read waits for one answer, not for ten.
        let asked = async {
            while self.overdue > 0 {
                self.answer().await?;
            }
            let mut line = serde_json::to_string(question)?;
            line.push('\n');
            self.stdin
                .write_all(line.as_bytes())
                .await
                .context("the completer takes no questions")?;
            self.overdue += 1;
            let line = self.answer().await?;
            serde_json::from_str(&line).context("the completer's answer cannot be read")
        };
        match tokio::time::timeout(patience, asked).await {
            Ok(answer) => answer.map(Some),
            Err(_) => Ok(None),
        }
    }

    /// The next answer, as text.
    async fn answer(&mut self) -> Result<String> {
        let line = self.answers.next_line().await?;
        let line = line.context("the completer has ended")?;
        self.overdue -= 1;
        self.loaded = true;
        Ok(line)
    }
}

/// Completions without the completer: the words of the source that begin with what was
/// typed. Without it there is no documentation.
pub fn words(question: &Question) -> Answer {
    if question.ask != Ask::Completions {
        return Answer::default();
    }
    let word = |c: char| c.is_alphanumeric() || c == '_';
    let before = &question.source[..question.offset];
    let start = before.trim_end_matches(word).len();
    let prefix = &before[start..];
    let mut found: Vec<&str> = question
        .source
        .split(|c| !word(c))
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
