//! The files of a crate, and what of them is read.
//!
//! Completion needs the items of a crate, not what its functions do. Most of the
//! text of a library is in function bodies, so they are left out before
//! rust-analyzer parses a file: loading takes half the time and half the memory.

use std::path::{Path, PathBuf};

/// A source file, outlined.
pub struct Source {
    pub path: PathBuf,
    pub text: String,
}

/// Reads and outlines the `.rs` files of a folder and of those below it, apart from
/// the folders named in `skip`. Files that cannot be read are left out.
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
/// Macro definitions and macro calls are kept as they are, because a macro may give
/// another meaning to anything. Text that is not Rust comes out as some text: an
/// outline is never wrong about where a string or a comment ends as long as the
/// source compiles.
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

struct Outline<'a> {
    source: &'a str,
    bytes: &'a [u8],
    /// The next byte to look at.
    at: usize,
    /// Everything before this byte has been copied or left out.
    kept: usize,
    out: String,
}

impl<'a> Outline<'a> {
    fn run(&mut self) {
        while self.at < self.bytes.len() {
            let Some(word) = self.token() else { continue };
            match word {
                "fn" => self.function(),
                // A declarative macro of the newer kind, or a variable of this name.
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

    /// Copies up to `end`.
    fn keep(&mut self, end: usize) {
        self.out.push_str(&self.source[self.kept..end]);
        self.kept = end;
    }

    fn byte(&self, ahead: usize) -> u8 {
        self.bytes.get(self.at + ahead).copied().unwrap_or(0)
    }

    /// Passes one token; returns it when it is a word.
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

    /// Passes a word, and the literal that it is the prefix of.
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

    fn line_comment(&mut self) {
        while self.at < self.bytes.len() && self.byte(0) != b'\n' {
            self.at += 1;
        }
    }

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

    /// Passes the rest of a raw string; false if this is a raw identifier.
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

    /// Passes a character literal, or the quote of a lifetime.
    fn character(&mut self) {
        self.at += 1;
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

    /// Passes blanks and comments.
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

    /// After the word `fn`: leaves out the body, if a function with one begins here.
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

    /// Moves to the `{` of a body; false if a `;` comes before it.
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

    /// Passes everything from an opening bracket to its closing one.
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

    /// After a word: passes the arguments, if it is the name of a macro that is
    /// called or defined here.
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
