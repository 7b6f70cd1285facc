//! Figures: SVG documents with a text that says the same.
//!
//! | file | concept |
//! |---|---|
//! | `style` | the colours and what they mean, sizes, the widths of text |
//! | `scale` | converts values to pixels |
//! | `canvas` | draws lines, boxes and text on an SVG area |
//! | `net` | draws a small graph, each of its `components` on a circle |
mod assert;
pub mod canvas;
mod components;
pub mod net;
pub mod scale;
pub mod style;

pub use assert::{assert_sound, assert_sound_svg};

use crate::{Render, Rich};
use plotters::coord::Shift;
use plotters::prelude::{DrawingArea, IntoDrawingArea, SVGBackend};
use plotters::style::WHITE;

/// The usual width of a figure in pixels, which fits into the column of a notebook.
pub const WIDTH: u32 = 720;

/// An SVG picture, and a text that says the same for terminals and screen readers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Figure {
    svg: String,
    text: String,
}

impl Figure {
    /// Creates a figure from an SVG document, a title, and the contents as text.
    pub fn new(svg: String, title: &str, text: &str) -> Self {
        let text = format!("[figure] {title}\n{text}");
        Figure {
            svg: with_title(&svg, title),
            text: text.trim_end().to_owned(),
        }
    }

    /// Puts another figure below this one and returns both as one figure, with the title of this one.
    ///
    /// ```
    /// use lambda_workbook::prelude::*;
    /// let table = df!("second" => [0i64, 1], "waiting" => [0i64, 5])?;
    /// let one = plot::lines(&table, "second", "waiting").figure()?;
    /// let both = one.clone().above(&one);
    /// assert_eq!(both.svg().matches("<svg").count(), 3); // two in one
    /// # Ok::<(), PolarsError>(())
    /// ```
    pub fn above(self, below: &Figure) -> Figure {
        let heights = [&self, below].map(|figure| height_of(&figure.svg));
        let moved = below
            .svg
            .replacen("<svg ", &format!("<svg y=\"{}\" ", heights[0]), 1);
        let svg = format!(
            "<svg width=\"{WIDTH}\" height=\"{0}\" viewBox=\"0 0 {WIDTH} {0}\" xmlns=\"http://www.w3.org/2000/svg\" \
             role=\"img\" style=\"max-width:100%;height:auto\">\n{1}\n{moved}\n</svg>\n",
            heights[0] + heights[1],
            self.svg
        );
        let text = format!("{}\n{}", self.text, below.text);
        Figure { svg, text }
    }

    /// Returns the SVG document.
    pub fn svg(&self) -> &str {
        &self.svg
    }
}

impl Render for Figure {
    fn render(&self) -> Rich {
        Rich::text(&self.text).svg(&self.svg)
    }
}

/// Returns the height that an SVG document says, in pixels; 0 if it says none.
fn height_of(svg: &str) -> u32 {
    let after = svg.split_once(" height=\"").map_or("", |(_, after)| after);
    let number = after.split('"').next().unwrap_or_default();
    number.parse().unwrap_or(0)
}

/// Gives the SVG a title for screen readers and lets it shrink with its column.
fn with_title(svg: &str, title: &str) -> String {
    let Some((head, body)) = svg.split_once('>') else {
        return svg.to_owned();
    };
    let title = crate::escape::escape(title);
    format!(
        "{head} role=\"img\" style=\"max-width:100%;height:auto\">\n<title>{title}</title>{body}"
    )
}

/// Draws a figure of `size` pixels with plotters. Its background is white, because plotters draws
/// in black by default.
///
/// ```
/// use lambda_workbook::prelude::*;
/// use plotters::prelude::*;
/// let figure = plot::draw("a circle", (200, 100), |area| {
///     area.draw(&Circle::new((100, 50), 30, &BLUE))?;
///     Ok(())
/// })?;
/// assert!(figure.svg().contains("<circle"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// If `picture` returns an error.
pub fn draw<F>(
    title: &str,
    size: (u32, u32),
    picture: F,
) -> Result<Figure, Box<dyn std::error::Error>>
where
    F: FnOnce(&DrawingArea<SVGBackend<'_>, Shift>) -> Result<(), Box<dyn std::error::Error>>,
{
    let mut svg = String::new();
    {
        let area = SVGBackend::with_string(&mut svg, size).into_drawing_area();
        area.fill(&WHITE)?;
        picture(&area)?;
        area.present()?;
    }
    Ok(Figure::new(svg, title, ""))
}

#[cfg(test)]
mod tests {
    use super::*;
    use plotters::style::Color;

    #[test]
    fn what_plotters_draws_in_black_stands_on_white() {
        let figure = draw("dark inks", (10, 10), |_| Ok(())).unwrap();
        let first = figure.svg().split("<rect").nth(1).unwrap();
        assert!(first.contains("fill=\"#FFFFFF\""), "{first}");
    }

    #[test]
    fn every_picture_stands_on_white_and_all_text_has_one_colour() {
        let svg = canvas::draw((90, 60), |canvas| {
            canvas.title("a", (5, 9));
            canvas.label("b", (5, 29), canvas::AFTER);
            canvas.strong("c", (5, 49), canvas::AFTER);
        });
        let ground = svg.split("<rect").nth(1).unwrap();
        assert!(ground.contains("fill=\"#FFFFFF\""), "{ground}");
        assert!(ground.contains("width=\"90\" height=\"60\""), "{ground}");
        let texts: Vec<&str> = svg.split("<text").skip(1).collect();
        assert_eq!(texts.len(), 3);
        assert!(
            texts.iter().all(|text| text.contains("fill=\"#333333\"")),
            "{svg}"
        );
    }

    #[test]
    fn a_curve_has_its_points_to_a_tenth_of_a_pixel() {
        let svg = canvas::draw((90, 60), |canvas| {
            let ink = style::INK.mix(1.0);
            canvas.curved_polygon(&[(1.0, 2.0), (3.0, 4.55), (80.0, 2.0)], ink);
            canvas.curve(&[(1.04, 2.5), (80.26, 59.0)], ink, 2);
            canvas.curve(&[(1.0, 50.0), (80.0, 1.0)], ink, 2);
            canvas.path(vec![(0, 0), (9, 9)], ink, 1);
        });
        assert!(svg.contains("points=\"1.0,2.5 80.3,59.0 \""), "{svg}");
        assert!(svg.contains("points=\"1.0,50.0 80.0,1.0 \""), "{svg}");
        assert!(svg.contains("points=\"0,0 9,9 \""), "{svg}");
        assert_eq!(svg.matches("0,0 0,0").count(), 0, "{svg}");
        assert_sound_svg(&svg);
    }

    #[test]
    fn a_title_is_escaped() {
        let figure = draw("a < b", (10, 10), |_| Ok(())).unwrap();
        assert!(figure.svg().contains("<title>a &lt; b</title>"));
        assert_sound(&figure);
    }
}
