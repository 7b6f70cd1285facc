//! A grid as plain text: the twin of the HTML.
use super::{Cell, Grid, Head};

const GAP: &str = "  ";

pub(super) fn draw(grid: &Grid) -> String {
    let widths: Vec<usize> = (0..grid.heads.len())
        .map(|column| width(grid, column))
        .collect();
    let mut lines = Vec::new();
    if !grid.caption.is_empty() {
        lines.push(grid.caption.clone());
    }
    lines.push(line(grid, &widths, |column| &grid.heads[column].name));
    if grid.heads.iter().any(|head| !head.dtype.is_empty()) {
        lines.push(line(grid, &widths, |column| &grid.heads[column].dtype));
    }
    let total = widths.iter().sum::<usize>() + GAP.len() * widths.len().saturating_sub(1);
    lines.push("─".repeat(total));
    for row in &grid.rows {
        let marked = row.iter().any(|cell| matches!(cell, Cell::Marked(_)));
        let mut text = line(grid, &widths, |column| row[column].text());
        if marked {
            text.push_str("  ◀");
        }
        lines.push(text);
    }
    lines.join("\n")
}

fn width(grid: &Grid, column: usize) -> usize {
    let Head { name, dtype, .. } = &grid.heads[column];
    let cells = grid.rows.iter().map(|row| row[column].text());
    let widths = cells
        .chain([name.as_str(), dtype.as_str()])
        .map(|text| text.chars().count());
    widths.max().unwrap_or(0)
}

fn line<'a>(grid: &Grid, widths: &[usize], text: impl Fn(usize) -> &'a str) -> String {
    let cells: Vec<String> = grid
        .heads
        .iter()
        .zip(widths)
        .enumerate()
        .map(|(column, (head, &width))| {
            if head.is_right() {
                format!("{:>width$}", text(column))
            } else {
                format!("{:<width$}", text(column))
            }
        })
        .collect();
    cells.join(GAP).trim_end().to_owned()
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
        let frame =
            DataFrame::new(0, vec![Column::new_empty("a".into(), &DataType::Int64)]).unwrap();
        assert_eq!(
            draw(&Grid::of(&frame)),
            "0 rows × 1 column\na\ni64\n───".replace("\na\n", "\n  a\n")
        );
    }
}
