//! A line through timed runs, and what it leaves of each.
use super::canvas::{AFTER, BEFORE, BELOW, draw};
use super::scale::{Scale, tick_label, ticks};
use super::style::{INK, series as colour};
use super::{Figure, WIDTH};
use crate::systems::Fit;
use plotters::style::Color;

const LEFT: i32 = 80;
const RIGHT: i32 = WIDTH as i32 - 24;
const TOP: i32 = 62;
const TALL: i32 = 200;
const RESIDUALS: i32 = 90;

/// Run times in seconds over hours of data, with the fitted line; below it the
/// residuals, measured less fitted, on a scale of their own.
pub fn fit(fit: &Fit, title: &str) -> Figure {
    const HOUR: f64 = 3_600.0;
    let most_data = fit.runs().iter().map(|run| run.data).fold(0.0, f64::max);
    let most_took = fit
        .runs()
        .iter()
        .map(|run| run.took * HOUR)
        .fold(0.0, f64::max);
    let left: Vec<f64> = fit.residuals().map(|left| left * HOUR).collect();
    let most_left = left
        .iter()
        .fold(1e-9, |most: f64, left| most.max(left.abs()));
    let marks = ticks(0.0, most_took, 4);
    let below = TOP + TALL + 24;
    let along = Scale {
        from: 0.0,
        to: most_data,
        pixel_from: LEFT,
        pixel_to: RIGHT,
    };
    let up = Scale {
        from: 0.0,
        to: marks[marks.len() - 1],
        pixel_from: TOP + TALL,
        pixel_to: TOP,
    };
    let beside = Scale {
        from: -most_left,
        to: most_left,
        pixel_from: below + RESIDUALS,
        pixel_to: below,
    };
    let line = |data: f64| (along.at(data), up.at(fit.job.run_time(data) * HOUR));
    let svg = draw((WIDTH, (below + RESIDUALS + 54) as u32), |canvas| {
        canvas.title(title, (8, 16));
        canvas.label(&fit.to_string(), (8, 38), AFTER);
        for mark in &marks {
            let y = up.at(*mark);
            canvas.path(vec![(LEFT, y), (RIGHT, y)], INK.mix(0.3), 1);
            canvas.label(&format!("{} s", tick_label(*mark)), (LEFT - 8, y), BEFORE);
        }
        canvas.path(vec![line(0.0), line(most_data)], colour(1).mix(1.0), 2);
        let zero = beside.at(0.0);
        canvas.path(vec![(LEFT, zero), (RIGHT, zero)], INK.mix(0.6), 1);
        for edge in [-most_left, most_left] {
            let label = format!("{edge:+.3} s");
            canvas.label(&label, (LEFT - 8, beside.at(edge)), BEFORE);
        }
        canvas.label("residuals", (LEFT - 8, zero), BEFORE);
        for (run, left) in fit.runs().iter().zip(&left) {
            let x = along.at(run.data);
            canvas.disc((x, up.at(run.took * HOUR)), 4, colour(0).mix(0.8));
            canvas.path(
                vec![(x, zero), (x, beside.at(*left))],
                colour(0).mix(0.6),
                1,
            );
            canvas.disc((x, beside.at(*left)), 3, colour(0).mix(0.8));
        }
        let bottom = below + RESIDUALS + 6;
        for value in ticks(0.0, most_data, 8)
            .into_iter()
            .filter(|value| *value <= most_data)
        {
            let x = along.at(value);
            canvas.path(vec![(x, bottom), (x, bottom + 5)], INK.mix(0.6), 1);
            canvas.label(&tick_label(value), (x, bottom + 9), BELOW);
        }
        canvas.strong("hours of data", ((LEFT + RIGHT) / 2, bottom + 28), BELOW);
    });
    Figure::new(svg, title, &fit.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::systems::TimedRun;
    use show::picture::assert_sound;

    #[test]
    fn a_fit_with_residuals_of_both_signs() {
        let runs = [(1.0, 2.4), (2.0, 2.9), (4.0, 4.1), (8.0, 5.9), (8.0, 6.2)];
        let runs = runs.map(|(data, took)| TimedRun {
            data,
            took: took / 3_600.0,
        });
        let figure = fit(&Fit::of(&runs).unwrap(), "Five runs");
        assert_sound(&figure);
        assert!(figure.svg().contains("5 runs: O = "));
    }

    #[test]
    fn a_fit_without_residuals_and_of_no_time() {
        let runs = [1.0, 2.0, 3.0].map(|data| TimedRun { data, took: 0.0 });
        assert_sound(&fit(&Fit::of(&runs).unwrap(), "No time at all"));
    }
}
