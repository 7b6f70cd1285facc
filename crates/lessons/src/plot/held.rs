//! Which view holds which minutes, moment by moment.
use super::canvas::{AFTER, BEFORE, BELOW, ON, draw};
use super::scale::Scale;
use super::style::{INK, LABEL, series as colour, text_width};
use super::{Figure, WIDTH};
use crate::layers::timeline::Held;
use plotters::style::Color;

const LEFT: i32 = 76;
const RIGHT: i32 = WIDTH as i32 - 16;
const TOP: i32 = 66;
const BAR: i32 = 20;
const PARTS: [&str; 3] = ["serving", "set A", "set B"];

/// The minutes in the serving views and in each set of realtime views, at each
/// moment of a run. What queries use is drawn full.
pub fn held(rows: &[Held], title: &str) -> Figure {
    let mut moments: Vec<&str> = rows.iter().map(|row| row.moment.as_str()).collect();
    moments.dedup();
    let last = rows.iter().map(|row| row.to).max().unwrap_or(0).max(1);
    let tall = 24 + BAR * PARTS.len() as i32 + 14;
    let bottom = TOP + tall * moments.len() as i32;
    let along = Scale {
        from: 0.0,
        to: last as f64,
        pixel_from: LEFT,
        pixel_to: RIGHT,
    };
    let svg = draw((WIDTH, (bottom + 50) as u32), |canvas| {
        canvas.title(title, (8, 16));
        canvas.legend(&PARTS.map(str::to_owned), (8, 42));
        for (n, moment) in moments.iter().enumerate() {
            let top = TOP + tall * n as i32;
            canvas.strong(moment, (8, top + 10), AFTER);
            for (lane, part) in PARTS.iter().enumerate() {
                let y = top + 24 + BAR * lane as i32;
                canvas.label(part, (LEFT - 8, y + BAR / 2), BEFORE);
                let found = rows
                    .iter()
                    .find(|row| row.moment == *moment && row.part == *part);
                let Some(row) = found.filter(|row| row.from < row.to) else {
                    canvas.label("empty", (LEFT + 4, y + BAR / 2), AFTER);
                    continue;
                };
                let (from, to) = (along.at(row.from as f64), along.at(row.to as f64));
                let ink = colour(lane).mix(if row.used { 0.32 } else { 0.08 });
                canvas.fill((from, y + 1), (to, y + BAR - 1), ink);
                canvas.outline((from, y + 1), (to, y + BAR - 1), colour(lane).mix(1.0));
                let words = [
                    format!("{} minutes", row.to - row.from),
                    (row.to - row.from).to_string(),
                ];
                if let Some(words) = words
                    .iter()
                    .find(|words| text_width(words, LABEL) < to - from - 4)
                {
                    canvas.strong(words, ((from + to) / 2, y + BAR / 2), ON);
                }
            }
        }
        canvas.path(vec![(LEFT, bottom), (RIGHT, bottom)], INK.mix(0.6), 1);
        for minute in (0..=last).step_by(if last > 100 { 20 } else { 5 }) {
            let x = along.at(minute as f64);
            canvas.path(vec![(x, bottom), (x, bottom + 5)], INK.mix(0.6), 1);
            canvas.label(&minute.to_string(), (x, bottom + 8), BELOW);
        }
        canvas.strong("minute", ((LEFT + RIGHT) / 2, bottom + 26), BELOW);
    });
    let line = |row: &Held| {
        let idle = if row.used { "" } else { ", not asked" };
        format!(
            "{}: {} holds minutes {} to {}{idle}\n",
            row.moment, row.part, row.from, row.to
        )
    };
    Figure::new(svg, title, &rows.iter().map(line).collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;
    use show::picture::assert_sound;

    #[test]
    fn held_at_three_moments() {
        let row = |moment: &str, part: &str, used, from, to| Held {
            moment: moment.into(),
            part: part.into(),
            used,
            from,
            to,
        };
        let rows = [
            row("run 1 has ended", "serving", true, 0, 0),
            row("run 1 has ended", "set B", true, 0, 10),
            row("just before run 3 ends", "serving", true, 0, 10),
            row("just before run 3 ends", "set A", true, 10, 43),
            row("just before run 3 ends", "set B", false, 25, 43),
        ];
        let figure = held(&rows, "Who holds what");
        assert_sound(&figure);
        assert!(figure.svg().contains("33 minutes"));
    }
}
