//! Draws a grid as HTML.
//!
//! Colours come from the theme of the page: the colour of its text, and its variables for lines,
//! with half-transparent greys where there is no theme. No background has a fixed colour. The
//! meaning of a table does not depend on the style sheet, because a notebook that is not trusted
//! loses it, and so does a page on a code host. So each cell has its own alignment, null is
//! emphasised, and the type of a column is in small text.
use super::{Grid, Head, Line, TableCell, counted, text};
use crate::escape::escape;
use std::fmt::Write;

const STYLE: &str = "<style>\
.lw-table{overflow-x:auto;max-width:100%;margin:.3em 0}\
.lw-table table{border-collapse:collapse;font-variant-numeric:tabular-nums;margin:0}\
.lw-table th,.lw-table td{padding:.2em .8em;white-space:pre}\
.lw-table pre{margin:0;font-size:.9em;line-height:1.2}\
.lw-table thead th{border-bottom:1px solid var(--jp-border-color1,rgba(128,128,128,.6));\
font-weight:600;vertical-align:bottom}\
.lw-table tbody tr+tr td{border-top:1px solid var(--jp-border-color3,rgba(128,128,128,.2))}\
.lw-table small{font-weight:400}\
.lw-table small,.lw-table em,.lw-table .lw-cut,.lw-table .lw-caption{opacity:.7}\
.lw-table .lw-mark{font-weight:700;color:var(--jp-error-color1,#d32f2f)}\
.lw-table .lw-caption{padding:.2em .8em;font-size:.9em}\
</style>";

/// Draws a grid, with its style sheet.
pub fn draw(grid: &Grid) -> String {
    let mut html = String::from(STYLE);
    // The important style is repeated here, for hosts that remove style sheets: a wide table
    // scrolls, and not the whole page.
    html.push_str("<div class=\"lw-table\" style=\"overflow-x:auto;max-width:100%\">");
    if !grid.caption.is_empty() {
        // A <caption> is centred if there is no style sheet, and above a wide table it would then
        // be out of sight.
        let caption = escape(&grid.caption);
        let _ = write!(html, "<div class=\"lw-caption\">{caption}</div>");
    }
    if grid.heads.is_empty() {
        html.push_str("</div>");
        return html;
    }
    html.push_str("<table>\n");
    if grid.has_heads() {
        html.push_str("<thead><tr>");
        for head in &grid.heads {
            push_head(&mut html, head);
        }
        html.push_str("</tr></thead>\n");
    }
    html.push_str("<tbody>\n");
    for line in grid.lines() {
        html.push_str("<tr>");
        match line {
            Line::Row(row) => {
                for (head, cell) in grid.heads.iter().zip(row) {
                    push_cell(&mut html, head, cell);
                }
            }
            Line::Gap(left_out) => {
                let (left_out, across) = (counted(left_out, "row", "rows"), grid.heads.len());
                let _ = write!(
                    html,
                    "<td{LEFT} class=\"lw-cut\" colspan=\"{across}\">⋮ {left_out} more</td>"
                );
            }
        }
        html.push_str("</tr>\n");
    }
    html.push_str("</tbody></table></div>");
    html
}

// The style is for hosts whose own style sheet aligns every cell to the right. The attribute is
// for hosts that remove styles, where a head would be centred.
/// The attributes of a cell of text.
const LEFT: &str = " style=\"text-align:left\"";
/// The attributes of the head of a column of text.
const LEFT_HEAD: &str = " align=\"left\" style=\"text-align:left\"";
/// The attributes of a number and of the head of its column.
const RIGHT: &str = " align=\"right\" style=\"text-align:right\"";

/// Returns the attributes of the cells of a column.
fn side(head: &Head) -> &'static str {
    if head.is_right() { RIGHT } else { LEFT }
}

