//! Charts of several measures of the same things, side by side and each on a scale of its own.
use super::canvas::{AFTER, BEFORE, draw};
use super::scale::tick_label;
use super::style::{INK, LABEL, kind, text_width, wrap};
use super::{Figure, WIDTH, data};
use plotters::style::Color;
use polars::prelude::{DataFrame, PolarsResult};

/// The middle of the first line of the headings, in pixels.
const HEADINGS: i32 = 52;
/// Height of a line of a heading in pixels.
const LINE: i32 = 16;
/// Height of a row in pixels.
const ROW: i32 = 26;
/// Space between two panels in pixels.
const GAP: i32 = 18;

/// Draws a panel for each column in `measures`, with a dot for each row. A measure is a column and its
/// heading. The rows are named by the column `names`. Scales are logarithmic: equal distances are equal
/// factors. That is why there are no bars, whose lengths would have to be compared with zero. Zero is at
/// the left edge. A column that the table does not have is left out, so a table without its measured
/// times can be drawn as well.
///
/// ```
/// use lambda_workbook::prelude::*;
/// let ways = df!("way" => ["recompute", "view"], "ms" => [310.0, 0.02], "behind s" => [3_600i64, 60])?;
/// let measures = [("ms", "Latency, ms"), ("behind s", "Seconds behind"), ("lost", "Lost")];
/// let figure = plot::panels(&ways, "way", &measures, "Two ways")?;
/// assert!(figure.svg().contains("recompute") && figure.svg().contains("Seconds behind"));
/// assert!(!figure.svg().contains("Lost")); // there is no such column
/// # Ok::<(), PolarsError>(())
/// ```
///
/// # Errors
/// If a measure is not a column of numbers, or there is no column `names`.
pub fn panels(
    frame: &DataFrame,
    names: &str,
    measures: &[(&str, &str)],
    title: &str,
) -> PolarsResult<Figure> {
    // Read the columns.
    let rows = data::texts(frame, names)?;
    let mut shown = Vec::new();
    for (measure, heading) in measures {
        if frame.column(measure).is_ok() {
            shown.push((*heading, data::numbers(frame, measure)?));
        }
    }
    // Names are on the left; the panels share the rest of the width.
    let widest = rows.iter().map(|name| text_width(name, LABEL)).max();
    let left = widest.unwrap_or(0) + 20;
    let count = shown.len().max(1) as i32;
    let width = (WIDTH as i32 - left - GAP * count) / count;
    let headings: Vec<Vec<String>> = { shown.iter() }
        .map(|(heading, _)| wrap(heading, LABEL, width))
        .collect();
    let lines = headings.iter().map(Vec::len).max().unwrap_or(0).max(1) as i32;
    let top = HEADINGS + LINE * (lines - 1) + 18;
    let height = top + ROW * rows.len() as i32 + 10;
    let svg = draw((WIDTH, height as u32), |canvas| {
        canvas.title(title, (8, 16));
        for (n, name) in rows.iter().enumerate() {
            canvas.label(name, (left - 8, top + ROW * n as i32 + ROW / 2), BEFORE);
        }
        for (panel, (_, values)) in shown.iter().enumerate() {
            let from = left + (width + GAP) * panel as i32;
            for (n, line) in headings[panel].iter().enumerate() {
                canvas.strong(line, (from, HEADINGS + LINE * n as i32), AFTER);
            }
            canvas.path(vec![(from, top - 4), (from, height - 6)], INK.mix(0.6), 1);
            let room = width - widest_label(values) - 12;
            for (n, value) in values.iter().enumerate() {
                let Some(value) = value else { continue };
                let y = top + ROW * n as i32;
                let end = from + place(*value, values, room);
                let middle = y + ROW / 2;
                canvas.path(vec![(from, middle), (end, middle)], INK.mix(0.25), 1);
                // All panels have one colour: the headings say what they show.
                canvas.disc((end, middle), 5, kind(0).mix(1.0));
                canvas.label(&short(*value), (end + 9, middle), AFTER);
            }
        }
    });
    // The same as text.
    let line = |(n, name): (usize, &String)| {
        let values = shown
            .iter()
            .filter_map(|(heading, values)| Some(format!("{heading}: {}", short(values[n]?))));
        format!("{name}: {}\n", values.collect::<Vec<_>>().join("; "))
    };
    let text: String = rows.iter().enumerate().map(line).collect();
    Ok(Figure::new(svg, title, &text))
}

