//! Charts of several measures of the same things, side by side and each on a scale of its own.
use super::canvas::{AFTER, BEFORE, draw};
use super::scale::tick_label;
use super::style::{INK, LABEL, kind, text_width};
use super::{Figure, WIDTH, data};
use plotters::style::Color;
use polars::prelude::{DataFrame, PolarsResult};

/// Height of title and heads in pixels.
const TOP: i32 = 70;
/// Height of a row in pixels.
const ROW: i32 = 26;
/// Space between two panels in pixels.
const GAP: i32 = 18;

/// Draws a panel for each column in `measures`, with a dot for each row. The rows are named by the
/// column `names`. Scales are logarithmic: equal distances are equal factors. That is why there are
/// no bars, whose lengths would have to be compared with zero. Zero is at the left edge. A measure
/// that the table does not have is left out, so a table without its measured times can be drawn as
/// well.
///
/// ```
/// use lambda_workbook::prelude::*;
/// let ways = df!("way" => ["recompute", "view"], "ms" => [310.0, 0.02], "behind s" => [3_600i64, 60])?;
/// let figure = plot::panels(&ways, "way", &["ms", "behind s", "not there"], "Two ways")?;
/// assert!(figure.svg().contains("recompute") && figure.svg().contains("behind s"));
/// # Ok::<(), PolarsError>(())
/// ```
///
/// # Errors
/// If a measure is not a column of numbers, or there is no column `names`.
pub fn panels(
    frame: &DataFrame,
    names: &str,
    measures: &[&str],
    title: &str,
) -> PolarsResult<Figure> {
    // Read the columns.
    let rows = data::texts(frame, names)?;
    let mut shown = Vec::new();
    for measure in measures {
        if frame.column(measure).is_ok() {
            shown.push((*measure, data::numbers(frame, measure)?));
        }
    }
    // Names are on the left; the panels share the rest of the width.
    let widest = rows.iter().map(|name| text_width(name, LABEL)).max();
    let left = widest.unwrap_or(0) + 20;
    let count = shown.len().max(1) as i32;
    let width = (WIDTH as i32 - left - GAP * count) / count;
    let height = TOP + ROW * rows.len() as i32 + 10;
    let svg = draw((WIDTH, height as u32), |canvas| {
        canvas.title(title, (8, 16));
        for (n, name) in rows.iter().enumerate() {
            canvas.label(name, (left - 8, TOP + ROW * n as i32 + ROW / 2), BEFORE);
        }
        for (panel, (measure, values)) in shown.iter().enumerate() {
            let from = left + (width + GAP) * panel as i32;
            canvas.strong(measure, (from, TOP - 18), AFTER);
            canvas.path(vec![(from, TOP - 4), (from, height - 6)], INK.mix(0.6), 1);
            let room = width - widest_label(values) - 12;
            for (n, value) in values.iter().enumerate() {
                let Some(value) = value else { continue };
                let y = TOP + ROW * n as i32;
                let end = from + place(*value, values, room);
                let middle = y + ROW / 2;
                canvas.path(vec![(from, middle), (end, middle)], INK.mix(0.25), 1);
                canvas.disc((end, middle), 5, kind(panel).mix(1.0));
                canvas.label(&short(*value), (end + 9, middle), AFTER);
            }
        }
    });
    // The same as text.
    let line = |(n, name): (usize, &String)| {
        let values = shown
            .iter()
            .filter_map(|(measure, values)| Some(format!("{measure} {}", short(values[n]?))));
        format!("{name}: {}\n", values.collect::<Vec<_>>().join(", "))
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
        let figure = panels(
            &ways.unwrap(),
            "way",
            &["rows", "behind s", "error %"],
            "Four ways",
        );
        assert_sound(&figure.unwrap());
    }

    #[test]
    fn panels_of_nothing() {
        let none = df!("way" => [""; 0], "ms" => [0.0; 0]).unwrap();
        assert_sound(&panels(&none, "way", &["ms", "lost"], "none").unwrap());
        assert!(panels(&none, "lost", &["ms"], "none").is_err());
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
