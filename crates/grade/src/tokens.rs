//! A student's Rust as tokens and as pieces, read without recursion.
//!
//! A parser builds trees, and a hostile source makes them deep enough to overflow
//! the grader's stack. A list of tokens is as long as the source and no deeper.
//! Every function here takes time in proportion to the length of its source.
use ra_ap_parser::{Edition, LexedStr, SyntaxKind, T};
use std::ops::Range;

/// One token that is neither blank nor comment.
#[derive(Clone, Debug)]
pub struct Token<'a> {
    pub kind: SyntaxKind,
    pub text: &'a str,
    /// Its first byte.
    pub at: usize,
    /// The first byte of the comments on the lines above it, or its own.
    pub lead: usize,
    /// Its line, from 1.
    pub line: usize,
    /// Whether no token stands before it on its line.
    pub first: bool,
}

impl<'a> Token<'a> {
    /// A name or a keyword, without the `r#` of a raw name.
    pub fn word(&self) -> Option<&'a str> {
        let is_word = self.kind == SyntaxKind::IDENT || self.kind.is_keyword(Edition::Edition2024);
        is_word.then(|| self.text.strip_prefix("r#").unwrap_or(self.text))
    }

    /// A name that is no keyword, without the `r#` of a raw name.
    pub fn name(&self) -> Option<&'a str> {
        (self.kind == SyntaxKind::IDENT).then(|| self.text.strip_prefix("r#").unwrap_or(self.text))
    }

    /// The byte after its last one.
    pub fn end(&self) -> usize {
        self.at + self.text.len()
    }
}

/// The tokens of a source, in one pass.
///
/// ```
/// let tokens = grade::tokens::tokens("// A name.\nfn f() {}");
/// assert_eq!((tokens[0].text, tokens[0].lead, tokens[0].line), ("fn", 0, 2));
/// ```
pub fn tokens(source: &str) -> Vec<Token<'_>> {
    // At the start of a file, `---` and `#!` mean something to cargo. A cell is no file,
    // and looking for the end of such a head takes quadratic time.
    let guarded = format!(";{source}");
    let lexed = LexedStr::new(Edition::Edition2024, &guarded);
    let mut tokens: Vec<Token> = Vec::new();
    let (mut line, mut fresh_line, mut lead) = (1, true, None);
    for index in 1..lexed.len() {
        let range = lexed.text_range(index);
        let (kind, at) = (lexed.kind(index), range.start - 1);
        let text = &source[at..range.end - 1];
        let newlines = text.bytes().filter(|byte| *byte == b'\n').count();
        if kind.is_trivia() {
            // A comment behind a token, on its line, belongs to that token.
            if kind != SyntaxKind::COMMENT {
                fresh_line |= newlines > 0;
            } else if text.starts_with("//!") || text.starts_with("/*!") {
                // It would be about the whole file.
                lead = None;
            } else if fresh_line {
                lead.get_or_insert(at);
            }
        } else {
            let lead = lead.take().unwrap_or(at);
            tokens.push(Token {
                kind,
                text,
                at,
                lead,
                line,
                first: std::mem::take(&mut fresh_line),
            });
        }
        line += newlines;
    }
    tokens
}

/// What a piece is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PieceKind {
    Fn,
    /// `const` and `static`.
    Const,
    /// A struct, an enum, a union, a type alias.
    Type,
    Trait,
    Mod,
    Macro,
    Impl,
    Use,
    /// A crate or a block of foreign functions.
    Extern,
    /// A call of a macro, which may make items.
    Call,
    /// `#![..]`
    Inner,
    Statement,
}

/// A stretch of source that stands for itself: an item, or a statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    pub kind: PieceKind,
    /// The name of an item that has one, and of a called macro; empty otherwise.
    pub name: String,
    /// Where it stands, its comments and attributes with it.
    pub range: Range<usize>,
    /// Its tokens.
    pub tokens: Range<usize>,
    /// The token that says what it is, such as `fn`.
    pub head: usize,
    /// Its line, from 1.
    pub line: usize,
}