/// Returns a value with about three significant digits.
fn short(value: f64) -> String {
    match value.abs() {
        100.0.. => tick_label(value.round()),
        1.0.. => tick_label((value * 10.0).round() / 10.0),
        _ => tick_label((value * 1000.0).round() / 1000.0),
    }
}

/// Returns the width of the longest label of some values, in pixels.
fn widest_label(values: &[Option<f64>]) -> i32 {
    let widths = values
        .iter()
        .flatten()
        .map(|v| text_width(&short(*v), LABEL));
    widths.max().unwrap_or(0)
}

/// Returns the place of a dot in pixels from the left, on a logarithmic scale. The largest value is at
/// the end of the room, and at a tenth of it the smallest value, or a tenth of the largest if that is
/// smaller. So values that are nearly equal have dots nearly above each other.
fn place(value: f64, values: &[Option<f64>], room: i32) -> i32 {
    let sizes = || {
        values
            .iter()
            .flatten()
            .map(|v| v.abs())
            .filter(|v| *v > 0.0)
    };
    let (low, high) = sizes().fold((f64::INFINITY, 0f64), |(l, h), v| (l.min(v), h.max(v)));
    if value == 0.0 || room <= 0 {
        return 0;
    }
    let low = low.min(high / 10.0);
    let share = (value.abs() / low).ln() / (high / low).ln();
    (f64::from(room) * (0.1 + 0.9 * share)).round() as i32
}

#[cfg(test)]
mod tests {
    use super::*;
    use polars::prelude::df;
    use show::picture::assert_sound;

    #[test]
    fn panels_of_very_different_amounts() {
        let ways = df!(
            "way" => ["recompute", "serving view", "merged", "incremental"],
            "rows" => [61_000i64, 19, 25, 24],
            "behind s" => [3_001i64, 21_001, 61, 2],
            "error %" => [Some(0.0), Some(24.8), Some(0.4), None],
        );
        let measures = [
            ("rows", "Latency: rows that are read"),
            ("behind s", "Timeliness: seconds behind"),
            ("error %", "Accuracy: page views, error in %"),
        ];
        let figure = panels(&ways.unwrap(), "way", &measures, "Four ways").unwrap();
        assert_sound(&figure);
        // One colour, but for the white ground and what is grey.
        let colours = figure.svg().matches("<circle").count();
        let first = figure.svg().split("<circle").nth(1).unwrap();
        let fill = first.split("fill=\"").nth(1).unwrap();
        let fill = format!("fill=\"{}\"", fill.split('"').next().unwrap());
        assert_eq!((colours, figure.svg().matches(&fill).count()), (11, 11));
    }

    #[test]
    fn panels_of_nothing() {
        let none = df!("way" => [""; 0], "ms" => [0.0; 0]).unwrap();
        let measures = [("ms", "Milliseconds"), ("lost", "Lost")];
        assert_sound(&panels(&none, "way", &measures, "none").unwrap());
        assert!(panels(&none, "lost", &measures, "none").is_err());
    }

    #[test]
    fn a_dot_further_right_is_a_larger_amount() {
        let values = [Some(0.0), Some(1.0), Some(10.0), Some(100.0)];
        let pixels = values.map(|value| place(value.unwrap(), &values, 100));
        assert_eq!(pixels, [0, 10, 55, 100]);
        let near = [Some(2_534.0), Some(2_567.0)];
        assert_eq!(
            near.map(|value| place(value.unwrap(), &near, 100)),
            [99, 100]
        );
    }
}
