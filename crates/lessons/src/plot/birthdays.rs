//! How age samples narrow a birthday: one bar of days for each (figure 18.1).
use super::canvas::{AFTER, BEFORE, BELOW, ON, draw};
use super::scale::Scale;
use super::style::{INK, LABEL, kind, right, text_width, wrong};
use super::{Figure, WIDTH};
use crate::systems::{AgeSample, Birthday, Days, infer};
use chrono::{Datelike as _, NaiveDate};
use plotters::style::Color;

const LEFT: i32 = 150;
const RIGHT: i32 = WIDTH as i32 - 16;
const TOP: i32 = 50;
const BAR: i32 = 24;
/// More samples than this are left out, and it is said how many.
const SHOWN: usize = 24;

/// The days on which each sample lets its person be born, in the order given, and
/// below them what all of them leave. Where samples contradict, those to blame are
/// drawn in another colour.
///
/// ```
/// use lambda_workbook::prelude::*;
/// use lambda_workbook::datum::PersonId;
/// let sample = |secs, age| systems::AgeSample::new(PersonId::UserId(7), secs, age);
/// let samples = [sample(1_438_912_800, 30)?, sample(1_443_657_600, 31)?];
/// let figure = plot::birthdays(&samples, "User 7");
/// assert!(figure.svg().contains("1984-08-08 to 1984-10-01"));
/// # Ok::<(), systems::RecomputeError>(())
/// ```
pub fn birthdays(samples: &[AgeSample], title: &str) -> Figure {
    let shown = &samples[..samples.len().min(SHOWN)];
    let birthday = infer(samples);
    let blamed: &[AgeSample] = match &birthday {
        Some(Birthday::Contradiction(found)) => found.samples(),
        _ => &[],
    };
    let ranges: Vec<Days> = shown.iter().map(AgeSample::birthdays).collect();
    let day = |date: NaiveDate| f64::from(date.num_days_from_ce());
    let from = ranges
        .iter()
        .map(|days| day(days.earliest))
        .fold(f64::INFINITY, f64::min);
    let to = ranges
        .iter()
        .map(|days| day(days.latest))
        .fold(f64::NEG_INFINITY, f64::max);
    let (from, to) = if from <= to {
        (from, to + 1.0)
    } else {
        (0.0, 1.0)
    };
    let along = Scale {
        from,
        to,
        pixel_from: LEFT,
        pixel_to: RIGHT,
    };
    let left_out = samples.len() - shown.len();
    let end = TOP + BAR * (shown.len() + usize::from(left_out > 0)) as i32;
    let told = birthday
        .as_ref()
        .map_or("no samples".to_owned(), |birthday| match birthday {
            Birthday::Within(days) => format!("{days}: {} days", days.count()),
            Birthday::Contradiction(found) => match found.pairs().count() {
                1 => "no day is left: 1 pair contradicts".to_owned(),
                pairs => format!("no day is left: {pairs} pairs contradict"),
            },
        });
    let svg = draw((WIDTH, (end + BAR + 56) as u32), |canvas| {
        canvas.title(title, (8, 16));
        for (lane, (sample, days)) in shown.iter().zip(&ranges).enumerate() {
            let y = TOP + BAR * lane as i32;
            let name = format!("age {} on {}", sample.age(), sample.day());
            canvas.label(&name, (LEFT - 8, y + BAR / 2), BEFORE);
            let ink = if blamed.contains(sample) {
                wrong()
            } else {
                kind(0)
            };
            let (a, b) = (
                along.at(day(days.earliest)),
                along.at(day(days.latest) + 1.0),
            );
            canvas.fill((a, y + 4), (b.max(a + 2), y + BAR - 4), ink.mix(0.45));
            canvas.outline((a, y + 4), (b.max(a + 2), y + BAR - 4), ink.mix(1.0));
        }
        if left_out > 0 {
            let more = format!("and {left_out} samples more");
            canvas.label(&more, (LEFT + 4, end - BAR / 2), AFTER);
        }
        canvas.strong("all of them", (LEFT - 8, end + BAR / 2), BEFORE);
        if let Some(days) = birthday.as_ref().and_then(Birthday::days) {
            let (a, b) = (
                along.at(day(days.earliest)),
                along.at(day(days.latest) + 1.0),
            );
            canvas.fill((a, TOP), (b.max(a + 2), end + BAR - 4), right().mix(0.18));
            canvas.fill(
                (a, end + 4),
                (b.max(a + 2), end + BAR - 4),
                right().mix(1.0),
            );
            let half = text_width(&told, LABEL) / 2;
            let middle = ((a + b) / 2).clamp(LEFT + half, RIGHT - half);
            canvas.strong(&told, (middle, end + BAR + 8), ON);
        } else {
            canvas.strong(&told, (LEFT + 4, end + BAR / 2), AFTER);
        }
        let axis = end + BAR + 22;
        canvas.path(vec![(LEFT, axis), (RIGHT, axis)], INK.mix(0.6), 1);
        let years = first_days(from, to);
        let step = years.len().div_ceil(8).max(1);
        for (date, value) in years.into_iter().step_by(step) {
            let x = along.at(value);
            canvas.path(vec![(x, axis), (x, axis + 5)], INK.mix(0.6), 1);
            canvas.label(&date.format("%b %Y").to_string(), (x, axis + 8), BELOW);
        }
    });
    let lines = shown
        .iter()
        .zip(&ranges)
        .map(|(sample, days)| format!("age {} on {}: born {days}\n", sample.age(), sample.day()));
    let text = lines.collect::<String>() + &format!("all of them: {told}\n");
    Figure::new(svg, title, &text)
}

