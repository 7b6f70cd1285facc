//! From polars to a grid.
use super::{Align, Cell, Grid, Head, grouped};
use polars::prelude::{AnyValue, Column, DataFrame, DataType, Series};

/// Frames of more rows than this show their first and last rows only.
const ALL_ROWS: usize = 24;
const FIRST: usize = 8;
const LAST: usize = 4;
/// Frames of more columns than this leave out the middle ones.
const ALL_COLUMNS: usize = 40;
/// Longer text is cut: a cell is no place for a 10 MB URL.
const LONGEST_TEXT: usize = 100;
const DECIMALS: usize = 4;

impl Grid {
    /// The grid of a data frame.
    pub fn of(frame: &DataFrame) -> Grid {
        let (height, width) = frame.shape();
        let mut grid = of_columns(frame.columns(), height);
        grid.caption = format!(
            "{} {} × {} {}",
            grouped(height as i64),
            if height == 1 { "row" } else { "rows" },
            grouped(width as i64),
            if width == 1 { "column" } else { "columns" },
        );
        grid
    }

    /// The grid of one series.
    pub fn of_series(series: &Series) -> Grid {
        let mut grid = of_columns(&[series.clone().into()], series.len());
        grid.caption = format!("series of {}", grouped(series.len() as i64));
        grid
    }

    /// The grid of a map: one row a key.
    pub fn of_pairs(pairs: Vec<(String, String)>) -> Grid {
        let row = |row: Option<usize>| match row.map(|i| &pairs[i]) {
            Some((key, value)) => vec![Cell::Value(short(key)), Cell::Value(short(value))],
            None => vec![Cell::Ellipsis; 2],
        };
        Grid {
            caption: format!("map of {}", grouped(pairs.len() as i64)),
            heads: vec![Head::text("key"), Head::text("value")],
            rows: shown(pairs.len()).into_iter().map(row).collect(),
        }
    }
}

/// The rows that are shown, with `None` where rows are left out.
fn shown(height: usize) -> Vec<Option<usize>> {
    if height <= ALL_ROWS {
        return (0..height).map(Some).collect();
    }
    let first = (0..FIRST).map(Some);
    first
        .chain([None])
        .chain((height - LAST..height).map(Some))
        .collect()
}

fn of_columns(columns: &[Column], height: usize) -> Grid {
    let shown = shown(height);
    let mut heads = Vec::new();
    let mut cells: Vec<Vec<Cell>> = Vec::new();
    let half = ALL_COLUMNS / 2;
    for (place, column) in columns.iter().enumerate() {
        if columns.len() > ALL_COLUMNS && (half..columns.len() - half).contains(&place) {
            if place == half {
                heads.push(Head::text("…"));
                cells.push(vec![Cell::Ellipsis; shown.len()]);
            }
            continue;
        }
        heads.push(Head::of(column.name(), column.dtype()));
        cells.push(column_cells(column, &shown));
    }
    let rows = (0..shown.len()).map(|row| cells.iter().map(|column| column[row].clone()).collect());
    Grid {
        caption: String::new(),
        heads,
        rows: rows.collect(),
    }
}

fn column_cells(column: &Column, shown: &[Option<usize>]) -> Vec<Cell> {
    let indices = shown.iter().flatten();
    let values: Vec<AnyValue> = indices
        .map(|&i| column.get(i).unwrap_or(AnyValue::Null))
        .collect();
    let floats = matches!(column.dtype(), DataType::Float32 | DataType::Float64);
    let cells = if floats {
        float_cells(&values)
    } else {
        values.iter().map(cell).collect()
    };
    let mut cells = cells.into_iter();
    let cell = |row: &Option<usize>| row.and_then(|_| cells.next()).unwrap_or(Cell::Ellipsis);
    shown.iter().map(cell).collect()
}

/// One value as a cell.
pub(crate) fn cell(value: &AnyValue) -> Cell {
    match value {
        AnyValue::Null => Cell::Null,
        value => Cell::Value(short(&value.str_value())),
    }
}

