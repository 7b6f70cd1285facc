//! A week of the layers: what came, what was answered, what went wrong.
use super::canvas::{AFTER, BEFORE, BELOW, Canvas, draw};
use super::scale::{Scale, tick_label, ticks};
use super::style::{INK, LABEL, kind, marked, right, series, text_width, wrong};
use super::{Figure, WIDTH};
use crate::capstone::{Code, History, Mark, Reading};
use notebook::table::grouped;
use plotters::style::{Color, RGBColor};

const LEFT: i32 = 76;
const RIGHT: i32 = WIDTH as i32 - 16;
const HOURS: i64 = 168;
/// The panels: top, bottom, name.
const RATE: (i32, i32, &str) = (126, 176, "records an hour");
const VIEWS: (i32, i32, &str) = (206, 316, "page views: all, merged (blue), serving (filled)");
const APART: (i32, i32, &str) = (346, 426, "merged answer less the truth");
const LAG: (i32, i32, &str) = (456, 506, "records that no answer holds");
const HEIGHT: u32 = 556;

/// The dashboard of a week so far: records an hour, the merged answer above the part
/// that is served, how far each of the three answers is from the truth, and what
/// waits. Crashes, batches, partitions and deployments stand where they happened.
pub fn dashboard(history: &History) -> Figure {
    let readings = &history.readings[..];
    let along = Scale {
        from: 0.0,
        to: HOURS as f64,
        pixel_from: LEFT,
        pixel_to: RIGHT,
    };
    let title = match history.account {
        Some(_) => "The week",
        None => "The week so far",
    };
    let svg = draw((WIDTH, HEIGHT), |canvas| {
        canvas.title(title, (8, 16));
        if let Some(last) = readings.last() {
            canvas.label(&status(last), (8, 40), AFTER);
        }
        let step = history.week.step;
        bands(canvas, readings, step, &along);
        events(canvas, history, &along);
        rate(canvas, readings, step, &along);
        views(canvas, readings, &along);
        apart(canvas, readings, &along);
        lag(canvas, readings, &along);
        for day in 0..=7 {
            let x = along.at((24 * day) as f64);
            canvas.path(vec![(x, LAG.1), (x, LAG.1 + 5)], INK.mix(0.6), 1);
            if day < 7 {
                let name = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"][day as usize];
                canvas.label(name, (along.at((24 * day + 12) as f64), LAG.1 + 8), BELOW);
            }
        }
        canvas.strong(
            "hour of the week, UTC",
            ((LEFT + RIGHT) / 2, LAG.1 + 28),
            BELOW,
        );
    });
    let told = history.marks().filter(|(_, mark)| mark.is_told());
    let told = told.map(|(hour, mark)| format!("before hour {hour}: {mark}\n"));
    let status = readings.last().map_or(String::new(), status);
    Figure::new(
        svg,
        title,
        &format!("{status}\n{}", told.collect::<String>()),
    )
}

fn status(last: &Reading) -> String {
    let merged = match last.merged {
        Some(merged) => grouped(merged.page_views),
        None => "refused".to_owned(),
    };
    format!(
        "hour {} | batch {} | page views: truth {}, merged {merged} | waiting {}, oldest {} h",
        last.hour,
        last.batch,
        grouped(last.truth.page_views),
        grouped(last.waiting as i64),
        last.stale,
    )
}

/// Shades the hours in which something was not as it should be.
fn bands(canvas: &Canvas, readings: &[Reading], step: i64, along: &Scale) {
    let band = |hour: i64, ink: RGBColor, top: i32, bottom: i32| {
        let from = along.at((hour - step).max(0) as f64);
        canvas.fill((from, top), (along.at(hour as f64), bottom), ink.mix(0.18));
    };
    for reading in readings {
        if !reading.whole {
            band(reading.hour, kind(2), 92, LAG.1);
        }
        if reading.code != Code::Right {
            band(reading.hour, wrong(), 92, LAG.1);
        }
        if reading.merged.is_none() {
            band(reading.hour, kind(1), 92, LAG.1);
        }
    }
}

