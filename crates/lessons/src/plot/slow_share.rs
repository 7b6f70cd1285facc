//! The share of slow queries by the number of servers: the formula as a line, experiments as
//! points.
use super::canvas::{AFTER, BEFORE, BELOW, draw};
use super::scale::Scale;
use super::style::{INK, LABEL, kind, marked, text_width};
use super::{Figure, WIDTH};
use crate::serving_layer::{Percentiles, any_slow};
use plotters::style::Color;

const LEFT: i32 = 70;
const RIGHT: i32 = WIDTH as i32 - 24;
const TOP: i32 = 104;
const BOTTOM: i32 = 320;

/// Draws the formula 1 - (1 - p)^n for `slow_share` p and 1 to 100 servers, and the results of
/// experiments, each with a name. A vertical line through a point spans two standard deviations
/// up and down: about 95 of 100 points lie that near to the formula.
///
/// ```
/// use lambda_workbook::prelude::*;
/// use lambda_workbook::serving::{ServiceTime, simulate};
/// let drawn = simulate([1, 20, 100], 2_000, &ServiceTime::LESSON, 7);
/// let figure = plot::slow_share(0.01, &[("simulated", &drawn)]);
/// assert!(figure.svg().contains("simulated"));
/// ```
pub fn slow_share(slow_share: f64, experiments: &[(&str, &[Percentiles])]) -> Figure {
    let title = "Share of queries that wait for a slow server";
    let up = Scale {
        from: 0.0,
        to: 80.0,
        pixel_from: BOTTOM,
        pixel_to: TOP,
    };
    let along = Scale {
        from: 0.0,
        to: 100.0,
        pixel_from: LEFT,
        pixel_to: RIGHT,
    };
    let percent = |servers: u32| 100.0 * any_slow(slow_share, servers);
    let svg = draw((WIDTH, (BOTTOM + 56) as u32), |canvas| {
        canvas.title(title, (8, 16));
        // The legend.
        canvas.path(vec![(8, 44), (32, 44)], INK.mix(1.0), 2);
        let formula = "formula 1 - (1 - p)^n";
        canvas.label(formula, (38, 44), AFTER);
        let mut x = 38 + text_width(formula, LABEL) + 24;
        for (n, (name, _)) in experiments.iter().enumerate() {
            canvas.disc((x, 44), radius(n), colour(n).mix(1.0));
            canvas.label(name, (x + 10, 44), AFTER);
            x += 10 + text_width(name, LABEL) + 24;
        }
        canvas.path(vec![(20, 58), (20, 74)], INK.mix(1.0), 1);
        canvas.disc((20, 66), 4, INK.mix(1.0));
        let spread = "a vertical line spans two standard deviations up and down";
        canvas.label(spread, (38, 66), AFTER);
        // The axes.
        for tick in [0, 20, 40, 60, 80] {
            let y = up.at(f64::from(tick));
            canvas.path(vec![(LEFT, y), (RIGHT, y)], INK.mix(0.3), 1);
            canvas.label(&format!("{tick} %"), (LEFT - 8, y), BEFORE);
        }
        for tick in [1, 20, 40, 60, 80, 100] {
            let x = along.at(f64::from(tick));
            canvas.path(vec![(x, BOTTOM), (x, BOTTOM + 5)], INK.mix(0.6), 1);
            canvas.label(&tick.to_string(), (x, BOTTOM + 9), BELOW);
        }
        canvas.strong(
            "servers that a query asks",
            ((LEFT + RIGHT) / 2, BOTTOM + 32),
            BELOW,
        );
        let line = (0..=100).map(|n| (along.at(f64::from(n)), up.at(percent(n))));
        canvas.path(line.collect(), INK.mix(1.0), 2);
        // The points, those of a later experiment smaller, because they may cover the earlier ones.
        for (n, (_, rows)) in experiments.iter().enumerate() {
            let radius = radius(n);
            for row in *rows {
                let x = along.at(f64::from(row.servers));
                let p = row.slow_formula;
                let spread = 200.0 * (p * (1.0 - p) / row.queries.max(1) as f64).sqrt();
                let share = 100.0 * row.slow;
                let ends = vec![
                    (x, up.at((share - spread).max(0.0))),
                    (x, up.at(share + spread)),
                ];
                canvas.path(ends, colour(n).mix(1.0), 1);
                canvas.disc((x, up.at(share)), radius, colour(n).mix(1.0));
            }
        }
    });
    let mut text = String::new();
    for (name, rows) in experiments {
        for row in *rows {
            text.push_str(&format!(
                "{name}, servers {}: {:.1} %; formula {:.1} %\n",
                row.servers,
                100.0 * row.slow,
                100.0 * row.slow_formula
            ));
        }
    }
    Figure::new(svg, title, &text)
}

/// Returns the radius of an experiment's points in pixels.
fn radius(n: usize) -> i32 {
    if n == 0 { 5 } else { 3 }
}

/// Returns the colour of an experiment.
fn colour(n: usize) -> plotters::style::RGBColor {
    if n == 0 { kind(0) } else { marked() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::serving_layer::{ServiceTime, simulate};
    use show::picture::assert_sound;

    #[test]
    fn a_point_is_drawn_for_each_number_of_servers() {
        let drawn = simulate([1, 20, 100], 500, &ServiceTime::LESSON, 7);
        let figure = slow_share(0.01, &[("simulated", &drawn), ("measured", &drawn[..2])]);
        assert_sound(&figure);
        // Three more are in the legend.
        assert_eq!(figure.svg().matches("<circle").count(), 3 + 2 + 3);
    }
}
