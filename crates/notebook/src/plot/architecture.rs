//! The map of the Lambda Architecture, in which some parts are highlighted.
use super::canvas::{BELOW, Canvas, ON, Point, draw};
use super::style::{INK, LABEL, marked, wrap};
use super::{Figure, WIDTH};
use plotters::style::Color;

/// A part of the architecture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layer {
    /// The new data.
    Data,
    /// The batch layer: all data, and the views computed from all of them.
    Batch,
    /// The serving layer, from which batch views are read.
    Serving,
    /// The speed layer: realtime views of what arrived since the last batch run.
    Speed,
    /// The query, which merges batch views and realtime views.
    Query,
}

impl Layer {
    /// Returns what the part does for one question: how many page views had a page this week, asked
    /// at noon?
    ///
    /// ```
    /// use lambda_workbook::plot::Layer;
    /// assert!(Layer::Query.example().starts_with("adds the rows of both"));
    /// ```
    pub fn example(self) -> &'static str {
        match self {
            Self::Data => "every page view arrives as a record; nothing is counted yet",
            Self::Batch => {
                "last night it counted all records that there were; it knows nothing of today"
            }
            Self::Serving => {
                "holds last night's table, and gives the rows of this page and week at once"
            }
            Self::Speed => {
                "counts what has come since, and forgets it when a batch run has counted it"
            }
            Self::Query => {
                "adds the rows of both: until last night from the serving layer, then from the speed layer"
            }
        }
    }
}

/// A box of the map.
struct Place {
    layer: Layer,
    name: &'static str,
    /// The text in the box.
    words: &'static str,
    /// The chapters about this part.
    chapters: &'static str,
    /// The upper left corner.
    from: Point,
    /// The lower right corner.
    to: Point,
}

const PLACES: [Place; 5] = [
    Place {
        layer: Layer::Data,
        name: "new data",
        words: "facts, each with its time",
        chapters: "chapters 1, 9",
        from: (8, 92),
        to: (122, 178),
    },
    Place {
        layer: Layer::Batch,
        name: "batch layer",
        words: "all data, only added to; views = function(all data)",
        chapters: "chapters 1, 2, 3, 10",
        from: (170, 36),
        to: (350, 126),
    },
    Place {
        layer: Layer::Serving,
        name: "serving layer",
        words: "batch views, replaced as a whole, read at random",
        chapters: "chapter 4",
        from: (396, 36),
        to: (560, 126),
    },
    Place {
        layer: Layer::Speed,
        name: "speed layer",
        words: "log, stream processing, realtime views of what the batch run has not seen",
        chapters: "chapters 5, 7, 8",
        from: (170, 150),
        to: (560, 226),
    },
    Place {
        layer: Layer::Query,
        name: "query",
        words: "merges both",
        chapters: "chapters 6, 9, 11",
        from: (602, 92),
        to: (714, 178),
    },
];
/// The arrows: (start, tip).
const ARROWS: [(Point, Point); 5] = [
    ((122, 118), (170, 86)),
    ((122, 152), (170, 184)),
    ((350, 82), (396, 82)),
    ((560, 86), (602, 116)),
    ((560, 186), (602, 154)),
];
/// Height of a line of text in pixels.
const LINE: i32 = 16;

/// Draws the map, with the parts in `lit` highlighted.
///
/// ```
/// use lambda_workbook::prelude::*;
/// let map = plot::architecture(&[plot::Layer::Speed], "You are here");
/// assert!(map.svg().contains("speed layer") && map.svg().contains("serving layer"));
/// ```
pub fn architecture(lit: &[Layer], title: &str) -> Figure {
    let svg = draw((WIDTH, 236), |canvas| {
        canvas.title(title, (8, 16));
        for (from, to) in ARROWS {
            arrow(canvas, from, to);
        }
        for place in &PLACES {
            boxed(canvas, place, lit.contains(&place.layer));
        }
    });
    let line = |place: &Place| {
        let here = if lit.contains(&place.layer) {
            " <- here"
        } else {
            ""
        };
        format!(
            "{}: {} ({}){here}\n",
            place.name, place.words, place.chapters
        )
    };
    Figure::new(svg, title, &PLACES.iter().map(line).collect::<String>())
}

/// Draws a box, highlighted if `lit` is true.
fn boxed(canvas: &Canvas, place: &Place, lit: bool) {
    let ((left, top), (right, bottom)) = (place.from, place.to);
    let ink = if lit { marked() } else { INK };
    canvas.fill(place.from, place.to, ink.mix(if lit { 0.3 } else { 0.06 }));
    canvas.outline(place.from, place.to, ink.mix(1.0));
    if lit {
        canvas.outline((left + 1, top + 1), (right - 1, bottom - 1), ink.mix(1.0));
    }
    let middle = (left + right) / 2;
    canvas.strong(place.name, (middle, top + 12), ON);
    let lines = wrap(place.words, LABEL, right - left - 8);
    for (n, line) in (0..).zip(&lines) {
        canvas.label(line, (middle, top + 20 + LINE * n), BELOW);
    }
    canvas.label(place.chapters, (middle, bottom - 9), ON);
}

/// Draws an arrow.
fn arrow(canvas: &Canvas, from: Point, to: Point) {
    canvas.path(
        vec![(from.0 + 3, from.1), (to.0 - 9, to.1)],
        INK.mix(1.0),
        2,
    );
    canvas.head((to.0 - 2, to.1), 9, INK.mix(1.0));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Render;
    use show::picture::assert_sound;

    #[test]
    fn architecture_with_the_speed_layer_lit() {
        let map = architecture(&[Layer::Speed], "The part in hand: the speed layer");
        assert_sound(&map);
        let text = map.render().get("text/plain").unwrap().to_owned();
        assert_eq!(text.matches("<- here").count(), 1);
        assert!(text.contains("(chapters 5, 7, 8) <- here"), "{text}");
    }

    #[test]
    fn architecture_with_nothing_and_with_everything_lit() {
        assert_sound(&architecture(&[], "The map"));
        let all = PLACES.map(|place| place.layer);
        let map = architecture(&all, "All of it");
        assert_sound(&map);
        assert_ne!(map.svg(), architecture(&[], "All of it").svg());
    }
}
