//! A table as cells show it: a grid of strings first, then HTML and plain text.
//!
//! The grid is small whatever the frame's size: first rows, an ellipsis row, last
//! rows. HTML and plain text are two drawings of the same grid, so that they
//! cannot say different things.
mod frame;
mod html;
mod plain;

use super::{Render, Rich};
use polars::prelude::DataType;

/// Which side a column's cells lean to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Align {
    /// Text.
    Left,
    /// Numbers, so that their digits stand under each other.
    Right,
}

/// One cell of a grid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cell {
    /// A value.
    Value(String),
    /// A value that draws the eye: what differs from what was expected.
    Marked(String),
    /// No value, which is not the text "null".
    Null,
    /// Rows or columns left out here.
    Ellipsis,
}

impl Cell {
    fn text(&self) -> &str {
        match self {
            Cell::Value(text) | Cell::Marked(text) => text,
            Cell::Null => "null",
            Cell::Ellipsis => "…",
        }
    }
}

/// The head of a column: name, type, side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// The column's name.
    pub name: String,
    /// The column's type as polars writes it; empty when it has none.
    pub dtype: String,
    /// Where its cells lean.
    pub align: Align,
}

impl Head {
    /// A head of text without a type.
    pub fn text(name: &str) -> Self {
        Head {
            name: name.to_owned(),
            dtype: String::new(),
            align: Align::Left,
        }
    }

    /// A head for a column of this type.
    pub fn of(name: &str, dtype: &DataType) -> Self {
        let align = if dtype.is_primitive_numeric() {
            Align::Right
        } else {
            Align::Left
        };
        Head {
            name: name.to_owned(),
            dtype: dtype.to_string(),
            align,
        }
    }
}

/// A table ready to draw: every cell is text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grid {
    /// What stands above: usually the shape.
    pub caption: String,
    /// One per column.
    pub heads: Vec<Head>,
    /// As many cells a row as there are heads.
    pub rows: Vec<Vec<Cell>>,
}

impl Render for Grid {
    fn render(&self) -> Rich {
        Rich::text(plain::draw(self)).html(html::draw(self))
    }
}

impl Grid {
    /// The HTML alone, to stand inside another output.
    pub fn to_html(&self) -> String {
        html::draw(self)
    }

    /// The plain text alone.
    pub fn to_text(&self) -> String {
        plain::draw(self)
    }
}

/// Digits in groups of three: `1409422` reads as `1,409,422`.
///
/// ```
/// use lambda_workbook::notebook::table::grouped;
/// assert_eq!(grouped(1_409_422), "1,409,422");
/// assert_eq!(grouped(-1_000), "-1,000");
/// assert_eq!(grouped(999), "999");
/// ```
pub fn grouped(n: i64) -> String {
    let digits = n.unsigned_abs().to_string();
    let mut out = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    if n < 0 { format!("-{out}") } else { out }
}
