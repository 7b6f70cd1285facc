//! From a student's notebook to the Rust that is graded.
//!
//! Only named things are taken: the function that the exercise asks for, and the
//! items of the student's own cells that it needs. Other statements, outputs and
//! metadata are not read, so nothing in them can be forged.
//!
//! Readers' notebooks are messy, and a notebook's later definition replaces the
//! earlier one; so it is here, unless the later one is not finished. What was done about
//! a mess is said in a note. Where more than one choice of pieces makes sense, the others
//! are offered, too: if the first does not compile, the next one may.
//!
//! Time is in proportion to the code in the notebook, of which there are bounds
//! ([`MOST_CODE`](super::cells::MOST_CODE)), whatever stands there.
use super::cells::{Cell, Lexed, cells, dependency, first_line, is_for_shell, plain, uses_crate};
use super::checked_expression::{Expression, instead_of_function};
use super::definition::{Definitions, End, Found, checks, choose};
use super::names::STACK;
use super::needed::{Book, Reach, Taken, is_given_crate, is_never_compiled};
use super::tokens::{Piece, PieceKind, pieces, tokens};
use kernel::notebook_file::{Notebook, source};
use lambda_workbook::exercises::{self, Exercise};
use std::collections::BTreeSet;

pub use super::cells::LONGEST;
pub use super::definition::function;

/// What is graded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Extracted {
    pub source: String,
    pub notes: Vec<String>,
    /// The function and what it needs, without the rest of its cell: for when something in
    /// `source` is refused.
    pub alone: String,
    /// Other choices of pieces, at most five, for when the first does not compile.
    pub others: Vec<String>,
}

/// Why there is nothing to grade.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Nothing {
    /// The function is not there.
    Missing(String),
    /// It is there with something that no answer may hold.
    Forbidden(String),
}

/// Takes the function, and what it needs, out of a notebook that was made from
/// `handout`.
///
/// # Errors
/// Says why there is nothing to grade.
pub fn extract(
    notebook: &Notebook,
    handout: &Notebook,
    exercise: &Exercise,
) -> Result<Extracted, Nothing> {
    let given = given(handout, function(exercise));
    let cells = cells(notebook, &given.others).map_err(Nothing::Forbidden)?;
    let read = || {
        let Some((expression, is_older)) = instead(notebook, &cells, &given, exercise) else {
            return read(notebook, &cells, &given, exercise);
        };
        let (cells, number) = expression.as_function(&cells, &given.imports, exercise);
        let mut extracted = read(notebook, &cells, &given, exercise)?;
        let does = match expression.is_checked {
            true => "checks",
            false => "names so",
        };
        let why = match is_older {
            true => format!("`fn {}` above it is older", function(exercise)),
            false => "no `fn` is the answer".to_owned(),
        };
        let note = format!("{why}: what code cell {number} {does} counts");
        extracted.notes.insert(0, note);
        Ok(extracted)
    };
    // The parser recurses as deep as the source is nested.
    let thread = std::thread::Builder::new().stack_size(STACK);
    let read = std::thread::scope(|scope| match thread.spawn_scoped(scope, read) {
        Ok(thread) => thread.join().ok(),
        Err(_) => None,
    });
    read.unwrap_or_else(|| {
        Err(Nothing::Missing(format!(
            "`fn {}` cannot be taken out of the notebook: put the answer into the solution cell \
             of a new copy of the exercise",
            function(exercise)
        )))
    })
}

struct Given {
    /// The stub, token by token.
    stub: Vec<String>,
    /// The imports of its cell, a line each.
    imports: String,
    /// The other cells, trimmed.
    others: BTreeSet<String>,
}

