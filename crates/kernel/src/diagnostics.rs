//! Rewrites rustc's reports so that they name the reader's cells and lines.
//!
//! evcxr compiles a cell as a part of a larger source. It also wraps the last expression,
//! so a report of that compilation may point to code that the reader did not write. The
//! source that evcxr writes for `cargo check` contains the reader's lines unchanged.
//! Therefore the report of the check is shown when a cell does not compile. This module
//! replaces the file names and the line numbers in it.

use super::failure::Failure;
use super::locate::{ExecutedCell, line_in_cell, shortened};
use super::wire::text;
use serde_json::Value;

/// The errors that rustc reported for a cell, and the source that it read.
#[derive(Clone, Debug, Default)]
pub struct Diagnostics {
    /// The errors in rustc's JSON format; empty when the cell passed.
    pub errors: Vec<Value>,
    /// The source that evcxr wrote for the check; empty when the cell passed.
    pub source: String,
}

impl Diagnostics {
    /// Returns the errors that point into `cell`, one failure for each. `cells` are the cells
    /// that ran before; the notes of an error may point into them.
    pub fn failures(&self, cell: &ExecutedCell, cells: &[ExecutedCell]) -> Vec<Failure> {
        let of_cell = |error: &&Value| {
            let spans = error["spans"].as_array();
            spans.into_iter().flatten().any(|span| {
                // The span of an error in a macro is in the macro's definition. The spans of
                // the calls that expanded to it are nested inside as "expansion".
                let calls = std::iter::successors(Some(span), |span| {
                    Some(&span["expansion"]["span"]).filter(|outer| outer.is_object())
                });
                let in_cell = |span: &Value| {
                    let line = span["line_start"].as_u64().unwrap_or(0) as usize;
                    span["file_name"] == SOURCE
                        && line_in_cell(&cell.code, &self.source, line).is_some()
                };
                span["is_primary"] == true && calls.into_iter().any(in_cell)
            })
        };
        let errors = self.errors.iter().filter(of_cell);
        errors
            .map(|error| Failure {
                name: "CompileError".to_owned(),
                value: text(&error["message"]).to_owned(),
                traceback: self.report(error, cell, cells),
            })
            .collect()
    }

    /// Returns the lines of rustc's rendered report of an error, with cells in place of files
    /// and the cells' line numbers.
    fn report(&self, error: &Value, cell: &ExecutedCell, cells: &[ExecutedCell]) -> Vec<String> {
        // Whether the next lines show the checked source. An arrow names the file of the lines
        // below it.
        let mut in_source = true;
        let rendered = text(&error["rendered"]).trim_end();
        rendered
            .lines()
            .map(|line| {
                if let Some((before, file, position)) = arrow(line) {
                    in_source = file == SOURCE;
                    return format!("{before}{}", self.location(file, position, cell, cells));
                }
                if plain(line).starts_with(['h', 'n']) {
                    in_source = true; // "help" or "note": a new part, about the cell again
                }
                match margin(line).filter(|_| in_source) {
                    Some((start, end, number)) => {
                        let found = self.find_cell(number, cell, cells);
                        let number = found.map_or(String::new(), |(_, line)| line.to_string());
                        let width = end - start;
                        format!("{}{number:>width$}{}", &line[..start], &line[end..])
                    }
                    None => line.to_owned(),
                }
            })
            .collect()
    }

    /// Returns the cell from which a line of the source comes, and the line in that cell.
    /// Returns `None` for a line that evcxr added. All lines count from 1.
    fn find_cell<'a>(
        &self,
        line: usize,
        cell: &'a ExecutedCell,
        cells: &'a [ExecutedCell],
    ) -> Option<(&'a ExecutedCell, usize)> {
        std::iter::once(cell)
            .chain(cells.iter().rev())
            .find_map(|cell| Some((cell, line_in_cell(&cell.code, &self.source, line)?)))
    }

    /// Describes a location as rustc does, such as "cell [3]:2:5" in a cell. A file of a
    /// package is named without the folders of this machine.
    fn location(
        &self,
        file: &str,
        position: &str,
        cell: &ExecutedCell,
        cells: &[ExecutedCell],
    ) -> String {
        let (line, rest) = position.split_once(':').unwrap_or((position, ""));
        let line = line.parse().unwrap_or(0);
        match self.find_cell(line, cell, cells) {
            Some((cell, line)) if file == SOURCE => format!("cell [{}]:{line}:{rest}", cell.count),
            _ if file == SOURCE => "code that evcxr added".to_owned(),
            _ => format!("{}:{position}", shortened(file)),
        }
    }
}

/// The file of the cell in rustc's diagnostics.
const SOURCE: &str = "src/lib.rs";

