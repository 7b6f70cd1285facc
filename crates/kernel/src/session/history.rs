//! The cells that were executed in this session, and their results.

use crate::locate::ExecutedCell;
use crate::wire::text;
use serde_json::{Value, json};

/// The number of this session in replies. Earlier sessions are not stored.
const SESSION: i64 = 1;

/// One executed cell.
#[derive(Debug)]
struct Entry {
    /// The execution count; the protocol calls it the line number.
    line: u64,
    input: String,
    /// The plain text of the result; `None` when the cell had none.
    output: Option<String>,
}

/// The executed cells, in order.
#[derive(Debug, Default)]
pub(super) struct History {
    /// The number of the last counted cell, as Jupyter shows it; 0 before the first.
    count: u64,
    /// The counted cells.
    entries: Vec<Entry>,
    /// The cells that began to run, counted or not. Panics are traced to their lines.
    executed: Vec<ExecutedCell>,
}

impl History {
    /// Counts and adds a cell whose execution begins.
    pub fn add(&mut self, input: &str) {
        self.count += 1;
        self.entries.push(Entry {
            line: self.count,
            input: input.to_owned(),
            output: None,
        });
    }

    /// Returns the number of the last counted cell; 0 before the first.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Describes the last counted cell for reports. `function` is the name of the function
    /// to which evcxr compiled it, and `code` is the code as the reader wrote it.
    pub fn describe(&self, function: &str, code: &str) -> ExecutedCell {
        ExecutedCell {
            function: function.to_owned(),
            code: code.to_owned(),
            count: self.count,
        }
    }

    /// Adds a cell that begins to run.
    pub fn add_executed(&mut self, cell: ExecutedCell) {
        self.executed.push(cell);
    }

    /// Returns the cells that began to run, in order.
    pub fn executed(&self) -> &[ExecutedCell] {
        &self.executed
    }

    /// Sets the result of the cell that was added last.
    pub fn set_output(&mut self, output: &str) {
        if let Some(entry) = self.entries.last_mut() {
            entry.output = Some(output.to_owned());
        }
    }

    /// Returns the content of the `history_reply` to a `history_request` with this content.
    pub fn content(&self, request: &Value) -> Value {
        json!({"status": "ok", "history": self.answer(request)})
    }

    /// Returns the entries that a `history_request` asks for, in the form of the
    /// `history_reply`. The protocol has three kinds: `range`, `search` and `tail`.
    fn answer(&self, request: &Value) -> Vec<Value> {
        // Select the entries.
        let number = |name: &str| request[name].as_u64();
        let last = |n: Option<u64>| n.map_or(usize::MAX, |n| n as usize);
        let found: Vec<&Entry> = match text(&request["hist_access_type"]) {
            "range" => {
                // 0 is this session, a negative number counts back from it, and a positive
                // one is the number of a session.
                if ![0, SESSION].contains(&request["session"].as_i64().unwrap_or(0)) {
                    return Vec::new();
                }
                let start = number("start").unwrap_or(0);
                let stop = number("stop").unwrap_or(u64::MAX);
                let in_range = |entry: &&Entry| (start..stop).contains(&entry.line);
                self.entries.iter().filter(in_range).collect()
            }
            "search" => {
                let pattern = request["pattern"].as_str().unwrap_or("*");
                let mut found: Vec<&Entry> = self
                    .entries
                    .iter()
                    .filter(|entry| matches(pattern, &entry.input))
                    .collect();
                // Of equal inputs only the last one is kept.
                if request["unique"] == true {
                    let mut seen = std::collections::HashSet::new();
                    found.reverse();
                    found.retain(|entry| seen.insert(&entry.input));
                    found.reverse();
                }
                tail(found, last(number("n")))
            }
            _ => tail(self.entries.iter().collect(), last(number("n"))),
        };

        // Write them with or without their results.
        let with_output = request["output"] == true;
        found
            .into_iter()
            .map(|entry| match with_output {
                true => json!([SESSION, entry.line, [entry.input, entry.output]]),
                false => json!([SESSION, entry.line, entry.input]),
            })
            .collect()
    }
}

/// Returns the last `n` entries, or all if there are fewer.
fn tail(mut entries: Vec<&Entry>, n: usize) -> Vec<&Entry> {
    entries.split_off(entries.len().saturating_sub(n))
}

/// Returns whether the whole `input` matches a glob pattern, in which `*` stands for any
/// text and `?` for any character. The time is proportional to the product of both
/// lengths.
fn matches(pattern: &str, input: &str) -> bool {
    let pattern: Vec<char> = pattern.chars().collect();
    // fits[n] tells whether the first n characters of the pattern match the input read
    // so far. At first that is the empty input, which only stars match.
    let mut fits: Vec<bool> = Vec::with_capacity(pattern.len() + 1);
    fits.push(true);
    for (at, wanted) in pattern.iter().enumerate() {
        fits.push(fits[at] && *wanted == '*');
    }
    // Each character of the input makes a new row out of the last one.
    for character in input.chars() {
        let mut next = vec![false; fits.len()];
        for (at, wanted) in pattern.iter().enumerate() {
            next[at + 1] = match wanted {
                '*' => fits[at + 1] || next[at],
                '?' => fits[at],
                wanted => fits[at] && *wanted == character,
            };
        }
        fits = next;
    }
    fits[pattern.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn history() -> History {
        let mut history = History::default();
        for input in ["let a = 1;", "a + 1", "a + 1", "let b = 2;"] {
            history.add(input);
            history.set_output("out");
        }
        history
    }

    fn lines(request: Value) -> Vec<u64> {
        let answer = history().answer(&request);
        answer
            .iter()
            .map(|entry| entry[1].as_u64().unwrap())
            .collect()
    }

    #[test]
    fn range_search_and_tail_select_the_right_lines() {
        let tail = json!({"hist_access_type": "tail", "n": 2});
        assert_eq!(lines(tail), [3, 4]);
        let range = json!({"hist_access_type": "range", "session": 0, "start": 2, "stop": 4});
        assert_eq!(lines(range), [2, 3]);
        let search = json!({"hist_access_type": "search", "pattern": "*= ?;"});
        assert_eq!(lines(search), [1, 4]);
        let unique = json!({"hist_access_type": "search", "pattern": "a*", "unique": true});
        assert_eq!(lines(unique), [3]);
        let other = json!({"hist_access_type": "range", "session": -1});
        assert_eq!(lines(other), [0; 0]);
    }

    #[test]
    fn outputs_are_included_on_request() {
        let asked = json!({"hist_access_type": "tail", "n": 1, "output": true});
        assert_eq!(
            history().answer(&asked),
            [json!([1, 4, ["let b = 2;", "out"]])]
        );
    }

    #[test]
    fn a_pattern_matches_the_whole_input_in_polynomial_time() {
        assert!(matches("*a*b*", "xxaxxbxx"));
        assert!(!matches("a", "ab"));
        assert!(matches("", ""));
        assert!(!matches(&"*a".repeat(50), &"a".repeat(40)));
    }
}
