//! Tables in cells: a value is converted to a grid of strings, which is drawn as HTML and as plain
//! text.
//!
//! The grid is small even if the data frame is large: it has the first and the last rows with a
//! gap between them, and likewise for columns. HTML and plain text are two drawings of the same
//! grid, so that they cannot contradict each other.
//!
//! | file | step |
//! |---|---|
//! | `shown_range` | selects the rows and columns that are shown |
//! | `frame` | converts a data frame or series to a grid; `value`, `number` and `instant` convert its values |
//! | `pairs` | converts maps, sets, lists and facts to a grid; `order` sorts entries without an order |
//! | `text` | makes every character of a text visible and limits its length |
//! | `html`, `plain` | draw the grid |
mod frame;
mod html;
mod instant;
mod number;
mod order;
mod pairs;
mod plain;
mod shown_range;
pub mod text;
mod value;

pub use pairs::{Entries, pick_sorted};
pub use shown_range::Gap;
pub use shown_range::ShownRange;
pub use value::{literal as value_literal, text as value_text};

use super::{Render, Rich};
use polars::prelude::DataType;

/// The alignment of a column's cells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Align {
    /// To the left, for text.
    Left,
    /// To the right, for numbers, so that their digits are aligned.
    Right,
}

/// One cell of a grid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TableCell {
    /// A value.
    Value(String),
    /// A value that is highlighted, for example because it differs from the expected one.
    Marked(String),
    /// A value of several lines, which are kept.
    Block(String),
    /// A missing value. It looks different from the text "null".
    Null,
    /// A cell of the columns that are left out.
    Ellipsis,
}

impl TableCell {
    /// Returns the text of the cell.
    fn text(&self) -> &str {
        match self {
            TableCell::Value(text) | TableCell::Marked(text) | TableCell::Block(text) => text,
            TableCell::Null => "null",
            TableCell::Ellipsis => "…",
        }
    }
}

/// The head of a column: its name, type and alignment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// The column's name.
    pub name: String,
    /// The column's type as polars writes it; empty if it has none.
    pub dtype: String,
    /// The alignment of its cells.
    pub align: Align,
}

impl Head {
    /// Creates the head of a column of text without a type.
    pub fn text(name: &str) -> Self {
        Head {
            name: name.to_owned(),
            dtype: String::new(),
            align: Align::Left,
        }
    }

    /// Creates the head of a column of numbers without a type.
    pub fn number(name: &str) -> Self {
        Head {
            align: Align::Right,
            ..Head::text(name)
        }
    }

    /// Creates the head of a column of this type.
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

    /// Returns true if the cells are aligned to the right.
    fn is_right(&self) -> bool {
        self.align == Align::Right
    }
}

/// A table whose cells are text, ready to be drawn.
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
    /// The line above the table, usually the shape of the data; empty for none.
    pub caption: String,
    /// The heads of the columns.
    pub heads: Vec<Head>,
    /// The rows, each with as many cells as there are heads.
    pub rows: Vec<Vec<TableCell>>,
    /// Where rows are left out, and how many; `None` if all are in the grid.
    pub gap: Option<Gap>,
}

impl Render for Grid {
    fn render(&self) -> Rich {
        Rich::text(plain::draw(self)).html(html::draw(self))
    }
}

impl Grid {
    /// Returns the HTML form, for use inside another output.
    pub fn to_html(&self) -> String {
        html::draw(self)
    }

    /// Returns the plain text form.
    pub fn to_text(&self) -> String {
        plain::draw(self)
    }

    /// Returns true if a column has a name or a type. The two columns of facts have neither.
    fn has_heads(&self) -> bool {
        let named = |head: &Head| !head.name.is_empty() || !head.dtype.is_empty();
        self.heads.iter().any(named)
    }

    /// Returns the lines to draw: the rows, and the gap in its place.
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
    /// A row.
    Row(&'a [TableCell]),
    /// The number of rows that are left out here.
    Gap(usize),
}

/// Returns a number with its noun: `one` for the singular, `many` for the plural.
///
/// ```
/// use show::table::counted;
/// assert_eq!(counted(1, "row", "rows"), "1 row");
/// assert_eq!(counted(1_409_422, "row", "rows"), "1,409,422 rows");
/// ```
pub fn counted(n: usize, one: &str, many: &str) -> String {
    format!("{} {}", grouped(n as i64), if n == 1 { one } else { many })
}

/// Returns a number with its digits in groups of three: 1409422 as `1,409,422`.
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
