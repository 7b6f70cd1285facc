//! The forms of expressions and single values of polars.
use crate::escape::escape;
use crate::table::text::{start_of, start_of_display};
use crate::table::value_literal;
use crate::{Render, Rich};
use polars::prelude::{AnyValue, Expr};

/// Number of characters after which a tree is cut.
const MAX_TREE_CHARS: usize = 20_000;

/// The expression on one line and, if it has parts, as a tree.
impl Render for Expr {
    fn render(&self) -> Rich {
        let line = start_of_display(self);
        let Some(tree) = tree(self) else {
            return Rich::text(line);
        };
        let text = format!("{line}\n\n{tree}");
        // JupyterLab would wrap the lines of plain text, which breaks the tree.
        let html = format!(
            "<pre style=\"overflow-x:auto;max-width:100%;white-space:pre\">{}</pre>",
            escape(&text)
        );
        Rich::text(text).html(html)
    }
}

/// Returns the tree of an expression; `None` if it has no parts or polars cannot draw it.
fn tree(expr: &Expr) -> Option<String> {
    if matches!(expr, Expr::Column(_) | Expr::Literal(_)) {
        return None;
    }
    // Some expressions, such as a selection of columns, have a tree only inside a query.
    let tree = expr.clone().meta().into_tree_formatter(false, None).ok()?;
    let tree = start_of(MAX_TREE_CHARS, |out| write!(out, "{tree}"));
    Some(tree.trim_matches('\n').to_owned())
}

/// The value as it is written in a list: text is quoted, so that it differs from null.
impl Render for AnyValue<'_> {
    fn render(&self) -> Rich {
        Rich::text(value_literal(self))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use polars::prelude::*;

    fn text(value: &dyn Render) -> String {
        value.render().get("text/plain").unwrap().to_owned()
    }

    #[test]
    fn an_expression_shows_its_tree() {
        let expr = (col("ts").floor_div(lit(3600i64)) * lit(3600i64)).alias("hour");
        let text = text(&expr);
        let (line, tree) = text.split_once("\n\n").expect("a line and a tree");
        assert!(
            line.contains("col(\"ts\")") && line.contains("hour"),
            "{line}"
        );
        assert!(
            tree.contains("col(ts)") && tree.lines().count() > 3,
            "{tree}"
        );
    }

    #[test]
    fn a_column_or_a_literal_is_its_line() {
        assert_eq!(text(&col("ts")), "col(\"ts\")");
        assert!(!text(&lit(7)).contains('\n'));
    }

    #[test]
    fn expressions_without_a_tree_still_have_a_line() {
        for expr in [all().as_expr(), col("*").sum(), len()] {
            assert!(!text(&expr).is_empty());
        }
    }

    #[test]
    fn a_single_value_tells_null_from_its_name() {
        assert_eq!(text(&AnyValue::Null), "null");
        assert_eq!(text(&AnyValue::String("null")), "\"null\"");
        assert_eq!(text(&AnyValue::Int64(7)), "7");
    }
}