/// What the handout holds: the stub, and the other cells.
fn given(handout: &Notebook, name: &str) -> Given {
    let code = handout.code_cells();
    let code = code
        .iter()
        .map(|&cell| plain(&source(&handout.cells()[cell])));
    let mut given = Given {
        stub: Vec::new(),
        imports: String::new(),
        others: BTreeSet::new(),
    };
    for cell in code {
        let tokens = tokens(&cell);
        let pieces = pieces(&tokens);
        let named = |piece: &&Piece| piece.kind == PieceKind::Fn && piece.name == name;
        match pieces.iter().find(named) {
            Some(piece) => {
                let tokens = tokens[piece.head..piece.tokens.end].iter();
                given.stub = tokens.map(|token| token.text.to_owned()).collect();
                let imports = pieces.iter().filter(|piece| piece.kind == PieceKind::Use);
                let imports = imports.map(|piece| cell[piece.range.clone()].to_owned() + "\n");
                given.imports = imports.collect();
            }
            None => {
                given.others.insert(cell.trim().to_owned());
            }
        }
    }
    given
}

/// What answers the exercise in place of a function of the asked name, if something does, and
/// whether such a function stands above it.
fn instead(
    notebook: &Notebook,
    cells: &[Cell],
    given: &Given,
    exercise: &Exercise,
) -> Option<(Expression, bool)> {
    let lexed: Vec<Lexed> = cells.iter().map(Lexed::new).collect();
    let checks = checks(&lexed);
    let looked_at = Definitions {
        cells,
        lexed: &lexed,
        checks: &checks,
        path: &notebook.path,
        stub: &given.stub,
    };
    let answered = looked_at.answered(exercise);
    // A function of another name that is checked is taken as it is.
    if looked_at.under_another_name(exercise).is_some() {
        return None;
    }
    let expression = instead_of_function(&looked_at, exercise, answered)?;
    Some((expression, answered.is_some()))
}

fn read(
    notebook: &Notebook,
    cells: &[Cell],
    given: &Given,
    exercise: &Exercise,
) -> Result<Extracted, Nothing> {
    let lexed: Vec<Lexed> = cells.iter().map(Lexed::new).collect();
    let checks = checks(&lexed);
    let name = function(exercise);
    let looked_at = Definitions {
        cells,
        lexed: &lexed,
        checks: &checks,
        path: &notebook.path,
        stub: &given.stub,
    };
    let chosen = match choose(&looked_at, exercise) {
        Ok(chosen) => chosen,
        Err(Some(why)) => return Err(Nothing::Missing(why)),
        Err(None) => return Err(missing(notebook, cells, name)),
    };
    let (found, mut notes) = (chosen.found, chosen.notes);
    let cell = &cells[found.cell];
    if !cell.marked {
        notes.push(format!(
            "`{name}` was found in code cell {}, not in the solution cell",
            cell.number
        ));
    }
    if let Some(command) = cell.command(&lexed[found.cell]) {
        return Err(Nothing::Forbidden(format!(
            "`{command}` is a command to the notebook, and no Rust"
        )));
    }
    let book = Book::new(cells, &lexed, found.place(), &found.piece.name);
    let first = first_reach(&lexed, &found);
    let end = looked_at.end(exercise, &chosen.mine, &found);
    let taken = book.take(first, end);
    notes.extend(what_was_taken(&book, &taken, cell, cells));
    notes.extend(what_is_below_the_end(&book, &taken, end, cells));
    notes.extend(what_was_not(&book, &taken, cell, &lexed[found.cell]));
    notes.extend(shell_lines(cells));
    // Under the name that the exercise asks for.
    let alias = match found.piece.name == name {
        true => String::new(),
        false => format!("\n\nuse self::{} as {name};", found.piece.name),
    };
    let source = book.write(&taken).0 + &alias;
    if source.len() > LONGEST {
        return Err(Nothing::Forbidden(format!(
            "{} bytes of source, more than {LONGEST}",
            source.len()
        )));
    }
    // Less of the cell, helpers of whatever time, more of the notebook.
    let mut choices = vec![source];
    let alone = book.write(&book.take(Reach::Function, end)).0 + &alias;
    choices.push(alone.clone());
    for reach in [first, Reach::All] {
        choices.push(book.write(&book.take(reach, None)).0 + &alias);
    }
    for previous in &chosen.previous {
        let book = Book::new(cells, &lexed, previous.place(), &previous.piece.name);
        let end = looked_at.end(exercise, &chosen.mine, previous);
        let taken = book.take(first_reach(&lexed, previous), end);
        choices.push(book.write(&taken).0 + &alias);
    }
    let mut distinct = BTreeSet::new();
    choices.retain(|choice| choice.len() <= LONGEST && distinct.insert(choice.clone()));
    notes.extend(without_dependencies(cell, &mut choices)?);
    let others = choices.split_off(1);
    Ok(Extracted {
        source: choices.remove(0),
        alone,
        notes: few(notes),
        others,
    })
}

