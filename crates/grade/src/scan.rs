//! Names that no answer needs.
//!
//! This gives a clear reason early. It is not what keeps the grader safe: the
//! sandbox does, and the tests run every attack past this scan too.
use super::imports::Leaf;
use super::tokens::{Token, adjacent_equals, tokens};
use std::collections::HashSet;

/// Keywords and names, wherever they stand.
const WORDS: [(&str, &str); 22] = [
    ("unsafe", "an answer needs no `unsafe`"),
    ("extern", "an answer needs no other library"),
    ("asm", "an answer needs no assembly"),
    ("global_asm", "an answer needs no assembly"),
    ("naked_asm", "an answer needs no assembly"),
    ("include", "an answer reads no files"),
    ("include_str", "an answer reads no files"),
    ("include_bytes", "an answer reads no files"),
    ("option_env", "an answer reads no environment"),
    ("no_mangle", "an answer names no symbols"),
    ("export_name", "an answer names no symbols"),
    ("link_section", "an answer names no symbols"),
    ("link_name", "an answer needs no other library"),
    ("global_allocator", "an answer brings no allocator"),
    ("panic_handler", "an answer brings no panic handler"),
    ("proc_macro", "an answer runs nothing in the compiler"),
    (
        "proc_macro_derive",
        "an answer runs nothing in the compiler",
    ),
    ("File", "an answer reads and writes no files"),
    ("OpenOptions", "an answer reads and writes no files"),
    ("TcpStream", "an answer needs no network"),
    ("exercises", "the exercise itself is off limits"),
    ("lambda_workbook_cells", "the exercise itself is off limits"),
];

/// Modules of the standard library and of the support crate.
const MODULES: [(&str, &str); 9] = [
    ("fs", "an answer reads and writes no files"),
    ("net", "an answer needs no network"),
    ("process", "an answer starts and ends no programs"),
    ("env", "an answer reads no environment"),
    ("os", "an answer needs nothing of the operating system"),
    ("panic", "an answer panics or it does not"),
    ("backtrace", "an answer needs no backtrace"),
    ("dataset", "the arguments are the data"),
    ("notebook", "nobody sees what an answer shows"),
];

/// What an answer may take from `std::panic`.
const HARMLESS_OF_PANIC: [&str; 4] = [
    "catch_unwind",
    "AssertUnwindSafe",
    "UnwindSafe",
    "RefUnwindSafe",
];

/// Macros that check, and so know the answer.
const CHECKS: [&str; 3] = ["check", "hint", "marks"];

/// The first thing in a source that no answer needs, and why. Time is in proportion to
/// the length of the source.
///
/// A student's own names are their own: a helper may be called `bounces`, a variable
/// `include`, an enum may have a `File`.
pub fn scan(source: &str) -> Option<String> {
    // The only letter of a name that rustc reads as another, plain one.
    if source.contains('\u{212a}') {
        return Some("the Kelvin sign stands for the letter K: write K".to_owned());
    }
    let tokens = tokens(source);
    let (at, why) = Scan::new(&tokens).objection()?;
    let token = &tokens[at];
    Some(format!("line {}, `{}`: {why}", token.line, token.text))
}

/// Whether there is something in a piece that no answer to any exercise needs.
pub fn refuses(tokens: &[Token]) -> bool {
    Scan::new(tokens).objection().is_some()
}

/// Whether there is something in an import that no answer to any exercise needs.
pub fn objects_to_import(leaf: &Leaf) -> bool {
    refuses(&tokens(&leaf.to_string()))
}

/// A source, and what is known of each of its tokens.
struct Scan<'t, 'a> {
    tokens: &'t [Token<'a>],
    /// Items that the source defines: functions, types, variants, modules.
    items: HashSet<&'a str>,
    /// Of these the ones that a path can begin with: types, traits, modules, and imports
    /// of what they hold. A function is none: `process::exit` does not mean `fn process`.
    scopes: HashSet<&'a str>,
    /// Variables, parameters and fields.
    variables: HashSet<&'a str>,
    /// Macros that it defines.
    macros: HashSet<&'a str>,
    /// Of each token the token that begins its path: itself, mostly.
    roots: Vec<usize>,
    /// Of each token in an import the token that begins it.
    imports: Vec<Option<usize>>,
}

