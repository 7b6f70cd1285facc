//! From a student's notebook to the Rust that is graded.
//!
//! Only named things are taken: the function that the exercise asks for, and the
//! items of the student's own cells that it needs. Cells of the handout, other
//! statements, outputs and metadata are not read, so nothing in them can be forged.
//!
//! Readers' notebooks are messy, and a notebook's later definition replaces the
//! earlier one; so it is here. What was done about a mess is said in a note.
use super::tokens::{Piece, pieces, tokens};
use kernel::notebook_file::{Notebook, source};
use lambda_workbook::exercises::Exercise;
use std::collections::{BTreeMap, BTreeSet};

/// The longest source that is graded, in bytes: the solutions have a thousand.
pub const LONGEST: usize = 64 * 1024;

/// What is graded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Extracted {
    pub source: String,
    pub notes: Vec<String>,
}

/// Why there is nothing to grade.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Nothing {
    /// The function is not there.
    Missing(String),
    /// It is there with something that no answer may hold.
    Forbidden(String),
}

/// A code cell.
struct Cell {
    /// Its place among the code cells, from 1: what a reader counts.
    number: usize,
    marked: bool,
    source: String,
    commands: Vec<String>,
    pieces: Vec<Piece>,
}

/// The name of the function that an exercise asks for.
///
/// ```
/// use grade::extract::function;
/// assert_eq!(function(&lambda_workbook::exercises::pacific_days::EXERCISE), "daily_page_views");
/// ```
pub fn function(exercise: &Exercise) -> &'static str {
    let after = exercise.signature.trim_start_matches("fn ");
    after.split(['(', '<']).next().unwrap_or(after)
}

/// Takes the function, and what it needs, out of a notebook that was made from
/// `handout`.
pub fn extract(
    notebook: &Notebook,
    handout: &Notebook,
    exercise: &Exercise,
) -> Result<Extracted, Nothing> {
    let name = function(exercise);
    let given = given(handout, name);
    let cells = own_cells(notebook, &given.others, name);
    let wanted = format!("fn {name}");
    let defines = |cell: &Cell| {
        cell.pieces
            .iter()
            .any(|piece| piece.item.as_ref() == Some(&wanted))
    };
    let mut found: Vec<&Cell> = cells.iter().filter(|cell| defines(cell)).collect();
    // The stub may have stayed behind when the answer was written elsewhere.
    let answered = found.iter().any(|cell| cell.source.trim() != given.stub);
    found.retain(|cell| !answered || cell.source.trim() != given.stub);
    let Some(chosen) = found.last() else {
        return Err(missing(notebook, &cells, name));
    };
    let mut notes = Vec::new();
    if found.len() > 1 {
        let numbers: Vec<String> = found.iter().map(|cell| cell.number.to_string()).collect();
        notes.push(format!(
            "code cells {} define `{name}`: the last one counts",
            numbers.join(", ")
        ));
    }
    if !chosen.marked {
        notes.push(format!(
            "`{name}` was found in code cell {}, not in the solution cell",
            chosen.number
        ));
    }
    if let Some(command) = chosen.commands.first() {
        return Err(Nothing::Forbidden(format!(
            "`{command}` is a command to the notebook, and no Rust"
        )));
    }
    let taken = needed(&cells, chosen, &wanted);
    for &(cell, piece) in &taken {
        if cell.number != chosen.number {
            let item = piece.item.as_deref().unwrap_or_default();
            let item = item
                .split(' ')
                .next()
                .filter(|kind| ["use", "impl"].contains(kind))
                .unwrap_or(item);
            notes.push(format!("`{item}` was taken from code cell {}", cell.number));
        }
    }
    let left: Vec<&Piece> = chosen
        .pieces
        .iter()
        .filter(|piece| piece.item.is_none())
        .collect();
    if let Some(left) = left.first() {
        notes.push(format!(
            "line {} of code cell {} is outside the function and does not count",
            left.line, chosen.number
        ));
    }
    let sources = taken
        .iter()
        .map(|(cell, piece)| &cell.source[piece.range.clone()]);
    let source = sources.collect::<Vec<_>>().join("\n\n");
    if source.len() > LONGEST {
        return Err(Nothing::Forbidden(format!(
            "{} bytes of source, more than {LONGEST}",
            source.len()
        )));
    }
    Ok(Extracted { source, notes })
}

struct Given {
    stub: String,
    others: BTreeSet<String>,
}

/// What the handout holds: the stub, and the other cells.
fn given(handout: &Notebook, name: &str) -> Given {
    let code = handout
        .code_cells()
        .into_iter()
        .map(|cell| source(&handout.cells()[cell]).trim().to_owned());
    let (stubs, others): (Vec<String>, Vec<String>) = code.partition(|source: &String| {
        source.contains(&format!("fn {name}")) && source.contains("todo!()")
    });
    Given {
        stub: stubs.into_iter().next().unwrap_or_default(),
        others: others.into_iter().collect(),
    }
}

