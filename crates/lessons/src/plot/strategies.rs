//! Two ways to a realtime view: from all recent data, or from new data and the view before
//! (figures 12.2, 12.3 and 14.4).
use super::canvas::{AFTER, ON, draw};
use super::style::{INK, LABEL, marked, wrap};
use super::{Figure, WIDTH};
use plotters::style::Color;
use show::table::grouped;

/// A box: its words, and its corners' x.
const BOXES: [(i32, i32); 3] = [(8, 168), (276, 436), (544, 704)];
const TALL: i32 = 64;
const ROWS: [i32; 2] = [74, 224];

/// Draws both strategies with the numbers of a run. `recent` is the number of records since the last
/// batch, `new` of those that have just come; `rows` is the number of rows of the view, and `changed`
/// of those that the new records change.
///
/// ```
/// use lambda_workbook::prelude::*;
/// let figure = plot::strategies(460, 1, 32, 1);
/// assert!(figure.svg().contains("row before") && figure.svg().contains("new row"));
/// ```
pub fn strategies(recent: u64, new: u64, rows: u64, changed: u64) -> Figure {
    let title = "Two strategies for a realtime view";
    let counted = |number: u64, noun: &str| {
        let plural = if number == 1 { "" } else { "s" };
        format!("{} {noun}{plural}", grouped(number as i64))
    };
    let words = [
        [
            format!(
                "recent data: {} since the last batch",
                counted(recent, "record")
            ),
            "the function reads all of them, each time".to_owned(),
            format!("realtime view: {} are written anew", counted(rows, "row")),
        ],
        [
            format!("new data: {}", counted(new, "record")),
            "stream processor: reads a row, adds, writes it".to_owned(),
            format!(
                "realtime view: {} of {} changes",
                counted(changed, "row"),
                grouped(rows as i64)
            ),
        ],
    ];
    let headings = [
        "realtime view = function(recent data)",
        "realtime view = function(new data, view before)",
    ];
    let svg = draw((WIDTH, (ROWS[1] + TALL + 42) as u32), |canvas| {
        canvas.title(title, (8, 16));
        for (n, top) in ROWS.into_iter().enumerate() {
            canvas.strong(headings[n], (8, top - 20), AFTER);
            for (place, (from, to)) in BOXES.into_iter().enumerate() {
                let ink = if place == 1 { marked() } else { INK };
                canvas.fill((from, top), (to, top + TALL), ink.mix(0.14));
                canvas.outline((from, top), (to, top + TALL), ink.mix(1.0));
                let lines = wrap(&words[n][place], LABEL, to - from - 12);
                let first = top + TALL / 2 - 8 * (lines.len() as i32 - 1);
                for (line, words) in (0..).zip(&lines) {
                    canvas.label(words, ((from + to) / 2, first + 16 * line), ON);
                }
            }
            let arrow = |from: i32, to: i32, y: i32| {
                canvas.path(vec![(from, y), (to - 8, y)], INK.mix(1.0), 2);
                canvas.head((to, y), 9, INK.mix(1.0));
            };
            arrow(BOXES[0].1 + 6, BOXES[1].0 - 4, top + TALL / 2);
            let (left, end) = (BOXES[1].1 + 6, BOXES[2].0 - 4);
            match n {
                0 => arrow(left, end, top + TALL / 2),
                _ => {
                    // To the view and back from it.
                    arrow(left, end, top + 46);
                    canvas.label("new row", ((left + end) / 2, top + 58), ON);
                    canvas.path(vec![(left + 8, top + 20), (end, top + 20)], INK.mix(1.0), 2);
                    let tip = vec![(left, top + 20), (left + 9, top + 15), (left + 9, top + 25)];
                    canvas.polygon(tip, INK.mix(1.0));
                    canvas.label("row before", ((left + end) / 2, top + 8), ON);
                }
            }
        }
        canvas.label(
            "The second needs random reads and writes, and may count no record twice.",
            (8, ROWS[1] + TALL + 22),
            AFTER,
        );
    });
    let text: String = (0..2)
        .map(|n| format!("{}: {}\n", headings[n], words[n].join(" -> ")))
        .collect();
    Figure::new(svg, title, &text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use show::picture::assert_sound;

    #[test]
    fn both_strategies_with_their_numbers() {
        let figure = strategies(1_402_776, 1, 1_234, 1);
        assert_sound(&figure);
        assert!(figure.svg().contains("row before"));
    }
}
