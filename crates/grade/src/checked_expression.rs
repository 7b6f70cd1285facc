//! An answer that is no function of the asked name, but that `check!` accepts: a closure or a path in
//! the call of `check!`, or the asked name as an import or a constant.
//!
//! It becomes a function of the asked name in a cell of its own, which calls it.
use super::cells::{Cell, Lexed};
use super::definition::{CHECKED, calls_of_check, function};
use super::tokens::{PieceKind, Token, tokens};
use lambda_workbook::exercises::Exercise;
use ra_ap_parser::T;

/// Returns the cells with one more, which defines the asked function by what the notebook checks, and
/// the number of the cell where that was found. `None` if nothing was.
pub fn with_function(cells: &[Cell], exercise: &Exercise) -> Option<(Vec<Cell>, usize)> {
    let lexed: Vec<Lexed> = cells.iter().map(Lexed::new).collect();
    let all = || cells.iter().zip(&lexed).rev();
    let (cell, expression) = all()
        .find_map(|(cell, lexed)| Some((cell, in_check(cell, &lexed.tokens, exercise)?)))
        .or_else(|| all().find_map(|(cell, lexed)| Some((cell, named(cell, lexed, exercise)?))))?;
    let source = format!(
        "{} {{\n    ({expression})({})\n}}",
        exercise.signature,
        parameters(exercise.signature).join(", ")
    );
    let function = Cell {
        source,
        commands: Vec::new(),
        given: false,
        too_long: None,
        ids: Vec::new(),
        ..cell.clone()
    };
    let number = cell.number;
    let mut more = cells.to_vec();
    more.push(function);
    Some((more, number))
}

/// The text of tokens `from..to` of a cell.
fn text<'c>(cell: &'c Cell, tokens: &[Token], from: usize, to: usize) -> Option<&'c str> {
    let (first, last) = (tokens.get(from)?, tokens.get(to.checked_sub(1)?)?);
    cell.source.get(first.at..last.at + last.text.len())
}

/// What the last `check!(exercise, ..)` of a cell checks, if that is no name alone.
fn in_check(cell: &Cell, tokens: &[Token], exercise: &Exercise) -> Option<String> {
    let mut calls = calls_of_check(tokens).rev();
    let from = calls.find(|(_, checked)| *checked == exercise.name)?.0 + CHECKED;
    // Up to the parenthesis that closes the call.
    let mut depth = 1usize;
    let behind = tokens[from..].iter().position(|token| {
        match token.kind {
            T!['('] | T!['['] | T!['{'] => depth += 1,
            T![')'] | T![']'] | T!['}'] => depth -= 1,
            _ => {}
        }
        depth == 0
    })?;
    let mut to = from + behind;
    if tokens[to - 1].kind == T![,] {
        to -= 1;
    }
    let is_name = to == from + 1;
    if is_name || to <= from {
        return None;
    }
    text(cell, tokens, from, to).map(str::to_owned)
}

/// The path or the value that a cell gives the asked name: `use mine::NAME;`, `use x as NAME;`,
/// `const NAME: Type = x;`.
fn named(cell: &Cell, lexed: &Lexed, exercise: &Exercise) -> Option<String> {
    let name = function(exercise);
    lexed.pieces.iter().rev().find_map(|piece| {
        let tokens = &lexed.tokens;
        let (from, to) = (piece.head + 1, piece.tokens.end.checked_sub(1)?);
        match piece.kind {
            PieceKind::Use if tokens.get(to - 1)?.name() == Some(name) => {
                let renamed = tokens.get(to.checked_sub(2)?)?.text == "as";
                text(cell, tokens, from, if renamed { to - 2 } else { to })
            }
            PieceKind::Const if piece.name == name => {
                let value = (from..to).find(|at| tokens[*at].text == "=")?;
                text(cell, tokens, value + 1, to)
            }
            _ => None,
        }
        .map(str::to_owned)
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
            assert!(!names.is_empty(), "{}", exercise.signature);
        }
        let names =
            parameters("fn f(folder: &mut Folder, files: &[(String, String)]) -> (i64, i64)");
        assert_eq!(names, ["folder", "files"]);
    }
}
