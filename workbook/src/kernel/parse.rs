//! Whether a cell is complete, for consoles that ask before they run it.

use ra_ap_syntax::{Edition, SourceFile, SyntaxKind, T};

/// What a console should do with the code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Completeness {
    Complete,
    /// More is to come; the next line starts with this indent.
    Incomplete {
        indent: String,
    },
    Invalid,
}

/// One level, as rustfmt has it.
const INDENT: &str = "    ";
/// A cell's statements are those of a function.
const HEAD: &str = "fn cell() {";

/// The first syntax error of a cell: its line from 1, and what is wrong.
pub fn syntax_error(code: &str) -> Option<(usize, String)> {
    let parsed = SourceFile::parse(&format!("{HEAD}{code}\n}}"), Edition::Edition2024);
    let error = parsed.errors().into_iter().next()?;
    let at = usize::from(error.range().start()).saturating_sub(HEAD.len());
    let before = code.get(..at.min(end_of_code(code))).unwrap_or(code);
    Some((before.matches('\n').count() + 1, error.to_string()))
}

/// Judges `code`, which may hold evcxr's commands (`:dep ...`).
pub fn completeness(code: &str) -> Completeness {
    let rust: String = code
        .split_inclusive('\n')
        .filter(|line| !line.starts_with(':'))
        .collect();
    let source = format!("{HEAD}{rust}\n}}");
    let open = match open_delimiters(&rust) {
        Delimiters::Open(open) => open,
        Delimiters::Unended => return incomplete(&rust, 0),
        Delimiters::Mismatched => return Completeness::Invalid,
    };
    if open > 0 {
        return incomplete(&rust, open);
    }
    let parsed = SourceFile::parse(&source, Edition::Edition2024);
    let errors = parsed.errors();
    // Where the reader's text ends, blanks and comments apart.
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

fn incomplete(rust: &str, levels: usize) -> Completeness {
    let line = rust.trim_end().lines().last().unwrap_or_default();
    let own = &line[..line.len() - line.trim_start().len()];
    // A line that opens something goes one level deeper; others stay.
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

enum Delimiters {
    /// How many brackets wait for their closing ones.
    Open(usize),
    /// A string or comment that does not end.
    Unended,
    Mismatched,
}

/// The tokens of a text, which need not make sense, with their ends in bytes.
fn tokens(rust: &str) -> Vec<(SyntaxKind, usize)> {
    let parsed = SourceFile::parse(rust, Edition::Edition2024);
    parsed
        .syntax_node()
        .descendants_with_tokens()
        .filter_map(|element| element.into_token())
        .map(|token| (token.kind(), token.text_range().end().into()))
        .collect()
}

fn open_delimiters(rust: &str) -> Delimiters {
    let parsed = SourceFile::parse(rust, Edition::Edition2024);
    // The lexer's words for a string or comment that runs to the end of the text.
    let unended =
        |error: &ra_ap_syntax::SyntaxError| error.to_string().contains("Missing trailing");
    if parsed.errors().iter().any(unended) {
        return Delimiters::Unended;
    }
    let tokens = tokens(rust);
    let from = tokens.iter().rev().nth(1).map_or(0, |(_, end)| *end);
    if tokens.last().is_some_and(|(kind, _)| kind.is_literal()) && unended_raw(&rust[from..]) {
        return Delimiters::Unended;
    }
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

/// Whether a literal is a raw string without its end, which is no error to the
/// lexer.
fn unended_raw(literal: &str) -> bool {
    let Some((head, rest)) = literal.split_once('"') else {
        return false;
    };
    let raw = head.trim_end_matches('#');
    let hashes = &head[raw.len()..];
    ["r", "br", "cr"].contains(&raw) && !rest.ends_with(&format!("\"{hashes}"))
}

/// Where the last token ends that is neither blank nor comment.
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
    fn open_brackets_strings_and_expressions_wait_for_more() {
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
    fn what_no_more_text_can_mend_is_invalid() {
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
