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
#[derive(Clone, Debug)]
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
    /// When the kernel last ran it, by its own count, if the notebook says so.
    pub ran: Option<u64>,
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
            ran: json["execution_count"].as_u64(),
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

/// evcxr's commands, and the source with their lines empty. A line in a comment or a
/// string is no command. Time is in proportion to the source: past a number of commands
/// that nobody writes, lines are taken for what they look like.
fn without_commands(source: &str) -> (Vec<String>, String) {
    const MOST: usize = 32;
    let (mut commands, mut rust, mut rest) = (Vec::new(), String::new(), source);
    for _ in 0..MOST {
        let Some(at) = first_command(rest) else {
            break;
        };
        let end = rest[at..].find('\n').map_or(rest.len(), |end| at + end);
        commands.push(first_line(rest[at..end].trim_end()));
        // The blanks before it stand on its line.
        rust.push_str(&rest[..at]);
        rest = &rest[end..];
    }
    if commands.len() == MOST {
        for line in rest.split_inclusive('\n') {
            match is_command(line) {
                true => {
                    commands.push(first_line(line.trim()));
                    rust.push('\n');
                }
                false => rust.push_str(line),
            }
        }
    } else {
        rust.push_str(rest);
    }
    (commands, rust)
}

/// Whether a line looks like a command of evcxr's: a colon and a word of small letters. A type on a
/// line of its own, such as `:Vec<i64>`, is none.
fn is_command(line: &str) -> bool {
    let Some(after) = line.trim_start().strip_prefix(':') else {
        return false;
    };
    let word = after.find(|c: char| !c.is_ascii_lowercase() && c != '_');
    let (word, rest) = after.split_at(word.unwrap_or(after.len()));
    !word.is_empty() && rest.chars().next().is_none_or(char::is_whitespace)
}

/// Whether a line looks like a command to a shell or to IPython: `!ls`, `%matplotlib inline`.
fn is_shell(line: &str) -> bool {
    line.trim_start().starts_with(['!', '%'])
}

/// Whether a command is one to a shell or to IPython.
pub fn is_for_shell(command: &str) -> bool {
    command.starts_with(['!', '%'])
}

/// Where the first command begins.
fn first_command(source: &str) -> Option<usize> {
    // Most cells have no such line.
    if !source
        .lines()
        .any(|line| is_command(line) || is_shell(line))
    {
        return None;
    }
    let tokens = tokens(source);
    let mut depth = 0usize;
    let mut before = ";";
    for token in &tokens {
        // Within braces, and behind an operator, `!` and `%` are Rust.
        let may_end =
            [";", "}"].contains(&before) || token.text == "!" && [")", "]"].contains(&before);
        let is_for_shell = ["!", "%"].contains(&token.text) && depth == 0 && may_end;
        let is_for_evcxr = token.text == ":" && is_command(&source[token.at..]);
        if token.first && (is_for_shell || is_for_evcxr) {
            return Some(token.at);
        }
        match token.text {
            "{" | "(" | "[" => depth += 1,
            "}" | ")" | "]" => depth = depth.saturating_sub(1),
            _ => {}
        }
        before = token.text;
    }
    None
}

/// The crate that a `:dep` asks for, as Rust names it; `None` for other commands and for
/// a `:dep` that is not read.
pub fn dependency(command: &str) -> Option<String> {
    let rest = command.strip_prefix(":dep")?;
    let asked = rest.trim_start();
    let is_letter = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    let name = &asked[..asked.find(|c| !is_letter(c)).unwrap_or(asked.len())];
    let behind = asked[name.len()..].trim_start();
    let is_read = rest.len() > asked.len()
        && !name.is_empty()
        && (behind.is_empty() || behind.starts_with('='));
    is_read.then(|| name.replace('-', "_"))
}

/// Whether a source has a path or an import that begins at a crate.
pub fn uses_crate(source: &str, name: &str) -> bool {
    let tokens = tokens(source);
    let text = |at: usize| tokens.get(at).map_or("", |token| token.text);
    (0..tokens.len()).any(|at| {
        let before = at.checked_sub(1).map_or("", text);
        let in_path = text(at + 1) == ":" && text(at + 2) == ":";
        tokens[at].word() == Some(name) && (in_path || ["use", "crate"].contains(&before))
    })
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
    /// The first command to the notebook that changes what the cell is, other than a
    /// [`dependency`].
    pub fn command(&self, lexed: &Lexed) -> Option<String> {
        let harmless = |command: &&String| {
            let word = command.split_whitespace().next().unwrap_or_default();
            HARMLESS.contains(&word) || is_for_shell(command)
        };
        let mut commands = self.commands.iter();
        let command = commands.find(|command| !harmless(command) && dependency(command).is_none());
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

    /// The tokens of a piece from the word that says what it is, as one text.
    pub fn text(&self, piece: &Piece) -> String {
        let tokens = self.from_head(piece).iter().take(24);
        let mut text = String::new();
        let mut end = None;
        for token in tokens {
            // As written, but with one blank where there are several.
            if end.is_some_and(|end| end < token.at) {
                text.push(' ');
            }
            text.push_str(token.text);
            end = Some(token.end());
        }
        text
    }

    /// Whether a token stands inside an item, such as the body of a function, and is no part
    /// of what the cell itself runs.
    pub fn is_in_item(&self, token: usize) -> bool {
        let around = self
            .pieces
            .partition_point(|piece| piece.tokens.end <= token);
        let runs = [PieceKind::Call, PieceKind::Statement];
        self.pieces
            .get(around)
            .is_some_and(|piece| !runs.contains(&piece.kind))
    }

    /// The tokens of a piece from the word that says what it is.
    pub fn from_head(&self, piece: &Piece) -> &[Token<'c>] {
        &self.tokens[piece.head..piece.tokens.end]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rule: a command begins a line of code; in a comment or a string there is none.
    #[test]
    fn commands_are_lines_of_code() {
        let source = "  :dep rand = \"0.9\"\n/*\n:dep a\n*/\nlet s = \"\n:dep b\";\n:help don't\nlet a\n    : i64 = 1;\nlet b\n:Vec<i64> = vec![];";
        let (commands, rust) = without_commands(source);
        assert_eq!(commands, [":dep rand = \"0.9\"", ":help don't"]);
        let kept = "  \n/*\n:dep a\n*/\nlet s = \"\n:dep b\";\n\nlet a\n    : i64 = 1;\nlet b\n:Vec<i64> = vec![];";
        assert_eq!(rust, kept);
        // Lines keep their numbers, however many commands there are.
        let (commands, rust) = without_commands(&":vars\n".repeat(100));
        assert_eq!((commands.len(), rust), (100, "\n".repeat(100)));
    }

    /// Rule: a `:dep` names a crate as Rust does, or it is not read.
    #[test]
    fn a_dependency_has_a_name() {
        for (command, name) in [
            (":dep rand", Some("rand")),
            (":dep serde-json = \"1\"", Some("serde_json")),
            (":dep a={path = \"b\"}", Some("a")),
            (":dep ../own", None),
            (":dependency a", None),
            (":dep", None),
            (":load a.rs", None),
        ] {
            assert_eq!(dependency(command).as_deref(), name, "{command}");
        }
        assert!(uses_crate("use rand::Rng;", "rand"));
        assert!(uses_crate("fn f() { rand::random() }", "rand"));
        assert!(uses_crate("use rand as r;", "rand"));
        assert!(!uses_crate("fn f(rand: i64) -> i64 { rand }", "rand"));
    }
}
