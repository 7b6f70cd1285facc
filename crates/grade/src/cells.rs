//! The code cells of a notebook as pieces of Rust.
//!
//! Time and memory are in proportion to the code, and a notebook with more of it than
//! [`MOST_CODE`] is not read. Whatever front end wrote the cells, they look the same
//! here: `\n` ends a line, and no byte order mark stands before the first one.
use super::tokens::{Piece, PieceKind, Token, pieces, tokens};
use kernel::notebook_file::{Notebook, source};
use std::collections::BTreeSet;

/// The longest cell that is read, and the longest source that is graded, in bytes: the
/// solutions have two thousand.
pub const LONGEST: usize = 64 * 1024;
/// The most code in one notebook, in bytes: all the solutions together have 30,000.
pub const MOST_CODE: usize = 1 << 20;
/// The most code cells in one notebook.
pub const MOST_CELLS: usize = 2_000;

/// A code cell.
#[derive(Debug)]
pub struct Cell {
    /// Its place among the code cells, from 1: what a reader counts.
    pub number: usize,
    /// Whether the handout marks it as the place of the solution.
    pub marked: bool,
    /// What nbgrader and Jupyter call it.
    pub ids: Vec<String>,
    /// Whether the handout has the same cell.
    pub given: bool,
    pub source: String,
    /// evcxr's commands, such as `:dep rand = "0.9"`.
    pub commands: Vec<String>,
    /// Its length if it is too long to be read; `source` is empty then.
    pub too_long: Option<usize>,
}

/// The source of a cell as every front end would write it.
pub fn plain(source: &str) -> String {
    let source = source.strip_prefix('\u{feff}').unwrap_or(source);
    source.replace("\r\n", "\n")
}

/// The code cells of a notebook; `given` are the other cells of its handout, trimmed.
///
/// # Errors
/// Says why there is too much code to be read.
pub fn cells(notebook: &Notebook, given: &BTreeSet<String>) -> Result<Vec<Cell>, String> {
    let code = notebook
        .cells()
        .iter()
        .filter(|cell| cell["cell_type"] == "code");
    let mut cells = Vec::new();
    let mut bytes = 0;
    for json in code {
        let whole = plain(&source(json));
        if whole.trim().is_empty() {
            continue;
        }
        bytes += whole.len();
        if bytes > MOST_CODE || cells.len() == MOST_CELLS {
            return Err(format!(
                "the notebook has more than {MOST_CELLS} code cells or {MOST_CODE} bytes of code: \
                 hand in a notebook with the answer only"
            ));
        }
        let given = given.contains(whole.trim());
        let too_long = (whole.len() > LONGEST).then_some(whole.len());
        let (commands, source) = match too_long {
            Some(_) => (Vec::new(), String::new()),
            None => without_commands(&whole),
        };
        let nbgrader = &json["metadata"]["nbgrader"];
        let ids = [&nbgrader["grade_id"], &json["id"]];
        cells.push(Cell {
            number: cells.len() + 1,
            marked: nbgrader["solution"] == true || json["id"] == "solution",
            ids: ids
                .iter()
                .filter_map(|id| id.as_str())
                .map(str::to_owned)
                .collect(),
            given,
            source,
            commands,
            too_long,
        });
    }
    Ok(cells)
}

/// The first line of a text, short enough for a message.
pub fn first_line(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default();
    line.chars().take(60).collect()
}

/// evcxr's commands, and the source with their lines empty.
fn without_commands(source: &str) -> (Vec<String>, String) {
    let is_command = |line: &str| {
        let after = line.trim_start().strip_prefix(':');
        after.is_some_and(|after| after.starts_with(|letter: char| letter.is_ascii_alphabetic()))
    };
    let commands = source.lines().filter(|line| is_command(line));
    let rust = source
        .split_inclusive('\n')
        .map(|line| if is_command(line) { "\n" } else { line });
    (
        commands.map(|line| first_line(line.trim())).collect(),
        rust.collect(),
    )
}

/// Commands that change nothing about the code.
const HARMLESS: [&str; 10] = [
    ":timing",
    ":opt",
    ":cache",
    ":vars",
    ":types",
    ":help",
    ":version",
    ":last_compile_dir",
    ":last_error_json",
    ":efmt",
];

impl Cell {
    /// The first command to the notebook that changes what the cell is.
    pub fn command(&self, lexed: &Lexed) -> Option<String> {
        let harmless = |command: &&String| {
            let word = command.split_whitespace().next().unwrap_or_default();
            HARMLESS.contains(&word)
        };
        let command = self.commands.iter().find(|command| !harmless(command));
        let shell = |piece: &&Piece| {
            piece.kind == PieceKind::Statement && lexed.tokens[piece.tokens.start].text == "!"
        };
        let shell = lexed.pieces.iter().find(shell);
        let shell = shell.map(|piece| first_line(&self.source[piece.range.clone()]));
        command.cloned().or(shell)
    }
}

/// A cell, read.
#[derive(Debug)]
pub struct Lexed<'c> {
    pub tokens: Vec<Token<'c>>,
    pub pieces: Vec<Piece>,
}

impl<'c> Lexed<'c> {
    pub fn new(cell: &'c Cell) -> Lexed<'c> {
        let tokens = tokens(&cell.source);
        let pieces = pieces(&tokens);
        Lexed { tokens, pieces }
    }

    /// The tokens of a piece from the word that says what it is.
    pub fn from_head(&self, piece: &Piece) -> &[Token<'c>] {
        &self.tokens[piece.head..piece.tokens.end]
    }
}
