//! An answer that is no function of the asked name, but that `check!` accepts: a closure or a path in
//! the call of `check!`, or the asked name as an import or a constant.
//!
//! It becomes a function of the asked name in a cell of its own, which calls it.
use super::cells::{Cell, Lexed};
use super::definition::{CHECKED, Definitions, Place, calls_of_check, function};
use super::imports::leaves;
use super::tokens::{PieceKind, Token, pieces, tokens};
use lambda_workbook::exercises::Exercise;
use ra_ap_parser::T;

/// What a notebook gives the asked name without a `fn` of that name.
pub struct Expression {
    /// Its Rust: a closure, a path or a value.
    text: String,
    /// The place in the notebook where it was found.
    at: Place,
    /// Whether a `check!` holds it. Otherwise an import or a constant has the asked name.
    pub is_checked: bool,
}

/// Finds the expression that answers an exercise in place of a function. `answered` is the
/// place of the function of the asked name, if one is written.
///
/// As in the kernel, a later import or constant of the name hides an earlier function. A
/// checked expression counts before a function above it if the notebook checks nothing by
/// the asked name any more.
pub fn instead_of_function(
    notebook: &Definitions,
    exercise: &Exercise,
    answered: Option<Place>,
) -> Option<Expression> {
    let cells = || notebook.cells.iter().zip(notebook.lexed).enumerate().rev();
    let checked = cells().find_map(|(at, (cell, lexed))| in_check(at, cell, lexed, exercise));
    let is_checked_by_name = notebook.checks.iter().any(|check| {
        let is_plain = checked
            .as_ref()
            .is_none_or(|checked| checked.at != check.at);
        check.exercise == exercise.name && check.function == function(exercise) && is_plain
    });
    let is_later = |expression: &Expression| answered.is_none_or(|place| place < expression.at);
    let checked = checked.filter(|_| answered.is_none() || !is_checked_by_name);
    checked.filter(is_later).or_else(|| {
        // An import belongs to another exercise if that one asks for the same name, too.
        let is_meant = notebook.is_alone(exercise);
        let named =
            cells().find_map(|(at, (cell, lexed))| named(at, cell, lexed, notebook, exercise));
        named.filter(|named| is_later(named) && (answered.is_none() || is_meant))
    })
}

impl Expression {
    /// Returns the cells with one more, which defines the asked function by this expression,
    /// and the number of the cell where it was found. `imports` are those of the handout,
    /// which the signature needs.
    pub fn as_function(
        &self,
        cells: &[Cell],
        imports: &str,
        exercise: &Exercise,
    ) -> (Vec<Cell>, usize) {
        let cell = &cells[self.at.0];
        let function = Cell {
            source: format!(
                "{imports}{} {{\n    ({})({})\n}}",
                exercise.signature,
                self.text,
                parameters(exercise.signature).join(", ")
            ),
            commands: Vec::new(),
            given: false,
            too_long: None,
            ids: Vec::new(),
            ..cell.clone()
        };
        let number = cell.number;
        let mut more = cells.to_vec();
        more.push(function);
        (more, number)
    }
}

/// The text of tokens `from..to` of a cell.
fn text<'c>(cell: &'c Cell, tokens: &[Token], from: usize, to: usize) -> Option<&'c str> {
    let (first, last) = (tokens.get(from)?, tokens.get(to.checked_sub(1)?)?);
    cell.source.get(first.at..last.at + last.text.len())
}

/// What the last `check!(exercise, ..)` of a cell checks, if that is no name alone. One that
/// calls the asked function is no expression of its own.
fn in_check(at: usize, cell: &Cell, lexed: &Lexed, exercise: &Exercise) -> Option<Expression> {
    let tokens = &lexed.tokens;
    let mut calls = calls_of_check(tokens).rev();
    // A check in the body of a function is none of the notebook's.
    let of_notebook = |call: usize| !lexed.is_in_item(call);
    let call = calls
        .find(|(call, checked)| *checked == exercise.name && of_notebook(*call))?
        .0;
    let from = call + CHECKED;
    // Up to the parenthesis that closes the call.
    let mut depth = 1usize;
    let behind = tokens[from..].iter().position(|token| {
        match token.kind {
            T!['('] | T!['['] | T!['{'] => depth += 1,
            T![')'] | T![']'] | T!['}'] => depth -= 1,
            _ => {}
        }
        // Behind a comma stand the seed and the points of `marks!`.
        depth == 0 || depth == 1 && token.kind == T![,] && tokens[call].text == "marks"
    })?;
    let mut to = from + behind;
    if tokens[to - 1].kind == T![,] {
        to -= 1;
    }
    if to <= from || calls_itself(&tokens[from..to], exercise) {
        // A variable of the asked name is looked for below.
        return None;
    }
    let text = match to == from + 1 {
        true => variable(cell, tokens, tokens[from].name()?)?,
        false => text(cell, tokens, from, to)?,
    };
    Some(Expression {
        text: text.to_owned(),
        at: (at, call),
        is_checked: true,
    })
}

