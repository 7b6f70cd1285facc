//! Items are told from statements, at any depth and in linear time.
use super::*;

fn items(source: &str) -> Vec<String> {
    let name = |piece: Piece| match piece.kind {
        PieceKind::Statement => format!("? {}", &source[piece.range]),
        kind => format!("{kind:?} {}", piece.name),
    };
    pieces(&tokens(source)).into_iter().map(name).collect()
}

#[test]
fn items_are_told_from_statements() {
    let source = "#[derive(Debug)] struct A { n: i64 }\npub(crate) const fn f() -> i64 { 1 }\n\
        const B: A = A { n: if true { 1 } else { 2 } };\nlet a = f();\nf()\n";
    assert_eq!(
        items(source),
        ["Type A", "Fn f", "Const B", "? let a = f();", "? f()"]
    );
    assert_eq!(
        items("struct P(i64);\nmacro_rules! m { () => {} }\nunsafe extern \"C\" fn g() {}"),
        ["Type P", "Macro m", "Fn g"]
    );
    assert_eq!(
        items(
            "#![allow(unused)]\nuse a::{b, c};\ntype T = i64;\nconst _: () = ();\nm!(x);\nmod a {}"
        ),
        [
            "Inner allow",
            "Use ",
            "Type T",
            "Const _",
            "Call m",
            "Mod a"
        ]
    );
}

#[test]
fn a_statement_without_an_end_does_not_swallow_the_item_on_the_next_line() {
    assert_eq!(items("f(x)\nfn g() {}"), ["? f(x)", "Fn g"]);
    assert_eq!(
        items("check!(a, b)\n#[inline]\nfn g() {}"),
        ["Call check", "Fn g"]
    );
    assert_eq!(
        items("let union = 1;\nunion.pow(2)"),
        ["? let union = 1;", "? union.pow(2)"]
    );
    assert_eq!(
        items("let f:\n    fn(i64) = g;"),
        ["? let f:\n    fn(i64) = g;"]
    );
}

#[test]
fn comments_stay_with_what_they_are_about() {
    let source = "//! All.\n/// One.\n#[inline]\nfn one() {} // end\n\n// Two.\nfn two() {}";
    let pieces = pieces(&tokens(source));
    let texts = [0, 1].map(|at| &source[pieces[at].range.clone()]);
    assert_eq!(
        texts,
        ["/// One.\n#[inline]\nfn one() {}", "// Two.\nfn two() {}"]
    );
    assert_eq!((pieces[0].line, pieces[1].line), (3, 7));
}

#[test]
fn any_depth_is_read() {
    let deep = "fn f() { ".to_owned() + &"(".repeat(100_000);
    assert_eq!(items(&deep), ["Fn f"]);
    assert!(items("} ) ] fn").len() <= 4);
}

#[test]
fn a_cell_is_no_file_with_a_head() {
    assert_eq!(tokens(&"-".repeat(60_000)).len(), 60_000);
    assert_eq!(tokens("#!/bin/sh")[1].text, "!");
}
