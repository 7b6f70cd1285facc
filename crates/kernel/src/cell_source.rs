//! The source of a cell, as it is compiled.
//!
//! evcxr wraps a cell into a function that first takes all variables of the notebook and puts them back
//! at the end, and it adds the type that keeps them. Before that is compiled, some of its lines are
//! replaced. No line moves, so the line numbers in diagnostics stay right.
//!
//! 1. A variable that the cell does not name stays where it is. Taking it and putting it back would
//!    make rustc compile how a value of its type is moved and dropped, in every cell.
//! 2. Variables are kept by [`lambda_workbook::notebook::variables`], which is compiled already.
//! 3. What evcxr makes a cell print for it, or about an error at a `?`, goes to
//!    [`lambda_workbook::notebook::channel`]: printed, it would mix with the output of the cell.

use std::collections::HashSet;

/// Returns the source to compile for a cell that evcxr has wrapped. `all` says that the cell may use
/// variables that it does not name, which only macros of crates outside this project can do.
pub fn prepared(source: &str, all: bool) -> String {
    let source = match all {
        true => source.to_owned(),
        false => without_unused(source),
    };
    with_channel(with_variables(source))
}

/// Words of code that makes columns or reaches their values.
const OF_COLUMNS: [&str; 6] = [
    "ChunkedArray",
    "LazyFrame",
    "Series",
    "column",
    "group_by",
    "lazy",
];

/// Returns whether a cell, with the functions of earlier cells that are compiled with it, computes
/// columns of data frames itself, as far as its words tell. Such a cell needs polars' generic functions;
/// see [`super::metadata`]. A wrong answer costs time alone.
pub fn computes_columns(source: &str) -> bool {
    let mut lines = source.split('\n').filter(|line| !line.starts_with("use "));
    lines.any(|line| {
        let mut words = line.split(|c: char| !is_part(c));
        line.contains("df!") || words.any(|word| OF_COLUMNS.contains(&word))
    })
}

/// Returns whether a character can be part of a name.
pub fn is_part(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// How the function begins into which evcxr puts the statements of a cell.
const FUNCTION: &str = "pub extern \"C\" fn run_user_code_";

/// Returns the name of that function; `None` for a source without one.
pub fn function(source: &str) -> Option<&str> {
    let begin = source
        .split('\n')
        .rfind(|line| line.starts_with(FUNCTION))?;
    begin.split(" fn ").nth(1)?.split('(').next()
}

/// Replaces the lines that check, take and put back variables which no other line of the cell's
/// function names. What is before the function, items and macros of all cells, cannot name them.
fn without_unused(source: &str) -> String {
    let lines: Vec<(&str, Option<&str>)> = source
        .split('\n')
        .map(|line| (line, transferred(line)))
        .collect();
    let function = lines
        .iter()
        .rposition(|(line, _)| line.starts_with(FUNCTION));
    let named: HashSet<&str> = lines[function.unwrap_or(0)..]
        .iter()
        .filter(|(_, variable)| variable.is_none())
        .flat_map(|(line, _)| line.split(|c: char| !is_part(c)))
        .collect();
    let kept: Vec<&str> = lines
        .iter()
        .map(|&(line, variable)| match variable {
            Some(name) if name.chars().all(is_part) && !named.contains(name) => "",
            _ => line,
        })
        .collect();
    kept.join("\n")
}

/// Returns the variable that a line of evcxr's checks, takes or puts back; `None` for another line.
fn transferred(line: &str) -> Option<&str> {
    let (statement, rest) = line.rsplit_once(">(stringify!(")?;
    if let Some(name) = rest.strip_suffix("));") {
        if statement.starts_with("vars_ok &= evcxr_variable_store.check_variable::<") {
            return Some(name);
        }
        let declared = statement.strip_prefix("let ")?;
        let declared = declared.strip_prefix("mut ").unwrap_or(declared);
        let call = declared.strip_prefix(name)?;
        return call
            .starts_with(" = evcxr_variable_store.take_variable::<")
            .then_some(name);
    }
    let (name, value) = rest.strip_suffix(");")?.split_once("), ")?;
    let is_put = statement.starts_with("evcxr_variable_store.put_variable::<");
    (is_put && name == value).then_some(name)
}

/// Where the type that keeps variables begins and ends in evcxr's part of a cell.
const STORE: &str = "pub struct VariableStore {";
const STORE_END: &str = "pub fn create_variable_store()";

/// The same type, with all that does not depend on the type of a variable in the support crate.
const THIN_STORE: &str = r"pub struct VariableStore { variables: ::lambda_workbook::notebook::variables::Variables }
impl VariableStore {
    pub fn new() -> VariableStore { VariableStore { variables: ::core::default::Default::default() } }
    pub fn put_variable<T: 'static>(&mut self, name: &str, value: T) {
        self.variables.put(name, Box::new(value));
    }
    pub fn check_variable<T: 'static>(&mut self, name: &str) -> bool {
        self.variables.check(name, ::std::any::TypeId::of::<T>())
    }
    pub fn take_variable<T: 'static>(&mut self, name: &str) -> T {
        let value = self.variables.take(name, ::std::any::TypeId::of::<T>());
        // SAFETY: what is taken has this type.
        unsafe { *Box::from_raw(Box::into_raw(value).cast::<T>()) }
    }
    pub fn lazy_arc<T: 'static, F: FnOnce() -> T>(&mut self, name: &str, create: F) -> std::sync::Arc<T> {
        if !self.variables.contains(name) {
            self.put_variable(name, std::sync::Arc::new(create()));
        }
        let value = self.take_variable::<std::sync::Arc<T>>(name);
        self.put_variable(name, std::sync::Arc::clone(&value));
        value
    }
}
";

