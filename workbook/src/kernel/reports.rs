//! What cells report on the side channel, as errors for Jupyter.
//!
//! The other end is `lambda_workbook::notebook::channel`.

use super::place::Place;
use super::wire::text;
use anyhow::{Context, Result};
use serde_json::Value;
use tokio::net::UnixDatagram;

/// The kernel's end of the side channel.
pub struct Reports {
    socket: UnixDatagram,
}

/// An error as Jupyter shows it.
#[derive(Clone, Debug)]
pub struct Failure {
    pub name: String,
    pub value: String,
    pub traceback: Vec<String>,
}

impl Failure {
    pub fn new(name: &str, value: impl Into<String>) -> Failure {
        let value = value.into();
        Failure {
            name: name.to_owned(),
            traceback: value.lines().map(str::to_owned).collect(),
            value,
        }
    }
}

/// What a cell said.
pub enum Report {
    /// The cell failed.
    Failure(Failure),
    /// A thread of it panicked, which ends the thread and not the cell.
    Note(String),
}

impl Reports {
    pub fn open(place: &Place) -> Result<Reports> {
        let path = place.channel();
        let _ = std::fs::remove_file(&path);
        let socket = UnixDatagram::bind(&path)
            .with_context(|| format!("cannot open the side channel {}", path.display()))?;
        Ok(Reports { socket })
    }

    /// Everything that the cell has reported so far. `code` is the cell.
    pub fn take(&self, code: &str, place: &Place) -> Vec<Report> {
        let mut buffer = vec![0; 256 * 1024];
        let mut reports = Vec::new();
        while let Ok(length) = self.socket.try_recv(&mut buffer) {
            if let Ok(report) = serde_json::from_slice::<Value>(&buffer[..length]) {
                reports.extend(read(&report, code, place));
            }
        }
        reports
    }
}

fn read(report: &Value, code: &str, place: &Place) -> Option<Report> {
    let message = text(&report["message"]);
    match text(&report["kind"]) {
        "question mark" => {
            let name = text(&report["type"]);
            let short = name.split('<').next().unwrap_or(name);
            let short = short.rsplit("::").next().unwrap_or(short);
            let mut failure = Failure::new(short, message);
            failure.traceback.insert(0, format!("{name}, met by `?`:"));
            failure.traceback.push(LOST.to_owned());
            Some(Report::Failure(failure))
        }
        "panic" => {
            let place = position(report, code, place);
            if report["cell"] != true {
                let thread = report["thread"].as_str().unwrap_or("without a name");
                return Some(Report::Note(format!(
                    "thread {thread} panicked{place}: {message}\n"
                )));
            }
            let mut failure = Failure::new("Panic", message);
            failure.traceback.insert(0, format!("panicked{place}:"));
            failure.traceback.push(LOST.to_owned());
            Some(Report::Failure(failure))
        }
        _ => None,
    }
}

const LOST: &str = "Variables that this cell defines are not kept; earlier ones are.";

/// " at line 3 of the cell", or the file and line elsewhere.
fn position(report: &Value, code: &str, place: &Place) -> String {
    let file = text(&report["file"]);
    let (Some(line), Some(column)) = (report["line"].as_u64(), report["column"].as_u64()) else {
        return String::new();
    };
    if file != "src/lib.rs" {
        return format!(" at {}:{line}:{column}", shortened(file));
    }
    let compiled = std::fs::read_to_string(place.cells().join("src/lib.rs")).unwrap_or_default();
    match line_in_cell(code, &compiled, line as usize) {
        Some(line) => format!(" at line {line} of this cell"),
        None => " in an item of an earlier cell".to_owned(),
    }
}

/// A path inside a package without what comes before the package.
fn shortened(file: &str) -> &str {
    match file.find("/registry/src/") {
        Some(at) => file[at + 14..]
            .split_once('/')
            .map_or(file, |(_, rest)| rest),
        None => file,
    }
}

/// The line of `code` that became line `line` of `compiled`, both from 1.
///
/// evcxr moves items and statements but keeps their text, so the line is found
/// by its text, and by its rank among equal lines.
fn line_in_cell(code: &str, compiled: &str, line: usize) -> Option<usize> {
    let wanted = compiled.lines().nth(line - 1)?.trim();
    let same = |candidate: &str| {
        let candidate = candidate.trim();
        !candidate.is_empty() && (wanted == candidate || wanted.contains(candidate))
    };
    let in_cell: Vec<usize> = (1..)
        .zip(code.lines())
        .filter(|(_, candidate)| same(candidate))
        .map(|(number, _)| number)
        .collect();
    let rank = compiled
        .lines()
        .take(line - 1)
        .filter(|earlier| earlier.trim() == wanted)
        .count();
    in_cell
        .get(rank.min(in_cell.len().checked_sub(1)?))
        .copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_names_the_line_of_the_cell() {
        let code = "let a = 1;\n\nlet b: u8 = None.unwrap();";
        let compiled = "use x;\nmod m {}\npub fn f() {\nlet a = 1;\nlet b: u8 = None.unwrap();\n}";
        assert_eq!(line_in_cell(code, compiled, 5), Some(3));
        assert_eq!(line_in_cell(code, compiled, 1), None, "not from this cell");
    }

    #[test]
    fn equal_lines_are_told_apart_by_their_rank() {
        let code = "panic!();\nlet a = 1;\npanic!();";
        let compiled = "fn f() {\npanic!();\nlet a = 1;\npanic!();\n}";
        assert_eq!(line_in_cell(code, compiled, 2), Some(1));
        assert_eq!(line_in_cell(code, compiled, 4), Some(3));
    }

    #[test]
    fn a_library_is_named_without_the_machines_folders() {
        assert_eq!(
            shortened("/home/x/.cargo/registry/src/host-1/polars-0.1/src/a.rs"),
            "polars-0.1/src/a.rs"
        );
    }
}
