//! Tab completion and documentation, in a process of its own.
//!
//! evcxr's rust-analyzer sees no crate here (that is what makes cells quick),
//! so completion has its own: this program again, as `workbook complete`,
//! started at the first Tab. It reads the sources of the crates that cells
//! name ([`project`]), keeps them analysed ([`analysis`]), and answers one JSON
//! line for each JSON line. Its memory, a few hundred megabytes, is its own and
//! ends with the kernel.

pub mod analysis;
mod project;

use super::place::Place;
use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

/// What the kernel asks.
#[derive(Debug, Serialize, Deserialize)]
pub struct Question {
    /// The cell in its context: items, variables with their types, the code.
    pub source: String,
    /// The cursor, in bytes from the start of `source`.
    pub offset: usize,
    /// Documentation instead of completions.
    pub hover: bool,
}

/// What the completer answers.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Answer {
    pub items: Vec<Item>,
    /// The part of `source` that an item replaces, in bytes.
    pub start: usize,
    pub end: usize,
    /// Markdown, when documentation was asked for and found.
    pub hover: Option<String>,
}

/// One completion.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    pub text: String,
    /// Jupyter's kinds: function, class, module, instance, keyword.
    pub kind: String,
    pub label: String,
}

/// The completer as the kernel holds it.
pub struct Completer {
    /// Killed when this is dropped.
    _child: Child,
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
    /// Starts the process; it loads in the background.
    pub fn start(place: &Place) -> Result<Completer> {
        let mut child = Command::new(&place.exe)
            .arg("complete")
            .env("LAMBDA_WORKBOOK_ROOT", &place.root)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .context("cannot start the completer")?;
        let stdin = child.stdin.take().context("the completer has no stdin")?;
        let stdout = child.stdout.take().context("the completer has no stdout")?;
        Ok(Completer {
            _child: child,
            stdin,
            answers: BufReader::new(stdout).lines(),
            overdue: 0,
            loaded: false,
        })
    }

    /// Asks, and waits for the answer; `None` while the sources are still being
    /// read.
    pub async fn ask(&mut self, question: &Question) -> Result<Option<Answer>> {
        let patience = match self.loaded {
            false => WHILE_LOADING,
            true => ONCE_LOADED,
        };
        let asked = async {
            while self.overdue > 0 {
                self.answers
                    .next_line()
                    .await?
                    .context("the completer ended")?;
                self.overdue -= 1;
            }
            let mut line = serde_json::to_string(question)?;
            line.push('\n');
            self.stdin.write_all(line.as_bytes()).await?;
            self.overdue += 1;
            let answer = self
                .answers
                .next_line()
                .await?
                .context("the completer ended")?;
            self.overdue -= 1;
            self.loaded = true;
            anyhow::Ok(serde_json::from_str(&answer)?)
        };
        match tokio::time::timeout(patience, asked).await {
            Ok(answer) => answer.map(Some),
            Err(_) => Ok(None),
        }
    }
}

/// Completions without analysis: the words of the source that fit.
pub fn words(question: &Question) -> Answer {
    let word = |c: char| c.is_alphanumeric() || c == '_';
    let before = &question.source[..question.offset];
    let start = before.rfind(|c| !word(c)).map_or(0, |at| {
        at + before[at..].chars().next().map_or(1, char::len_utf8)
    });
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
        hover: None,
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
            hover: false,
        });
        let texts: Vec<_> = answer.items.iter().map(|item| item.text.as_str()).collect();
        assert_eq!(texts, ["hour", "hourly"]);
        assert_eq!(&source[answer.start..answer.end], "ho");
    }
}