/// Splits a line with an arrow, such as "  --> src/lib.rs:7:5", into the text up to the file,
/// the file, and the position. Returns `None` for other lines.
fn arrow(line: &str) -> Option<(&str, &str, &str)> {
    let arrow = ["--> ", "::: "].iter().find_map(|arrow| {
        let at = line.find(arrow)?;
        plain(&line[..at])
            .trim()
            .is_empty()
            .then_some(at + arrow.len())
    });
    // Colours may stand between the arrow and the file.
    let coloured = || {
        let at = line.find("-->").or_else(|| line.find(":::"))? + 3;
        plain(&line[..at - 3]).trim().is_empty().then_some(at)
    };
    let at = arrow.or_else(coloured)?;
    let place = &line[at..];
    let skipped = place.len() - skip_colours(place).trim_start().len();
    let (file, position) = place[skipped..].split_once(':')?;
    Some((&line[..at + skipped], file, position))
}

/// Finds the line number in the margin of a line such as "57 | let a = 1;". Returns the bytes
/// where it starts and ends, and the number itself.
fn margin(line: &str) -> Option<(usize, usize, usize)> {
    let rest = skip_colours(line).trim_start();
    let rest = skip_colours(rest);
    let start = line.len() - rest.len();
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    let number = rest[..digits].parse().ok()?;
    let bar = plain(&rest[digits..]);
    let bar = bar.trim_start();
    (bar.starts_with('|') || bar.starts_with(['+', '-', '~', '│'])).then_some((
        start,
        start + digits,
        number,
    ))
}

/// Returns the text without the colour escapes at its start.
fn skip_colours(mut text: &str) -> &str {
    while let Some((_, rest)) = text
        .strip_prefix("\x1b[")
        .and_then(|rest| rest.split_once('m'))
    {
        text = rest;
    }
    text
}

/// Returns the text without any colour escapes.
fn plain(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(next) = skip_colours(rest).chars().next() {
        rest = &skip_colours(rest)[next.len_utf8()..];
        out.push(next);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn cell(code: &str, count: u64) -> ExecutedCell {
        ExecutedCell {
            function: String::new(),
            code: code.to_owned(),
            count,
        }
    }

    #[test]
    fn a_report_has_the_lines_of_the_cells() {
        let rendered = "\u{1b}[1m\u{1b}[91merror[E0061]\u{1b}[0m: too many\n  \u{1b}[1m\u{1b}[94m--> \u{1b}[0msrc/lib.rs:12:5\n   \u{1b}[1m\u{1b}[94m|\u{1b}[0m\n\u{1b}[1m\u{1b}[94m12\u{1b}[0m \u{1b}[1m\u{1b}[94m|\u{1b}[0m wrong(f(1))\nnote: defined here\n  --> src/lib.rs:2:4\n 2 | fn f() {}\n   ::: /x/registry/src/host/polars-1/a.rs:7:1\n7  | x";
        let diagnostics = Diagnostics {
            errors: vec![json!({
                "message": "too many", "rendered": rendered,
                "spans": [{"is_primary": true, "file_name": "src/lib.rs", "line_start": 12}],
            })],
            source: format!("a\nfn f() {{}}\n{}wrong(f(1))", "\n".repeat(9)),
        };
        let now = cell("let a = 1;\nwrong(f(1))", 9);
        let before = [cell("\nfn f() {}", 3)];
        let failures = diagnostics.failures(&now, &before);
        let report = plain(&failures[0].traceback.join("\n"));
        assert!(report.contains("--> cell [9]:2:5"), "{report}");
        assert!(report.contains("\n 2 | wrong(f(1))"), "{report}");
        assert!(report.contains("--> cell [3]:2:4\n 2 | fn"), "{report}");
        assert!(report.contains("::: polars-1/a.rs:7:1\n7  | x"), "{report}");
    }

    #[test]
    fn an_error_within_a_macro_belongs_to_the_cell_that_calls_it() {
        let call = json!({"file_name": "src/lib.rs", "line_start": 1});
        let diagnostics = Diagnostics {
            errors: vec![json!({"message": "x", "rendered": "", "spans": [{
                "is_primary": true, "file_name": "/rust/library/alloc/src/macros.rs",
                "line_start": 105, "expansion": {"span": call}}]})],
            source: "f(format!(\"\"))".to_owned(),
        };
        assert_eq!(
            diagnostics
                .failures(&cell("f(format!(\"\"))", 1), &[])
                .len(),
            1
        );
    }

    #[test]
    fn errors_outside_the_cell_are_left_out() {
        let diagnostics = Diagnostics {
            errors: vec![json!({"message": "x", "rendered": "",
                "spans": [{"is_primary": true, "file_name": "src/lib.rs", "line_start": 1}]})],
            source: "evcxr_variable_store(a);".to_owned(),
        };
        assert!(diagnostics.failures(&cell("let a = 1;", 1), &[]).is_empty());
    }
}
