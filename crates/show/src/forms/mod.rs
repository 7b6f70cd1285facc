//! The rich forms of everything that is no frame and no picture.
//!
//! | file | shows |
//! |---|---|
//! | `collections` | maps and sets |
//! | `lazy`, `expr` | what polars would do, before it does it |
//! | `sketch` | HyperLogLog++ |
//! | `clock` | dates, instants, spans |
//! | `json` | JSON, indented |
//! | `graph` | petgraph's graphs, drawn |
//! | `plan` | plans of reads, our sketches, persons |
//! | `datum`, `calendar`, `batch`, `dataset` | our own types |
pub mod clock;
mod collections;
mod expr;
mod graph;
mod json;
mod lazy;
mod sketch;

use crate::table::{Gap, Window, counted, pick_sorted};
use crate::{Render, Rich};

/// Values one below the other; of more than a screen has room for, the first and
/// the last.
pub(crate) fn list<T: Render>(items: &[T]) -> Rich {
    let shown = pick_sorted(items.iter()).into_iter().map(T::render);
    stack(shown.collect(), Window::of_rows(items.len()).gap())
}

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
