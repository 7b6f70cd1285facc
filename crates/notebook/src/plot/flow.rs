//! Flow charts: boxes and arrows that show how data flow, with numbers of a run.
use super::canvas::{ABOVE, BELOW, Canvas, draw};
use super::style::{INK, LABEL, series as colour, wrap};
use super::{Figure, WIDTH};
use plotters::style::Color;

/// Starts a flow chart, which is a row of boxes.
///
/// ```
/// use lambda_workbook::prelude::*;
/// let figure = plot::flow("from data to answer")
///     .stage("all data", ["1,409,422 page views"])
///     .arrow("count")
///     .stage("view", ["8 rows"])
///     .figure();
/// assert!(figure.svg().contains("8 rows"));
/// ```
pub fn flow(title: &str) -> Flow {
    Flow {
        title: title.to_owned(),
        stages: Vec::new(),
    }
}

/// The builder of a flow chart; see [`flow`].
#[derive(Clone)]
#[must_use = "end it with .figure()"]
pub struct Flow {
    title: String,
    stages: Vec<Stage>,
}

/// A box.
#[derive(Clone)]
struct Stage {
    name: String,
    lines: Vec<String>,
    /// The text at the arrow to the next box.
    arrow: String,
}

/// Height of a line of text in pixels.
const LINE: i32 = 17;
/// Space on the left and on the right in pixels.
const MARGIN: i32 = 8;

impl Flow {
    /// Adds a box with a name and lines of text.
    pub fn stage<L: Into<String>>(
        mut self,
        name: &str,
        lines: impl IntoIterator<Item = L>,
    ) -> Self {
        let lines = lines.into_iter().map(Into::into).collect();
        self.stages.push(Stage {
            name: name.to_owned(),
            lines,
            arrow: String::new(),
        });
        self
    }

    /// Sets the text at the arrow from the last box to the next one.
    pub fn arrow(mut self, words: &str) -> Self {
        if let Some(stage) = self.stages.last_mut() {
            stage.arrow = words.to_owned();
        }
        self
    }

    /// Draws the chart.
    pub fn figure(self) -> Figure {
        // All boxes have the same width, and the height of the one with the most lines.
        let count = self.stages.len().max(1) as i32;
        let gap = if count > 1 { 84 } else { 0 };
        let width = (WIDTH as i32 - 2 * MARGIN - gap * (count - 1)) / count;
        let wrapped: Vec<[Vec<String>; 2]> = self
            .stages
            .iter()
            .map(|stage| stage.wrapped(width - 14))
            .collect();
        let lines = wrapped
            .iter()
            .map(|[name, lines]| name.len() + lines.len())
            .max()
            .unwrap_or(0) as i32;
        let (top, tall) = (44, lines * LINE + 22);
        // Draw each box, and the arrow to the next one.
        let svg = draw((WIDTH, (top + tall + 12) as u32), |canvas| {
            canvas.title(&self.title, (MARGIN, 16));
            for (n, stage) in self.stages.iter().enumerate() {
                let left = MARGIN + (width + gap) * n as i32;
                let right = left + width;
                let ink = colour(n);
                canvas.fill((left, top), (right, top + tall), ink.mix(0.12));
                canvas.outline((left, top), (right, top + tall), ink.mix(1.0));
                let [name, lines] = &wrapped[n];
                let mut y = top + 10;
                for line in name {
                    canvas.strong(line, ((left + right) / 2, y), BELOW);
                    y += LINE;
                }
                for line in lines {
                    canvas.label(line, ((left + right) / 2, y + 2), BELOW);
                    y += LINE;
                }
                if n + 1 < self.stages.len() {
                    arrow(canvas, &stage.arrow, (right, right + gap), top + tall / 2);
                }
            }
        });
        let text = self.stages.iter().map(Stage::as_text).collect::<String>();
        Figure::new(svg, &self.title, &text)
    }
}

impl Stage {
    /// Returns the name and the text, broken into lines of at most `width` pixels.
    fn wrapped(&self, width: i32) -> [Vec<String>; 2] {
        // The name is bold, and bold text is wider.
        let name = wrap(&self.name, LABEL * 1.1, width);
        let lines = self
            .lines
            .iter()
            .flat_map(|line| wrap(line, LABEL, width))
            .collect();
        [name, lines]
    }

    /// Returns the box as text, and the arrow on a second line.
    fn as_text(&self) -> String {
        let arrow = if self.arrow.is_empty() {
            String::new()
        } else {
            format!("  -> {}\n", self.arrow)
        };
        format!("{}: {}\n{arrow}", self.name, self.lines.join("; "))
    }
}

/// Draws an arrow between two boxes, with its text.
fn arrow(canvas: &Canvas, words: &str, (left, right): (i32, i32), y: i32) {
    canvas.path(vec![(left + 6, y), (right - 10, y)], INK.mix(1.0), 2);
    canvas.head((right - 4, y), 9, INK.mix(1.0));
    let middle = (left + right) / 2 - 2;
    let lines = wrap(words, LABEL, right - left - 12);
    // Half of the lines are above the arrow and half below, so that they stay near it.
    let above = lines.len().div_ceil(2);
    for (n, line) in lines.iter().enumerate() {
        let n = n as i32;
        let above = above as i32;
        if n < above {
            canvas.label(line, (middle, y - 6 - LINE * (above - 1 - n)), ABOVE);
        } else {
            canvas.label(line, (middle, y + 8 + LINE * (n - above)), BELOW);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use show::picture::assert_sound;

    #[test]
    fn flow_of_the_lesson() {
        let figure = flow("From every page view to one answer")
            .stage("all data", ["1,409,422 raw page views", "one record each"])
            .arrow("normalise, dedupe, count")
            .stage("batch views", ["22 rows", "sorted by URL"])
            .arrow("swap in whole")
            .stage("serving layer", ["indexed by URL, granularity, ts"])
            .arrow("few reads")
            .stage("query", ["mysite.com/blog on Aug 6", "899,778"])
            .figure();
        assert_sound(&figure);
    }

    #[test]
    fn flow_of_one_and_of_none() {
        assert_sound(&flow("one").stage("a", ["b"]).figure());
        assert_sound(&flow("none").arrow("nowhere").figure());
    }
}
