//! Finds the cell and the line in which a panic occurred.

use super::cargo_stand_in::OUTPUT;
use super::place::Place;
use super::wire::text;
use serde_json::Value;

/// A cell that has been executed.
#[derive(Clone, Debug)]
pub struct ExecutedCell {
    /// The name of the function to which evcxr compiled it; empty if it did not compile.
    pub function: String,
    /// The code as the reader wrote it.
    pub code: String,
    /// The cell's number, as Jupyter shows it.
    pub count: u64,
}

/// Describes the location of a panic: " at line 3 of this cell", " at line 3 of cell [2]", or
/// " at FILE:LINE:COLUMN" outside of cells. Returns an empty string when the report has no
/// location or its line is in no cell.
///
/// `cells` are the executed cells in order, and `current` is the number of the one that
/// runs, if one runs.
pub fn describe_location(
    report: &Value,
    cells: &[ExecutedCell],
    current: Option<u64>,
    place: &Place,
) -> String {
    // Locations outside of cells.
    let file = text(&report["file"]);
    let (Some(line), Some(column)) = (report["line"].as_u64(), report["column"].as_u64()) else {
        return String::new();
    };
    if file != "src/lib.rs" {
        return format!(" at {}:{line}:{column}", shortened(file));
    }

    // Read the compiled source of the cell whose function ran.
    let function = text(&report["in"]);
    let compiled = place
        .cells()
        .join(OUTPUT)
        .join(function)
        .with_extension("rs");
    let compiled = std::fs::read_to_string(compiled).unwrap_or_default();

    // The line is in that cell, or in an earlier one that defined a function that it called.
    let own = cells.iter().rev().find(|cell| cell.function == function);
    own.into_iter()
        .chain(cells.iter().rev())
        .find_map(|cell| Some((cell, line_in_cell(&cell.code, &compiled, line as usize)?)))
        .map_or_else(String::new, |(cell, line)| {
            match current == Some(cell.count) {
                true => format!(" at line {line} of this cell"),
                false => format!(" at line {line} of cell [{}]", cell.count),
            }
        })
}

/// Returns a path within a package or the standard library without the folders before it.
/// Other paths are returned as they are.
pub(super) fn shortened(file: &str) -> &str {
    if let Some((_, rest)) = file.split_once("/registry/src/") {
        return rest.split_once('/').map_or(file, |(_, rest)| rest);
    }
    file.split_once("/rust/library/")
        .map_or(file, |(_, rest)| rest)
}

/// Returns the line of `code` that became the line `line` of `compiled`; both count from 1.
/// Returns `None` when no line of `code` did.
///
/// evcxr moves items and statements but keeps their text. So the line is found by its text.
/// Among several equal lines it is found by their order.
pub(super) fn line_in_cell(code: &str, compiled: &str, line: usize) -> Option<usize> {
    // Find the candidates. evcxr may have put the text on a longer line.
    let wanted = compiled.lines().nth(line.checked_sub(1)?)?.trim();
    let same = |candidate: &str| {
        let candidate = candidate.trim();
        !candidate.is_empty() && (wanted == candidate || wanted.contains(candidate))
    };
    // The longest candidate is the right one: a line of one brace is contained in many
    // lines, so such a short one must match the whole line.
    let longest = code
        .lines()
        .filter(|candidate| same(candidate))
        .map(|candidate| candidate.trim().len())
        .max()?;
    if longest < 3 && wanted.len() > longest {
        return None;
    }
    let in_cell: Vec<usize> = (1..)
        .zip(code.lines())
        .filter(|(_, candidate)| same(candidate) && candidate.trim().len() == longest)
        .map(|(number, _)| number)
        .collect();

    // Of equal lines, the n-th in the compiled source is the n-th in the cell.
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
        assert_eq!(line_in_cell(code, compiled, 99), None, "no such line");
    }

    #[test]
    fn equal_lines_are_distinguished_by_their_order() {
        let code = "panic!();\nlet a = 1;\npanic!();";
        let compiled = "fn f() {\npanic!();\nlet a = 1;\npanic!();\n}";
        assert_eq!(line_in_cell(code, compiled, 2), Some(1));
        assert_eq!(line_in_cell(code, compiled, 4), Some(3));
    }

    #[test]
    fn a_brace_of_another_cell_is_no_match() {
        let compiled = "fn f() {\n    work(|| { panic!(\"x\") })\n}";
        assert_eq!(line_in_cell("{\n}", compiled, 2), None);
        let code = "{\nwork(|| { panic!(\"x\") })\n}";
        assert_eq!(line_in_cell(code, compiled, 2), Some(2));
    }

    #[test]
    fn a_library_is_named_without_the_machines_folders() {
        assert_eq!(
            shortened("/home/x/.cargo/registry/src/host-1/polars-0.1/src/a.rs"),
            "polars-0.1/src/a.rs"
        );
        let std = "/x/toolchains/stable/lib/rustlib/src/rust/library/std/src/macros.rs";
        assert_eq!(shortened(std), "std/src/macros.rs");
    }
}
