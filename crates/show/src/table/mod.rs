//! A table as cells show it: a grid of strings first, then HTML and plain text.
//!
//! The grid is small whatever the frame's size: first rows, a gap, last rows, and
//! so for columns. HTML and plain text are two drawings of the same grid, so that
//! they cannot say different things.
//!
//! | file | step |
//! |---|---|
//! | `window` | which rows and columns are shown |
//! | `frame` | a frame or series becomes a grid; `value`, `number`, `instant` read its values |
//! | `pairs` | so do maps, sets and lists of facts; `order` sorts what has no order |
//! | `text` | everything in a text can be seen, and its length is bounded |
//! | `html`, `plain` | the two drawings |
mod frame;
mod html;
mod instant;
mod number;
mod order;
mod pairs;
mod plain;
pub mod text;
mod value;
mod window;

pub use pairs::{Entries, pick_sorted};
pub use value::{literal as value_literal, text as value_text};
pub use window::Gap;
pub use window::Window;

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
    /// A value of several lines, which keeps them.
    Block(String),
    /// No value, which is not the text "null".
    Null,
    /// Columns left out here.
    Ellipsis,
}

impl Cell {
    fn text(&self) -> &str {
        match self {
            Cell::Value(text) | Cell::Marked(text) | Cell::Block(text) => text,
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

    /// A head of numbers without a type.
    pub fn number(name: &str) -> Self {
        Head {
            align: Align::Right,
            ..Head::text(name)
        }
    }

    /// A head for a column of this type.
    pub fn of(name: &str, dtype: &DataType) -> Self {
        let align = if dtype.is_numeric() {
            Align::Right
        } else {
            Align::Left
        };
        Head {
            name: text::start_of_text(name),
            dtype: dtype.to_string(),
            align,
        }
    }

    fn is_right(&self) -> bool {
        self.align == Align::Right
    }
}

/// A table ready to draw: every cell is text.
///
/// ```
/// use show::table::Grid;
/// use polars::prelude::*;
/// let view = df!("url" => ["mysite.com/"], "count" => [300_054i64])?;
/// let expected = "\
/// 1 row × 2 columns
/// url           count
/// str             i64
/// ───────────────────
/// mysite.com/  300054";
/// assert_eq!(Grid::of(&view).to_text(), expected);
/// # Ok::<(), PolarsError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Grid {
    /// What stands above: usually the shape.
    pub caption: String,
    /// One per column.
    pub heads: Vec<Head>,
    /// As many cells a row as there are heads.
    pub rows: Vec<Vec<Cell>>,
    /// The rows that are left out, and where.
    pub gap: Option<Gap>,
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

    /// Whether its columns have names: the two columns of facts need none.
    fn has_heads(&self) -> bool {
        let named = |head: &Head| !head.name.is_empty() || !head.dtype.is_empty();
        self.heads.iter().any(named)
    }

    /// The rows, and a gap before the one where rows are left out.
    fn lines(&self) -> impl Iterator<Item = Line<'_>> {
        let gap_before = |place| self.gap.as_ref().filter(|gap| gap.before == place);
        let rows = self.rows.iter().enumerate();
        rows.flat_map(move |(place, row)| {
            let gap = gap_before(place).map(|gap| Line::Gap(gap.left_out));
            gap.into_iter().chain([Line::Row(row)])
        })
    }
}

/// A line of a table.
enum Line<'a> {
    Row(&'a [Cell]),
    /// So many rows are left out.
    Gap(usize),
}

/// A number of things.
///
/// ```
/// use show::table::counted;
/// assert_eq!(counted(1, "row", "rows"), "1 row");
/// assert_eq!(counted(1_409_422, "row", "rows"), "1,409,422 rows");
/// ```
pub fn counted(n: usize, one: &str, many: &str) -> String {
    format!("{} {}", grouped(n as i64), if n == 1 { one } else { many })
}

/// Digits in groups of three: `1409422` reads as `1,409,422`.
///
/// ```
/// use show::table::grouped;
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
