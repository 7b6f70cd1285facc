//! Draws a grid as plain text, with the same contents as the HTML.
use super::text::{name, one_line, width};
use super::{Grid, Head, Line, TableCell, counted};

/// The space between two columns.
const GAP: &str = "  ";

/// Draws a grid, with cells aligned in a fixed-width font.
pub fn draw(grid: &Grid) -> String {
    let mut lines = Vec::new();
    if !grid.caption.is_empty() {
        lines.push(grid.caption.clone());
    }
    if grid.heads.is_empty() {
        return lines.join("\n");
    }
    let widths = widths(grid);
    if grid.has_heads() {
        lines.extend(head(grid, &widths));
    }
    for line in grid.lines() {
        match line {
            Line::Gap(left_out) => {
                lines.push(format!("⋮ {} more", counted(left_out, "row", "rows")))
            }
            Line::Row(cells) => {
                let mut drawn = row(grid, &widths, cells.iter().map(text));
                if cells
                    .iter()
                    .any(|cell| matches!(cell, TableCell::Marked(_)))
                {
                    drawn[0].push_str("  ◀");
                }
                lines.extend(drawn);
            }
        }
    }
    lines.join("\n")
}

/// Returns the lines of the head: names, types if there are any, and a rule.
fn head(grid: &Grid, widths: &[usize]) -> Vec<String> {
    let names = |head: &Head| vec![name(&head.name)];
    let mut lines = row(grid, widths, grid.heads.iter().map(names));
    if grid.heads.iter().any(|head| !head.dtype.is_empty()) {
        let dtypes = |head: &Head| vec![head.dtype.clone()];
        lines.extend(row(grid, widths, grid.heads.iter().map(dtypes)));
    }
    let across = widths.iter().sum::<usize>() + GAP.len() * (widths.len() - 1);
    lines.push("─".repeat(across));
    lines
}

/// Returns the lines of a cell.
fn text(cell: &TableCell) -> Vec<String> {
    match cell {
        // The text "null" is quoted, so that it is not taken for a missing value.
        TableCell::Value(text) if text == "null" => vec!["\"null\"".to_owned()],
        TableCell::Block(text) => text.lines().map(str::to_owned).collect(),
        TableCell::Null | TableCell::Ellipsis => vec![cell.text().to_owned()],
        TableCell::Value(text) | TableCell::Marked(text) => vec![one_line(text)],
    }
}

/// Returns the width of each column.
fn widths(grid: &Grid) -> Vec<usize> {
    let widest = |lines: Vec<String>| lines.iter().map(|line| width(line)).max().unwrap_or(0);
    let column = |(place, head): (usize, &Head)| {
        let cells = grid.rows.iter().map(|row| widest(text(&row[place])));
        let head = width(&name(&head.name)).max(width(&head.dtype));
        cells.fold(head, usize::max)
    };
    grid.heads.iter().enumerate().map(column).collect()
}

/// Returns the lines of a row, as many as its tallest cell has.
fn row(grid: &Grid, widths: &[usize], cells: impl Iterator<Item = Vec<String>>) -> Vec<String> {
    let cells: Vec<Vec<String>> = cells.collect();
    let tall = cells.iter().map(Vec::len).max().unwrap_or(0).max(1);
    let line = |n: usize| {
        let columns = grid.heads.iter().zip(widths).zip(&cells);
        let padded = columns.map(|((head, wanted), cell)| {
            let text = cell.get(n).map_or("", String::as_str);
            // `format!` pads by characters, but some characters are two columns wide.
            let space = " ".repeat(wanted.saturating_sub(width(text)));
            match head.is_right() {
                true => space + text,
                false => text.to_owned() + &space,
            }
        });
        padded.collect::<Vec<_>>().join(GAP).trim_end().to_owned()
    };
    (0..tall).map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use polars::prelude::*;

    #[test]
    fn the_plain_twin_reads_like_the_table() {
        let frame = df!(
            "url" => ["mysite.com/", "mysite.com/blog"],
            "ts" => [1_438_912_800i64, 1_438_912_800],
            "count" => [Some(300_054i64), None],
        )
        .unwrap();
        let expected = "\
2 rows × 3 columns
url                      ts   count
str                     i64     i64
───────────────────────────────────
mysite.com/      1438912800  300054
mysite.com/blog  1438912800    null";
        assert_eq!(draw(&Grid::of(&frame)), expected);
    }

    #[test]
    fn an_empty_frame_still_shows_its_columns() {
        let column = Column::new_empty("a".into(), &DataType::Int64);
        let frame = DataFrame::new(0, vec![column]).unwrap();
        assert_eq!(draw(&Grid::of(&frame)), "0 rows × 1 column\n  a\ni64\n───");
        assert_eq!(draw(&Grid::of(&DataFrame::empty())), "0 rows × 0 columns");
    }

    #[test]
    fn the_text_null_is_quoted() {
        let frame = df!("s" => [Some("null"), None]).unwrap();
        assert!(draw(&Grid::of(&frame)).ends_with("\"null\"\nnull"));
    }

    #[test]
    fn left_out_rows_are_counted() {
        let frame = df!("n" => (0..1_000i64).collect::<Vec<_>>()).unwrap();
        assert!(draw(&Grid::of(&frame)).contains("\n  7\n⋮ 988 rows more\n996\n"));
    }

    #[test]
    fn wide_and_joined_characters_take_their_columns() {
        let frame = df!("s" => ["東京", "e\u{301}", "abcd"], "n" => [1i64, 2, 3]).unwrap();
        let text = draw(&Grid::of(&frame));
        let rows: Vec<&str> = text.lines().skip(4).collect();
        assert_eq!(rows, ["東京    1", "e\u{301}       2", "abcd    3"]);
    }

    #[test]
    fn a_block_keeps_its_lines_and_its_place() {
        let grid = Grid {
            heads: vec![Head::text("key"), Head::text("value")],
            rows: vec![vec![
                TableCell::Value("a".into()),
                TableCell::Block("1\n2".into()),
            ]],
            ..Grid::default()
        };
        assert!(draw(&grid).ends_with("a    1\n     2"));
    }
}
