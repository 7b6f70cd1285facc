//! What goes wrong in a cell, as Jupyter shows it.

use super::annotate::nameable;
use super::wire::{Message, text};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// An error as Jupyter shows it.
#[derive(Clone, Debug)]
pub struct Failure {
    pub name: String,
    pub value: String,
    pub traceback: Vec<String>,
}

/// After a panic or a failed `?`.
const LOST_SOME: &str = "Kept: all earlier variables that this cell did not use up. Lost: the variables that this cell defines.";
/// After the end of the cells' process.
pub const LOST_ALL: &str =
    "Kept: functions, types and `use`s. Lost: all variables; run the cells that make them again.";

impl Failure {
    pub fn new(name: &str, value: impl Into<String>) -> Failure {
        let value = value.into();
        Failure {
            name: name.to_owned(),
            traceback: value.lines().map(str::to_owned).collect(),
            value,
        }
    }

    /// A panic; `place` says where, such as " at line 3 of this cell".
    pub fn panic(message: &str, place: &str) -> Failure {
        let mut failure = Failure::new("Panic", message);
        failure.traceback.insert(0, format!("panicked{place}:"));
        failure.traceback.push(LOST_SOME.to_owned());
        failure
    }

    /// An error that a `?` met; `type_name` is its type, with its path.
    pub fn question_mark(type_name: &str, message: &str) -> Failure {
        let short = type_name.split('<').next().unwrap_or(type_name);
        let short = short.rsplit("::").next().unwrap_or(short);
        let mut failure = Failure::new(short, message);
        let head = format!("{type_name}, met by `?`:");
        failure.traceback.insert(0, head);
        failure.traceback.push(LOST_SOME.to_owned());
        failure
    }

    /// The reader's interrupt; `kept` says what became of the variables.
    pub fn interrupted(kept: Kept) -> Failure {
        let mut failure = Failure::new("Interrupted", "the reader interrupted the cell");
        failure.traceback.push(match kept {
            Kept::Everything => "It had not begun to run: nothing is lost.".to_owned(),
            Kept::Earlier => LOST_SOME.to_owned(),
            Kept::Items => {
                format!("It did not stop by itself, so its process was ended. {LOST_ALL}")
            }
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

    /// What evcxr says is wrong. `types` holds the types of the cell's variables,
    /// `count` is the cell's number, `printed` the end of what it printed on
    /// standard error.
    pub fn from_evcxr(
        message: &Message,
        types: &BTreeMap<String, String>,
        count: u64,
        printed: &str,
    ) -> Failure {
        let value = text(&message.content["evalue"]);
        if value.contains("Subprocess terminated") {
            return Failure::process_ended(value, printed);
        }
        if let Some(variable) = value
            .strip_prefix("Couldn't automatically determine type of variable `")
            .and_then(|rest| rest.split('`').next())
        {
            return untyped(variable, types.get(variable).map(String::as_str));
        }
        let lines = message.content["traceback"].as_array();
        let traceback = lines
            .into_iter()
            .flatten()
            .map(|line| in_our_words(text(line), count))
            .collect();
        Failure {
            name: "CompileError".to_owned(),
            value: value.to_owned(),
            traceback,
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

/// evcxr names the cell by its own count, as a file.
fn in_our_words(line: &str, count: u64) -> String {
    let Some(at) = line.find("command_") else {
        return line.to_owned();
    };
    let digits = line[at + 8..]
        .bytes()
        .take_while(u8::is_ascii_digit)
        .count();
    format!("{}cell [{count}]{}", &line[..at], &line[at + 8 + digits..])
}

/// A variable that cannot be kept for later cells.
fn untyped(variable: &str, name: Option<&str>) -> Failure {
    let text = match name {
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
        assert_eq!(
            in_our_words("╭─[ command_12:3:5 ]", 4),
            "╭─[ cell [4]:3:5 ]"
        );
        assert_eq!(in_our_words("no place", 4), "no place");
    }

    #[test]
    fn several_errors_are_one_that_tells_how_many() {
        let failures = vec![Failure::new("E", "a"), Failure::new("E", "b")];
        let joined = Failure::join(failures).unwrap();
        assert_eq!(joined.value, "a (and 1 more)");
        assert_eq!(joined.traceback, ["a", "", "b"]);
    }

    #[test]
    fn a_variable_that_cannot_be_kept_says_the_mend() {
        let closure = untyped("f", Some("{closure@src/lib.rs:1:1}")).value;
        assert!(closure.contains("Box::new"), "{closure}");
        let unknown = untyped("v", None).value;
        assert!(unknown.contains("let v: Vec<u64>"), "{unknown}");
    }
}
