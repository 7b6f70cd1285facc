//! Scopes are those of Rust.
use super::*;
use crate::tokens::tokens;

fn names(source: &str) -> Vec<String> {
    let tokens = tokens(source);
    uses(&tokens).names.into_iter().map(str::to_owned).collect()
}

#[test]
fn a_variable_hides_an_item_only_where_it_is_bound() {
    for (source, used) in [
        ("fn f(a: i64) { a + 1 }", vec!["i64"]),
        ("fn f(a: i64) { a::g(a) }", vec!["a", "i64"]),
        ("fn f() { let a = a(); a }", vec!["a"]),
        ("fn f() { { let a = 1; a } a }", vec!["a"]),
        ("fn f() { for a in b { a } }", vec!["b"]),
        ("fn f() { 'x: for a in a { a } }", vec!["a"]),
        ("fn f() { for (a, c) in { b } { a + c } }", vec!["b"]),
        ("fn f() { xs.map(|a| a + b) }", vec!["b", "xs"]),
        (
            "fn f() { match x { Some(a) if a > b => a, N => c } }",
            vec!["N", "Some", "b", "c", "x"],
        ),
        (
            "fn f() { if let Some(a) = b && a { a } }",
            vec!["Some", "b"],
        ),
        (
            "fn f() { let Some(a) = b else { return c }; a }",
            vec!["Some", "b", "c"],
        ),
        (
            "fn f() { let S { a, b: c } = S { d, e: g }; a + c }",
            vec!["S", "d", "g"],
        ),
        (
            "fn f() { println!(\"{a} {b:>3} {{c\", d.e, g(h)) }",
            vec!["a", "b", "c", "d", "g", "h"],
        ),
        ("fn f() { let a = 1; println!(\"{a}\") }", vec![]),
        (
            "fn f<T: A>(t: T) -> impl Iterator<Item = T> { t }",
            vec!["A", "Iterator"],
        ),
        ("fn f() { 0..n; x.0.1.y; a.b.c() }", vec!["a", "n", "x"]),
        ("fn f() { fn g() {} struct S; g(); S }", vec![]),
        (
            "mod a { pub fn g() {} fn h() { g(); super::i() } }",
            vec!["i"],
        ),
        ("impl A { fn g() {} fn h() { g() } }", vec!["A", "g"]),
        (
            "macro_rules! m { ($a:expr) => { g($a) } }",
            vec!["expr", "g"],
        ),
    ] {
        assert_eq!(names(source), used, "{source}");
    }
}

#[test]
fn members_and_macros_are_told_from_names() {
    let tokens = tokens("fn f() { a.b(); C::d(); e!(g.h()); if i != j { k.l } }");
    let uses = uses(&tokens);
    assert_eq!(Vec::from_iter(uses.names), ["C", "a", "g", "i", "j", "k"]);
    assert_eq!(Vec::from_iter(uses.members), ["b", "d", "h", "l"]);
    assert_eq!(Vec::from_iter(uses.macros), ["e"]);
}

/// Rule: the deepest source that is parsed fits on the stack that is promised.
#[test]
fn the_deepest_source_fits_the_stack() {
    let deepest = |(before, level): (&str, &str)| {
        let levels = (MOST_TOKENS - 20) / tokens(level).len();
        let source = format!("{before}{}", level.repeat(levels));
        let tokens = tokens(&source);
        assert!(tokens.len() <= MOST_TOKENS && tokens.len() > MOST_TOKENS - 50);
        uses(&tokens);
    };
    let shapes = [
        ("fn f() { ", "("),
        ("fn f() { ", "["),
        ("fn f() { ", "{"),
        ("fn f() { ", "-"),
        ("fn f() { ", "&"),
        ("fn f() { ", "||"),
        ("fn f() { ", "a("),
        ("fn f() { ", "a="),
        ("fn f() { ", "return "),
        ("fn f() { ", "if a {} else "),
        ("fn f() { ", "match a { b => "),
        ("fn f() { ", "fn g() {"),
        ("fn f() { ", "m!("),
        ("fn f() { let ", "&"),
        ("fn f() { let ", "("),
        ("fn f() { let ", "A("),
        ("fn f(a: ", "&"),
        ("fn f(a: ", "A<"),
        ("fn f(a: ", "("),
        ("fn f(a: ", "fn("),
        ("fn f(a: ", "impl A<"),
        ("fn f(a: ", "[u8; {"),
        ("", "mod a {"),
        ("", "use a::{"),
        ("use ", "a::{"),
        ("", "impl A { fn f() { "),
        ("", "for<"),
        ("#", "[a("),
    ];
    let run = move || shapes.into_iter().for_each(deepest);
    let thread = std::thread::Builder::new().stack_size(STACK / 2).spawn(run);
    thread.unwrap().join().unwrap();
}
