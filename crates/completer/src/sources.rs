//! Reads the source files of a crate without the bodies of functions.
//!
//! Completion needs the items of a crate, but not what its functions do. Most of the text of
//! a library is in function bodies. They are removed before rust-analyzer parses a file, so
//! loading takes half the time and half the memory.

use ra_ap_rustc_lexer::TokenKind::{self, *};
use ra_ap_rustc_lexer::{FrontmatterAllowed, tokenize};
use std::ops::Range;
use std::path::{Path, PathBuf};

/// A source file without function bodies.
pub struct Source {
    /// The path of the file.
    pub path: PathBuf,
    /// Its text, as [`outline`] returns it.
    pub text: String,
}

/// Reads and outlines the `.rs` files of a folder and its subfolders, except for the folders
/// whose names are in `skip`. Files that cannot be read are left out.
pub fn read(folder: &Path, skip: &[&str]) -> Vec<Source> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                if !skip.iter().any(|name| entry.file_name() == *name) {
                    folders.push(path);
                }
            } else if path.extension().is_some_and(|end| end == "rs")
                && let Ok(text) = std::fs::read_to_string(&path)
            {
                let text = outline(&text);
                found.push(Source { path, text });
            }
        }
    }
    found
}

/// Returns the source with `{}` in place of each function body.
///
/// Macro definitions and macro calls are kept unchanged, because `fn` may mean something else
/// in them. For a source that does not compile the result is some text, but never an error.
pub fn outline(source: &str) -> String {
    let mut end = 0;
    let tokens = tokenize(source, FrontmatterAllowed::No).map(|token| {
        let start = end;
        end += token.len as usize;
        (token.kind, start..end)
    });
    let mut outline = Outline {
        source,
        tokens: tokens.filter(|(kind, _)| !is_blank(*kind)).collect(),
        at: 0,
        kept: 0,
        out: String::with_capacity(source.len() / 2),
    };
    outline.run();
    outline.out
}

/// Returns whether a token is white space or a comment.
fn is_blank(kind: TokenKind) -> bool {
    matches!(kind, Whitespace | LineComment { .. } | BlockComment { .. })
}

/// The scanner behind [`outline`]. It reads the tokens of rustc's own lexer, and of those only
/// what matters for finding the ends of bodies: words and brackets.
struct Outline<'a> {
    source: &'a str,
    /// The tokens of the source except white space and comments, and where they are.
    tokens: Vec<(TokenKind, Range<usize>)>,
    /// The index of the next token to read.
    at: usize,
    /// The offset up to which the source has been copied or left out.
    kept: usize,
    out: String,
}

