//! Figures: SVG documents with a text that says the same.
//!
//! | file | concept |
//! |---|---|
//! | `style` | colours, sizes, the widths of text |
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
use plotters::style::{RGBColor, WHITE};

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

    /// Returns the SVG document.
    pub fn svg(&self) -> &str {
        &self.svg
    }

    /// Returns the figure on a white background, with dark text. The text then has a contrast of
    /// at least 7 to 1, also on the tinted boxes of a figure, in a light and in a dark theme.
    ///
    /// ```
    /// use lambda_workbook::prelude::*;
    /// let map = plot::architecture(&[plot::Layer::Serving], "The map").on_paper();
    /// assert!(map.svg().contains("#FFFFFF"));
    /// ```
    pub fn on_paper(mut self) -> Self {
        let Some((head, body)) = self.svg.split_once("</title>") else {
            return self;
        };
        let mut svg = format!(
            "{head}</title>\n<rect width=\"100%\" height=\"100%\" fill=\"#FFFFFF\" stroke=\"none\"/>"
        );
        // Only text becomes darker; axes and arrows keep their colour.
        let ink = format!("fill=\"{}\"", hex(style::INK));
        let dark = format!("fill=\"{}\"", hex(style::PAPER_INK));
        let mut parts = body.split("<text ");
        svg.push_str(parts.next().unwrap_or_default());
        for part in parts {
            svg.push_str("<text ");
            svg.push_str(&part.replacen(&ink, &dark, 1));
        }
        self.svg = svg;
        self
    }
}

impl Render for Figure {
    fn render(&self) -> Rich {
        Rich::text(&self.text).svg(&self.svg)
    }
}

/// Returns a colour as SVG writes it.
fn hex(RGBColor(red, green, blue): RGBColor) -> String {
    format!("#{red:02X}{green:02X}{blue:02X}")
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

    #[test]
    fn what_plotters_draws_in_black_stands_on_white() {
        let figure = draw("dark inks", (10, 10), |_| Ok(())).unwrap();
        let first = figure.svg().split("<rect").nth(1).unwrap();
        assert!(first.contains("fill=\"#FFFFFF\""), "{first}");
    }

    #[test]
    fn text_on_paper_has_the_contrast_that_small_text_needs() {
        let figure = Figure::new(
            canvas::draw((90, 20), |canvas| canvas.label("a", (5, 9), canvas::AFTER)),
            "a",
            "",
        );
        assert!(figure.svg().contains("#767676"));
        let paper = figure.on_paper();
        assert_sound(&paper);
        assert!(!paper.svg().contains("#767676"));
        // Relative luminance by WCAG 2, of the ink and of the darkest tint that is used.
        let linear = |part: u8| (f64::from(part) / 255.0).powf(2.2);
        let luminance = |RGBColor(red, green, blue): RGBColor| {
            0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue)
        };
        for n in 0..6 {
            let RGBColor(red, green, blue) = style::series(n);
            let tint = |part: u8| (255.0 - 0.3 * f64::from(255 - part)) as u8;
            let tint = RGBColor(tint(red), tint(green), tint(blue));
            let contrast = (luminance(tint) + 0.05) / (luminance(style::PAPER_INK) + 0.05);
            assert!(contrast >= 7.0, "series {n}: {contrast}");
        }
    }

    #[test]
    fn a_title_is_escaped() {
        let figure = draw("a < b", (10, 10), |_| Ok(())).unwrap();
        assert!(figure.svg().contains("<title>a &lt; b</title>"));
        assert_sound(&figure);
    }
}
