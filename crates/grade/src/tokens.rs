//! A student's Rust as tokens, read without recursion.
//!
//! A parser builds trees, and a hostile source makes them deep enough to overflow
//! the grader's stack. A list of tokens is as long as the source and no deeper.
use ra_ap_parser::{Edition, LexedStr, SyntaxKind, T};
use std::ops::Range;

/// One token that is neither blank nor comment.
#[derive(Clone, Debug)]
pub struct Token<'a> {
    pub kind: SyntaxKind,
    pub text: &'a str,
    pub at: usize,
}

impl Token<'_> {
    /// A name or a keyword, without the `r#` of a raw name.
    pub fn word(&self) -> Option<&str> {
        let is_word = self.kind == SyntaxKind::IDENT || self.kind.is_keyword(Edition::Edition2024);
        is_word.then(|| self.text.strip_prefix("r#").unwrap_or(self.text))
    }
}

/// The tokens of a source.
pub fn tokens(source: &str) -> Vec<Token<'_>> {
    let lexed = LexedStr::new(Edition::Edition2024, source);
    let all = (0..lexed.len()).map(|index| Token {
        kind: lexed.kind(index),
        text: &source[lexed.text_range(index)],
        at: lexed.text_start(index),
    });
    all.filter(|token| !token.kind.is_trivia()).collect()
}

/// A stretch of source that stands for itself: an item, or a statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// What it is and its name: `fn day`. `None` for a statement.
    pub item: Option<String>,
    /// Where it stands, its doc comments and attributes with it.
    pub range: Range<usize>,
    /// Its line, from 1.
    pub line: usize,
}

/// Words before the one that says what an item is.
const QUALIFIERS: [&str; 6] = ["pub", "async", "unsafe", "extern", "default", "auto"];
/// Items that end with a block.
const WITH_BLOCK: [&str; 8] = [
    "fn",
    "struct",
    "enum",
    "union",
    "impl",
    "trait",
    "mod",
    "macro_rules",
];
/// Items that end with a semicolon, whatever blocks they hold.
const WITHOUT_BLOCK: [&str; 4] = ["use", "const", "static", "type"];

/// The items and statements of a source, in order.
pub fn pieces(source: &str) -> Vec<Piece> {
    let tokens = tokens(source);
    let mut pieces: Vec<Piece> = Vec::new();
    let (mut at, mut from) = (0, 0);
    while at < tokens.len() {
        if tokens[at].kind == T![;] {
            at += 1;
            from = tokens[at - 1].at + 1;
            continue;
        }
        let head = head(&tokens, at);
        let block_ends = !head.as_ref().is_some_and(|head| head.semicolon);
        let end = end(&tokens, at, block_ends);
        let until = tokens[end].at + tokens[end].text.len();
        let start = from + source[from..].len() - source[from..].trim_start().len();
        pieces.push(Piece {
            item: head.map(|head| head.name),
            range: start..until,
            line: source[..tokens[at].at].matches('\n').count() + 1,
        });
        (at, from) = (end + 1, until);
    }
    pieces
}

struct Head {
    name: String,
    semicolon: bool,
}

