//! Reads the source files of a crate without the bodies of functions.
//!
//! Completion needs the items of a crate, but not what its functions do. Most of the text of
//! a library is in function bodies. They are removed before rust-analyzer parses a file, so
//! loading takes half the time and half the memory.

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
    let mut outline = Outline {
        source,
        bytes: source.as_bytes(),
        at: 0,
        kept: 0,
        out: String::with_capacity(source.len() / 2),
    };
    outline.run();
    outline.out
}

/// The scanner behind [`outline`]. It knows only the tokens that matter for finding the ends of
/// bodies: comments, literals, words and brackets.
struct Outline<'a> {
    source: &'a str,
    /// The bytes of `source`.
    bytes: &'a [u8],
    /// The offset of the next byte to read.
    at: usize,
    /// The offset up to which the source has been copied or left out.
    kept: usize,
    out: String,
}

impl<'a> Outline<'a> {
    /// Scans the whole source.
    fn run(&mut self) {
        while self.at < self.bytes.len() {
            let Some(word) = self.token() else { continue };
            match word {
                "fn" => self.function(),
                // The definition of a macro in the newer form, or a variable of this name.
                "macro" => {
                    self.blanks();
                    if self.word().is_some() {
                        self.skip_until_body();
                        self.group();
                    }
                }
                _ => self.macro_call(),
            }
        }
        self.keep(self.bytes.len());
    }

    /// Copies the source up to `end`.
    fn keep(&mut self, end: usize) {
        self.out.push_str(&self.source[self.kept..end]);
        self.kept = end;
    }

    /// Returns the byte at this distance from the current one; 0 after the end.
    fn byte(&self, ahead: usize) -> u8 {
        self.bytes.get(self.at + ahead).copied().unwrap_or(0)
    }

    /// Skips one token. Returns it when it is a word.
    fn token(&mut self) -> Option<&'a str> {
        match self.byte(0) {
            b'/' if self.byte(1) == b'/' => self.line_comment(),
            b'/' if self.byte(1) == b'*' => self.block_comment(),
            b'"' => self.string(),
            b'\'' => self.character(),
            byte if is_word(byte) => return self.word(),
            _ => self.at += 1,
        }
        None
    }

    /// Skips a word, together with the literal if the word is the prefix of one. Returns the
    /// word; `None` when it was a prefix or there is no word.
    fn word(&mut self) -> Option<&'a str> {
        let start = self.at;
        while is_word(self.byte(0)) {
            self.at += 1;
        }
        let source: &'a str = self.source;
        let word = &source[start..self.at];
        match (word, self.byte(0)) {
            ("r" | "br" | "cr", b'"' | b'#') if self.raw_string() => {}
            ("r", b'#') => {
                self.at += 1; // r#type
                return self.word();
            }
            ("b" | "c", b'"') => self.string(),
            ("b", b'\'') => self.character(),
            ("", _) => return None,
            _ => return Some(word),
        }
        None
    }

    /// Skips a comment up to the end of the line.
    fn line_comment(&mut self) {
        while self.at < self.bytes.len() && self.byte(0) != b'\n' {
            self.at += 1;
        }
    }

    /// Skips a block comment, with the comments nested in it.
    fn block_comment(&mut self) {
        let mut depth = 0;
        while self.at < self.bytes.len() {
            match (self.byte(0), self.byte(1)) {
                (b'/', b'*') => (depth, self.at) = (depth + 1, self.at + 2),
                (b'*', b'/') => (depth, self.at) = (depth - 1, self.at + 2),
                _ => self.at += 1,
            }
            if depth == 0 {
                return;
            }
        }
    }

    /// Skips a string literal.
    fn string(&mut self) {
        self.at += 1;
        while self.at < self.bytes.len() {
            match self.byte(0) {
                b'\\' => self.at += 2,
                b'"' => {
                    self.at += 1;
                    return;
                }
                _ => self.at += 1,
            }
        }
    }

    /// Skips the rest of a raw string, after its prefix. Returns false, and skips nothing, for a
    /// raw identifier.
    fn raw_string(&mut self) -> bool {
        let rest = &self.source[self.at..];
        let text = rest.trim_start_matches('#');
        let hashes = &rest[..rest.len() - text.len()];
        if !text.starts_with('"') {
            return false;
        }
        let start = self.at + hashes.len() + 1;
        let end = format!("\"{hashes}");
        self.at = match self.source[start..].find(&end) {
            Some(found) => start + found + end.len(),
            None => self.bytes.len(),
        };
        true
    }

    /// Skips a character literal, or the quote of a lifetime.
    fn character(&mut self) {
        self.at += 1;
        // The length of the character in UTF-8, or an escape.
        let long = match self.byte(0) {
            b'\\' => {
                self.at += 2;
                while self.at < self.bytes.len() && self.byte(0) != b'\'' {
                    self.at += 1;
                }
                self.at += 1;
                return;
            }
            byte if byte < 0x80 => 1,
            byte if byte < 0xE0 => 2,
            byte if byte < 0xF0 => 3,
            _ => 4,
        };
        if self.byte(long) == b'\'' {
            self.at += long + 1;
        }
    }

    /// Skips white space and comments.
    fn blanks(&mut self) {
        loop {
            match (self.byte(0), self.byte(1)) {
                (b' ' | b'\t' | b'\r' | b'\n', _) => self.at += 1,
                (b'/', b'/') => self.line_comment(),
                (b'/', b'*') => self.block_comment(),
                _ => return,
            }
        }
    }

    /// After the word `fn`: replaces the body by `{}`, if this is a function with a body.
    fn function(&mut self) {
        self.blanks();
        if self.word().is_none() {
            return; // the type of a function pointer
        }
        if !self.skip_until_body() {
            return; // a function without a body
        }
        self.keep(self.at);
        self.group();
        self.out.push_str("{}");
        self.kept = self.at;
    }

    /// Moves to the `{` of a body. Returns false if a `;` comes before it.
    fn skip_until_body(&mut self) -> bool {
        let mut angles = 0;
        while self.at < self.bytes.len() {
            match self.byte(0) {
                b'(' | b'[' => self.group(),
                // The braces of a constant among generic arguments.
                b'{' if angles > 0 => self.group(),
                b'{' => return true,
                b';' => return false,
                b'-' | b'=' if self.byte(1) == b'>' => self.at += 2,
                b'<' => (angles, self.at) = (angles + 1, self.at + 1),
                b'>' => (angles, self.at) = (angles - 1, self.at + 1),
                _ => drop(self.token()),
            }
        }
        false
    }

    /// Skips everything from an opening bracket to the closing one.
    fn group(&mut self) {
        let mut depth = 0;
        while self.at < self.bytes.len() {
            match self.byte(0) {
                b'(' | b'[' | b'{' => (depth, self.at) = (depth + 1, self.at + 1),
                b')' | b']' | b'}' => (depth, self.at) = (depth - 1, self.at + 1),
                _ => drop(self.token()),
            }
            if depth <= 0 {
                return;
            }
        }
    }

    /// After a word: skips the arguments, if the word is the name of a macro that is called or
    /// defined here.
    fn macro_call(&mut self) {
        if self.byte(0) != b'!' || self.byte(1) == b'=' {
            return;
        }
        self.at += 1;
        self.blanks();
        self.word(); // macro_rules! name
        self.blanks();
        if matches!(self.byte(0), b'(' | b'[' | b'{') {
            self.group();
        }
    }
}

/// Returns whether a byte can be a part of an identifier.
fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80
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
