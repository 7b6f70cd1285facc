//! Writes the types of variables into a cell.
//!
//! evcxr keeps each variable of a cell in a map of boxed values, so it must
//! spell the variable's type. It asks a rust-analyzer that would first have to
//! load the whole support crate and its 190 dependencies: 10 seconds and a
//! gigabyte. rustc has the crate's types at hand and is asked instead
//! ([`super::cargo_stand_in`]); here its answer goes into the cell, as a second
//! `let` behind the first, on the same line, so that every position that rustc
//! may complain about stays where the reader put it.

use ra_ap_syntax::ast::{self, AstNode, HasName};
use ra_ap_syntax::{Edition, SourceFile, SyntaxKind};
use std::collections::BTreeMap;

/// A variable that a cell binds without writing its whole type.
#[derive(Debug, PartialEq, Eq)]
struct Binding {
    name: String,
    mutable: bool,
}

/// A `let` with such variables, and where it ends in the cell.
#[derive(Debug, PartialEq, Eq)]
struct Untyped {
    end: usize,
    bindings: Vec<Binding>,
}

/// Whether rustc must be asked before `cell` can run.
pub fn needs_types(cell: &str) -> bool {
    !untyped(cell).is_empty()
}

/// The cell with every untyped variable bound once more, with its type.
///
/// A variable whose type is missing in `types`, or has no name (a closure, an
/// `impl Trait`), is left as it is; evcxr then says why it cannot be kept.
pub fn annotate(cell: &str, types: &BTreeMap<String, String>) -> String {
    let mut out = cell.to_owned();
    for statement in untyped(cell).iter().rev() {
        let mut again = String::new();
        for binding in &statement.bindings {
            if let Some(name) = types.get(&binding.name).filter(|name| nameable(name)) {
                let mutable = if binding.mutable { "mut " } else { "" };
                let variable = &binding.name;
                again += &format!(" let {mutable}{variable}: {name} = {variable};");
            }
        }
        out.insert_str(statement.end, &again);
    }
    out
}

/// Whether a type that rustc shows can be written in a program.
pub fn nameable(name: &str) -> bool {
    ![
        "{closure@",
        "<!>",
        "{async ",
        "{coroutine",
        "impl ",
        "{type error}",
        "_>",
        "{fn",
    ]
    .iter()
    .any(|part| name.contains(part))
}

const WRAPPER: &str = "fn f(){";

fn untyped(cell: &str) -> Vec<Untyped> {
    let start = rust_start(cell);
    let parsed = SourceFile::parse(
        &format!("{WRAPPER}{}\n}}", &cell[start..]),
        Edition::Edition2024,
    );
    if !parsed.errors().is_empty() {
        return Vec::new(); // evcxr will say what is wrong
    }
    let body = parsed
        .syntax_node()
        .children()
        .find_map(ast::Fn::cast)
        .and_then(|function| function.body())
        .and_then(|body| body.stmt_list());
    body.into_iter()
        .flat_map(|body| body.statements())
        .filter_map(|statement| match statement {
            ast::Stmt::LetStmt(statement) => {
                let bindings = bindings(&statement);
                (!bindings.is_empty()).then(|| Untyped {
                    end: usize::from(statement.syntax().text_range().end()) - WRAPPER.len() + start,
                    bindings,
                })
            }
            _ => None,
        })
        .collect()
}

fn bindings(statement: &ast::LetStmt) -> Vec<Binding> {
    let Some(pattern) = statement.pat() else {
        return Vec::new();
    };
    let single = matches!(pattern, ast::Pat::IdentPat(_));
    if single && statement.ty().is_some_and(|ty| is_whole(&ty)) {
        return Vec::new();
    }
    pattern
        .syntax()
        .descendants()
        .filter_map(ast::IdentPat::cast)
        // A reference lives no longer than its cell.
        .filter(|binding| binding.ref_token().is_none())
        .filter_map(|binding| {
            let name = binding.name()?.text().to_string();
            // `None` or `MAX` in a pattern is a path, though it parses as a name.
            let variable = single || name.starts_with(|c: char| c.is_lowercase() || c == '_');
            variable.then_some(Binding {
                name,
                mutable: binding.mut_token().is_some(),
            })
        })
        .collect()
}

fn is_whole(ty: &ast::Type) -> bool {
    !ty.syntax()
        .descendants()
        .any(|node| node.kind() == SyntaxKind::INFER_TYPE)
}

/// Where a cell's Rust begins: behind evcxr's commands (`:vars`, `!ls`), blank
/// lines and comments, as evcxr itself splits it.
fn rust_start(cell: &str) -> usize {
    let mut start = 0;
    for line in cell.split_inclusive('\n') {
        let text = line.trim();
        let skipped = text.is_empty()
            || line.starts_with("//")
            || line.starts_with('!')
            || text.starts_with(':') && !text.starts_with("::");
        if !skipped {
            break;
        }
        start += line.len();
    }
    start
}

#[cfg(test)]
mod tests {
    use super::*;

    fn types<const N: usize>(types: [(&str, &str); N]) -> BTreeMap<String, String> {
        types
            .map(|(name, ty)| (name.to_owned(), ty.to_owned()))
            .into()
    }

    #[test]
    fn an_untyped_variable_is_bound_again_on_its_line() {
        assert_eq!(
            annotate("let h = f();\nh", &types([("h", "a::B<u8>")])),
            "let h = f(); let h: a::B<u8> = h;\nh"
        );
        assert_eq!(
            annotate("let mut h: Vec<_> = f();", &types([("h", "Vec<u8>")])),
            "let mut h: Vec<_> = f(); let mut h: Vec<u8> = h;"
        );
    }

    #[test]
    fn patterns_name_each_variable() {
        assert_eq!(
            annotate(
                "let (a, Some(mut b)) = f() else { panic!() };",
                &types([("a", "A"), ("b", "B")])
            ),
            "let (a, Some(mut b)) = f() else { panic!() }; let a: A = a; let mut b: B = b;"
        );
    }

    #[test]
    fn a_typed_variable_asks_for_nothing() {
        assert!(!needs_types("let a: u8 = 1; { let b = 2; } a"));
        assert!(!needs_types("fn f() { let x = 1; }"));
        assert!(needs_types("let a = 1;"));
    }

    #[test]
    fn commands_and_comments_come_before_the_rust() {
        assert!(needs_types(":vars\n// a comment\n!ls\nlet x = 1;"));
        assert!(!needs_types(":dep regex = \"1\"\n"));
        assert_eq!(
            annotate("// é\nlet x = 1;", &types([("x", "i32")])),
            "// é\nlet x = 1; let x: i32 = x;"
        );
    }

    #[test]
    fn a_type_without_a_name_is_left_alone() {
        let cell = "let f = |x: u8| x;";
        assert_eq!(
            annotate(cell, &types([("f", "{closure@src/lib.rs:1:1: 1:2}")])),
            cell
        );
        assert!(!nameable("impl Iterator<Item = u8>"));
        assert!(nameable("std::boxed::Box<dyn std::ops::Fn(i32) -> i32>"));
    }

    #[test]
    fn broken_rust_is_left_to_evcxr() {
        assert!(!needs_types("let a = ;"));
        assert!(!needs_types("let a = (1;"));
    }
}