fn events(canvas: &Canvas, history: &History, along: &Scale) {
    let names = [
        (kind(2), "network cut"),
        (wrong(), "batch with a bug served"),
        (kind(1), "no answer"),
    ];
    let mut x = 8;
    for (ink, name) in names {
        canvas.fill((x, 58), (x + 10, 68), ink.mix(0.5));
        canvas.label(name, (x + 15, 63), AFTER);
        x += 15 + text_width(name, LABEL) + 18;
    }
    cross(canvas, (x + 5, 63));
    canvas.label("killed", (x + 15, 63), AFTER);
    x += 15 + text_width("killed", LABEL) + 18;
    triangle(canvas, (x + 5, 68), right().mix(1.0));
    canvas.label("batch served", (x + 15, 63), AFTER);
    x += 15 + text_width("batch served", LABEL) + 18;
    triangle(canvas, (x + 5, 68), wrong().mix(1.0));
    canvas.label("rolled back", (x + 15, 63), AFTER);
    let step = history.week.step;
    for (hour, mark) in history.marks() {
        let x = along.at((hour - step).max(0) as f64);
        match mark {
            Mark::Crash(_) => {
                cross(canvas, (x, 84));
                canvas.path(vec![(x, 90), (x, LAG.1)], INK.mix(0.35), 1);
            }
            Mark::Served(_, Code::Right) => triangle(canvas, (x, 101), right().mix(1.0)),
            Mark::Served(..) | Mark::RolledBack(_) => {
                triangle(canvas, (x, 101), wrong().mix(1.0));
            }
            _ => {}
        }
    }
}

fn cross(canvas: &Canvas, (x, y): (i32, i32)) {
    canvas.path(vec![(x - 4, y - 4), (x + 4, y + 4)], INK.mix(1.0), 2);
    canvas.path(vec![(x - 4, y + 4), (x + 4, y - 4)], INK.mix(1.0), 2);
}

fn triangle(canvas: &Canvas, (x, bottom): (i32, i32), ink: plotters::style::RGBAColor) {
    canvas.polygon(vec![(x - 5, bottom), (x + 5, bottom), (x, bottom - 9)], ink);
}

/// A panel's name, its grid lines, and its scale.
fn panel(canvas: &Canvas, (top, bottom, name): (i32, i32, &str), low: f64, high: f64) -> Scale {
    let marks = ticks(low, high, 2);
    let up = Scale {
        from: marks[0],
        to: marks[marks.len() - 1],
        pixel_from: bottom,
        pixel_to: top,
    };
    canvas.label(name, (LEFT, top - 13), AFTER);
    for mark in marks {
        let y = up.at(mark);
        canvas.path(vec![(LEFT, y), (RIGHT, y)], INK.mix(0.3), 1);
        canvas.label(&tick_label(mark), (LEFT - 8, y), BEFORE);
    }
    up
}

fn rate(canvas: &Canvas, readings: &[Reading], step: i64, along: &Scale) {
    let of = |reading: &Reading| reading.arrived as f64 / step as f64;
    let high = readings.iter().map(of).fold(1.0, f64::max);
    let up = panel(canvas, RATE, 0.0, high);
    for reading in readings {
        let from = along.at((reading.hour - step).max(0) as f64);
        let to = (along.at(reading.hour as f64) - 1).max(from + 1);
        canvas.fill((from, up.at(of(reading))), (to, up.at(0.0)), INK.mix(0.6));
    }
}

