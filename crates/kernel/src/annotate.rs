//! Writes the types of variables into a cell.
//!
//! evcxr keeps each variable of a cell in a map of boxed values, so it must write the
//! variable's type in the code that it generates. It would ask a rust-analyzer for the
//! type, which would first have to load the whole support crate and its 190 dependencies:
//! 10 seconds and a gigabyte of memory. Here rustc is asked instead, in
//! [`super::cargo_stand_in`].
//!
//! The type is written into a second `let`, on the same line as the first:
//!
//! ```text
//! let views = load()?;       becomes       let views = load()?; let views: Views = views;
//! ```
//!
//! So every position to which a diagnostic of rustc may point stays unchanged.

use ra_ap_syntax::ast::{self, AstNode, HasName};
use ra_ap_syntax::{Edition, SourceFile, SyntaxKind};
use std::collections::{BTreeMap, BTreeSet};

/// A variable that a cell binds without a complete type.
#[derive(Debug, PartialEq, Eq)]
struct Binding {
    name: String,
    mutable: bool,
}

/// A `let` statement with such variables.
#[derive(Debug, PartialEq, Eq)]
struct UntypedLet {
    /// The byte offset in the cell where the statement ends.
    end: usize,
    bindings: Vec<Binding>,
}

/// Returns whether `cell` binds variables whose types must be found before it can run.
pub fn needs_types(cell: &str) -> bool {
    !untyped_lets(cell).is_empty()
}

/// Returns the cell with a second `let` for every untyped variable, which has the type that
/// `types` names.
///
/// A variable is left as it is when its type is missing in `types` or cannot be written,
/// such as that of a closure or an `impl Trait`. evcxr then reports that it cannot be kept.
pub fn annotate(cell: &str, types: &BTreeMap<String, String>) -> String {
    let mut out = cell.to_owned();
    // From the end to the start, so that the offsets of earlier statements stay valid.
    for statement in untyped_lets(cell).iter().rev() {
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

/// Returns whether a type, as rustc displays it, can be written in a program.
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

/// The start of the function in which a cell is parsed, because statements can only stand in
/// a function.
const WRAPPER: &str = "fn f(){";

/// Returns the `let` statements of a cell that bind untyped variables, in order. Statements
/// inside blocks and functions do not count: their variables end there. Returns none for a
/// cell with syntax errors, which evcxr reports.
fn untyped_lets(cell: &str) -> Vec<UntypedLet> {
    // Parse the cell as the body of a function.
    let start = rust_start(cell);
    let parsed = SourceFile::parse(
        &format!("{WRAPPER}{}\n}}", &cell[start..]),
        Edition::Edition2024,
    );
    if !parsed.errors().is_empty() {
        return Vec::new();
    }
    let body = parsed
        .syntax_node()
        .children()
        .find_map(ast::Fn::cast)
        .and_then(|function| function.body())
        .and_then(|body| body.stmt_list());

    // Find the statements of the body itself, from the last to the first: a name that a
    // later statement binds again is another variable, and only the last one is kept.
    let statements: Vec<ast::Stmt> = body
        .into_iter()
        .flat_map(|body| body.statements())
        .collect();
    let mut bound_later = BTreeSet::new();
    let mut found = Vec::new();
    for statement in statements.iter().rev() {
        let ast::Stmt::LetStmt(statement) = statement else {
            continue;
        };
        let mut untyped = bindings(statement);
        untyped.retain(|binding| !bound_later.contains(&binding.name));
        bound_later.extend(names(statement));
        if !untyped.is_empty() {
            found.push(UntypedLet {
                end: usize::from(statement.syntax().text_range().end()) - WRAPPER.len() + start,
                bindings: untyped,
            });
        }
    }
    found.reverse();
    found
}

/// Returns all names that a `let` statement binds.
fn names(statement: &ast::LetStmt) -> impl Iterator<Item = String> {
    let pattern = statement.pat();
    let inside = pattern.into_iter().flat_map(|it| it.syntax().descendants());
    inside
        .filter_map(ast::IdentPat::cast)
        .filter_map(|binding| Some(binding.name()?.text().to_string()))
}

/// Returns the untyped variables that a `let` statement binds.
fn bindings(statement: &ast::LetStmt) -> Vec<Binding> {
    let Some(pattern) = statement.pat() else {
        return Vec::new();
    };
    // A single variable with a complete type needs nothing.
    let single = matches!(pattern, ast::Pat::IdentPat(_));
    if single && statement.ty().is_some_and(|ty| is_complete(&ty)) {
        return Vec::new();
    }

    // Find the names in the pattern. References (`ref a`) cannot outlive the cell.
    pattern
        .syntax()
        .descendants()
        .filter_map(ast::IdentPat::cast)
        .filter(|binding| binding.ref_token().is_none())
        .filter_map(|binding| {
            let name = binding.name()?.text().to_string();
            // `None` or `MAX` in a pattern parses as a name but is a path.
            let variable = single || name.starts_with(|c: char| c.is_lowercase() || c == '_');
            variable.then_some(Binding {
                name,
                mutable: binding.mut_token().is_some(),
            })
        })
        .collect()
}

/// Returns whether a type contains no `_`.
fn is_complete(ty: &ast::Type) -> bool {
    !ty.syntax()
        .descendants()
        .any(|node| node.kind() == SyntaxKind::INFER_TYPE)
}

/// Returns the byte offset where a cell's Rust code begins: after evcxr's commands (`:vars`,
/// `!ls`), blank lines and comments. evcxr splits a cell in the same way.
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
    fn of_variables_with_one_name_the_last_has_the_type() {
        assert_eq!(
            annotate(
                "let a = 1; let (a, b) = (a, 2); let a = f(a);",
                &types([("a", "String"), ("b", "i32")])
            ),
            "let a = 1; let (a, b) = (a, 2); let b: i32 = b; let a = f(a); let a: String = a;"
        );
        // Also where the last one has its type written already.
        let cell = "let a = 1; let a: String = f(a);";
        assert_eq!(annotate(cell, &types([("a", "String")])), cell);
        assert!(!needs_types(cell));
    }

    #[test]
    fn a_typed_variable_needs_no_types() {
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
    fn a_type_that_cannot_be_written_is_left_out() {
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
