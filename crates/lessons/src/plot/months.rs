//! Weeks below months: which weeks lie whole inside one month.
use super::canvas::{AFTER, BEFORE, BELOW, ON, draw};
use super::style::{INK, LABEL, kind, marked, text_width};
use super::{Figure, WIDTH};
use plotters::style::Color;

const LEFT: i32 = 64;
const RIGHT: i32 = WIDTH as i32 - 12;
const TOP: i32 = 34;
/// Height of a lane.
const LANE: i32 = 34;
/// The days that are drawn: three months of 28 days.
const DAYS: i64 = 84;
/// The weeks that the title counts.
const WEEKS: i64 = 60;

/// Draws months of some days, and the weeks below them, from the epoch on. A week that lies across
/// two months is orange. The title counts these among the first 60 weeks.
///
/// ```
/// use lambda_workbook::plot;
/// assert!(plot::months(28).svg().contains("no week of the first 60 lies across two"));
/// assert!(plot::months(30).svg().contains("12 of the first 60 weeks lie across two"));
/// ```
pub fn months(days: i64) -> Figure {
    let days = days.max(1);
    let torn = (0..WEEKS).filter(|week| is_torn(*week, days)).count();
    let title = &match torn {
        0 => format!("Months of {days} days: no week of the first {WEEKS} lies across two"),
        1 => format!("Months of {days} days: 1 of the first {WEEKS} weeks lies across two"),
        _ => format!("Months of {days} days: {torn} of the first {WEEKS} weeks lie across two"),
    };
    let at = |day: i64| LEFT + ((RIGHT - LEFT) as i64 * day.min(DAYS) / DAYS) as i32;
    let mut words = String::new();
    let bottom = TOP + 2 * LANE;
    let svg = draw((WIDTH, bottom as u32 + 56), |canvas| {
        canvas.title(title, (8, 16));
        canvas.label("months", (LEFT - 10, TOP + LANE / 2), BEFORE);
        canvas.label("weeks", (LEFT - 10, TOP + LANE + LANE / 2), BEFORE);
        for month in (0..).take_while(|month| month * days < DAYS) {
            let (from, until) = (at(month * days), at((month + 1) * days));
            let box_of = ((from + 1, TOP + 3), (until - 1, TOP + LANE - 3));
            canvas.fill(box_of.0, box_of.1, INK.mix(0.12));
            let name = format!("month {}", month + 1);
            if text_width(&name, LABEL) < until - from {
                canvas.label(&name, ((from + until) / 2, TOP + LANE / 2), ON);
            }
        }
        for week in 0..DAYS / 7 {
            let (from, until) = (at(7 * week), at(7 * week + 7));
            let ink = match is_torn(week, days) {
                true => marked(),
                false => kind(0),
            };
            let top = TOP + LANE;
            canvas.fill(
                (from + 1, top + 3),
                (until - 1, top + LANE - 3),
                ink.mix(0.45),
            );
            canvas.label(
                &(week + 1).to_string(),
                ((from + until) / 2, top + LANE / 2),
                ON,
            );
            if is_torn(week, days) {
                words.push_str(&format!("week {} lies across two months\n", week + 1));
            }
        }
        // Where a month ends, through both lanes.
        for month in (1..).take_while(|month| month * days < DAYS) {
            let x = at(month * days);
            canvas.path(vec![(x, TOP - 2), (x, bottom + 4)], INK.mix(0.9), 2);
            canvas.label(&format!("day {}", month * days), (x, bottom + 8), BELOW);
        }
        canvas.fill((8, bottom + 38), (22, bottom + 50), marked().mix(0.45));
        canvas.label("a week across two months", (28, bottom + 44), AFTER);
    });
    Figure::new(svg, title, &words)
}

/// Returns whether a week, the first of which is 0, lies across two months.
fn is_torn(week: i64, days: i64) -> bool {
    7 * week / days != (7 * week + 6) / days
}

#[cfg(test)]
mod tests {
    use super::*;
    use show::picture::assert_sound;

    #[test]
    fn only_months_of_whole_weeks_tear_no_week() {
        for days in 1..=60 {
            let figure = months(days);
            assert_sound(&figure);
            let none = figure.svg().contains("no week of the first 60");
            assert_eq!(none, days % 7 == 0, "{days}");
        }
    }
}
