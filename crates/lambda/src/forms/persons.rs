//! Shows sketches, answers of the read and the write side, person indexes, and rounds.
use crate::batch::persons::read_side::ReadSideAnswer;
use crate::batch::persons::{PersonIndex, Round};
use crate::batch::sketch::Sketch;
use show::table::{Grid, Head, counted, grouped};
use show::{Render, Rich};

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

impl Render for ReadSideAnswer {
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

/// A table with the number of edges of each round. `plot::round` draws the edges.
impl Render for Round {
    fn render(&self) -> Rich {
        Self::render_all(std::slice::from_ref(self))
    }

    fn render_all(items: &[Self]) -> Rich {
        let row = |place: usize| vec![place.to_string(), grouped(items[place].edges.len() as i64)];
        let heads = vec![Head::number("round"), Head::number("edges")];
        Grid::of_list(heads, items.len(), row).render()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::batch::persons;
    use crate::datum::{Equiv, PersonId::UserId};

    fn text(value: &dyn Render) -> String {
        value.render().get("text/plain").unwrap().to_owned()
    }

    #[test]
    fn a_sketch_says_how_sure_it_is() {
        let one = Sketch::of([&UserId(1)]);
        let expected = "about 1 person (± 0.81 %), in 7 bytes at precision 14";
        assert_eq!(text(&one), expected);
    }

    #[test]
    fn rounds_show_their_counts() {
        let edge = |(a, b)| Equiv {
            id1: UserId(a),
            id2: UserId(b),
        };
        let rounds = persons::rounds(&[(1, 4), (3, 4), (4, 5), (5, 11), (5, 2)].map(edge));
        let shown = rounds.render().get("text/plain").unwrap().to_owned();
        assert!(shown.ends_with("    4      5"), "{shown}");
        let index = PersonIndex::of(&[edge((1, 4))]);
        assert!(text(&index).contains("user 4"));
    }
}
