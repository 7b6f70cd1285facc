//! Which line of which cell a panic was in.

use super::cargo_stand_in::OUTPUT;
use super::place::Place;
use super::wire::text;
use serde_json::Value;

/// A cell that has run.
#[derive(Clone, Debug)]
pub struct RanCell {
    /// The name of the function that evcxr made of it.
    pub function: String,
    pub code: String,
    /// The number that the reader sees in front of it.
    pub count: u64,
}

/// Where a panic was, in words such as " at line 3 of this cell", or the file
/// and line elsewhere. `cells` are those that ran, in their order; `now` is the
/// number of the one that runs.
pub fn place_of(report: &Value, cells: &[RanCell], now: Option<u64>, place: &Place) -> String {
    let file = text(&report["file"]);
    let (Some(line), Some(column)) = (report["line"].as_u64(), report["column"].as_u64()) else {
        return String::new();
    };
    if file != "src/lib.rs" {
        return format!(" at {}:{line}:{column}", shortened(file));
    }
    let function = text(&report["in"]);
    let compiled = place
        .cells()
        .join(OUTPUT)
        .join(function)
        .with_extension("rs");
    let compiled = std::fs::read_to_string(compiled).unwrap_or_default();
    // The cell itself, or the one that defined the function it called.
    let own = cells.iter().rev().find(|cell| cell.function == function);
    own.into_iter()
        .chain(cells.iter().rev())
        .find_map(|cell| Some((cell, line_in_cell(&cell.code, &compiled, line as usize)?)))
        .map_or_else(String::new, |(cell, line)| match now == Some(cell.count) {
            true => format!(" at line {line} of this cell"),
            false => format!(" at line {line} of cell [{}]", cell.count),
        })
}

/// A path inside a package, or the standard library, without what comes before.
pub(super) fn shortened(file: &str) -> &str {
    if let Some((_, rest)) = file.split_once("/registry/src/") {
        return rest.split_once('/').map_or(file, |(_, rest)| rest);
    }
    file.split_once("/rust/library/")
        .map_or(file, |(_, rest)| rest)
}

/// The line of `code` that became line `line` of `compiled`, both from 1.
///
/// evcxr moves items and statements but keeps their text, so the line is found
/// by its text, and by its rank among equal lines.
pub(super) fn line_in_cell(code: &str, compiled: &str, line: usize) -> Option<usize> {
    let wanted = compiled.lines().nth(line.checked_sub(1)?)?.trim();
    let same = |candidate: &str| {
        let candidate = candidate.trim();
        !candidate.is_empty() && (wanted == candidate || wanted.contains(candidate))
    };
    // A line of one brace is in every line: the fullest match is meant.
    let fullest = code
        .lines()
        .filter(|candidate| same(candidate))
        .map(|candidate| candidate.trim().len())
        .max()?;
    if fullest < 3 && wanted.len() > fullest {
        return None;
    }
    let in_cell: Vec<usize> = (1..)
        .zip(code.lines())
        .filter(|(_, candidate)| same(candidate) && candidate.trim().len() == fullest)
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
        assert_eq!(line_in_cell(code, compiled, 99), None, "no such line");
    }

    #[test]
    fn equal_lines_are_told_apart_by_their_rank() {
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