impl<'t, 'a> Scan<'t, 'a> {
    fn new(tokens: &'t [Token<'a>]) -> Self {
        let mut scan = Scan {
            tokens,
            items: HashSet::new(),
            scopes: HashSet::new(),
            variables: HashSet::new(),
            macros: HashSet::new(),
            roots: Vec::new(),
            imports: Vec::new(),
        };
        for at in 0..tokens.len() {
            let continues = scan.is_path(at.checked_sub(2)) && at >= 3;
            let is_word = continues && tokens[at - 3].word().is_some();
            scan.roots
                .push(if is_word { scan.roots[at - 3] } else { at });
        }
        scan.read_imports();
        scan.read_own_names();
        scan.read_own_imports();
        scan
    }

    fn text(&self, at: Option<usize>) -> &'a str {
        at.and_then(|at| self.tokens.get(at))
            .map_or("", |token| token.text)
    }

    /// Whether `::` stands at a place.
    fn is_path(&self, at: Option<usize>) -> bool {
        at.is_some_and(|at| self.text(Some(at)) == ":" && self.text(Some(at + 1)) == ":")
    }

    /// Marks the tokens from each `use` to its semicolon.
    fn read_imports(&mut self) {
        let mut import = None;
        for at in 0..self.tokens.len() {
            match self.text(Some(at)) {
                // `use<'a>` says what a type captures.
                "use" if self.text(Some(at + 1)) != "<" => {
                    let rooted = usize::from(self.is_path(Some(at + 1))) * 2;
                    import = Some(at + 1 + rooted);
                }
                ";" => import = None,
                _ => {}
            }
            self.imports.push(import);
        }
    }

    fn read_own_names(&mut self) {
        // Until which word all names are those of a pattern.
        let mut pattern: Option<&str> = None;
        let mut depth = 0usize;
        // The depths at which lists of variants are open.
        let mut enums: Vec<usize> = Vec::new();
        for (at, token) in self.tokens.iter().enumerate() {
            let (before, after) = (self.text(at.checked_sub(1)), self.text(Some(at + 1)));
            match token.text {
                "{" => {
                    depth += 1;
                    let is_enum = (2..5).any(|back| self.text(at.checked_sub(back)) == "enum");
                    enums.extend(is_enum.then_some(depth));
                }
                "}" => {
                    if enums.last() == Some(&depth) {
                        enums.pop();
                    }
                    depth = depth.saturating_sub(1);
                }
                "let" => pattern = Some("="),
                "for" if before != ">" => pattern = Some("in"),
                text if pattern == Some(text) || text == ";" => pattern = None,
                _ => {}
            }
            let Some(name) = token.name() else {
                continue;
            };
            let is_variant = enums.last() == Some(&depth) && ["{", ",", "]"].contains(&before);
            let is_typed =
                after == ":" && !self.is_path(Some(at + 1)) && !["?", ":"].contains(&before);
            let is_closure = before == "|" || (after == "|" && [",", "(", "&"].contains(&before));
            match before {
                "fn" | "struct" | "enum" | "union" | "trait" | "mod" | "const" | "static"
                | "type" => {
                    self.items.insert(name);
                    if !["fn", "const", "static"].contains(&before) {
                        self.scopes.insert(name);
                    }
                }
                "!" if self.text(at.checked_sub(2)) == "macro_rules" => {
                    self.macros.insert(name);
                }
                _ if is_variant => {
                    self.items.insert(name);
                }
                "mut" | "ref" => {
                    self.variables.insert(name);
                }
                _ if is_typed || is_closure => {
                    self.variables.insert(name);
                }
                _ if pattern.is_some()
                    && !self.is_path(Some(at + 1))
                    && !["(", "{", "!"].contains(&after) =>
                {
                    self.variables.insert(name);
                }
                _ => {}
            }
        }
    }

    /// Adds the names that imports of the student's own modules and types bring:
    /// `use steps as process`.
    fn read_own_imports(&mut self) {
        let mut own = Vec::new();
        for (at, token) in self.tokens.iter().enumerate() {
            let after = self.text(Some(at + 1));
            if let (Some(import), Some(name)) = (self.imports[at], token.name())
                && [";", ",", "}"].contains(&after)
                && self.is_own_root(import)
            {
                own.push(name);
            }
        }
        self.scopes.extend(own);
    }

    /// Whether a path begins at something that the source defines.
    fn is_own_root(&self, at: usize) -> bool {
        let root = self.tokens.get(at).and_then(Token::word);
        let is_absolute = self.is_path(at.checked_sub(2));
        root.is_some_and(|root| {
            !is_absolute
                && !["std", "core", "alloc"].contains(&root)
                && (["Self", "self", "super"].contains(&root) || self.scopes.contains(root))
        })
    }

    /// Whether the name at a place is one that the source defines.
    fn is_own(&self, at: usize, word: &str) -> bool {
        if let Some(import) = self.imports[at] {
            let is_named = self.items.contains(word) || self.scopes.contains(word);
            return is_named && self.is_own_root(import);
        }
        let root = self.roots[at];
        if root != at || self.is_path(at.checked_sub(2)) {
            return self.is_own_root(root) && root != at;
        }
        match self.text(Some(at + 1)) {
            "!" => self.macros.contains(word),
            ":" if self.is_path(Some(at + 1)) => self.is_own_root(at),
            _ => self.items.contains(word) || self.variables.contains(word),
        }
    }

    fn objection(&self) -> Option<(usize, String)> {
        (0..self.tokens.len()).find_map(|at| Some((at, self.object(at)?)))
    }

    /// Why no answer needs the token at a place.
    fn object(&self, at: usize) -> Option<String> {
        let (before, after) = (self.text(at.checked_sub(1)), self.text(Some(at + 1)));
        if self.text(Some(at)) == "#" && after == "!" {
            return Some("attributes of the whole program are the grader's".to_owned());
        }
        let word = self.tokens[at].word()?;
        // `extern crate std;` brings no other library, and `std::os::raw` is a list of types.
        let is_of_std = word == "extern"
            && after == "crate"
            && ["std", "core", "alloc"].contains(&self.text(Some(at + 2)))
            && self.text(Some(at + 3)) == ";";
        let is_raw = word == "os" && self.is_path(Some(at + 1)) && self.text(Some(at + 3)) == "raw";
        if is_of_std || is_raw {
            return None;
        }
        let in_import = self.imports[at].is_some();
        let is_own = self.is_own(at, word);
        // A field or a method, and no end of a range.
        let is_member = before == "." && self.text(at.checked_sub(2)) != ".";
        let known = |table: &[(&str, &str)]| {
            let found = table.iter().find(|(name, _)| *name == word);
            found.map(|(_, why)| (*why).to_owned())
        };
        if !is_own
            && !is_member
            && let Some(why) = known(&WORDS)
        {
            return Some(why);
        }
        // `std::fs::read`, `use std::{fs, io}`, `fs::read`.
        // A call such as `process::<T>(...)` is of a function, and no module has type arguments.
        let begins_path = self.is_path(Some(at + 1)) && self.text(Some(at + 3)) != "<";
        // `S::process(...)`: a module of the standard library stands in no path of others.
        let ends_path = self.is_path(at.checked_sub(2)) && (begins_path || in_import);
        let in_path = begins_path || ends_path || in_import;
        // The macro `panic!`, catching a panic, and asking for a variable that is not set do no harm.
        let is_macro = after == "!" && !adjacent_equals(self.tokens, at + 1);
        let next = self.text(Some(at + 3));
        let is_harmless = match word {
            "panic" => is_macro || begins_path && HARMLESS_OF_PANIC.contains(&next),
            "env" => begins_path && next == "var",
            _ => false,
        };
        if in_path
            && !is_own
            && !is_harmless
            && let Some(why) = known(&MODULES)
        {
            return Some(why);
        }
        if word == "env" && is_macro && !is_own {
            return Some("an answer reads no environment".to_owned());
        }
        if CHECKS.contains(&word) && !is_own && (is_macro || in_import) {
            return Some("an answer does not check itself".to_owned());
        }
        if word == "mod" && self.text(Some(at + 2)) == ";" {
            return Some("an answer reads no files".to_owned());
        }
        if word == "link" && (before == "[" || before == "(") {
            return Some("an answer needs no other library".to_owned());
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_no_answer_needs_is_named_with_its_line() {
        for source in [
            "fn f() { unsafe { } }",
            "use std::{fs, io};",
            "use std::fs as f;",
            "fn f() { std::process::exit(0) }",
            "const A: &str = include_str!(\"/etc/passwd\");",
            "macro_rules! m { ($a:ident) => { $a!(\"x\") } } fn f() { m!(include_str); }",
            "fn f() { let _ = env!(\"HOME\"); }",
            "#[path = \"/etc/passwd\"] mod a;",
            "#![feature(x)]",
            "fn f() { check!(pacific_days, f) }",
            "use lambda_workbook::check as c;",
            "fn \u{212a}() {}",
        ] {
            let why = scan(source);
            assert!(why.is_some(), "{source}");
        }
        let why = scan("fn a() {}\nextern crate libc;").unwrap();
        assert_eq!(why, "line 2, `extern`: an answer needs no other library");
    }

    #[test]
    fn what_an_answer_may_say_passes() {
        for source in [
            "fn f(env: i64, process: i64) -> i64 { env + process }",
            "// unsafe, in a comment\nfn f() -> &'static str { \"include_str!\" }",
            "fn check(n: i64) -> bool { n > 0 }",
            "fn f() { panic!(\"no\"); std::mem::swap(&mut 1, &mut 2); }",
            "use polars::prelude::*; mod own { pub fn f() {} }",
            "fn f(include: bool, exercises: i64) -> bool { include && exercises > 0 }",
            "enum Source { File, Net } fn f(s: Source) -> bool { matches!(s, Source::File) }",
            "struct File { include: bool } impl File { fn process(&self) -> bool { self.include } }",
            "fn f(file: &File) { file.process(); File::process(file) } struct File; impl File { fn process(&self) {} }",
            "mod process { pub fn run() {} } use process::run; fn f() { run(); process::run() }",
            "fn f() { let (include, notebook) = (1, 2); for dataset in [include] { g(|env| env + dataset + notebook) } }",
            "macro_rules! check { () => {} } fn f() { check!() }",
            "mod steps { pub fn run() {} } use steps as process; fn f() { process::run() }",
            "mod steps { pub mod env { pub fn run() {} } } use steps::{env}; fn f() { env::run() }",
            "trait File { fn open(); } fn f<T: File>() { <T as File>::open(); File::open() }",
            "type File = i64; fn f() -> i64 { File::from(1) }",
            "fn f() { std::panic!(\"no\") }",
            "fn page_views_by_local_day() {} fn f() { page_views_by_local_day() }",
            "struct S; impl S { fn page_views_by_local_day() {} fn f() { Self::page_views_by_local_day(); S::page_views_by_local_day() } }",
            "extern crate alloc; use std::os::raw::c_int;",
            "fn f<'a>(v: &'a [i64]) -> impl Iterator<Item = i64> + use<'a> { fs(v) }",
            "fn process<T>() {} fn f() { process::<i64>() }",
            "fn f(s: S) { s.process::<i64>() }",
            "fn f() { <Top as Step>::process(1) }",
            "fn f<S: Step>(s: S) { S::process(s) }",
            "fn f() { let _ = std::panic::catch_unwind(|| 1); }",
            "fn f() -> bool { std::env::var(\"DEBUG\").is_ok() }",
        ] {
            assert_eq!(scan(source), None, "{source}");
        }
    }

    #[test]
    fn an_own_name_is_no_way_around() {
        for source in [
            "fn fs() {} fn f() { std::fs::read(\"a\"); }",
            "mod fs {} use std::fs;",
            "use std::os::unix;",
            "extern crate std as own;",
            "fn f(include: i64) { include!(\"a\") }",
            "fn f(exercises: i64) { exercises::progress() }",
            "fn f() { let process = 1; ::std::process::exit(process) }",
            "fn process() {} fn f() { process::exit(0) }",
            "fn File() {} fn f() { File::open(\"a\"); }",
            "const exercises: i64 = 1; fn f() { exercises::progress() }",
            "fn exercises() {} fn f() { lambda_workbook::exercises::progress() }",
            "mod std {} fn f() { ::std::process::exit(0) }",
            "enum std {} fn f() { std::process::exit(0) }",
            "use std as own; fn f() { own::process::exit(0) }",
        ] {
            assert!(scan(source).is_some(), "{source}");
        }
    }
}