impl Outline<'_> {
    /// Scans the whole source.
    fn run(&mut self) {
        while let Some((kind, place)) = self.tokens.get(self.at).cloned() {
            self.at += 1;
            match (kind, &self.source[place.clone()]) {
                (Ident, "fn") => self.function(),
                (Ident, "macro") => self.macro_definition(),
                (Ident | RawIdent, _) => self.macro_call(place.end),
                _ => {}
            }
        }
        self.keep(self.source.len());
    }

    /// Copies the source up to `end`.
    fn keep(&mut self, end: usize) {
        self.out.push_str(&self.source[self.kept..end]);
        self.kept = end;
    }

    /// Returns the kind of the next token; `None` after the end.
    fn next(&self) -> Option<TokenKind> {
        self.tokens.get(self.at).map(|(kind, _)| *kind)
    }

    /// Skips a word. Returns false if the next token is none.
    fn word(&mut self) -> bool {
        let is_word = matches!(self.next(), Some(Ident | RawIdent));
        self.at += usize::from(is_word);
        is_word
    }

    /// After the word `fn`: replaces the body by `{}`, if this is a function with a body.
    fn function(&mut self) {
        if !self.word() {
            return; // the type of a function pointer
        }
        if !self.skip_until_body() {
            return; // a function without a body
        }
        self.keep(self.tokens[self.at].1.start);
        self.group();
        self.out.push_str("{}");
        self.kept = self.tokens[self.at - 1].1.end;
    }

    /// Moves to the `{` of a body. Returns false if a `;` comes before it.
    fn skip_until_body(&mut self) -> bool {
        let mut angles = 0;
        while let Some(kind) = self.next() {
            match kind {
                OpenBrace if angles <= 0 => return true,
                // The braces are those of a constant among generic arguments.
                OpenParen | OpenBracket | OpenBrace => {
                    self.group();
                    continue;
                }
                Semi => return false,
                // An arrow has two tokens.
                Minus | Eq if self.tokens.get(self.at + 1).is_some_and(|it| it.0 == Gt) => {
                    self.at += 1
                }
                Lt => angles += 1,
                Gt => angles -= 1,
                _ => {}
            }
            self.at += 1;
        }
        false
    }

    /// Skips everything from an opening bracket to the closing one.
    fn group(&mut self) {
        let mut depth = 0;
        while let Some(kind) = self.next() {
            self.at += 1;
            match kind {
                OpenParen | OpenBracket | OpenBrace => depth += 1,
                CloseParen | CloseBracket | CloseBrace => depth -= 1,
                _ => {}
            }
            if depth <= 0 {
                return;
            }
        }
    }

    /// After the word `macro`: skips the definition of a macro in the newer form, unless the word
    /// is the name of something.
    fn macro_definition(&mut self) {
        if self.word() {
            self.skip_until_body();
            self.group();
        }
    }

    /// After a word that ends at `end`: skips the arguments, if the word is the name of a macro
    /// that is called or defined here.
    fn macro_call(&mut self, end: usize) {
        let token = |ahead: usize| self.tokens.get(self.at + ahead);
        let is_bang = token(0).is_some_and(|(kind, place)| *kind == Bang && place.start == end);
        if !is_bang || token(1).is_some_and(|(kind, place)| *kind == Eq && place.start == end + 1) {
            return;
        }
        self.at += 1;
        self.word(); // macro_rules! name
        if matches!(self.next(), Some(OpenParen | OpenBracket | OpenBrace)) {
            self.group();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::outline;

    fn check(source: &str, outlined: &str) {
        assert_eq!(outline(source), outlined, "{source}");
    }

    #[test]
    fn bodies_of_functions_are_left_out() {
        check(
            "/// Doc.\npub fn f(a: u8) -> u8 { if a { g(\"}\") } } struct A;",
            "/// Doc.\npub fn f(a: u8) -> u8 {} struct A;",
        );
        check(
            "impl A { const fn a<'a>(x: &'a [u8; 2]) -> B<{ 1 + 1 }> where C: D { '}' } fn b(self) { b'{' } }",
            "impl A { const fn a<'a>(x: &'a [u8; 2]) -> B<{ 1 + 1 }> where C: D {} fn b(self) {} }",
        );
        check(
            "fn f() { r#\"}\"# /* } /* } */ */ ; // }\n '\\'' ; 'é' ; loop { break 'a } }",
            "fn f() {}",
        );
        check(
            "fn f(g: impl Fn(u8) -> u8) -> Box<dyn Fn() -> u8> { 1 }",
            "fn f(g: impl Fn(u8) -> u8) -> Box<dyn Fn() -> u8> {}",
        );
        check("fn r#type() { 1 }", "fn r#type() {}");
    }

    #[test]
    fn a_source_that_does_not_compile_keeps_its_end() {
        check(
            "fn f() -> A>]) { 1 } struct B;",
            "fn f() -> A>]) {} struct B;",
        );
        check("struct A; fn f() { \"", "struct A; fn f() {}");
        check("struct A; fn f(", "struct A; fn f(");
        check("struct A; fn", "struct A; fn");
        check("} struct A; m!(", "} struct A; m!(");
    }

    #[test]
    fn everything_else_stays() {
        for same in [
            "trait T { fn a(&self); fn b() -> [u8; 3]; const C: fn(u8) -> u8; }",
            "struct A { f: fn(u8) -> u8, g: unsafe extern \"C\" fn() }",
            "macro_rules! m { ($a:ident) => { fn $a() { 1 } } }",
            "m! { fn a() { 1 } }\nstatic A: &str = \"fn b() { 1 }\";",
            "pub macro m($a:ident) { fn $a() { 1 } }",
            "const A: bool = a != b;",
        ] {
            check(same, same);
        }
    }
}
