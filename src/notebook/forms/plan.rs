//! Plans of reads, and the sketches that are read.
use crate::batch::persons::read_side::Answer;
use crate::batch::persons::{PersonIndex, Round};
use crate::batch::sketch::Sketch;
use crate::calendar::{Plan, Span};
use crate::notebook::plot;
use crate::notebook::table::{Grid, Head, counted, grouped};
use crate::notebook::time::wall_clock;
use crate::notebook::{Render, Rich};
use chrono_tz::Tz;

impl Render for Plan {
    fn render(&self) -> Rich {
        let row = |place: usize| {
            let read = self.reads()[place];
            vec![
                if read.minus { "−" } else { "+" }.to_owned(),
                read.granularity.code().to_owned(),
                read.ts.to_string(),
                wall_clock(read.ts, Tz::UTC),
                wall_clock(read.end(), Tz::UTC),
            ]
        };
        let heads = vec![
            Head::text("sign"),
            Head::text("granularity"),
            Head::number("ts"),
            Head::text("starts"),
            Head::text("ends before"),
        ];
        let about = self.to_string();
        let grid = Grid {
            caption: about.lines().next().unwrap_or_default().to_owned(),
            ..Grid::of_list(heads, self.reads().len(), row)
        };
        Rich::stack(&[plot::plan(self, Tz::UTC).render(), grid.render()])
    }
}

impl Render for Span {
    fn render(&self) -> Rich {
        Rich::text(format!(
            "from {} to before {}: {}",
            wall_clock(self.from(), Tz::UTC),
            wall_clock(self.until(), Tz::UTC),
            counted(self.hours() as usize, "hour", "hours"),
        ))
    }
}

impl Render for Sketch {
    fn render(&self) -> Rich {
        Rich::text(format!(
            "about {} (± {:.2} %), in {} bytes at precision {}",
            counted(self.uniques() as usize, "person", "persons"),
            100.0 * self.standard_error(),
            grouped(self.to_bytes().len() as i64),
            self.precision().bits()
        ))
    }
}

impl Render for Answer {
    fn render(&self) -> Rich {
        Grid::of_facts(
            &format!("{} uniques", grouped(self.uniques)),
            &[
                ("reads", &grouped(self.reads as i64)),
                ("bytes read", &grouped(self.bytes as i64)),
                ("identifiers converted", &grouped(self.converted as i64)),
            ],
        )
        .render()
    }
}

impl Render for PersonIndex {
    fn render(&self) -> Rich {
        match self.table() {
            Ok(table) => table.render(),
            Err(error) => Rich::text(error.to_string()),
        }
    }
}

/// All rounds at once: their counts, and the last one drawn.
impl Render for Round {
    fn render(&self) -> Rich {
        plot::round(std::slice::from_ref(self), 0).render()
    }

    fn render_all(items: &[Self]) -> Rich {
        let row = |place: usize| vec![place.to_string(), grouped(items[place].edges.len() as i64)];
        let heads = vec![Head::number("round"), Head::number("edges")];
        let grid = Grid::of_list(heads, items.len(), row);
        Rich::stack(&[grid.render(), plot::round(items, items.len()).render()])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::batch::persons;
    use crate::calendar::Granularity;
    use crate::schema::{Equiv, PersonId::UserId};

    fn text(value: &dyn Render) -> String {
        value.render().get("text/plain").unwrap().to_owned()
    }

    #[test]
    fn a_plan_shows_its_picture_and_its_reads() {
        let span = Span::new(0, 7 * 86_400 - 3_600).unwrap();
        let plan = Plan::with_subtraction(span, &Granularity::ALL).unwrap();
        let shown = text(&plan);
        assert!(shown.contains("2 reads: 1 w, -1 h"), "{shown}");
        assert!(shown.contains("601200"), "{shown}");
        assert!(text(&span).ends_with(": 167 hours"), "{}", text(&span));
    }

    #[test]
    fn a_sketch_says_how_sure_it_is() {
        let one = Sketch::of([&UserId(1)]);
        let expected = "about 1 person (± 0.81 %), in 7 bytes at precision 14";
        assert_eq!(text(&one), expected);
    }

    #[test]
    fn rounds_show_their_counts_and_the_star() {
        let edge = |(a, b)| Equiv {
            id1: UserId(a),
            id2: UserId(b),
        };
        let rounds = persons::rounds(&[(1, 4), (3, 4), (4, 5), (5, 11), (5, 2)].map(edge));
        let shown = rounds.render().get("text/plain").unwrap().to_owned();
        assert!(
            shown.contains("round 4: 5 edges, nothing changes"),
            "{shown}"
        );
        let index = PersonIndex::of(&[edge((1, 4))]);
        assert!(text(&index).contains("user 4"));
    }
}
