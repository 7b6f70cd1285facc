//! Names that no answer needs.
//!
//! This gives a clear reason early. It is not what keeps the grader safe: the
//! sandbox does, and the tests run every attack past this scan too.
use super::tokens::{Token, tokens};

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

/// Macros that check, and so know the answer.
const CHECKS: [&str; 3] = ["check", "hint", "marks"];

/// The first thing in a source that no answer needs, and why.
pub fn scan(source: &str) -> Option<String> {
    // The only letter of a name that rustc reads as another, plain one.
    if source.contains('\u{212a}') {
        return Some("the Kelvin sign stands for the letter K: write K".to_owned());
    }
    let tokens = tokens(source);
    (0..tokens.len()).find_map(|at| {
        let why = objection(&tokens, at)?;
        let line = source[..tokens[at].at].matches('\n').count() + 1;
        Some(format!("line {line}, `{}`: {why}", tokens[at].text))
    })
}

fn objection(tokens: &[Token], at: usize) -> Option<String> {
    let text = |at: Option<usize>| {
        at.and_then(|at| tokens.get(at))
            .map_or("", |token| token.text)
    };
    let (before, after) = (text(at.checked_sub(1)), text(Some(at + 1)));
    if tokens[at].text == "#" && after == "!" {
        return Some("attributes of the whole program are the grader's".to_owned());
    }
    let word = tokens[at].word()?;
    let known = |table: &[(&str, &str)]| {
        let found = table.iter().find(|(name, _)| *name == word);
        found.map(|(_, why)| (*why).to_owned())
    };
    if let Some(why) = known(&WORDS) {
        return Some(why);
    }
    // `std::fs::read`, `use std::{fs, io}`, `fs::read`.
    let two =
        |first: Option<usize>, second: Option<usize>| text(first) == ":" && text(second) == ":";
    let in_path = two(Some(at + 1), Some(at + 2))
        || two(at.checked_sub(2), at.checked_sub(1))
        || in_import(tokens, at);
    if in_path && let Some(why) = known(&MODULES) {
        return Some(why);
    }
    if word == "env" && after == "!" {
        return Some("an answer reads no environment".to_owned());
    }
    if CHECKS.contains(&word) && (after == "!" || in_import(tokens, at)) {
        return Some("an answer does not check itself".to_owned());
    }
    if word == "mod" && text(Some(at + 2)) == ";" {
        return Some("an answer reads no files".to_owned());
    }
    if word == "link" && (before == "[" || before == "(") {
        return Some("an answer needs no other library".to_owned());
    }
    None
}

/// Whether a token stands in a `use`: back to the last semicolon or block.
fn in_import(tokens: &[Token], at: usize) -> bool {
    let mut back = tokens[..at]
        .iter()
        .rev()
        .take_while(|token| token.text != ";" && token.text != "}");
    back.any(|token| token.text == "use")
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
        ] {
            assert_eq!(scan(source), None, "{source}");
        }
    }
}
