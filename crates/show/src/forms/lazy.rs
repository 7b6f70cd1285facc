//! The form of a lazy frame: the schema of its result and its plan, without running it.
use crate::escape::escape;
use crate::table::{Grid, Head, counted};
use crate::{Render, Rich};
use polars::prelude::{DataType, LazyFrame, PolarsResult, Schema, SchemaRef};

/// Number of lines of a plan that are shown.
const PLAN_LINES: usize = 80;
/// Number of characters of a line that are shown.
const PLAN_WIDTH: usize = 400;

/// The schema of the result and the optimised plan. The query is not run.
impl Render for LazyFrame {
    fn render(&self) -> Rich {
        let schema = self.clone().collect_schema();
        let plan = self.describe_optimized_plan();
        draw(&schema, &plan)
    }
}

/// The names and types of the columns.
impl Render for Schema {
    fn render(&self) -> Rich {
        let caption = format!("schema of {}", counted(self.len(), "column", "columns"));
        grid(self, caption).render()
    }
}

/// Returns a table of the columns of a schema.
fn grid(schema: &Schema, caption: String) -> Grid {
    let row = |place: usize| match schema.get_at_index(place) {
        Some((name, dtype)) => vec![name.to_string(), full_name(dtype)],
        None => vec![String::new(); 2],
    };
    let heads = vec![Head::text("column"), Head::text("type")];
    Grid {
        caption,
        ..Grid::of_list(heads, schema.len(), row)
    }
}

/// Returns the name of a type with the types of its fields, of which polars writes the number
/// only.
fn full_name(dtype: &DataType) -> String {
    match dtype {
        DataType::List(item) => format!("list[{}]", full_name(item)),
        DataType::Struct(fields) => {
            let field = |field: &polars::prelude::Field| {
                format!("{}: {}", field.name(), full_name(field.dtype()))
            };
            let fields: Vec<String> = fields.iter().map(field).collect();
            format!("struct{{{}}}", fields.join(", "))
        }
        dtype => dtype.to_string(),
    }
}

/// Renders a lazy frame, or the error that running it would return.
fn draw(schema: &PolarsResult<SchemaRef>, plan: &PolarsResult<String>) -> Rich {
    const NOT_RUN: &str = "LazyFrame, not run yet: .collect()? runs it";
    let (text, html) = match (schema, plan) {
        (Ok(schema), Ok(plan)) => {
            let of = counted(schema.len(), "column", "columns");
            let grid = grid(schema, format!("{NOT_RUN}; its result has {of}"));
            let plan = cut(plan);
            (
                format!("{}\n\noptimised plan\n{plan}", grid.to_text()),
                grid.to_html() + &folded("optimised plan", &plan),
            )
        }
        (Err(error), _) | (_, Err(error)) => {
            let text = format!("{NOT_RUN}; this will fail:\n{}", cut(&error.to_string()));
            let html = format!("<pre>{}</pre>", escape(&text));
            (text, html)
        }
    };
    Rich::text(text).html(html)
}

/// Returns text as an HTML element that can be folded.
fn folded(summary: &str, text: &str) -> String {
    // Hosts that do not support folding show it open.
    format!(
        "<details open><summary>{summary}</summary>\
         <pre style=\"overflow-x:auto;max-width:100%\">{}</pre></details>",
        escape(text)
    )
}

/// Returns the first lines of a text, each cut to [`PLAN_WIDTH`] characters.
fn cut(text: &str) -> String {
    let short = |line: &str| match line.char_indices().nth(PLAN_WIDTH) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line.to_owned(),
    };
    let mut lines: Vec<String> = text.lines().take(PLAN_LINES).map(short).collect();
    let more = text.lines().count() - lines.len();
    if more > 0 {
        lines.push(format!("⋮ {} more", counted(more, "line", "lines")));
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use polars::prelude::*;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};

    fn text(lazy: &LazyFrame) -> String {
        lazy.render().get("text/plain").unwrap().to_owned()
    }

    #[test]
    fn a_lazy_frame_shows_the_schema_of_its_result_and_its_plan() {
        let frame = df!("url" => ["a"], "n" => [1i64], "unread" => [0.5]).unwrap();
        let query = frame
            .lazy()
            .group_by([col("url")])
            .agg([col("n").sum().alias("<count>")]);
        let rich = query.render();
        assert_eq!(
            text(&query).lines().take(5).collect::<Vec<_>>(),
            [
                "LazyFrame, not run yet: .collect()? runs it; its result has 2 columns",
                "column   type",
                "─────────────",
                "url      str",
                "<count>  i64",
            ]
        );
        assert!(
            text(&query).contains("optimised plan\nAGGREGATE"),
            "{}",
            text(&query)
        );
        let html = rich.get("text/html").unwrap();
        assert!(html.contains("&lt;count&gt;") && html.contains("AGGREGATE"));
    }

    #[test]
    fn showing_a_lazy_frame_never_runs_it() {
        let ran = Arc::new(AtomicBool::new(false));
        let seen = ran.clone();
        let query = df!("n" => [1i64]).unwrap().lazy().select([col("n").map(
            move |column| {
                seen.store(true, Ordering::Relaxed);
                Ok(column)
            },
            |_, field| Ok(field.clone()),
        )]);
        let _ = query.render();
        assert!(!ran.load(Ordering::Relaxed));
        query.collect().unwrap();
        assert!(ran.load(Ordering::Relaxed));
    }

    #[test]
    fn a_query_that_cannot_run_says_why() {
        let query = df!("n" => [1i64]).unwrap().lazy().select([col("no such")]);
        let text = text(&query);
        assert!(text.starts_with("LazyFrame, not run yet"), "{text}");
        assert!(
            text.contains("this will fail:\n") && text.contains("no such"),
            "{text}"
        );
    }

    #[test]
    fn a_schema_names_the_fields_of_structs() {
        let inner = df!("lat" => [1.5], "lon" => [2.5])
            .unwrap()
            .into_struct("at".into());
        let frame = DataFrame::new(1, vec![inner.into_column()]).unwrap();
        let rich = frame.schema().render();
        let text = rich.get("text/plain").unwrap();
        assert!(
            text.ends_with("at      struct{lat: f64, lon: f64}"),
            "{text}"
        );
        assert!(text.starts_with("schema of 1 column\n"));
    }

    #[test]
    fn a_long_plan_is_cut() {
        let plan = format!("{}\n{}", "x".repeat(10_000), "step\n".repeat(10_000));
        let cut = cut(&plan);
        assert!(cut.len() < 2_000);
        assert!(cut.ends_with("\n⋮ 9,921 lines more"), "{cut}");
    }
}