/// Appends the head of a column.
fn push_head(html: &mut String, head: &Head) {
    let (name, title) = shown(&head.name, text::name);
    let side = if head.is_right() { RIGHT } else { LEFT_HEAD };
    let _ = write!(html, "<th{side}{title}>{name}");
    if !head.dtype.is_empty() {
        let _ = write!(html, "<br><small>{}</small>", escape(&head.dtype));
    }
    html.push_str("</th>");
}

/// Appends a cell.
fn push_cell(html: &mut String, head: &Head, cell: &TableCell) {
    let side = side(head);
    let _ = match cell {
        TableCell::Value(text) => {
            let (text, title) = shown(text, text::one_line);
            write!(html, "<td{side}{title}>{text}</td>")
        }
        TableCell::Marked(text) => {
            let (text, title) = shown(text, text::one_line);
            write!(
                html,
                "<td{side}{title} class=\"lw-mark\"><b>{text}</b></td>"
            )
        }
        TableCell::Block(text) => write!(html, "<td{side}><pre>{}</pre></td>", escape(text)),
        TableCell::Null => write!(html, "<td{side}><em>null</em></td>"),
        TableCell::Ellipsis => write!(html, "<td{side} class=\"lw-cut\">…</td>"),
    };
}

/// Returns a text on one line, and a title attribute with the full text if the line differs from
/// it. `cut` makes the line.
fn shown(text: &str, cut: fn(&str) -> String) -> (String, String) {
    let line = cut(text);
    let title = match line == text {
        true => String::new(),
        false => format!(" title=\"{}\"", escape(text)),
    };
    (escape(&line).into_owned(), title)
}

#[cfg(test)]
mod tests {
    use super::*;
    use polars::prelude::*;

    #[test]
    fn names_and_text_are_escaped() {
        let frame = df!("<script>" => ["</td><img src=x onerror=alert(1)>", "\" onclick=\"\n"]);
        let html = draw(&Grid::of(&frame.unwrap()));
        assert!(html.contains("&lt;script&gt;"));
        assert!(html.contains("&lt;/td&gt;&lt;img src=x"));
        assert!(html.contains("title=\"&quot; onclick=&quot;\n\">&quot; onclick=&quot;⏎<"));
        assert!(!html.contains("<img") && !html.contains("<script"));
    }

    #[test]
    fn numbers_lean_right_and_text_left_without_a_style_sheet() {
        let html = draw(&Grid::of(&df!("n" => [7i64], "s" => ["x"]).unwrap()));
        assert!(html.contains(
            "<th align=\"right\" style=\"text-align:right\">n<br><small>i64</small></th>"
        ));
        assert!(html.contains("<td align=\"right\" style=\"text-align:right\">7</td>"));
        assert!(html.contains("<td style=\"text-align:left\">x</td>"));
    }

    #[test]
    fn nulls_and_left_out_rows_look_different_from_text() {
        let values: Vec<Option<i64>> = (0..30).map(|n| (n > 0).then_some(n)).collect();
        let html = draw(&Grid::of(&df!("n" => values).unwrap()));
        assert_eq!(html.matches("<em>null</em>").count(), 1);
        assert_eq!(
            html.matches("lw-cut\" colspan=\"1\">⋮ 18 rows more<")
                .count(),
            1
        );
    }

    #[test]
    fn a_text_that_is_cut_stands_whole_in_its_title() {
        let long = "x".repeat(200);
        let html = draw(&Grid::of(&df!("s" => [long.as_str(), "short"]).unwrap()));
        assert!(html.contains(&format!("title=\"{long}\">{}…</td>", &long[..100])));
        assert_eq!(html.matches("title=").count(), 1);
    }

    #[test]
    fn no_background_is_fixed_and_a_wide_table_scrolls() {
        let html = draw(&Grid::of(&df!("n" => [1]).unwrap()));
        assert!(!html.contains("background"));
        assert!(html.contains("style=\"overflow-x:auto;max-width:100%\""));
    }

    #[test]
    fn a_frame_without_columns_is_its_caption() {
        let html = draw(&Grid::of(&DataFrame::empty()));
        assert!(html.ends_with("0 rows × 0 columns</div></div>"));
    }
}
