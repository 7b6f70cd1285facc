//! A canvas for charts, on an SVG area of plotters. All coordinates are pixels.
use super::style::{LABEL, TEXT, TITLE, text_width};
use crate::table::text::{name as short_name, one_line};
use plotters::coord::Shift;
use plotters::element::{Circle, Drawable, PathElement, PointCollection, Polygon, Rectangle, Text};
use plotters::prelude::{DrawingArea, IntoDrawingArea, IntoFont, SVGBackend};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color, FontStyle, RGBAColor, ShapeStyle, TextStyle, WHITE};
use std::cell::RefCell;
use std::fmt::Write as _;

/// A pixel: (x to the right, y down).
pub type Point = (i32, i32);

/// Draws on a white area of `size` pixels and returns the SVG.
///
/// The ground is white in every theme: one grey can have a contrast of at most 4.35 to 1 on both
/// white and the background of JupyterLab's dark theme, and 4.5 to 1 is the least that WCAG AA
/// allows for small text.
pub fn draw(size: (u32, u32), picture: impl FnOnce(&Canvas)) -> String {
    let mut svg = String::new();
    let area = SVGBackend::with_string(&mut svg, size).into_drawing_area();
    let curves = RefCell::default();
    let canvas = Canvas { area, curves };
    canvas.fill((0, 0), (size.0 as i32, size.1 as i32), WHITE.mix(1.0));
    picture(&canvas);
    let curves = canvas.curves.take();
    // The area writes the end of the document when it is dropped. Then each curve gets its points.
    drop(canvas);
    for (number, points) in curves.iter().enumerate() {
        let drawn = format!("points=\"{}\"", "0,0 ".repeat(stand_in(number).len()));
        svg = svg.replacen(&drawn, &format!("points=\"{points}\""), 1);
    }
    svg
}

/// Returns the points that stand for the curve with this number until all is drawn: the corner of the
/// picture, so often that no other path has it. Points outside of the picture would be moved into it.
fn stand_in(number: usize) -> Vec<Point> {
    vec![(0, 0); number + 3]
}

/// An area to draw on.
pub struct Canvas<'a> {
    area: DrawingArea<SVGBackend<'a>, Shift>,
    /// The points of each curve as they stand in the SVG.
    curves: RefCell<Vec<String>>,
}

/// The position of a text relative to its point.
#[derive(Clone, Copy)]
pub struct Anchor {
    h: HPos,
    v: VPos,
}

/// The point is the middle of the text's top.
pub const BELOW: Anchor = Anchor {
    h: HPos::Center,
    v: VPos::Top,
};
/// The point is the middle of the text's bottom.
pub const ABOVE: Anchor = Anchor {
    h: HPos::Center,
    v: VPos::Bottom,
};
/// The text starts at the point.
pub const AFTER: Anchor = Anchor {
    h: HPos::Left,
    v: VPos::Center,
};
/// The text ends at the point.
pub const BEFORE: Anchor = Anchor {
    h: HPos::Right,
    v: VPos::Center,
};
/// The text is centred on the point.
pub const ON: Anchor = Anchor {
    h: HPos::Center,
    v: VPos::Center,
};

/// Cuts a line into dashes of `on` pixels with gaps of `off` pixels. Each has the corners that it goes
/// around.
fn dashes(line: &[Point], (on, off): (u32, u32)) -> Vec<Vec<Point>> {
    let lengths = [on, off].map(|pixels| f64::from(pixels.max(1)));
    let mut dashes: Vec<Vec<Point>> = line.first().map(|first| vec![*first]).into_iter().collect();
    // Whether this is a dash or a gap, and how long it still is.
    let (mut is_dash, mut left) = (true, lengths[0]);
    for pair in line.windows(2) {
        let (from, to) = (pair[0], pair[1]);
        let (dx, dy) = (f64::from(to.0 - from.0), f64::from(to.1 - from.1));
        let (length, mut done) = (dx.hypot(dy), 0.0);
        while length - done > left {
            done += left;
            let along =
                |start: i32, way: f64| (f64::from(start) + way * done / length).round() as i32;
            let at = (along(from.0, dx), along(from.1, dy));
            match is_dash {
                true => dashes.last_mut().expect("a dash has begun").push(at),
                false => dashes.push(vec![at]),
            }
            is_dash = !is_dash;
            left = lengths[usize::from(!is_dash)];
        }
        left -= length - done;
        if is_dash {
            dashes.last_mut().expect("a dash has begun").push(to);
        }
    }
    dashes.retain(|dash| dash.len() > 1);
    dashes
}