/// How much is taken at first.
fn first_reach(lexed: &[Lexed], found: &Found) -> Reach {
    match is_merged(&lexed[found.cell], found) {
        true => Reach::Imports,
        false => Reach::Cell,
    }
}

/// Leaves the choices that use no crate that the function's cell asks for by `:dep`, and
/// says so.
///
/// # Errors
/// If all of them use such a crate.
fn without_dependencies(cell: &Cell, choices: &mut Vec<String>) -> Result<Vec<String>, Nothing> {
    let mut notes = Vec::new();
    for command in &cell.commands {
        let Some(name) = dependency(command) else {
            continue;
        };
        if is_given_crate(&name) {
            notes.push(format!(
                "`{command}` of code cell {} was left out: the grader gives this crate to every answer",
                cell.number
            ));
            continue;
        }
        choices.retain(|choice| !uses_crate(choice, &name));
        if choices.is_empty() {
            return Err(Nothing::Forbidden(format!(
                "`{command}` is a command to the notebook, and no Rust: \
                 the answer uses the crate `{name}`, which the grader does not have"
            )));
        }
        notes.push(format!(
            "`{command}` of code cell {} was left out: nothing that was graded uses it",
            cell.number
        ));
    }
    Ok(notes)
}

/// Whether the cell holds answers to other exercises, too, which need not compile.
fn is_merged(lexed: &Lexed, found: &Found) -> bool {
    let functions: BTreeSet<&str> = exercises::ALL.iter().map(|other| function(other)).collect();
    lexed.pieces.iter().any(|piece| {
        piece.kind == PieceKind::Fn
            && piece.tokens != found.piece.tokens
            && (functions.contains(piece.name.as_str()))
    })
}

/// What is said of items from other cells.
fn what_was_taken(book: &Book, taken: &Taken, own: &Cell, cells: &[Cell]) -> Vec<String> {
    let (_, labels) = book.write(taken);
    let mut said = BTreeSet::new();
    let other = labels
        .into_iter()
        .map(|(cell, label)| (cells[cell].number, label))
        .filter(|(number, _)| *number != own.number);
    other
        .filter(|(number, label)| said.insert((*number, label.clone())))
        .map(|(number, label)| format!("`{label}` was taken from code cell {number}"))
        .collect()
}

/// What is said of helpers that are defined again below the last check.
fn what_is_below_the_end(
    book: &Book,
    taken: &Taken,
    end: Option<End>,
    cells: &[Cell],
) -> Vec<String> {
    let Some(last) = end else {
        return Vec::new();
    };
    let check = cells[last.at.0].number;
    let below = book.below_the_end(taken, end).into_iter();
    below
        .map(|(cell, label, counts)| {
            let number = cells[cell].number;
            match counts {
                true => format!(
                    "`{label}` of code cell {number} counts: it was run before the check of code cell {check}, which stands above it"
                ),
                false => format!(
                    "`{label}` of code cell {number} does not count: it stands below code cell {check}, \
                     where this answer ends, and was not run before that one. Was it a correction? \
                     Then move it up, run all cells and save the notebook"
                ),
            }
        })
        .collect()
}

