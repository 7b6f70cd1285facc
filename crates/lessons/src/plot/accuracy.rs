//! The errors of sketches, precision by precision, on a logarithmic axis.
use super::canvas::{AFTER, BEFORE, BELOW, Canvas, draw};
use super::style::{INK, series as colour};
use super::{Figure, WIDTH};
use crate::people::Accuracy;
use notebook::table::grouped;
use plotters::style::Color;

const LEFT: i32 = 214;
const RIGHT: i32 = WIDTH as i32 - 26;
const TOP: i32 = 66;
const ROW: i32 = 26;
/// The ends of the axis, as powers of ten of a percent: 0.001 % and 100 %.
const LOW: f64 = -3.0;
const HIGH: f64 = 2.0;

/// Draws the error of every set as a dot, in a row for each precision. The bar in a row is the standard
/// error of registers by the formula. A sketch that holds codes is drawn in green.
///
/// ```
/// use lambda_workbook::{people, plot};
/// let figure = plot::accuracy(&people::accuracy(1_000, 3), "1,000 visitors");
/// assert!(figure.svg().contains("precision 14"));
/// ```
pub fn accuracy(rows: &[Accuracy], title: &str) -> Figure {
    let bottom = TOP + ROW * rows.len() as i32;
    let svg = draw((WIDTH, (bottom + 46) as u32), |canvas| {
        canvas.title(title, (8, 16));
        legend(canvas);
        // The grid, a line for each power of ten.
        for power in LOW as i32..=HIGH as i32 {
            let x = at(f64::from(power));
            canvas.path(vec![(x, TOP - 6), (x, bottom)], INK.mix(0.3), 1);
            let percent = 10f64.powi(power);
            let name = match power == LOW as i32 {
                true => format!("{percent} % or less"),
                false => format!("{percent} %"),
            };
            canvas.label(&name, (x, bottom + 5), BELOW);
        }
        canvas.label(
            "size of the error (each step to the right is ten times as much)",
            ((LEFT + RIGHT) / 2, bottom + 24),
            BELOW,
        );
        for (place, row) in (0..).zip(rows) {
            let y = TOP + ROW * place + ROW / 2;
            let precision = row.precision.bits();
            let name = format!("precision {precision}: {} bytes", grouped(row.bytes as i64));
            canvas.label(&name, (LEFT - 10, y), BEFORE);
            let formula = at(row.formula().log10());
            canvas.fill(
                (formula - 1, y - 11),
                (formula + 2, y + 11),
                colour(1).mix(1.0),
            );
            let ink = colour(if row.sparse { 2 } else { 0 });
            for error in &row.errors {
                canvas.disc((at(error.abs().log10()), y), 4, ink.mix(0.6));
            }
        }
    });
    // As in the table: 0.8125 becomes 0.813, where `{:.3}` alone would give 0.812.
    let rounded = |percent: f64| (percent * 1_000.0).round() / 1_000.0;
    let line = |row: &Accuracy| {
        let form = if row.sparse { "codes" } else { "registers" };
        format!(
            "precision {}: {} bytes, {form}, measured {:.3} %, formula {:.3} %\n",
            row.precision.bits(),
            grouped(row.bytes as i64),
            rounded(row.measured()),
            rounded(row.formula())
        )
    };
    Figure::new(svg, title, &rows.iter().map(line).collect::<String>())
}

/// Returns the pixel of an error, given as its power of ten of a percent. Smaller errors are drawn at
/// the left end, and larger ones at the right end.
fn at(power: f64) -> i32 {
    let share = (power.clamp(LOW, HIGH) - LOW) / (HIGH - LOW);
    LEFT + (share * f64::from(RIGHT - LEFT)).round() as i32
}

fn legend(canvas: &Canvas) {
    let mut x = 8;
    for (ink, name, wide) in [
        (0, "error of one set, counted with registers", 270),
        (2, "with codes (sparse form)", 190),
    ] {
        canvas.disc((x + 5, 42), 4, colour(ink).mix(0.8));
        canvas.label(name, (x + 15, 42), AFTER);
        x += wide;
    }
    canvas.fill((x + 3, 33), (x + 6, 52), colour(1).mix(1.0));
    canvas.label("1.04 / √registers", (x + 15, 42), AFTER);
}

#[cfg(test)]
mod tests {
    use super::*;
    use show::picture::assert_sound;

    #[test]
    fn errors_of_all_sizes_are_drawn() {
        let rows = crate::people::accuracy(5_000, 20);
        let figure = accuracy(&rows, "20 sets of 5,000 visitors");
        assert_sound(&figure);
        assert_eq!(figure.svg().matches("precision ").count(), 8);
    }

    #[test]
    fn no_error_and_a_huge_one_stay_on_the_axis() {
        assert_eq!(at(f64::NEG_INFINITY), LEFT);
        assert_eq!(at(7.0), RIGHT);
        assert_sound(&accuracy(&[], "none"));
    }
}