/// The last value that a cell gives a variable: a closure that captures nothing is as good as
/// a function, and the kernel has it only in its own cell.
fn variable<'c>(cell: &'c Cell, tokens: &[Token], name: &str) -> Option<&'c str> {
    let pieces = pieces(tokens);
    pieces.iter().rev().find_map(|piece| {
        let is_let = piece.kind == PieceKind::Statement && tokens[piece.tokens.start].text == "let";
        let at = piece.tokens.start + 1;
        let at = at + usize::from(tokens.get(at)?.text == "mut");
        if !is_let || tokens.get(at)?.name() != Some(name) {
            return None;
        }
        let (from, to) = (at + 1, piece.tokens.end);
        let value = (from..to).find(|at| tokens[*at].text == "=")? + 1;
        let to = to - usize::from(tokens[to - 1].kind == T![;]);
        let value = (value < to).then_some(value)?;
        let is_closure = ["|", "move"].contains(&tokens[value].text);
        let names_itself = tokens[value..to]
            .iter()
            .any(|token| token.name() == Some(name));
        (is_closure && !names_itself).then(|| text(cell, tokens, value, to))?
    })
}

/// Whether an expression names the asked function: by its name, or by a path from the
/// student's own crate.
fn calls_itself(tokens: &[Token], exercise: &Exercise) -> bool {
    let own = ["self", "super", "crate"];
    let is_path = |at: Option<usize>| {
        at.is_some_and(|at| tokens[at].kind == T![:] && tokens[at + 1].kind == T![:])
    };
    tokens.iter().enumerate().any(|(at, token)| {
        let before = at.checked_sub(3).filter(|_| is_path(at.checked_sub(2)));
        let is_first = !is_path(at.checked_sub(2)) && (at == 0 || tokens[at - 1].kind != T![.]);
        let is_own = before
            .is_some_and(|root| own.contains(&tokens[root].text) && !is_path(root.checked_sub(2)));
        token.name() == Some(function(exercise)) && (is_first || is_own)
    })
}

/// The path or the value that a cell gives the asked name: `use mine::NAME;`, `use x as NAME;`,
/// `const NAME: Type = x;`. An import is meant only if it begins at something of the notebook.
fn named(
    at: usize,
    cell: &Cell,
    lexed: &Lexed,
    notebook: &Definitions,
    exercise: &Exercise,
) -> Option<Expression> {
    let name = function(exercise);
    let tokens = &lexed.tokens;
    if let Some(text) = variable(cell, tokens, name) {
        let lets = lexed
            .pieces
            .iter()
            .rev()
            .filter(|piece| piece.kind == PieceKind::Statement);
        let at_place = lets.map(|piece| piece.tokens.start).next()?;
        return Some(Expression {
            text: text.to_owned(),
            at: (at, at_place),
            is_checked: false,
        });
    }
    lexed.pieces.iter().rev().find_map(|piece| {
        let (from, to) = (piece.head + 1, piece.tokens.end.checked_sub(1)?);
        let found = match piece.kind {
            PieceKind::Use => {
                let leaves = leaves(&tokens[from..piece.tokens.end])?;
                let mut leaves = leaves.iter().rev().filter(|leaf| leaf.name() == name);
                let path = &leaves
                    .find(|leaf| leaf.path != [name] && !leaf.rooted)?
                    .path;
                let own = ["self", "super", "crate"];
                let root = path.iter().find(|part| !own.contains(part))?;
                let is_own = path.iter().take_while(|part| own.contains(part)).count() < path.len()
                    && *root != name
                    && notebook.defines(root);
                is_own.then(|| path.join("::"))
            }
            PieceKind::Const if piece.name == name => {
                let value = (from..to).find(|at| tokens[*at].text == "=")?;
                let is_its_own = calls_itself(&tokens[value + 1..to], exercise);
                text(cell, tokens, value + 1, to)
                    .filter(|_| !is_its_own)
                    .map(str::to_owned)
            }
            _ => None,
        };
        found.map(|text| Expression {
            text,
            at: (at, piece.tokens.start),
            is_checked: false,
        })
    })
}

/// The names of a signature's parameters.
fn parameters(signature: &str) -> Vec<&str> {
    let tokens = tokens(signature);
    let (mut depth, mut names) = (0usize, Vec::new());
    for (at, token) in tokens.iter().enumerate() {
        match token.kind {
            T!['('] => depth += 1,
            T![')'] if depth == 1 => break,
            T![')'] => depth -= 1,
            _ => {}
        }
        let begins = at
            .checked_sub(1)
            .is_some_and(|before| [T!['('], T![,]].contains(&tokens[before].kind));
        let is_typed = tokens.get(at + 1).is_some_and(|next| next.kind == T![:]);
        if depth == 1 && begins && is_typed {
            names.extend(token.name());
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;
    use lambda_workbook::exercises;

    #[test]
    fn every_signature_tells_its_parameters() {
        for exercise in exercises::ALL {
            let names = parameters(exercise.signature);
            let has_none = exercise
                .signature
                .split('(')
                .nth(1)
                .is_some_and(|rest| rest.starts_with(')'));
            assert_eq!(names.is_empty(), has_none, "{}", exercise.signature);
        }
        let names =
            parameters("fn f(folder: &mut Folder, files: &[(String, String)]) -> (i64, i64)");
        assert_eq!(names, ["folder", "files"]);
    }
}
