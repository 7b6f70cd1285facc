//! Decides whether a cell is complete. Jupyter's consoles ask that before they run it.

use ra_ap_syntax::{Edition, SourceFile, SyntaxKind, T};

/// Whether a cell is complete: the status of an `is_complete_reply`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Completeness {
    /// The code can be run.
    Complete,
    /// The code needs more lines.
    Incomplete {
        /// The blanks with which the next line should start.
        indent: String,
    },
    /// The code has an error that more lines cannot fix.
    Invalid,
}

/// One level of indentation, as rustfmt writes it.
const INDENT: &str = "    ";
/// The start of the function in which a cell is parsed, because statements can only stand in
/// a function.
const HEAD: &str = "fn cell() {";

/// Returns the first syntax error of a cell: its line, from 1, and the message. Returns `None`
/// when the cell has none.
pub fn syntax_error(code: &str) -> Option<(usize, String)> {
    let parsed = SourceFile::parse(&format!("{HEAD}{code}\n}}"), Edition::Edition2024);
    let error = parsed.errors().into_iter().next()?;
    let at = usize::from(error.range().start()).saturating_sub(HEAD.len());
    let before = code.get(..at.min(end_of_code(code))).unwrap_or(code);
    Some((before.matches('\n').count() + 1, error.to_string()))
}

/// Decides whether `code` is complete. It may contain evcxr's commands (`:dep ...`).
pub fn completeness(code: &str) -> Completeness {
    // Leave out the commands.
    let rust: String = code
        .split_inclusive('\n')
        .filter(|line| !line.starts_with(':'))
        .collect();
    let source = format!("{HEAD}{rust}\n}}");

    // Open brackets, strings and comments need more text.
    let open = match open_delimiters(&rust) {
        Delimiters::Open(open) => open,
        Delimiters::Unterminated => return incomplete(&rust, 0),
        Delimiters::Mismatched => return Completeness::Invalid,
    };
    if open > 0 {
        return incomplete(&rust, open);
    }

    // Syntax errors only behind the end of the code mean that more text is needed.
    let parsed = SourceFile::parse(&source, Edition::Edition2024);
    let errors = parsed.errors();
    let end = HEAD.len() + end_of_code(&rust);
    if errors.is_empty() {
        Completeness::Complete
    } else if errors
        .iter()
        .all(|error| usize::from(error.range().start()) >= end)
    {
        incomplete(&rust, 1)
    } else {
        Completeness::Invalid
    }
}

/// Returns [`Completeness::Incomplete`] with the indent of the next line. `levels` is 0 inside
/// a string or comment, where the indent does not grow.
fn incomplete(rust: &str, levels: usize) -> Completeness {
    let line = rust.trim_end().lines().last().unwrap_or_default();
    let own = &line[..line.len() - line.trim_start().len()];
    // After a line that opens a bracket or an expression, the next line is indented by one
    // level more. A comma continues a list on the same level.
    let deeper = levels > 0
        && line
            .trim_end()
            .ends_with(['{', '(', '[', '=', '|', '.', ',']);
    let more = if deeper && !line.trim_end().ends_with(',') {
        INDENT
    } else {
        ""
    };
    Completeness::Incomplete {
        indent: format!("{own}{more}"),
    }
}

/// The state of the delimiters at the end of a text.
enum Delimiters {
    /// This number of brackets is not closed.
    Open(usize),
    /// A string or a comment is not closed.
    Unterminated,
    /// A closing bracket does not match the open one.
    Mismatched,
}

/// Returns the kinds of the tokens of a text and the byte offsets of their ends. The text need
/// not be valid Rust.
fn tokens(rust: &str) -> Vec<(SyntaxKind, usize)> {
    let parsed = SourceFile::parse(rust, Edition::Edition2024);
    parsed
        .syntax_node()
        .descendants_with_tokens()
        .filter_map(|element| element.into_token())
        .map(|token| (token.kind(), token.text_range().end().into()))
        .collect()
}

/// Determines the state of the delimiters at the end of a text.
fn open_delimiters(rust: &str) -> Delimiters {
    // Strings and comments: the lexer reports that their end is missing, except for raw
    // strings.
    let parsed = SourceFile::parse(rust, Edition::Edition2024);
    let unterminated =
        |error: &ra_ap_syntax::SyntaxError| error.to_string().contains("Missing trailing");
    if parsed.errors().iter().any(unterminated) {
        return Delimiters::Unterminated;
    }
    let tokens = tokens(rust);
    let from = tokens.iter().rev().nth(1).map_or(0, |(_, end)| *end);
    if tokens.last().is_some_and(|(kind, _)| kind.is_literal())
        && is_unterminated_raw_string(&rust[from..])
    {
        return Delimiters::Unterminated;
    }

    // Brackets: a stack of the closing ones that are expected.
    let mut open = Vec::new();
    for (kind, _) in tokens {
        match kind {
            T!['{'] => open.push(T!['}']),
            T!['('] => open.push(T![')']),
            T!['['] => open.push(T![']']),
            T!['}'] | T![')'] | T![']'] if open.pop() != Some(kind) => {
                return Delimiters::Mismatched;
            }
            _ => {}
        }
    }
    Delimiters::Open(open.len())
}

/// Returns whether a literal is a raw string without its end. The lexer does not report that
/// as an error.
fn is_unterminated_raw_string(literal: &str) -> bool {
    let Some((head, rest)) = literal.split_once('"') else {
        return false;
    };
    let raw = head.trim_end_matches('#');
    let hashes = &head[raw.len()..];
    ["r", "br", "cr"].contains(&raw) && !rest.ends_with(&format!("\"{hashes}"))
}

/// Returns the byte offset of the end of the last token that is neither white space nor a
/// comment; 0 when there is none.
fn end_of_code(rust: &str) -> usize {
    let code = tokens(rust)
        .into_iter()
        .rfind(|(kind, _)| !kind.is_trivia());
    code.map_or(0, |(_, end)| end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_cells_are_complete() {
        for code in [
            "",
            "1 + 1",
            "let a = 1;",
            "let a = 1;\na",
            "fn f() -> u8 { 1 }",
            "use std::fmt;\nstruct A;",
            "\"a } string\"",
            "// only a comment {",
            ":dep regex = \"1\"\nlet r = 1;",
            "df.lazy().collect()?",
            "println!(\"{}\", 1);",
        ] {
            assert_eq!(completeness(code), Completeness::Complete, "{code}");
        }
    }

    #[test]
    fn open_brackets_strings_and_expressions_are_incomplete() {
        for (code, indent) in [
            ("fn f() {", "    "),
            ("fn f() {\n    if true {", "        "),
            ("fn f() {\n    let a = 1;", "    "),
            ("let a = ", "    "),
            ("let a = vec![\n    1,", "    "),
            ("println!(\"a", ""),
            ("let s = r#\"a\"", ""),
            ("let s = r\"", ""),
            ("/* a comment", ""),
            ("1 +", ""),
            ("let a = 1", ""),
        ] {
            let indent = indent.to_owned();
            assert_eq!(
                completeness(code),
                Completeness::Incomplete { indent },
                "{code}"
            );
        }
    }

    #[test]
    fn errors_that_more_text_cannot_fix_are_invalid() {
        for code in [
            "let = 1;",
            "fn f() }",
            "a b c",
            "(1]",
            "let a = 1 2;",
            "struct 1;",
        ] {
            assert_eq!(completeness(code), Completeness::Invalid, "{code}");
        }
    }
}