/// The code cells that are not the handout's, in pieces.
fn own_cells(notebook: &Notebook, given: &BTreeSet<String>, name: &str) -> Vec<Cell> {
    let code = notebook.code_cells();
    let cell = |(number, &index): (usize, &usize)| {
        let json = &notebook.cells()[index];
        let whole = source(json);
        if given.contains(whole.trim()) {
            return None;
        }
        let (commands, source) = without_commands(&whole);
        let mut pieces = pieces(&source);
        let shell =
            |piece: &Piece| piece.item.is_none() && source[piece.range.clone()].starts_with('!');
        let mut commands = commands;
        let shells = pieces.iter().filter(|piece| shell(piece));
        commands.extend(shells.map(|piece| first_line(&source[piece.range.clone()])));
        // A shell command may have swallowed the function behind it.
        if !commands.is_empty()
            && pieces.iter().any(shell)
            && source.contains(&format!("fn {name}"))
        {
            pieces.push(Piece {
                item: Some(format!("fn {name}")),
                range: 0..0,
                line: 1,
            });
        }
        Some(Cell {
            number,
            marked: json["metadata"]["nbgrader"]["solution"] == true || json["id"] == "solution",
            source,
            commands,
            pieces,
        })
    };
    (1..).zip(&code).filter_map(cell).collect()
}

fn first_line(text: &str) -> String {
    text.lines()
        .next()
        .unwrap_or_default()
        .chars()
        .take(60)
        .collect()
}

/// evcxr's commands (`:dep rand = "0.9"`), and the source with their lines empty.
fn without_commands(source: &str) -> (Vec<String>, String) {
    let is_command = |line: &str| {
        let after = line.trim_start().strip_prefix(':');
        after.is_some_and(|after| after.starts_with(|letter: char| letter.is_ascii_alphabetic()))
    };
    let commands = source
        .lines()
        .filter(|line| is_command(line))
        .map(|line| first_line(line.trim()));
    let rust = source
        .split_inclusive('\n')
        .map(|line| if is_command(line) { "\n" } else { line });
    (commands.collect(), rust.collect())
}

fn missing(notebook: &Notebook, cells: &[Cell], name: &str) -> Nothing {
    let wanted = format!("fn {name}");
    let prose = notebook
        .cells()
        .iter()
        .any(|cell| cell["cell_type"] != "code" && source(cell).contains(&wanted));
    let broken = cells.iter().find(|cell| cell.source.contains(&wanted));
    Nothing::Missing(match (broken, prose) {
        (Some(cell), _) => format!(
            "code cell {} holds `{wanted}`, but not as an item that begins and ends there",
            cell.number
        ),
        (None, true) => format!("`{wanted}` stands in a text cell: make it a code cell"),
        (None, false) => format!("no code cell defines `{wanted}`"),
    })
}

/// The pieces that the function needs, by name, and theirs, in the order of the
/// notebook.
fn needed<'a>(cells: &'a [Cell], chosen: &'a Cell, wanted: &str) -> Vec<(&'a Cell, &'a Piece)> {
    // A later item replaces an earlier one of its name; the function is chosen.
    let mut items: BTreeMap<&str, (&Cell, &Piece)> = BTreeMap::new();
    let mut order: Vec<(&Cell, &Piece)> = Vec::new();
    for cell in cells {
        for piece in &cell.pieces {
            let Some(item) = piece.item.as_deref() else {
                continue;
            };
            if item == wanted && cell.number != chosen.number {
                continue;
            }
            // Imports and impls have no name that could be defined twice.
            if item.starts_with("use ") || item.starts_with("impl ") {
                order.push((cell, piece));
                continue;
            }
            if let Some(old) = items.insert(item, (cell, piece)) {
                order.retain(|kept| !std::ptr::eq(kept.1, old.1));
            }
            order.push((cell, piece));
        }
    }
    let text = |(cell, piece): (&'a Cell, &'a Piece)| &cell.source[piece.range.clone()];
    // What stands in the function's own cell belongs to it.
    let mut taken: Vec<bool> = order
        .iter()
        .map(|(cell, _)| cell.number == chosen.number)
        .collect();
    let mut words: BTreeSet<String> = BTreeSet::new();
    loop {
        for (&item, _) in order.iter().zip(&taken).filter(|(_, taken)| **taken) {
            words.extend(mentioned(text(item)));
        }
        let before = taken.iter().filter(|taken| **taken).count();
        for (place, &item) in order.iter().enumerate() {
            taken[place] |= is_needed(item.1, text(item), &words);
        }
        if taken.iter().filter(|taken| **taken).count() == before {
            break;
        }
    }
    order
        .into_iter()
        .zip(taken)
        .filter_map(|(item, taken)| taken.then_some(item))
        .collect()
}

/// The words of a source, and those in its strings: `"{n}"` names `n`.
fn mentioned(source: &str) -> Vec<String> {
    let tokens = tokens(source);
    let words = tokens.iter().flat_map(|token| match token.word() {
        Some(word) => vec![word],
        None => token
            .text
            .split(|c: char| !c.is_alphanumeric() && c != '_')
            .collect(),
    });
    words.map(str::to_owned).collect()
}

fn is_needed(piece: &Piece, text: &str, words: &BTreeSet<String>) -> bool {
    let Some((kind, name)) = piece.item.as_deref().and_then(|item| item.split_once(' ')) else {
        return false;
    };
    let tokens = tokens(text);
    match kind {
        "use" => {
            let brings = tokens.iter().filter_map(|token| token.word());
            // A trait may be needed without being named.
            text.contains('*')
                || text.contains(" as _")
                || brings.skip(1).any(|word| words.contains(word))
        }
        "impl" => {
            let mut head = tokens.iter().take_while(|token| token.text != "{");
            head.any(|token| {
                token
                    .word()
                    .is_some_and(|word| word != "impl" && words.contains(word))
            })
        }
        _ => words.contains(name),
    }
}

#[cfg(test)]
#[path = "extract_tests.rs"]
mod tests;
