//! What goes wrong in a cell, as Jupyter shows it.

use super::annotate::nameable;
use super::backend::Checked;
use super::locate::RanCell;
use super::parse::syntax_error;
use super::wire::{Message, text};
use serde_json::{Value, json};

/// An error as Jupyter shows it.
#[derive(Clone, Debug)]
pub struct Failure {
    pub name: String,
    pub value: String,
    pub traceback: Vec<String>,
}

/// After a panic or a failed `?`.
const LOST_SOME: &str =
    "Kept: earlier variables, unless this cell moved them. Lost: this cell's own.";
/// After the end of the cells' process.
pub const LOST_ALL: &str = "Kept: functions, types and `use`s. Lost: all variables.";

impl Failure {
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

    /// A panic; `place` says where, such as " at line 3 of this cell".
    pub fn panic(message: &str, place: &str) -> Failure {
        Failure::told("Panic", format!("panicked{place}:"), message)
    }

    /// An error that a `?` met; `type_name` is its type, with its path.
    pub fn question_mark(type_name: &str, message: &str) -> Failure {
        let short = type_name.split('<').next().unwrap_or(type_name);
        let short = short.rsplit("::").next().unwrap_or(short);
        Failure::told(short, format!("{type_name}, met by `?`:"), message)
    }

    /// A message under a line of its own that says how it came.
    fn told(name: &str, head: String, message: &str) -> Failure {
        let lines = message.lines().map(str::to_owned);
        Failure {
            name: name.to_owned(),
            value: message.to_owned(),
            traceback: std::iter::once(head)
                .chain(lines)
                .chain([LOST_SOME.to_owned()])
                .collect(),
        }
    }

    /// The reader's interrupt; `kept` says what became of the variables.
    pub fn interrupted(kept: Kept) -> Failure {
        let mut failure = Failure::new("Interrupted", "the reader interrupted the cell");
        failure.traceback.extend(match kept {
            Kept::Everything => vec!["It had not begun to run: nothing is lost.".to_owned()],
            Kept::Earlier => vec![LOST_SOME.to_owned()],
            Kept::Items => vec![
                "It did not stop by itself, so its process was ended.".to_owned(),
                LOST_ALL.to_owned(),
            ],
        });
        failure
    }

    /// The end of the cells' process, from what evcxr and the process itself said
    /// last.
    pub fn process_ended(said: &str, printed: &str) -> Failure {
        let status = said
            .rsplit("terminated with status: ")
            .next()
            .unwrap_or_default()
            .trim();
        let why = if printed.contains("has overflowed its stack") {
            "the cell overflowed its stack: a recursion without an end?".to_owned()
        } else if let Some(code) = status.strip_prefix("exit status: ") {
            format!("the cell ended its process with exit code {code}")
        } else if let Some(signal) = status.strip_prefix("signal: ") {
            let hint = match signal.split(' ').next() {
                Some("6") => ": abort",
                Some("7" | "11") => ": a bad memory access",
                Some("9") => ": killed, perhaps because the machine ran out of memory",
                _ => "",
            };
            format!("the cell's process was ended by signal {signal}{hint}")
        } else {
            format!("the cell's process ended: {said}")
        };
        let mut failure = Failure::new("CellProcessDied", why);
        failure.traceback.push(LOST_ALL.to_owned());
        failure
    }

    /// The content of Jupyter's error message.
    pub fn content(&self) -> Value {
        json!({"ename": self.name, "evalue": self.value, "traceback": self.traceback})
    }

    /// One error out of several: evcxr publishes one for each of rustc's, Jupyter
    /// knows one a cell.
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

    /// What evcxr says is wrong. `count` is the cell's number, `printed` the end of
    /// what it printed on standard error.
    pub fn from_evcxr(message: &Message, count: u64, printed: &str) -> Failure {
        let value = text(&message.content["evalue"]);
        if value.contains("Subprocess terminated") {
            return Failure::process_ended(value, printed);
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
            traceback: in_our_words(&report, count),
        }
    }