/// Returns the source with [`THIN_STORE`] in the place of evcxr's type.
fn with_variables(mut source: String) -> String {
    // evcxr's own code comes after the items of earlier cells, so the last occurrence is the right one.
    if let Some(begin) = source.rfind(STORE)
        && let Some(end) = source[begin..].find(STORE_END).map(|end| begin + end)
    {
        let lines = |text: &str| text.matches('\n').count();
        let missing = lines(&source[begin..end]).saturating_sub(lines(THIN_STORE));
        source.replace_range(begin..end, &(THIN_STORE.to_owned() + &"\n".repeat(missing)));
    }
    source
}

// In the conversion that evcxr adds for the error of a `?`, the error is printed. That call
// is replaced by a report on the side channel.
const CONVERT_ERROR: &str = "From<T> for EvcxrUserCodeError {";
const PRINT_ERROR: &str = "eprintln!(";
const REPORT_ERROR: &str = "::lambda_workbook::notebook::channel::question_mark(std::any::type_name_of_val(&error), format_args!(";

/// The notifications that evcxr makes a cell print, each with the call that replaces it. One more is
/// in the type that [`THIN_STORE`] replaces.
const NOTIFICATIONS: [(&str, &str); 2] = [
    (
        r#"println!("EVCXR_PANIC_NOTIFICATION");"#,
        "::lambda_workbook::notebook::channel::panics::panicked();",
    ),
    (
        r#"println!("{}", evcxr_internal_runtime::USER_ERROR_OCCURRED);"#,
        "::lambda_workbook::notebook::channel::to_evcxr(evcxr_internal_runtime::USER_ERROR_OCCURRED);",
    ),
];

