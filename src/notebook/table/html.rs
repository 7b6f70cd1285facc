//! A grid as HTML.
//!
//! Colours are the theme's own: JupyterLab's variables, with half-transparent
//! greys elsewhere, and never a background of a fixed colour. Which side a cell
//! leans to stands in the cell itself, because a notebook that is not trusted yet
//! loses its style sheet, and so does a page on a code host.
use super::{Cell, Grid, Head};
use crate::notebook::escape::escape;
use std::fmt::Write;

const STYLE: &str = "<style>\
.lw-table{overflow-x:auto;max-width:100%;margin:.3em 0}\
.lw-table table{border-collapse:collapse;font-variant-numeric:tabular-nums;margin:0}\
.lw-table th,.lw-table td{padding:.2em .8em;white-space:nowrap}\
.lw-table thead th{border-bottom:1px solid var(--jp-border-color1,rgba(128,128,128,.6));\
font-weight:600;vertical-align:bottom}\
.lw-table tbody tr+tr td{border-top:1px solid var(--jp-border-color3,rgba(128,128,128,.2))}\
.lw-table small{font-weight:400;color:var(--jp-content-font-color3,#767676)}\
.lw-table .lw-null,.lw-table .lw-cut,.lw-table caption{color:var(--jp-content-font-color3,#767676)}\
.lw-table .lw-mark{font-weight:700;color:var(--jp-error-color1,#d32f2f)}\
.lw-table caption{caption-side:top;text-align:left;white-space:nowrap;padding:.2em .8em;font-size:.9em}\
</style>";

pub(super) fn draw(grid: &Grid) -> String {
    let mut html = String::from(STYLE);
    html.push_str("<div class=\"lw-table\"><table>\n");
    if !grid.caption.is_empty() {
        let _ = writeln!(html, "<caption>{}</caption>", escape(&grid.caption));
    }
    html.push_str("<thead><tr>");
    for head in &grid.heads {
        let _ = write!(html, "<th{}>{}", side(head), escape(&head.name));
        if !head.dtype.is_empty() {
            let _ = write!(html, "<br><small>{}</small>", escape(&head.dtype));
        }
        html.push_str("</th>");
    }
    html.push_str("</tr></thead>\n<tbody>\n");
    for row in &grid.rows {
        html.push_str("<tr>");
        for (head, cell) in grid.heads.iter().zip(row) {
            push_cell(&mut html, head, cell);
        }
        html.push_str("</tr>\n");
    }
    html.push_str("</tbody></table></div>");
    html
}

fn side(head: &Head) -> &'static str {
    if head.is_right() {
        " style=\"text-align:right\""
    } else {
        " style=\"text-align:left\""
    }
}

fn push_cell(html: &mut String, head: &Head, cell: &Cell) {
    let side = side(head);
    let _ = match cell {
        Cell::Value(text) => write!(html, "<td{side}>{}</td>", escape(text)),
        Cell::Marked(text) => write!(
            html,
            "<td{side} class=\"lw-mark\"><b>{}</b></td>",
            escape(text)
        ),
        Cell::Null => write!(html, "<td{side} class=\"lw-null\"><em>null</em></td>"),
        Cell::Ellipsis => write!(html, "<td{side} class=\"lw-cut\">…</td>"),
    };
}

#[cfg(test)]
mod tests {
    use super::*;
    use polars::prelude::*;

    #[test]
    fn names_and_text_are_escaped() {
        let frame = df!("<script>" => ["</td><img src=x onerror=alert(1)>"]).unwrap();
        let html = draw(&Grid::of(&frame));
        assert!(html.contains("&lt;script&gt;"));
        assert!(html.contains("&lt;/td&gt;&lt;img src=x"));
        assert!(!html.contains("<img") && !html.contains("<script"));
    }

    #[test]
    fn numbers_lean_right_and_text_left() {
        let html = draw(&Grid::of(&df!("n" => [7i64], "s" => ["x"]).unwrap()));
        assert!(html.contains("<th style=\"text-align:right\">n<br><small>i64</small></th>"));
        assert!(html.contains("<td style=\"text-align:right\">7</td>"));
        assert!(html.contains("<td style=\"text-align:left\">x</td>"));
    }

    #[test]
    fn nulls_and_left_out_rows_look_different_from_text() {
        let values: Vec<Option<i64>> = (0..30).map(|n| (n > 0).then_some(n)).collect();
        let html = draw(&Grid::of(&df!("n" => values).unwrap()));
        assert_eq!(html.matches("<em>null</em>").count(), 1);
        assert_eq!(html.matches("lw-cut\">…").count(), 1);
    }

    #[test]
    fn no_background_is_fixed() {
        let html = draw(&Grid::of(&df!("n" => [1]).unwrap()));
        assert!(!html.contains("background"));
        assert!(html.contains("overflow-x:auto"));
    }
}