    /// A compile error as rustc tells it, where rustc points into the cell; what
    /// evcxr alone knows, that a variable cannot be kept, as it is.
    pub fn in_rustcs_words(self, cell: &RanCell, cells: &[RanCell], checked: &Checked) -> Failure {
        if self.value.starts_with("The variable `") {
            return self;
        }
        if let Some(failure) = Failure::join(checked.diagnostics.failures(cell, cells)) {
            return failure;
        }
        if let Some((line, message)) = syntax_error(&cell.code) {
            let mut failure = Failure::new("CompileError", format!("syntax error: {message}"));
            let text = cell.code.lines().nth(line - 1).unwrap_or_default();
            failure
                .traceback
                .push(format!(" --> cell [{}]:{line}", cell.count));
            failure.traceback.push(format!("{line} | {text}"));
            return failure;
        }
        let untyped_variable = self
            .value
            .strip_prefix("Couldn't automatically determine type of variable `")
            .and_then(|rest| rest.split('`').next());
        match untyped_variable {
            Some(variable) => untyped(variable, checked.types.get(variable).map(String::as_str)),
            None => self,
        }
    }
}

/// What an interrupted cell leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    Everything,
    Earlier,
    Items,
}

/// evcxr's report of a compile error, with the cell's number and line as the
/// reader sees them, and in few colours that read well on light and dark.
///
/// evcxr names the cell by a count of its own, as a file, and its head always
/// says line 1; the numbers in the margin are right.
fn in_our_words(report: &[&str], count: u64) -> Vec<String> {
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

/// Replaces evcxr's 256 colours, greys of which vanish on one background or the
/// other, by the terminal's own, one escape a run of characters.
fn recoloured(line: &str) -> String {
    let mut out = String::with_capacity(line.len());
    let (mut colour, mut written) = (0, 0);
    let mut rest = line;
    while let Some(next) = rest.chars().next() {
        if let Some((code, after)) = escape(rest) {
            colour = match code {
                "0" => 0,
                code => match code.strip_prefix("38;5;") {
                    // Greys, of margins and of code that is not at fault.
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
        // Blanks have no colour; they need not end a run.
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

/// The code of the colour escape that `text` begins with, and what follows.
fn escape(text: &str) -> Option<(&str, &str)> {
    text.strip_prefix("\x1b[")?.split_once('m')
}

/// A variable that cannot be kept for later cells.
fn untyped(variable: &str, name: Option<&str>) -> Failure {
    let known = |name: &&str| !name.contains("<_") && !name.contains("_>") && *name != "_";
    let text = match name.filter(known) {
        Some(name) if !nameable(name) => format!(
            "The variable `{variable}` cannot outlive this cell: its type, `{name}`, has no name that later cells could write.\n\
             Collect it (`.collect::<Vec<_>>()`), box it (`let {variable}: Box<dyn ...> = Box::new(...)`), or use it inside braces in this cell."
        ),
        Some(name) => format!(
            "The variable `{variable}` needs its type, because later cells must know it.\n\
             Write it: `let {variable}: {name} = ...`"
        ),
        None => format!(
            "The variable `{variable}` needs a type: rustc cannot tell it from this cell alone.\n\
             Write it, as in `let {variable}: Vec<u64> = ...`"
        ),
    };
    Failure::new("CompileError", text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_process_is_told_by_its_cause() {
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
            in_our_words(&report, 4),
            [
                "\x1b[31m[E0425] Error: \x1b[0mno `x`",
                "   ╭[0m─[ cell [4], line 3 ]",
                " 3 │ le \x1b[31mxy\x1b[0m",
            ]
        );
    }

    #[test]
    fn several_errors_are_one_that_tells_how_many() {
        let failures = vec![Failure::new("E", "a"), Failure::new("E", "b")];
        let joined = Failure::join(failures).unwrap();
        assert_eq!(joined.value, "a (and 1 more)");
        assert_eq!(joined.traceback, ["E: a", "", "E: b"]);
    }

    #[test]
    fn a_variable_that_cannot_be_kept_says_the_mend() {
        let closure = untyped("f", Some("{closure@src/lib.rs:1:1}")).value;
        assert!(closure.contains("Box::new"), "{closure}");
        assert_eq!(untyped("v", Some("Vec<_>")).value, untyped("v", None).value);
        let unknown = untyped("v", None).value;
        assert!(unknown.contains("let v: Vec<u64>"), "{unknown}");
    }
}