/// Returns the source of a cell with evcxr's notifications and its report of an error
/// replaced by calls of the side channel.
fn with_channel(mut source: String) -> String {
    // Notifications. evcxr's own code comes after the reader's, so the last occurrence is
    // the right one.
    for (printed, call) in NOTIFICATIONS {
        if let Some(at) = source.rfind(printed) {
            source.replace_range(at..at + printed.len(), call);
        }
    }

    // The error of a `?`. The end is replaced first, so that the start does not move.
    if let Some(at) = source.find(CONVERT_ERROR)
        && let Some(print) = source[at..].find(PRINT_ERROR).map(|print| at + print)
        && let Some(end) = source[print..].find(", error);").map(|end| print + end)
    {
        source.replace_range(end..end + ", error);".len(), ", error));");
        source.replace_range(print..print + PRINT_ERROR.len(), REPORT_ERROR);
    }
    source
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notifications_and_errors_use_the_side_channel() {
        let source = "impl<T: std::fmt::Display> From<T> for EvcxrUserCodeError {\n fn from(error: T) -> Self {\n eprintln!(\"{}\", error);\nprintln!(\"{}\", evcxr_internal_runtime::USER_ERROR_OCCURRED);\n}}\nfn user() { eprintln!(\"{}\", error); println!(\"EVCXR_PANIC_NOTIFICATION\"); }\n    println!(\"EVCXR_PANIC_NOTIFICATION\");\n";
        let changed = prepared(source, false);
        assert!(changed.contains("type_name_of_val(&error), format_args!(\"{}\", error));"));
        assert!(changed.contains("to_evcxr(evcxr_internal_runtime::USER_ERROR_OCCURRED);"));
        assert!(changed.ends_with("channel::panics::panicked();\n"));
        assert!(
            changed.contains(
                "fn user() { eprintln!(\"{}\", error); println!(\"EVCXR_PANIC_NOTIFICATION\"); }"
            ),
            "the reader's own code stays"
        );
        assert_eq!(changed.lines().count(), source.lines().count());
    }

    /// A cell as evcxr wraps it, with these variables of earlier cells.
    fn wrapped(code: &str, variables: &[(&str, &str)]) -> String {
        let lines = |line: fn(&(&str, &str)) -> String| {
            let lines: Vec<String> = variables.iter().map(line).collect();
            lines.join("\n")
        };
        let check = lines(|(name, ty)| {
            format!("vars_ok &= evcxr_variable_store.check_variable::<{ty}>(stringify!({name}));")
        });
        let take = lines(|(name, ty)| {
            format!(
                "let mut {name} = evcxr_variable_store.take_variable::<{ty}>(stringify!({name}));"
            )
        });
        let put = lines(|(name, ty)| {
            format!("evcxr_variable_store.put_variable::<{ty}>(stringify!({name}), {name});")
        });
        format!(
            "fn rows() -> views::Rows {{ views }}\n{FUNCTION}1(\n{check}\n{take}\n{code}\n{put}\n"
        )
    }

    #[test]
    fn a_variable_that_a_cell_does_not_name_stays_where_it_is() {
        let variables = [
            ("views", "lambda::Views"),
            ("view", "Vec<(u8, fn(u8) -> u8)>"),
            ("hours", "std::vec::Vec<views::Hour>"),
            ("r#type", "u8"),
        ];
        // Named in a text with a hole, and in a macro of an earlier cell.
        let code =
            "macro_rules! first { () => { hours[0] } }\nprintln!(\"{view:?}\"); // a re-view";
        let source = wrapped(code, &variables);
        let changed = without_unused(&source);
        assert_eq!(changed.lines().count(), source.lines().count());
        for (name, is_moved) in [
            ("views", false),
            ("view", true),
            ("hours", true),
            ("r#type", true),
        ] {
            let moves = changed.matches(&format!(">(stringify!({name})")).count();
            assert_eq!(moves, if is_moved { 3 } else { 0 }, "{name}: {changed}");
        }
        assert!(changed.contains(code));
    }

    #[test]
    fn a_new_variable_and_the_readers_own_lines_stay() {
        let put = "evcxr_variable_store.put_variable::<i32>(stringify!(x), x);";
        let source = format!("let x: i32 = 1;\n{put}\nlet y = take(stringify!(z));");
        assert_eq!(without_unused(&source), source);
        for line in [
            "let a = evcxr_variable_store.take_variable::<u8>(stringify!(b));",
            "evcxr_variable_store.put_variable::<u8>(stringify!(a), b);",
            "f::<u8>(stringify!(a));",
            ">(stringify!(a));",
        ] {
            assert_eq!(transferred(line), None, "{line}");
        }
    }

    #[test]
    fn code_that_makes_columns_or_reaches_into_them_is_told_apart() {
        for code in [
            "df!(\"a\" => [1])?",
            "views.column(\"url\")?",
            "fn f() { x.lazy() }\nf()",
        ] {
            assert!(computes_columns(code), "{code}");
        }
        for code in [
            "1 + 1",
            "use polars::prelude::Series;\n1",
            "df.head(Some(3))",
            "columns_of(&x)",
        ] {
            assert!(!computes_columns(code), "{code}");
        }
    }

    #[test]
    fn evcxrs_store_is_replaced_and_no_line_moves() {
        let store = format!(
            "mod r {{\n{STORE}\n}}\n{}{STORE_END} -> X {{}}\n}}\nfn f() {{}}",
            "\n".repeat(60)
        );
        let source = format!("/* {STORE} */\n{store}");
        let changed = with_variables(source.clone());
        assert!(changed.starts_with(&format!("/* {STORE} */")));
        assert!(changed.contains("notebook::variables::Variables"));
        let line_of = |text: &str| text.lines().position(|line| line == "fn f() {}");
        assert_eq!(line_of(&changed), line_of(&source));
    }
}