impl Canvas<'_> {
    /// Draws text of label size.
    pub fn label(&self, text: &str, at: Point, anchor: Anchor) {
        self.text(text, at, anchor, LABEL, FontStyle::Normal);
    }

    /// Draws the name of a vertical axis. It ends at the point, or begins at the left edge if it is
    /// too wide for that.
    pub fn axis_name(&self, name: &str, (x, y): Point) {
        match text_width(name, LABEL) + 8 <= x {
            true => self.label(name, (x, y), BEFORE),
            false => self.label(name, (8, y), AFTER),
        }
    }

    /// Draws bold text of label size.
    pub fn strong(&self, text: &str, at: Point, anchor: Anchor) {
        self.text(text, at, anchor, LABEL, FontStyle::Bold);
    }

    /// Draws the title of the figure, which begins at the point.
    pub fn title(&self, text: &str, at: Point) {
        self.text(text, at, AFTER, TITLE, FontStyle::Bold);
    }

    fn text(&self, text: &str, at: Point, anchor: Anchor, size: f64, font: FontStyle) {
        // XML allows no control characters, not even escaped ones.
        let text = one_line(text);
        // The SVG backend divides font sizes by 1.24, to match those of other backends.
        let font = ("sans-serif", size * 1.24).into_font().style(font);
        let style = TextStyle::from(font)
            .color(&TEXT)
            .pos(Pos::new(anchor.h, anchor.v));
        self.put(&Text::new(text, at, style));
    }

    /// Draws a filled rectangle between two corners.
    pub fn fill(&self, from: Point, to: Point, ink: RGBAColor) {
        self.put(&Rectangle::new([from, to], ink.filled()));
    }

    /// Draws the outline of a rectangle between two corners, one pixel wide.
    pub fn outline(&self, from: Point, to: Point, ink: RGBAColor) {
        self.put(&Rectangle::new([from, to], ShapeStyle::from(&ink)));
    }

    /// Draws a filled circle.
    pub fn disc(&self, centre: Point, radius: i32, ink: RGBAColor) {
        self.put(&Circle::new(centre, radius, ink.filled()));
    }

    /// Draws the outline of a circle, one pixel wide.
    pub fn circle(&self, centre: Point, radius: i32, ink: RGBAColor) {
        self.put(&Circle::new(centre, radius, ShapeStyle::from(&ink)));
    }

    /// Draws a line through points, `width` pixels wide.
    pub fn path(&self, points: Vec<Point>, ink: RGBAColor, width: u32) {
        let style = ShapeStyle::from(&ink).stroke_width(width);
        self.put(&PathElement::new(points, style));
    }

    /// Draws a broken line through points, `width` pixels wide: dashes of `on` pixels and gaps of `off`
    /// pixels, which go around corners.
    pub fn dashed(&self, points: &[Point], ink: RGBAColor, width: u32, pattern: (u32, u32)) {
        for dash in dashes(points, pattern) {
            self.path(dash, ink, width);
        }
    }

    /// Draws a line through points, given to a tenth of a pixel, `width` pixels wide. A line that
    /// rises slowly looks like stairs if it goes from pixel to pixel.
    pub fn curve(&self, points: &[(f64, f64)], ink: RGBAColor, width: u32) {
        self.path(self.curve_of(points), ink, width);
    }

    /// Draws a filled polygon whose corners are given to a tenth of a pixel.
    pub fn curved_polygon(&self, points: &[(f64, f64)], ink: RGBAColor) {
        self.polygon(self.curve_of(points), ink);
    }

    /// Keeps the points of a curve, and returns those that plotters draws in their place, because it
    /// knows whole pixels only.
    fn curve_of(&self, points: &[(f64, f64)]) -> Vec<Point> {
        let mut written = String::new();
        for (x, y) in points {
            write!(written, "{x:.1},{y:.1} ").expect("a string can be written to");
        }
        let mut curves = self.curves.borrow_mut();
        curves.push(written);
        stand_in(curves.len() - 1)
    }

    /// Draws a filled polygon.
    pub fn polygon(&self, points: Vec<Point>, ink: RGBAColor) {
        self.put(&Polygon::new(points, ink.filled()));
    }

    /// Draws the head of an arrow to the right, `length` pixels long, with its tip at the point.
    pub fn head(&self, (x, y): Point, length: i32, ink: RGBAColor) {
        self.polygon(vec![(x, y), (x - length, y - 5), (x - length, y + 5)], ink);
    }

    /// Draws an arrow from one point to another, `width` pixels wide, with its tip at the second.
    pub fn arrow(&self, from: Point, to: Point, ink: RGBAColor, width: u32) {
        const HEAD: f64 = 8.0;
        let (dx, dy) = (f64::from(to.0 - from.0), f64::from(to.1 - from.1));
        let length = dx.hypot(dy);
        if length < HEAD {
            return self.path(vec![from, to], ink, width);
        }
        // The unit vector along the arrow; the head's other corners are to the left and right of it.
        let (along, across) = (dx / length, dy / length);
        let corner = |side: f64| {
            let x = f64::from(to.0) - HEAD * along - side * across;
            let y = f64::from(to.1) - HEAD * across + side * along;
            (x.round() as i32, y.round() as i32)
        };
        self.path(vec![from, corner(0.0)], ink, width);
        self.polygon(vec![to, corner(-4.0), corner(4.0)], ink);
    }

    /// Draws a legend on one line: a coloured square and a name for each series.
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
        // Drawing cannot fail, because the backend writes to a string.
        let _ = self.area.draw(element);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dashes_go_around_corners_and_leave_gaps() {
        assert_eq!(dashes(&[], (4, 2)), Vec::<Vec<Point>>::new());
        assert_eq!(dashes(&[(5, 5)], (4, 2)), Vec::<Vec<Point>>::new());
        let straight = dashes(&[(0, 0), (12, 0)], (4, 2));
        assert_eq!(straight, [[(0, 0), (4, 0)], [(6, 0), (10, 0)]]);
        // The first dash goes around the corner, and so does the first gap around the second corner.
        let stairs = dashes(&[(0, 0), (3, 0), (3, 2), (20, 2)], (4, 2));
        assert_eq!(stairs[0], [(0, 0), (3, 0), (3, 1)]);
        assert_eq!(stairs[1], [(4, 2), (8, 2)]);
        // Together they have the length of the line but for the gaps.
        let drawn: i32 = dashes(&[(0, 0), (0, 60)], (4, 2))
            .iter()
            .map(|dash| dash[1].1 - dash[0].1)
            .sum();
        assert_eq!(drawn, 40);
    }
}
