//! The dashboard of an incident: what monitoring shows, and nothing of the truth.
use super::canvas::{AFTER, BELOW, Canvas, draw};
use super::dashboard::{panel, triangle};
use super::scale::Scale;
use super::style::{INK, LABEL, kind, marked, right, series, text_width};
use super::{Figure, WIDTH};
use crate::capstone::{HourSigns, Incident};
use plotters::style::{Color, RGBColor};

const LEFT: i32 = 76;
const RIGHT: i32 = WIDTH as i32 - 16;
/// Height of a panel, and of the space for its name.
const PANEL: i32 = 58;
const NAME: i32 = 30;
const TOP: i32 = 112;
const HEIGHT: u32 = (TOP + 7 * (PANEL + NAME) + 30) as u32;

/// A line of a panel: its colour, its name, its value in an hour.
type Line<'a> = (RGBColor, &'a str, &'a dyn Fn(&HourSigns) -> f64);

/// Draws the signs of an incident, hour by hour, in seven numbered panels. The last one is a
/// difference: the page views that the answers hold, less the records that were accepted. Two lines
/// that grow for a week would hide a difference of some dozens.
///
/// ```
/// use lambda_workbook::prelude::*;
/// let figure = plot::incident(&capstone::incident(7));
/// assert!(figure.svg().contains("records an hour at site 0"));
/// ```
pub fn incident(incident: &Incident) -> Figure {
    let signs = incident.hours();
    let title = format!("Incident {}: what monitoring shows", incident.seed());
    let Some(last) = signs.last() else {
        return Figure::new(draw((WIDTH, 40), |_| ()), &title, "no hours");
    };
    let along = Scale {
        from: 0.0,
        to: (last.hour + 1) as f64,
        pixel_from: LEFT,
        pixel_to: RIGHT,
    };
    let bottom = TOP + 6 * (PANEL + NAME) + PANEL;
    let svg = draw((WIDTH, HEIGHT), |canvas| {
        canvas.title(&title, (8, 16));
        events(canvas, signs, &along);
        let (one, two) = (series(0), series(1));
        for site in [0, 1] {
            let name = format!("records an hour at site {site}");
            let accepted = |hour: &HourSigns| hour.accepted[site] as f64;
            let processed = |hour: &HourSigns| hour.processed[site] as f64;
            let lines: [Line; 2] = [
                (INK, "accepted", &accepted),
                (one, "processed by the speed layer", &processed),
            ];
            lines_of(canvas, signs, &along, site as i32, &name, &lines);
        }
        let behind = |partition: usize| {
            move |hour: &HourSigns| (hour.end[partition] - hour.position[partition]) as f64
        };
        let ahead = |site: usize| move |hour: &HourSigns| hour.ahead[site] as f64 / 60.0;
        let sum = |of: fn(&HourSigns) -> [u64; 2]| {
            move |hour: &HourSigns| of(hour).iter().sum::<u64>() as f64
        };
        let accepted = sum(|hour| hour.end);
        let apart = move |hour: &HourSigns| hour.answered as f64 - accepted(hour);
        let panels: [(&str, &[Line]); 5] = [
            (
                "records that wait: end of the log less position of the speed layer",
                &[
                    (one, "partition 0", &behind(0)),
                    (two, "partition 1", &behind(1)),
                ],
            ),
            (
                "time in a record less time of its acceptance, in minutes, median",
                &[(one, "site 0", &ahead(0)), (two, "site 1", &ahead(1))],
            ),
            (
                "page views in the batch views",
                &[
                    (one, "of users", &|hour| hour.users as f64),
                    (two, "of cookies", &|hour| hour.cookies as f64),
                ],
            ),
            (
                "records that the served batch holds, both partitions",
                &[
                    (INK, "read by the run", &sum(|hour| hour.read)),
                    (marked(), "cut as published", &sum(|hour| hour.cut)),
                ],
            ),
            (
                "page views answered less records accepted, both from the beginning up to now",
                &[(one, "", &apart)],
            ),
        ];
        for (place, (name, lines)) in (2..).zip(panels) {
            lines_of(canvas, signs, &along, place, name, lines);
        }
        for hour in (0..=last.hour + 1).step_by(12) {
            let x = along.at(hour as f64);
            canvas.path(vec![(x, bottom), (x, bottom + 5)], INK.mix(0.6), 1);
            canvas.label(&hour.to_string(), (x, bottom + 8), BELOW);
        }
        let middle = ((LEFT + RIGHT) / 2, bottom + 26);
        canvas.strong("hour of the week", middle, BELOW);
    });
    Figure::new(svg, &title, &told(signs))
}