/// Words before the one that says what an item is.
const QUALIFIERS: [&str; 6] = ["pub", "async", "unsafe", "extern", "default", "auto"];
/// Words that begin an item if they stand first on a line.
const BEGINNINGS: [&str; 16] = [
    "fn",
    "struct",
    "enum",
    "union",
    "impl",
    "trait",
    "mod",
    "macro_rules",
    "use",
    "const",
    "static",
    "type",
    "pub",
    "async",
    "unsafe",
    "extern",
];

/// The items and statements of a source, in order.
pub fn pieces(tokens: &[Token]) -> Vec<Piece> {
    let closes = closes(tokens);
    let mut pieces: Vec<Piece> = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        if tokens[at].kind == T![;] {
            at += 1;
            continue;
        }
        let head = head(tokens, &closes, at).unwrap_or(Head {
            kind: PieceKind::Statement,
            name: "",
            at,
        });
        let end = match head.kind {
            PieceKind::Inner => closes[at + 2],
            // A semicolon ends it, whatever blocks it holds.
            PieceKind::Use | PieceKind::Const => end(tokens, &closes, head.at, false),
            PieceKind::Type if tokens[head.at].text == "type" => {
                end(tokens, &closes, head.at, false)
            }
            PieceKind::Call => called(tokens, &closes, head.at),
            PieceKind::Statement => statement(tokens, &closes, at),
            _ => end(tokens, &closes, head.at, true),
        };
        pieces.push(Piece {
            kind: head.kind,
            name: head.name.to_owned(),
            range: tokens[at].lead..tokens[end].end(),
            tokens: at..end + 1,
            head: head.at,
            line: tokens[at].line,
        });
        at = end + 1;
    }
    pieces
}

struct Head<'a> {
    kind: PieceKind,
    name: &'a str,
    at: usize,
}

/// What the item at `at` is; `None` for a statement.
fn head<'a>(tokens: &[Token<'a>], closes: &[usize], mut at: usize) -> Option<Head<'a>> {
    while tokens.get(at)?.kind == T![#] {
        let inner = tokens.get(at + 1)?.kind == T![!];
        let bracket = at + 1 + usize::from(inner);
        if tokens.get(bracket)?.kind != T!['['] {
            return None;
        }
        if inner {
            return Some(Head {
                kind: PieceKind::Inner,
                name: tokens.get(bracket + 1)?.text,
                at,
            });
        }
        at = closes[bracket] + 1;
    }
    loop {
        let word = tokens.get(at)?.word()?;
        let next = tokens.get(at + 1);
        let named = |kind| {
            let name = tokens.get(at + 1)?.word()?;
            Some(Head { kind, name, at })
        };
        match word {
            "use" => {
                return Some(Head {
                    kind: PieceKind::Use,
                    name: "",
                    at,
                });
            }
            "impl" => {
                return Some(Head {
                    kind: PieceKind::Impl,
                    name: "",
                    at,
                });
            }
            "fn" => return named(PieceKind::Fn),
            "struct" | "enum" | "type" => return named(PieceKind::Type),
            // Not keywords: a variable may have such a name.
            "union" if next?.name().is_some() => return named(PieceKind::Type),
            "trait" => return named(PieceKind::Trait),
            "mod" => return named(PieceKind::Mod),
            "macro_rules" if next?.kind == T![!] => {
                let name = tokens.get(at + 2)?.word()?;
                return Some(Head {
                    kind: PieceKind::Macro,
                    name,
                    at,
                });
            }
            "static" => {
                let skipped = usize::from(next?.word() == Some("mut"));
                let name = tokens.get(at + 1 + skipped)?.word()?;
                return Some(Head {
                    kind: PieceKind::Const,
                    name,
                    at,
                });
            }
            "const" => match next?.word() {
                Some("fn" | "unsafe" | "async" | "extern") => at += 1,
                Some(name) => {
                    return Some(Head {
                        kind: PieceKind::Const,
                        name,
                        at,
                    });
                }
                None if next?.text == "_" => {
                    return Some(Head {
                        kind: PieceKind::Const,
                        name: "_",
                        at,
                    });
                }
                None => return None,
            },
            "extern" if next?.word() == Some("crate") => {
                let name = tokens.get(at + 2)?.word()?;
                return Some(Head {
                    kind: PieceKind::Extern,
                    name,
                    at,
                });
            }
            // `extern "C" {`
            "extern"
                if tokens[at + 1..]
                    .iter()
                    .take(2)
                    .any(|token| token.kind == T!['{']) =>
            {
                return Some(Head {
                    kind: PieceKind::Extern,
                    name: "",
                    at,
                });
            }
            word if QUALIFIERS.contains(&word) => {
                at += 1;
                at = match tokens.get(at)?.kind {
                    T!['('] => closes[at] + 1,
                    SyntaxKind::STRING => at + 1,
                    _ => at,
                };
            }
            _ if next?.kind == T![!] && !adjacent_equals(tokens, at + 1) => {
                return tokens[at].name().map(|name| Head {
                    kind: PieceKind::Call,
                    name,
                    at,
                });
            }
            _ => return None,
        }
    }
}