fn views(canvas: &Canvas, readings: &[Reading], along: &Scale) {
    let high = readings
        .iter()
        .map(|r| r.truth.page_views)
        .max()
        .unwrap_or(1);
    let low = readings
        .iter()
        .map(|r| r.truth.page_views)
        .min()
        .unwrap_or(0);
    let up = panel(canvas, VIEWS, low as f64 * 0.8, high as f64);
    let x = |reading: &Reading| along.at(reading.hour as f64);
    let clip = |y: i32| y.clamp(VIEWS.0, VIEWS.1);
    for pair in readings.windows(2) {
        let served = clip(up.at(pair[1].serving as f64));
        if pair[1].merged.is_some() {
            canvas.fill(
                (x(&pair[0]), served),
                (x(&pair[1]), VIEWS.1),
                series(0).mix(0.22),
            );
        }
    }
    let truth = readings
        .iter()
        .map(|r| (x(r), clip(up.at(r.truth.page_views as f64))));
    canvas.path(truth.collect(), INK.mix(0.8), 3);
    for line in unbroken(readings, |r| Some(r.merged?.page_views as f64)) {
        let points = line
            .iter()
            .map(|(hour, y)| (along.at(*hour), clip(up.at(*y))));
        canvas.path(points.collect(), series(0).mix(1.0), 1);
    }
}

fn apart(canvas: &Canvas, readings: &[Reading], along: &Scale) {
    let off: [fn(&Reading) -> Option<f64>; 3] = [
        |r| Some((r.merged?.page_views - r.truth.page_views) as f64),
        |r| Some((r.merged?.uniques - r.truth.uniques) as f64),
        |r| Some((r.merged?.visits - r.truth.visits) as f64),
    ];
    // While a bug is served the answers are off the scale: the rest shall be seen.
    let sound = || {
        readings
            .iter()
            .filter(|reading| reading.code == Code::Right)
    };
    let all = || off.iter().flat_map(|off| sound().filter_map(off));
    let (low, high) = (all().fold(-1.0, f64::min), all().fold(1.0, f64::max));
    let up = panel(canvas, APART, low, high);
    let mut from = RIGHT;
    for (ink, name) in [(3, "visits"), (2, "uniques"), (0, "page views")] {
        from -= text_width(name, LABEL);
        canvas.label(name, (from, APART.0 - 13), AFTER);
        canvas.fill(
            (from - 14, APART.0 - 17),
            (from - 5, APART.0 - 9),
            series(ink).mix(1.0),
        );
        from -= 24;
    }
    for (off, ink) in off.into_iter().zip([0, 2, 3]) {
        for line in unbroken(readings, off) {
            let clip = |y: f64| up.at(y).clamp(APART.0, APART.1);
            let points = line.iter().map(|(hour, y)| (along.at(*hour), clip(*y)));
            canvas.path(points.collect(), series(ink).mix(1.0), 2);
        }
    }
}

fn lag(canvas: &Canvas, readings: &[Reading], along: &Scale) {
    let high = readings.iter().map(|r| r.waiting).max().unwrap_or(0).max(1);
    let up = panel(canvas, LAG, 0.0, high as f64);
    let points = readings
        .iter()
        .map(|r| (along.at(r.hour as f64), up.at(r.waiting as f64)));
    canvas.path(points.collect(), marked().mix(1.0), 2);
}

/// The stretches in which there are values: hours and values.
fn unbroken(readings: &[Reading], value: impl Fn(&Reading) -> Option<f64>) -> Vec<Vec<(f64, f64)>> {
    let mut lines: Vec<Vec<(f64, f64)>> = vec![Vec::new()];
    for reading in readings {
        match (value(reading), lines.last_mut()) {
            (Some(value), Some(line)) => line.push((reading.hour as f64, value)),
            _ => lines.push(Vec::new()),
        }
    }
    lines.retain(|line| line.len() > 1);
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capstone::{Week, here};
    use show::picture::assert_sound;

    #[test]
    fn dashboard_of_a_week_and_of_its_beginning() {
        let folder = tempfile::tempdir().unwrap();
        let mut first = None;
        let history = here(folder.path(), &Week::drawn(5, 2_000), &mut |history| {
            first.get_or_insert_with(|| dashboard(history));
        });
        assert_sound(&first.unwrap());
        let figure = dashboard(&history.unwrap());
        assert!(figure.svg().contains("batch with a bug served"));
        assert_sound(&figure);
    }
}