/// The hours in which another batch is served, each with the hour before it.
fn served(signs: &[HourSigns]) -> impl Iterator<Item = (&HourSigns, &HourSigns)> {
    let pairs = signs.windows(2).map(|pair| (&pair[0], &pair[1]));
    pairs.filter(|(before, hour)| before.batch != hour.batch)
}

/// Marks the batches that are served, and those that come of a new version of the code.
fn events(canvas: &Canvas, signs: &[HourSigns], along: &Scale) {
    let mut x = 8;
    triangle(canvas, (x + 5, 47), right().mix(1.0));
    canvas.label("batch served, with its number", (x + 15, 42), AFTER);
    x += 15 + text_width("batch served, with its number", LABEL) + 18;
    diamond(canvas, (x + 5, 42));
    canvas.label(
        "the first one of a new version of the batch code",
        (x + 15, 42),
        AFTER,
    );
    for (before, hour) in served(signs) {
        let x = along.at(hour.hour as f64);
        canvas.path(
            vec![(x, 76), (x, TOP + 7 * (PANEL + NAME) - NAME)],
            INK.mix(0.25),
            1,
        );
        match before.version == hour.version {
            true => triangle(canvas, (x, 76), right().mix(1.0)),
            false => diamond(canvas, (x, 71)),
        }
        canvas.label(&hour.batch.to_string(), (x + 8, 71), AFTER);
    }
}

fn diamond(canvas: &Canvas, (x, y): (i32, i32)) {
    let points = vec![(x - 6, y), (x, y - 6), (x + 6, y), (x, y + 6)];
    canvas.polygon(points, kind(1).mix(1.0));
}

/// Draws a panel with lines that keep their value for an hour. The first line of two is broad, so
/// that it can be seen below the second. A line without a name is what the name of the panel says.
fn lines_of(
    canvas: &Canvas,
    signs: &[HourSigns],
    along: &Scale,
    place: i32,
    name: &str,
    lines: &[Line],
) {
    let top = TOP + place * (PANEL + NAME);
    let name = &format!("{}. {name}", place + 1);
    let all = || {
        signs
            .iter()
            .flat_map(|hour| lines.iter().map(|line| line.2(hour)))
    };
    let (low, high) = (all().fold(0.0, f64::min), all().fold(1.0, f64::max));
    let up = panel(
        canvas,
        (LEFT, RIGHT),
        (top, top + PANEL, name),
        (low, high),
        2,
    );
    if low < 0.0 {
        let zero = up.at(0.0);
        canvas.path(vec![(LEFT, zero), (RIGHT, zero)], INK.mix(0.8), 1);
    }
    let mut from = RIGHT;
    for (ink, name, _) in lines.iter().filter(|line| !line.1.is_empty()).rev() {
        from -= text_width(name, LABEL);
        canvas.label(name, (from, top - 13), AFTER);
        canvas.fill((from - 14, top - 17), (from - 5, top - 9), ink.mix(1.0));
        from -= 24;
    }
    let widths = if lines.len() > 1 { [4, 2] } else { [2, 2] };
    for (width, (ink, _, value)) in widths.into_iter().zip(lines) {
        let mut points = Vec::new();
        for hour in signs {
            let y = up.at(value(hour));
            points.push((along.at(hour.hour as f64), y));
            points.push((along.at((hour.hour + 1) as f64), y));
        }
        let strength = if width == 4 { 0.55 } else { 1.0 };
        canvas.path(points, ink.mix(strength), width);
    }
}

/// The signs in words: at each batch that is served, and at the end.
fn told(signs: &[HourSigns]) -> String {
    let line = |hour: &HourSigns| {
        format!(
            "hour {}: batch {} of version {}, read {}/{}, cut {}/{}; positions {}/{} of {}/{}; \
             ahead by {}/{} s; users {}, cookies {}; answered {}\n",
            hour.hour,
            hour.batch,
            hour.version,
            hour.read[0],
            hour.read[1],
            hour.cut[0],
            hour.cut[1],
            hour.position[0],
            hour.position[1],
            hour.end[0],
            hour.end[1],
            hour.ahead[0],
            hour.ahead[1],
            hour.users,
            hour.cookies,
            hour.answered
        )
    };
    let at_batches = served(signs).map(|(_, hour)| line(hour));
    at_batches.chain(signs.last().map(line)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capstone::Cause;
    use show::picture::assert_sound;

    #[test]
    fn dashboards_of_every_cause() {
        for (seed, cause) in (0..).zip(Cause::DRAWN) {
            let figure = incident(&Incident::of(cause, seed));
            assert_sound(&figure);
            let name = cause.to_string();
            assert!(
                !figure.svg().contains(&name),
                "the picture tells the cause: {name}"
            );
        }
    }
}