/// What the item at `at` is; `None` for a statement.
fn head(tokens: &[Token], mut at: usize) -> Option<Head> {
    while tokens.get(at)?.kind == T![#] {
        // `#[..]` or `#![..]`: to its bracket.
        let bang = usize::from(tokens.get(at + 1)?.kind == T![!]);
        at = end(tokens, at + 1 + bang, true) + 1;
    }
    loop {
        let word = tokens.get(at)?.word()?;
        let next = tokens.get(at + 1);
        if WITHOUT_BLOCK.contains(&word) && next?.word() != Some("fn") {
            let name = format!("{word} {}", next?.text);
            // Imports may repeat themselves.
            let name = if word == "use" {
                format!("use {}", tokens[at].at)
            } else {
                name
            };
            return Some(Head {
                name,
                semicolon: true,
            });
        }
        match word {
            // A block of foreign functions, and a crate.
            "extern"
                if tokens[at + 1..]
                    .iter()
                    .take(2)
                    .any(|token| token.kind == T!['{']) =>
            {
                let name = format!("extern {}", tokens[at].at);
                return Some(Head {
                    name,
                    semicolon: false,
                });
            }
            "extern" if next?.word() == Some("crate") => {
                return Some(Head {
                    name: format!("use {}", tokens[at].at),
                    semicolon: true,
                });
            }
            "macro_rules" => {
                let name = tokens.get(at + 2)?.text;
                return (next?.kind == T![!]).then(|| Head {
                    name: format!("macro {name}"),
                    semicolon: false,
                });
            }
            "impl" => {
                return Some(Head {
                    name: format!("impl {}", tokens[at].at),
                    semicolon: false,
                });
            }
            "fn" => {
                return Some(Head {
                    name: format!("fn {}", next?.word()?),
                    semicolon: false,
                });
            }
            word if WITH_BLOCK.contains(&word) => {
                // Types share their names.
                return Some(Head {
                    name: format!("type {}", next?.word()?),
                    semicolon: false,
                });
            }
            "const" => at += 1,
            word if QUALIFIERS.contains(&word) => {
                at += 1;
                if matches!(tokens.get(at)?.kind, T!['('] | SyntaxKind::STRING) {
                    at = match tokens[at].kind {
                        T!['('] => close(tokens, at) + 1,
                        _ => at + 1,
                    };
                }
            }
            _ => return None,
        }
    }
}

/// The index of the token that closes the delimiter at `open`, or of the last.
fn close(tokens: &[Token], open: usize) -> usize {
    let mut depth = 0usize;
    for (index, token) in tokens.iter().enumerate().skip(open) {
        match token.kind {
            T!['('] | T!['['] | T!['{'] => depth += 1,
            T![')'] | T![']'] | T!['}'] => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 {
            return index;
        }
    }
    tokens.len() - 1
}

/// The index of the token that ends the piece at `from`: a semicolon, or, if blocks
/// end it, the brace that closes its block; of an attribute, its bracket.
fn end(tokens: &[Token], from: usize, block_ends: bool) -> usize {
    let mut at = from;
    while at < tokens.len() {
        match tokens[at].kind {
            T![;] => return at,
            T!['['] if at == from => return close(tokens, at),
            T!['{'] if block_ends => return close(tokens, at),
            T!['('] | T!['['] | T!['{'] => at = close(tokens, at) + 1,
            _ => at += 1,
        }
    }
    tokens.len() - 1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn items(source: &str) -> Vec<String> {
        pieces(source)
            .into_iter()
            .map(|piece| match piece.item {
                Some(item) => item,
                None => format!("? {}", &source[piece.range]),
            })
            .collect()
    }

    #[test]
    fn items_are_told_from_statements() {
        let source = "#[derive(Debug)] struct A { n: i64 }\npub(crate) const fn f() -> i64 { 1 }\n\
            const B: A = A { n: if true { 1 } else { 2 } };\nlet a = f();\nf()\n";
        assert_eq!(
            items(source),
            ["type A", "fn f", "const B", "? let a = f();", "? f()"]
        );
        assert_eq!(
            items("struct P(i64);\nmacro_rules! m { () => {} }\nunsafe extern \"C\" fn g() {}"),
            ["type P", "macro m", "fn g"]
        );
        assert_eq!(items(":dep rand\nfn f() {}"), ["? :dep rand\nfn f() {}"]);
    }

    #[test]
    fn comments_stay_with_what_they_are_about() {
        let source = "/// One.\n#[inline]\nfn one() {} // end\nfn two() {}";
        let pieces = pieces(source);
        assert_eq!(
            &source[pieces[0].range.clone()],
            "/// One.\n#[inline]\nfn one() {}"
        );
        assert_eq!((pieces[0].line, pieces[1].line), (2, 4));
    }

    #[test]
    fn any_depth_is_read() {
        let deep = "fn f() { ".to_owned() + &"(".repeat(100_000);
        assert_eq!(items(&deep), ["fn f"]);
        assert!(items("} ) ] fn").len() <= 4);
    }
}
