//! Pictures of data frame columns, as SVG figures.
//!
//! A chart names its columns, takes options, and ends in `figure()?`:
//!
//! ```
//! use lambda_workbook::prelude::*;
//! let view = df!("page" => ["/", "/blog"], "count" => [101_212i64, 101_732])?;
//! let figure = plot::bars(&view, "page", "count").title("Page views").figure()?;
//! assert!(figure.svg().contains("101,212"));
//! # Ok::<(), PolarsError>(())
//! ```
//!
//! | function | shows |
//! |---|---|
//! | [`bars`] | amounts of categories |
//! | [`lines`] | a value as it changes along a number or along time |
//! | [`timeline`] | buckets in time, above the days of several zones |
//! | [`plan`](fn@plan) | a plan of reads, bucket by bucket |
//! | [`round`](fn@round) | equivs, round by round |
//! | [`flow`] | boxes and arrows with numbers of the run |
//! | [`topology`](fn@topology) | queues and workers that have run |
//! | [`pipes`](fn@pipes) | the operators of a micro-batch topology |
//! | [`held`](fn@held) | which view holds which minutes |
//! | [`messages`] | a run of replicas, message by message |
//! | [`panels`] | several measures side by side, each on a scale of its own |
//! | [`architecture`] | the map, with the part in hand lit up |
//! | [`birthdays`] | how age samples narrow a birthday |
//! | [`fit`](fn@fit) | a line through timed runs, and what it leaves of each |
//! | [`dashboard`] | a week of all layers, with what went wrong |
//! | [`draw`] | anything plotters can draw |
//!
//! Figures have no background, and inks of middle brightness, so that they read
//! on a light and on a dark page, also where no style reaches them. What plotters
//! itself draws is dark, so [`draw`] gives it a white ground.
mod architecture;
mod bars;
mod birthdays;
mod canvas;
mod components;
mod dashboard;
mod data;
mod fit;
mod flow;
mod held;
mod lines;
mod messages;
pub(crate) mod net;
mod panels;
mod pipes;
mod plan;
mod rounds;
mod scale;
mod style;
mod timeline;
mod topology;

pub use architecture::{Layer, architecture};
pub use bars::{Bars, bars};
pub use birthdays::birthdays;
pub use dashboard::dashboard;
pub use fit::fit;
pub use flow::{Flow, flow};
pub use held::held;
pub use lines::{Lines, lines};
pub use messages::{Messages, messages};
pub use panels::panels;
pub use pipes::{pipes, pipes_of};
pub use plan::plan;
pub use rounds::round;
pub use timeline::{Timeline, timeline};
pub use topology::topology;

use super::{Render, Rich};
use plotters::coord::Shift;
use plotters::prelude::{DrawingArea, IntoDrawingArea, SVGBackend};
use plotters::style::WHITE;

/// The usual width in pixels: what a notebook's column has room for.
pub const WIDTH: u32 = 720;

/// A drawn picture with its text twin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Figure {
    svg: String,
    text: String,
}

impl Figure {
    pub(crate) fn new(svg: String, title: &str, text: &str) -> Self {
        let text = format!("[figure] {title}\n{text}");
        Figure {
            svg: with_title(&svg, title),
            text: text.trim_end().to_owned(),
        }
    }

    /// The SVG document.
    pub fn svg(&self) -> &str {
        &self.svg
    }
}

impl Render for Figure {
    fn render(&self) -> Rich {
        Rich::text(&self.text).svg(&self.svg)
    }
}

/// Gives the SVG a title for screen readers and lets it shrink with its column.
fn with_title(svg: &str, title: &str) -> String {
    let Some((head, body)) = svg.split_once('>') else {
        return svg.to_owned();
    };
    let title = super::escape::escape(title);
    format!(
        "{head} role=\"img\" style=\"max-width:100%;height:auto\">\n<title>{title}</title>{body}"
    )
}

/// A figure drawn with plain plotters, on white: its own inks are black.
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
pub(crate) mod tests {
    use super::*;

    /// Opened tags are closed, in order, and no coordinate is NaN.
    pub(crate) fn assert_sound(figure: &Figure) {
        assert_sound_svg(figure.svg());
        keep(figure.svg());
    }

    pub(crate) fn assert_sound_svg(svg: &str) {
        assert!(!svg.contains("NaN") && !svg.contains("inf"), "{svg}");
        let mut open = Vec::new();
        for tag in svg.split('<').skip(1) {
            let (tag, text) = tag.split_once('>').expect("a tag ends");
            assert!(
                !text.contains('&') || text.contains(';'),
                "unescaped: {text}"
            );
            if let Some(name) = tag.strip_prefix('/') {
                assert_eq!(open.pop(), Some(name));
            } else if !tag.ends_with('/') {
                open.push(tag.split_whitespace().next().expect("a tag has a name"));
            }
        }
        assert!(open.is_empty(), "left open: {open:?}");
    }

    /// With `LAMBDA_WORKBOOK_KEEP_FIGURES=DIR`, leaves the figures for the eye.
    fn keep(svg: &str) {
        if let Ok(folder) = std::env::var("LAMBDA_WORKBOOK_KEEP_FIGURES") {
            let name = std::thread::current()
                .name()
                .unwrap_or("figure")
                .replace("::", "_");
            std::fs::write(format!("{folder}/{name}.svg"), svg).expect("folder exists");
        }
    }

    #[test]
    fn what_plotters_draws_in_black_stands_on_white() {
        let figure = draw("dark inks", (10, 10), |_| Ok(())).unwrap();
        let first = figure.svg().split("<rect").nth(1).unwrap();
        assert!(first.contains("fill=\"#FFFFFF\""), "{first}");
    }

    #[test]
    fn a_title_is_escaped() {
        let figure = draw("a < b", (10, 10), |_| Ok(())).unwrap();
        assert!(figure.svg().contains("<title>a &lt; b</title>"));
        assert_sound(&figure);
    }
}