/// The first days of the quarters in a span of days, with their numbers; of years
/// where there would be too many.
fn first_days(from: f64, to: f64) -> Vec<(NaiveDate, f64)> {
    let year =
        |days: f64| NaiveDate::from_num_days_from_ce_opt(days as i32).map_or(0, |date| date.year());
    let months: &[u32] = if to - from > 4.0 * 366.0 {
        &[1]
    } else {
        &[1, 4, 7, 10]
    };
    let quarters =
        (year(from)..=year(to)).flat_map(|year| months.iter().map(move |month| (year, *month)));
    let dates = quarters.filter_map(|(year, month)| NaiveDate::from_ymd_opt(year, month, 1));
    let numbered = dates.map(|date| (date, f64::from(date.num_days_from_ce())));
    numbered
        .filter(|(_, value)| (from..=to).contains(value))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use lambda::datum::PersonId;
    use notebook::Render as _;
    use show::picture::assert_sound;

    fn samples(told: &[(i64, i64)]) -> Vec<AgeSample> {
        let sample =
            |(secs, age): &(i64, i64)| AgeSample::new(PersonId::UserId(1), *secs, *age).unwrap();
        told.iter().map(sample).collect()
    }

    #[test]
    fn birthdays_that_narrow() {
        let told = [
            (1_142_000_000, 20),
            (1_262_304_000, 24),
            (1_438_912_800, 30),
            (1_443_657_600, 30),
        ];
        let figure = birthdays(&samples(&told), "User 1");
        assert_sound(&figure);
        let text = figure.render().get("text/plain").unwrap().to_owned();
        assert!(text.contains("all of them: 1985-"), "{text}");
    }

    #[test]
    fn birthdays_that_contradict_of_one_sample_of_none_and_of_many() {
        let figure = birthdays(&samples(&[(0, 30), (0, 50), (86_400, 30)]), "Two ages");
        assert_sound(&figure);
        assert!(figure.svg().contains("no day is left: 2 pairs contradict"));
        assert_sound(&birthdays(&samples(&[(0, 30)]), "One"));
        assert_sound(&birthdays(&[], "None"));
        let many: Vec<(i64, i64)> = (0..100).map(|n| (n * 86_400, 30)).collect();
        let figure = birthdays(&samples(&many), "Many");
        assert_sound(&figure);
        assert!(figure.svg().contains("and 76 samples more"));
    }
}
