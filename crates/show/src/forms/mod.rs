//! The rich forms of types of other crates, apart from data frames and pictures.
//!
//! | file | shows |
//! |---|---|
//! | `collections` | maps and sets |
//! | `lazy`, `expr` | queries and expressions of polars, without running them |
//! | `sketch` | HyperLogLog++ sketches |
//! | `clock` | dates, instants, spans of time |
//! | `json` | JSON |
//! | `graph` | graphs of petgraph |
//!
//! The workbook's own types implement [`Render`] in their own crates.
pub mod clock;
mod collections;
mod expr;
mod graph;
mod json;
mod lazy;
mod sketch;

use crate::table::{Gap, ShownRange, counted, pick_sorted};
use crate::{Render, Rich};

/// Renders values one below the other: all of a few, and the first and the last of many.
pub(crate) fn list<T: Render>(items: &[T]) -> Rich {
    let shown = pick_sorted(items.iter()).into_iter().map(T::render);
    stack(shown.collect(), ShownRange::of_rows(items.len()).gap())
}

/// Stacks the values that are shown, and inserts the number of those that are left out.
fn stack(mut shown: Vec<Rich>, gap: Option<Gap>) -> Rich {
    if let Some(Gap { before, left_out }) = gap {
        let more = format!("⋮ {} more", counted(left_out, "value", "values"));
        shown.insert(before, Rich::text(more));
    }
    Rich::stack(&shown)
}

#[cfg(test)]
mod tests {
    use super::*;
    use polars::prelude::{DataFrame, df};

    #[test]
    fn of_many_frames_the_first_and_the_last_are_shown() {
        let frames: Vec<DataFrame> = (0..100).map(|n| df!("n" => [n]).unwrap()).collect();
        let text = frames.render().get("text/plain").unwrap().to_owned();
        assert_eq!(text.matches("1 row × 1 column").count(), 12);
        assert!(text.contains("\n  7\n\n⋮ 88 values more\n\n"), "{text}");
        assert!(text.ends_with("\n 99"), "{text}");
    }

    #[test]
    fn few_values_are_all_shown() {
        let texts = [Rich::text("a"), Rich::text("b")];
        assert_eq!(texts.render(), Rich::text("a\n\nb"));
        assert_eq!(Vec::<Rich>::new().render(), Rich::text(""));
    }
}