/// Floats of a column share their number of decimals, so that the points align.
fn float_cells(values: &[AnyValue]) -> Vec<Cell> {
    let floats: Vec<Option<f64>> = values
        .iter()
        .map(|value| match value {
            AnyValue::Float32(x) => Some(f64::from(*x)),
            AnyValue::Float64(x) => Some(*x),
            _ => None,
        })
        .collect();
    let ordinary = |x: f64| x == 0.0 || (1e-3..1e15).contains(&x.abs());
    let decimals = floats
        .iter()
        .flatten()
        .filter(|x| ordinary(**x))
        .map(|x| decimals_needed(*x))
        .max()
        .unwrap_or(1)
        .max(1);
    let text = |x: f64| {
        if !x.is_finite() {
            x.to_string()
        } else if ordinary(x) {
            format!("{x:.decimals$}")
        } else {
            format!("{x:.DECIMALS$e}")
        }
    };
    let cells = floats.into_iter();
    cells
        .map(|x| x.map_or(Cell::Null, |x| Cell::Value(text(x))))
        .collect()
}

fn decimals_needed(x: f64) -> usize {
    let text = format!("{x:.DECIMALS$}");
    let digits = text.trim_end_matches('0');
    digits.split_once('.').map_or(0, |(_, after)| after.len())
}

/// Text on one line, cut to a length fit for a cell.
fn short(text: &str) -> String {
    let mut kept: String = text
        .chars()
        .take(LONGEST_TEXT)
        .map(|c| match c {
            '\n' => '⏎',
            c if c.is_control() => '\u{fffd}',
            c => c,
        })
        .collect();
    if text.chars().nth(LONGEST_TEXT).is_some() {
        kept.push('…');
    }
    kept
}

impl Head {
    /// Whether cells lean right.
    pub(super) fn is_right(&self) -> bool {
        self.align == Align::Right
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use polars::prelude::*;

    #[test]
    fn a_long_frame_shows_its_first_and_last_rows() {
        let frame = df!("n" => (0..1_000i64).collect::<Vec<_>>()).unwrap();
        let grid = Grid::of(&frame);
        assert_eq!(grid.caption, "1,000 rows × 1 column");
        assert_eq!(grid.rows.len(), FIRST + 1 + LAST);
        assert_eq!(grid.rows[FIRST], [Cell::Ellipsis]);
        assert_eq!(grid.rows[FIRST - 1], [Cell::Value("7".into())]);
        assert_eq!(grid.rows[FIRST + LAST], [Cell::Value("999".into())]);
    }

    #[test]
    fn two_dozen_rows_are_shown_whole() {
        let frame = df!("n" => (0..24i64).collect::<Vec<_>>()).unwrap();
        assert_eq!(Grid::of(&frame).rows.len(), 24);
    }

    #[test]
    fn null_is_not_the_text_null() {
        let frame = df!("s" => [Some("null"), None]).unwrap();
        let grid = Grid::of(&frame);
        assert_eq!(grid.rows, [[Cell::Value("null".into())], [Cell::Null]]);
    }

    #[test]
    fn the_points_of_floats_align() {
        let frame = df!("x" => [0.5, 12.25, 3.0]).unwrap();
        let texts: Vec<_> = Grid::of(&frame)
            .rows
            .iter()
            .map(|row| row[0].text().to_owned())
            .collect();
        assert_eq!(texts, ["0.50", "12.25", "3.00"]);
    }

    #[test]
    fn odd_floats_stay_readable() {
        let frame = df!("x" => [f64::NAN, f64::INFINITY, 1e-9, 1e300]).unwrap();
        let texts: Vec<_> = Grid::of(&frame)
            .rows
            .iter()
            .map(|row| row[0].text().to_owned())
            .collect();
        assert_eq!(texts, ["NaN", "inf", "1.0000e-9", "1.0000e300"]);
    }

    #[test]
    fn long_and_broken_text_is_cut_to_one_line() {
        let long = format!("a\nb{}", "x".repeat(10_000));
        let frame = df!("s" => [long.as_str()]).unwrap();
        let grid = Grid::of(&frame);
        let text = grid.rows[0][0].text();
        assert!(text.starts_with("a⏎b") && text.ends_with("x…"), "{text}");
        assert_eq!(text.chars().count(), LONGEST_TEXT + 1);
    }

    #[test]
    fn a_wide_frame_leaves_out_its_middle() {
        let columns = (0..100)
            .map(|i| Column::new(format!("c{i}").into(), [i]))
            .collect();
        let grid = Grid::of(&DataFrame::new(1, columns).unwrap());
        assert_eq!(grid.heads.len(), ALL_COLUMNS + 1);
        assert_eq!(grid.heads[ALL_COLUMNS / 2].name, "…");
        assert_eq!(grid.heads[ALL_COLUMNS].name, "c99");
    }
}
