//! The errors of a cell, in the form in which Jupyter shows them.

use super::wire::{Message, text};
use serde_json::{Value, json};

/// An error of a cell. The fields are those of Jupyter's `error` message.
#[derive(Clone, Debug)]
pub struct Failure {
    /// The kind of error, such as "CompileError" or "Panic" (Jupyter's `ename`).
    pub name: String,
    /// The message (Jupyter's `evalue`).
    pub value: String,
    /// The lines that a front end shows. They may contain terminal colours.
    pub traceback: Vec<String>,
}

/// The last line of an error after a panic or an error at a `?`.
const LOST_SOME: &str =
    "Kept: earlier variables, unless this cell moved them. Lost: this cell's own.";
/// The last line of an error after the end of the cell process.
pub const LOST_ALL: &str = "Kept: functions, types and `use`s. Lost: all variables.";

impl Failure {
    /// Creates an error whose traceback is its name and its message.
    pub fn new(name: &str, value: impl Into<String>) -> Failure {
        let value = value.into();
        Failure {
            name: name.to_owned(),
            traceback: format!("{name}: {value}")
                .lines()
                .map(str::to_owned)
                .collect(),
            value,
        }
    }

    /// Creates the error for a panic. `location` describes where it was, such as
    /// " at line 3 of this cell"; see [`super::locate`].
    pub fn panic(message: &str, location: &str) -> Failure {
        Failure::with_heading("Panic", format!("panicked{location}:"), message)
    }

    /// Creates the error for an `Err` at a `?`. `type_name` is the full path of the error's
    /// type; its last part, without generic arguments, becomes the name.
    pub fn question_mark(type_name: &str, message: &str) -> Failure {
        let short = type_name.split('<').next().unwrap_or(type_name);
        let short = short.rsplit("::").next().unwrap_or(short);
        Failure::with_heading(short, format!("{type_name}, returned by `?`:"), message)
    }

    /// Creates an error whose traceback is a heading, the message, and what was kept.
    fn with_heading(name: &str, heading: String, message: &str) -> Failure {
        let lines = message.lines().map(str::to_owned);
        Failure {
            name: name.to_owned(),
            value: message.to_owned(),
            traceback: std::iter::once(heading)
                .chain(lines)
                .chain([LOST_SOME.to_owned()])
                .collect(),
        }
    }

    /// Creates the error for an interrupt. `kept` tells what is left of the variables.
    pub fn interrupted(kept: Kept) -> Failure {
        let mut failure = Failure::new("Interrupted", "the reader interrupted the cell");
        failure.traceback.extend(match kept {
            Kept::Everything => {
                vec!["The cell had not begun to run, so nothing is lost.".to_owned()]
            }
            Kept::EarlierVariables => vec![LOST_SOME.to_owned()],
            Kept::Items => vec![
                "The cell did not stop by itself, so its process was killed.".to_owned(),
                LOST_ALL.to_owned(),
            ],
        });
        failure
    }

    /// Creates the error for the end of the cell process.
    ///
    /// `message` is evcxr's message, which contains the exit status. `stderr_tail` is the end
    /// of what the process printed to standard error.
    pub fn process_ended(message: &str, stderr_tail: &str) -> Failure {
        let status = message
            .rsplit("terminated with status: ")
            .next()
            .unwrap_or_default()
            .trim();
        let cause = if stderr_tail.contains("has overflowed its stack") {
            "the cell overflowed its stack, perhaps by a recursion without an end".to_owned()
        } else if let Some(code) = status.strip_prefix("exit status: ") {
            format!("the cell ended its process with exit code {code}")
        } else if let Some(signal) = status.strip_prefix("signal: ") {
            let hint = match signal.split(' ').next() {
                Some("6") => ": it aborted",
                Some("7" | "11") => ": an invalid memory access",
                Some("9") => ": it was killed, perhaps because the machine ran out of memory",
                _ => "",
            };
            format!("the cell's process was ended by signal {signal}{hint}")
        } else {
            format!("the cell's process ended: {message}")
        };
        let mut failure = Failure::new("CellProcessDied", cause);
        failure.traceback.push(LOST_ALL.to_owned());
        failure
    }

    /// Returns the content of Jupyter's `error` message.
    pub fn content(&self) -> Value {
        json!({"ename": self.name, "evalue": self.value, "traceback": self.traceback})
    }

    /// Joins several errors into one, because Jupyter knows one error for each cell while
    /// evcxr publishes one for each error of rustc. The name and the message are those of
    /// the first. Returns `None` for an empty list.
    pub fn join(failures: Vec<Failure>) -> Option<Failure> {
        let more = failures.len().saturating_sub(1);
        let mut failures = failures.into_iter();
        let mut first = failures.next()?;
        for failure in failures {
            first.traceback.push(String::new());
            first.traceback.extend(failure.traceback);
        }
        if more > 0 {
            first.value += &format!(" (and {more} more)");
        }
        Some(first)
    }

