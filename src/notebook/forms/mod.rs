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
mod batch;
mod calendar;
mod clock;
mod collections;
mod dataset;
mod datum;
mod expr;
mod graph;
mod json;
mod lazy;
mod plan;
mod sketch;

use super::table::{Gap, Window, counted, pick_sorted};
use super::{Render, Rich};

/// Values one below the other; of more than a screen has room for, the first and
/// the last.
pub(super) fn list<T: Render>(items: &[T]) -> Rich {
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

    /// Never called, for it would write on the tests' output: it compiles only if
    /// each of these finds exactly one method, written as evcxr writes it.
    #[allow(dead_code, unused_parens, clippy::needless_borrow)]
    fn every_form_ends_a_cell() -> polars::prelude::PolarsResult<()> {
        use crate::prelude::*;
        use std::collections::{BTreeSet, HashMap};
        let frame = df!("n" => [1i64])?;
        (frame.clone().lazy()).evcxr_display();
        (frame.schema()).evcxr_display();
        (frame.column("n")?.i64()?).evcxr_display();
        (frame.column("n")?.get(0)?).evcxr_display();
        (col("n") + lit(1)).evcxr_display();
        (BTreeSet::from([1])).evcxr_display();
        (&(HashMap::from([("a", vec![1])]))).evcxr_display();
        (HashMap::from([("a", frame.clone())])).evcxr_display();
        (DateTime::from_timestamp(0, 0)).evcxr_display();
        (Tz::UTC.with_ymd_and_hms(2015, 8, 7, 2, 0, 0)).evcxr_display();
        (TimeDelta::hours(1)).evcxr_display();
        (std::time::Instant::now().elapsed()).evcxr_display();
        (Granularity::ALL).evcxr_display();
        (Granularity::Hour).evcxr_display();
        (dataset::golden()).evcxr_display();
        (dataset::sample()).evcxr_display();
        (crate::serde_json::json!({"a": 1})).evcxr_display();
        (crate::petgraph::graph::UnGraph::<&str, ()>::new_undirected()).evcxr_display();
        Ok(())
    }

    #[test]
    fn few_values_are_all_shown() {
        let texts = [Rich::text("a"), Rich::text("b")];
        assert_eq!(texts.render(), Rich::text("a\n\nb"));
        assert_eq!(Vec::<Rich>::new().render(), Rich::text(""));
    }
}