/// What is said of the rest of the function's cell.
fn what_was_not(book: &Book, taken: &Taken, own: &Cell, lexed: &Lexed) -> Vec<String> {
    let mut notes = Vec::new();
    let ours = ["check", "hint", "solution", "marks"];
    let mut left = lexed.pieces.iter().filter(|piece| match piece.kind {
        PieceKind::Statement => true,
        PieceKind::Call => !ours.contains(&piece.name.as_str()),
        _ => false,
    });
    if let Some(left) = left.next() {
        notes.push(format!(
            "line {} of code cell {} is outside the function and does not count",
            left.line, own.number
        ));
    }
    let left_out =
        |what: &str, why: &str| format!("{what} of code cell {} was left out: {why}", own.number);
    for piece in &lexed.pieces {
        let tokens = &lexed.tokens[piece.tokens.clone()];
        let what = format!("`{}`", first_line(&lexed.text(piece)));
        if is_never_compiled(tokens, piece) {
            let why = match piece.kind {
                PieceKind::Extern => "the grader gives this crate to every answer",
                _ => "it is for tests alone",
            };
            notes.push(left_out(&what, why));
        } else if piece.kind == PieceKind::Inner
            && ["allow", "warn", "deny", "expect"].contains(&piece.name.as_str())
        {
            notes.push(left_out(&what, "the grader does not show warnings"));
        }
    }
    for import in book.refused_imports(taken) {
        let what = format!("`{}`", first_line(&import));
        notes.push(left_out(&what, "nothing uses it, and no answer needs it"));
    }
    for import in book.strangers(taken) {
        notes.push(format!(
            "`{}` of code cell {} was left out: nothing uses it, and the grader has no such crate",
            first_line(&import),
            own.number
        ));
    }
    for piece in book.left_out(taken) {
        notes.push(format!(
            "`fn {}` of code cell {} was left out: the answer does not use it",
            piece.name, own.number
        ));
    }
    notes
}

/// What is said of commands to a shell, in all cells that are the student's own.
fn shell_lines(cells: &[Cell]) -> Vec<String> {
    let own = cells.iter().filter(|cell| !cell.given);
    let lines = own.flat_map(|cell| {
        let lines = cell.commands.iter().filter(|command| is_for_shell(command));
        lines.map(|command| (command, cell.number))
    });
    lines
        .map(|(command, number)| {
            format!(
                "`{command}` of code cell {number} was left out: it is a command to a shell, and no Rust"
            )
        })
        .collect()
}

/// As many notes as somebody reads.
fn few(mut notes: Vec<String>) -> Vec<String> {
    const MOST: usize = 20;
    let more = notes.len().saturating_sub(MOST);
    notes.truncate(MOST);
    if more > 0 {
        notes.push(format!("and {more} notes more"));
    }
    notes
}

fn missing(notebook: &Notebook, cells: &[Cell], name: &str) -> Nothing {
    let wanted = format!("fn {name}");
    let prose = notebook
        .cells()
        .iter()
        .any(|cell| cell["cell_type"] != "code" && source(cell).contains(&wanted));
    let broken = cells.iter().find(|cell| cell.source.contains(&wanted));
    if let Some(cell) = cells.iter().find(|cell| cell.too_long.is_some())
        && let Some(bytes) = cell.too_long
    {
        return Nothing::Forbidden(format!(
            "code cell {} has {bytes} bytes, more than {LONGEST}: it is not read",
            cell.number
        ));
    }
    let closure = format!("let {name} =");
    let closure = cells.iter().find(|cell| cell.source.contains(&closure));
    Nothing::Missing(match (broken, closure, prose) {
        (Some(cell), ..) => format!(
            "code cell {} holds `{wanted}`, but not as an item that begins and ends there",
            cell.number
        ),
        (None, Some(cell), _) => format!(
            "`{name}` in code cell {} is a variable: write it as `{wanted}`",
            cell.number
        ),
        (None, None, true) => format!("`{wanted}` stands in a text cell: make it a code cell"),
        (None, None, false) => format!("no code cell defines `{wanted}`"),
    })
}

#[cfg(test)]
#[path = "extract_tests.rs"]
mod tests;