    /// Creates the error for an `error` message of evcxr. `count` is the cell's number, and
    /// `stderr_tail` is the end of what the cell printed to standard error.
    pub fn from_evcxr(message: &Message, count: u64, stderr_tail: &str) -> Failure {
        let value = text(&message.content["evalue"]);
        if value.contains("Subprocess terminated") {
            return Failure::process_ended(value, stderr_tail);
        }
        let lines = message.content["traceback"].as_array();
        let report: Vec<&str> = lines
            .into_iter()
            .flatten()
            .flat_map(|line| text(line).lines())
            .collect();
        Failure {
            name: "CompileError".to_owned(),
            value: value.to_owned(),
            traceback: with_cell_number(&report, count),
        }
    }
}

/// What is left after an interrupt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    /// Everything, because the cell had not begun to run.
    Everything,
    /// The variables of earlier cells, unless the interrupted cell moved them.
    EarlierVariables,
    /// Functions, types and `use`s, but no variables, because the cell process was killed.
    Items,
}

/// Rewrites evcxr's report of a compile error: with the cell's number and line as the reader
/// sees them, and with a few colours that are readable on light and dark backgrounds.
///
/// evcxr names a cell like a file, by a count of its own, and its heading always says
/// line 1. The line numbers in the margin are right, so the first of them is used.
fn with_cell_number(report: &[&str], count: u64) -> Vec<String> {
    let report: Vec<String> = report.iter().map(|line| recoloured(line)).collect();
    let in_margin = |line: &String| -> Option<usize> {
        let (number, _) = line.split_once('│')?;
        number.trim().parse().ok()
    };
    let line = report.iter().find_map(in_margin);
    report
        .into_iter()
        .map(|text| match text.find("command_") {
            Some(at) => {
                let place = text[at..].find(' ').map_or(text.len(), |end| at + end);
                let line = line.map_or(String::new(), |line| format!(", line {line}"));
                format!("{}cell [{count}]{line}{}", &text[..at], &text[place..])
            }
            None => text,
        })
        .collect()
}

/// Replaces the colours in a line of evcxr's report by the terminal's basic ones.
///
/// evcxr uses greys of the 256-colour palette, which are invisible on a light or on a dark
/// background. It also writes one escape sequence for each character; the result has one
/// for each run of a colour.
fn recoloured(line: &str) -> String {
    // The colour of the next character, and the colour that was written last.
    let mut out = String::with_capacity(line.len());
    let (mut colour, mut written) = (0, 0);
    let mut rest = line;
    while let Some(next) = rest.chars().next() {
        // An escape sequence sets the colour.
        if let Some((code, after)) = escape(rest) {
            colour = match code {
                "0" => 0,
                code => match code.strip_prefix("38;5;") {
                    // Greys, for margins and for code without an error: no colour.
                    Some("240" | "246" | "249") => 0,
                    Some("54") => 31,
                    Some("100") => 33,
                    Some(_) => 34,
                    None => code.parse().unwrap_or(0),
                },
            };
            rest = after;
            continue;
        }
        // A character is written in that colour. A blank has no visible colour, so it does
        // not end a run.
        if colour != written && next != ' ' {
            out += &format!("\x1b[{colour}m");
            written = colour;
        }
        out.push(next);
        rest = &rest[next.len_utf8()..];
    }
    if written != 0 {
        out += "\x1b[0m";
    }
    out
}

/// Returns the code of the colour escape at the start of `text`, and the text after it;
/// `None` when `text` begins with something else.
fn escape(text: &str) -> Option<(&str, &str)> {
    text.strip_prefix("\x1b[")?.split_once('m')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_process_is_explained_by_its_cause() {
        let ended = |status: &str, printed: &str| {
            Failure::process_ended(
                &format!("Subprocess terminated with status: {status}"),
                printed,
            )
            .value
        };
        assert!(ended("exit status: 3", "").contains("exit code 3"));
        assert!(ended("signal: 6 (SIGABRT)", "").contains("SIGABRT"));
        assert!(
            ended(
                "signal: 6 (SIGABRT)",
                "thread 'main' has overflowed its stack"
            )
            .contains("recursion")
        );
        assert!(ended("signal: 9 (SIGKILL)", "").contains("memory"));
    }

    #[test]
    fn the_cell_is_named_by_the_number_that_the_reader_sees() {
        let report = [
            "\x1b[31m[E0425] Error:\x1b[0m no `x`",
            "   \x1b[38;5;246m╭[0m\x1b[38;5;246m─\x1b[0m[ command_12:1:1 ]",
            " \x1b[38;5;246m3 │\x1b[0m \x1b[38;5;249ml\x1b[0m\x1b[38;5;249me\x1b[0m \x1b[38;5;54mx\x1b[0m\x1b[38;5;54my\x1b[0m",
        ];
        assert_eq!(
            with_cell_number(&report, 4),
            [
                "\x1b[31m[E0425] Error: \x1b[0mno `x`",
                "   ╭[0m─[ cell [4], line 3 ]",
                " 3 │ le \x1b[31mxy\x1b[0m",
            ]
        );
    }

    #[test]
    fn several_errors_are_joined_and_counted() {
        let failures = vec![Failure::new("E", "a"), Failure::new("E", "b")];
        let joined = Failure::join(failures).unwrap();
        assert_eq!(joined.value, "a (and 1 more)");
        assert_eq!(joined.traceback, ["E: a", "", "E: b"]);
    }
}
