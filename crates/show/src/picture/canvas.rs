//! Where charts draw: pixels on a plotters SVG area.
use super::style::{INK, LABEL, TITLE};
use crate::table::text::{name as short_name, one_line};
use plotters::coord::Shift;
use plotters::element::{Circle, Drawable, PathElement, PointCollection, Polygon, Rectangle, Text};
use plotters::prelude::{DrawingArea, IntoDrawingArea, IntoFont, SVGBackend};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color, FontStyle, RGBAColor, RGBColor, ShapeStyle, TextStyle};

/// A pixel: right, down.
pub type Point = (i32, i32);

/// Draws on an area of `size` pixels and returns the SVG.
pub fn draw(size: (u32, u32), picture: impl FnOnce(&Canvas)) -> String {
    let mut svg = String::new();
    let area = SVGBackend::with_string(&mut svg, size).into_drawing_area();
    let canvas = Canvas { area };
    picture(&canvas);
    drop(canvas);
    svg
}

/// An area of pixels.
pub struct Canvas<'a> {
    area: DrawingArea<SVGBackend<'a>, Shift>,
}

/// How a text stands to its point.
#[derive(Clone, Copy)]
pub struct Hold {
    h: HPos,
    v: VPos,
}

/// The point is the middle of the text's top.
pub const BELOW: Hold = Hold {
    h: HPos::Center,
    v: VPos::Top,
};
/// The point is the middle of the text's bottom.
pub const ABOVE: Hold = Hold {
    h: HPos::Center,
    v: VPos::Bottom,
};
/// The text starts at the point.
pub const AFTER: Hold = Hold {
    h: HPos::Left,
    v: VPos::Center,
};
/// The text ends at the point.
pub const BEFORE: Hold = Hold {
    h: HPos::Right,
    v: VPos::Center,
};
/// The text is centred on the point.
pub const ON: Hold = Hold {
    h: HPos::Center,
    v: VPos::Center,
};

impl Canvas<'_> {
    /// Text of label size in the ink of axes.
    pub fn label(&self, text: &str, at: Point, hold: Hold) {
        self.text(text, at, hold, LABEL, INK, FontStyle::Normal);
    }

    /// Bold text of label size.
    pub fn strong(&self, text: &str, at: Point, hold: Hold) {
        self.text(text, at, hold, LABEL, INK, FontStyle::Bold);
    }

    /// The figure's title, from the left.
    pub fn title(&self, text: &str, at: Point) {
        self.text(text, at, AFTER, TITLE, INK, FontStyle::Bold);
    }

    fn text(&self, text: &str, at: Point, hold: Hold, size: f64, ink: RGBColor, font: FontStyle) {
        // XML knows no control characters, not even escaped ones.
        let text = one_line(text);
        // The SVG backend divides by 1.24 to give other backends' sizes.
        let font = ("sans-serif", size * 1.24).into_font().style(font);
        let style = TextStyle::from(font)
            .color(&ink)
            .pos(Pos::new(hold.h, hold.v));
        self.put(&Text::new(text, at, style));
    }

    /// A filled rectangle between two corners.
    pub fn fill(&self, from: Point, to: Point, ink: RGBAColor) {
        self.put(&Rectangle::new([from, to], ink.filled()));
    }

    /// A thin outline between two corners.
    pub fn outline(&self, from: Point, to: Point, ink: RGBAColor) {
        self.put(&Rectangle::new([from, to], ShapeStyle::from(&ink)));
    }

    /// A filled circle.
    pub fn disc(&self, centre: Point, radius: i32, ink: RGBAColor) {
        self.put(&Circle::new(centre, radius, ink.filled()));
    }

    /// The outline of a circle.
    pub fn circle(&self, centre: Point, radius: i32, ink: RGBAColor) {
        self.put(&Circle::new(centre, radius, ShapeStyle::from(&ink)));
    }

    /// A line through points.
    pub fn path(&self, points: Vec<Point>, ink: RGBAColor, width: u32) {
        let style = ShapeStyle::from(&ink).stroke_width(width);
        self.put(&PathElement::new(points, style));
    }

    /// A filled shape.
    pub fn polygon(&self, points: Vec<Point>, ink: RGBAColor) {
        self.put(&Polygon::new(points, ink.filled()));
    }

    /// The head of an arrow to the right, so long, with its tip at a point.
    pub fn head(&self, (x, y): Point, length: i32, ink: RGBAColor) {
        self.polygon(vec![(x, y), (x - length, y - 5), (x - length, y + 5)], ink);
    }

    /// A line of legend: a coloured square and a name for each series.
    pub fn legend(&self, names: &[String], from: Point) {
        let (mut x, y) = from;
        for (n, name) in names.iter().enumerate() {
            let name = &short_name(name);
            self.fill(
                (x, y - 5),
                (x + 10, y + 5),
                super::style::series(n).mix(1.0),
            );
            self.label(name, (x + 15, y), AFTER);
            x += 15 + super::style::text_width(name, LABEL) + 18;
        }
    }

    fn put<'b, E>(&self, element: &'b E)
    where
        &'b E: PointCollection<'b, Point>,
        E: for<'c> Drawable<SVGBackend<'c>>,
    {
        // Writing into a string does not fail.
        let _ = self.area.draw(element);
    }
}
