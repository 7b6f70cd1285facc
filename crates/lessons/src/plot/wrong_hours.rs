//! The wrong answers of designs hour by hour, in a panel for each design.
use super::canvas::{ABOVE, AFTER, BEFORE, BELOW, draw};
use super::designs::verdict;
use super::style::{INK, wrong};
use super::{Figure, WIDTH};
use crate::designs::{Fault, Outcome, Scenario};
use plotters::style::Color;
use show::table::grouped;

/// The pixel at which names begin.
const NAMES: i32 = 8;
/// The pixel at which hour 0 is.
const LEFT: i32 = 196;
/// The pixel half an hour after the last full hour, where the last bar ends.
const RIGHT: i32 = WIDTH as i32 - 14;
/// The pixel at which the first panel begins.
const TOP: i32 = 68;
/// Height of a panel in pixels.
const PANEL: i32 = 54;
/// Height of a panel with the space below it.
const ROW: i32 = 72;

/// Draws the wrong answers at each full hour as bars, in a panel for each outcome, with its design
/// on the left. The middle of a bar is the full hour at which the answers were asked for. Lines of
/// designs that err alike would hide each other in one chart. All panels have one scale, whose
/// highest value is the most wrong answers of any of them. The hours in which the bug of `trial`
/// runs are shaded, and the loss of a store is a line.
///
/// ```
/// use lambda_workbook::prelude::*;
/// use designs::{Design, Fault, Scenario, inject_all};
/// let folder = tempfile::tempdir()?;
/// let day = Scenario::day(Fault::Bug);
/// let outcomes = inject_all(folder.path(), &day, &Design::STORES)?;
/// let figure = plot::wrong_hours(&outcomes, &day, "A day with a bug");
/// assert!(figure.svg().contains("shaded: the code has the bug"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn wrong_hours(outcomes: &[Outcome], trial: &Scenario, title: &str) -> Figure {
    let hours = trial.hours().max(1) as i32;
    let worst = outcomes.iter().map(Outcome::worst).max();
    let worst = worst.unwrap_or(0).max(1);
    // The axis is half an hour longer than the trial, because the last bar stands on its end.
    let half_hours = |n: i32| LEFT + (RIGHT - LEFT) * n / (2 * hours + 1);
    let x = |hour: i32| half_hours(2 * hour);
    let bottom = TOP + ROW * outcomes.len() as i32 - (ROW - PANEL);
    let svg = draw((WIDTH, (bottom + 46) as u32), |canvas| {
        canvas.title(title, (NAMES, 16));
        canvas.label("wrong answers", (LEFT - 6, TOP - 20), BEFORE);
        // What went wrong, behind all panels.
        match trial.fault {
            Fault::Bug => {
                let (from, until) = (x(trial.bug.start as i32), x(trial.bug.end as i32));
                canvas.fill((from, TOP - 8), (until, bottom), INK.mix(0.14));
                let middle = (from + until) / 2;
                canvas.label("shaded: the code has the bug", (middle, TOP - 11), ABOVE);
            }
            Fault::LostStore => {
                // It is lost in the middle of the hour.
                let at = half_hours(2 * trial.lost as i32 + 1);
                canvas.path(vec![(at, TOP - 8), (at, bottom)], INK.mix(1.0), 2);
                canvas.label("the store is lost", (at, TOP - 11), ABOVE);
            }
            _ => {}
        }
        // A panel for each design.
        for (row, outcome) in (0..).zip(outcomes) {
            let top = TOP + ROW * row;
            let base = top + PANEL;
            canvas.strong(outcome.design.name(), (NAMES, top + 8), AFTER);
            canvas.label(&verdict(outcome), (NAMES, top + 26), AFTER);
            if outcome.worst() > 0 {
                let most = format!("at most {}", grouped(outcome.worst()));
                canvas.label(&most, (NAMES, top + 43), AFTER);
            }
            for (y, value) in [(top, worst), (base, 0)] {
                canvas.path(vec![(LEFT, y), (RIGHT, y)], INK.mix(0.4), 1);
                canvas.label(&grouped(value), (LEFT - 6, y), BEFORE);
            }
            // The first answers are those at the end of the first hour.
            for (hour, answers) in (1..).zip(&outcome.hours) {
                if answers.all() > 0 {
                    let share = answers.all() as f64 / worst as f64;
                    // A bar is two pixels high at least, so that one wrong answer can be seen.
                    let high = ((share * f64::from(PANEL)).round() as i32).max(2);
                    canvas.fill(
                        (half_hours(2 * hour - 1), base - high),
                        (half_hours(2 * hour + 1), base),
                        wrong().mix(0.8),
                    );
                }
            }
        }
        // The hours, a quarter of the time from one tick to the next.
        for quarter in 0..=4 {
            let hour = hours * quarter / 4;
            canvas.path(
                vec![(x(hour), bottom), (x(hour), bottom + 5)],
                INK.mix(1.0),
                1,
            );
            canvas.label(&hour.to_string(), (x(hour), bottom + 8), BELOW);
        }
        let middle = ((LEFT + RIGHT) / 2, bottom + 26);
        canvas.label(
            "hours since the beginning; a bar stands at its full hour",
            middle,
            BELOW,
        );
    });
    let line = |outcome: &Outcome| {
        let (design, words) = (outcome.design.name(), verdict(outcome));
        let most = outcome.hours.iter().enumerate().rev();
        match most.max_by_key(|(_, answers)| answers.all()) {
            Some((hour, answers)) if answers.all() > 0 => {
                format!(
                    "{design}: {words}, at most {} (hour {})\n",
                    answers.all(),
                    hour + 1
                )
            }
            _ => format!("{design}: {words}\n"),
        }
    };
    Figure::new(svg, title, &outcomes.iter().map(line).collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::designs::{Design, Kept, WrongAnswers};
    use show::Render;
    use show::picture::assert_sound;

    /// An outcome of a day with some wrong page views in each hour.
    fn day(design: Design, fault: Fault, wrong: impl Fn(i64) -> i64) -> Outcome {
        let hour = |hour| WrongAnswers {
            page_views: wrong(hour),
            asked: 100,
            ..WrongAnswers::default()
        };
        Outcome {
            fault,
            design,
            hours: (0..24).map(hour).collect(),
            recovery: None,
            kept: Kept::default(),
            recorded: false,
        }
    }

    #[test]
    fn designs_that_err_alike_have_a_panel_each_on_one_scale() {
        let bug = |hour: i64| if (9..13).contains(&hour) { hour } else { 0 };
        let outcomes = [
            day(Design::Kappa, Fault::Bug, bug),
            day(Design::Lakehouse, Fault::Bug, bug),
            day(Design::Lambda, Fault::Bug, |hour| bug(hour) * 10),
            day(Design::Maintained, Fault::Bug, |_| 0),
        ];
        let figure = wrong_hours(&outcomes, &Scenario::day(Fault::Bug), "A bug");
        assert_sound(&figure);
        let svg = figure.svg();
        // The highest value stands at each panel, and a panel without errors has no bar.
        assert_eq!(svg.matches("\n120\n").count(), 4, "{svg}");
        let bars = svg.matches("opacity=\"0.8\"").count();
        assert_eq!(bars, 12, "{svg}");
        assert!(svg.contains("shaded: the code has the bug"));
        let text = figure.render().get("text/plain").unwrap().to_owned();
        assert!(
            text.contains("Lambda: 0 left; 4 h wrong, at most 120 (hour 13)"),
            "{text}"
        );
        assert!(text.ends_with("maintained view: never wrong"), "{text}");
    }

    #[test]
    fn the_middle_of_a_bar_is_the_full_hour_at_which_was_asked() {
        // The answers at noon, which are those at the end of the twelfth hour, are wrong.
        let noon = [day(Design::Lambda, Fault::Bug, |hour| {
            i64::from(hour == 11)
        })];
        let figure = wrong_hours(&noon, &Scenario::day(Fault::Bug), "Noon");
        let half_hours = |n: i32| LEFT + (RIGHT - LEFT) * n / 49;
        let (from, until) = (half_hours(23), half_hours(25));
        let bars: Vec<&str> = figure
            .svg()
            .lines()
            .filter(|line| line.contains("opacity=\"0.8\""))
            .collect();
        assert_eq!(bars.len(), 1, "{bars:?}");
        assert!(bars[0].contains(&format!("x=\"{from}\"")), "{bars:?}");
        let width = format!("width=\"{}\"", until - from);
        assert!(bars[0].contains(&width), "{bars:?}");
        // The last bar ends where the panel does.
        let last = [day(Design::Lambda, Fault::Bug, |hour| {
            i64::from(hour == 23)
        })];
        assert_sound(&wrong_hours(&last, &Scenario::day(Fault::Bug), "Midnight"));
    }

    #[test]
    fn the_moment_of_the_loss_is_marked_and_no_outcome_is_no_panic() {
        let lost = Scenario::day(Fault::LostStore);
        let outcomes = [day(Design::OneStore, Fault::LostStore, |hour| hour / 16)];
        let figure = wrong_hours(&outcomes, &lost, "A loss");
        assert_sound(&figure);
        assert!(figure.svg().contains("the store is lost"));
        assert!(!figure.svg().contains("shaded"));
        assert_sound(&wrong_hours(&[], &lost, "none"));
    }
}