/// Whether the `!` at `at` is that of `!=`.
pub fn adjacent_equals(tokens: &[Token], at: usize) -> bool {
    let next = tokens.get(at + 1);
    next.is_some_and(|next| next.kind == T![=] && next.at == tokens[at].end())
}

/// Of each opening delimiter the index of the token that closes it, or of the last.
fn closes(tokens: &[Token]) -> Vec<usize> {
    let mut closes = vec![tokens.len().saturating_sub(1); tokens.len()];
    let mut open = Vec::new();
    for (index, token) in tokens.iter().enumerate() {
        match token.kind {
            T!['('] | T!['['] | T!['{'] => open.push(index),
            T![')'] | T![']'] | T!['}'] => {
                if let Some(opened) = open.pop() {
                    closes[opened] = index;
                }
            }
            _ => {}
        }
    }
    closes
}

/// The index of the token that ends the item at `from`: a semicolon, or, if blocks end
/// it, the brace that closes its block.
fn end(tokens: &[Token], closes: &[usize], from: usize, block_ends: bool) -> usize {
    let mut at = from;
    while at < tokens.len() {
        match tokens[at].kind {
            T![;] => return at,
            T!['{'] if block_ends => return closes[at],
            T!['('] | T!['['] | T!['{'] => at = closes[at] + 1,
            _ => at += 1,
        }
    }
    tokens.len() - 1
}

/// The index of the token that ends a call of a macro: its delimiter, and a semicolon.
fn called(tokens: &[Token], closes: &[usize], from: usize) -> usize {
    let ends_here = |at: usize| {
        let next = tokens.get(at + 1);
        next.is_none_or(|next| next.kind == T![;] || begins(tokens, at + 1))
    };
    match tokens.get(from + 2).map(|token| token.kind) {
        Some(T!['{']) => closes[from + 2],
        Some(T!['('] | T!['[']) if ends_here(closes[from + 2]) => {
            let close = closes[from + 2];
            let semicolon = tokens.get(close + 1).is_some_and(|next| next.kind == T![;]);
            close + usize::from(semicolon)
        }
        _ => statement(tokens, closes, from),
    }
}

/// The index of the token that ends a statement: a semicolon, the brace of a block, or
/// the last one before a line that begins an item.
fn statement(tokens: &[Token], closes: &[usize], from: usize) -> usize {
    let mut at = from;
    while at < tokens.len() {
        match tokens[at].kind {
            T![;] => return at,
            T!['{'] => return closes[at],
            T!['('] | T!['['] => at = closes[at] + 1,
            _ => at += 1,
        }
        if begins(tokens, at) {
            return at - 1;
        }
    }
    tokens.len() - 1
}

/// Whether an item begins at a token, by its place and word.
fn begins(tokens: &[Token], at: usize) -> bool {
    let Some(token) = tokens.get(at) else {
        return false;
    };
    let opens = |next: &Token| matches!(next.kind, T!['('] | T!['{'] | T![|] | T![.] | T![=]);
    let next = tokens.get(at + 1);
    let attribute = token.kind == T![#] && next.is_some_and(|next| next.kind == T!['[']);
    let word = token.word().is_some_and(|word| BEGINNINGS.contains(&word));
    let public = token.text == "pub";
    token.first && (attribute || word && (public || !next.is_none_or(opens)))
}

#[cfg(test)]
#[path = "tokens_tests.rs"]
mod tests;
