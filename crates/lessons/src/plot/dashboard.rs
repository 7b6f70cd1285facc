//! A week of the layers: what came, what was answered, what went wrong.
use super::canvas::{AFTER, BEFORE, BELOW, Canvas, draw};
use super::scale::{Scale, tick_label, ticks};
use super::style::{INK, LABEL, kind, marked, right, series, state, text_width, wrong};
use super::{Figure, WIDTH};
use crate::capstone::{Code, History, Mark, Reading};
use notebook::table::grouped;
use plotters::style::{Color, RGBColor};

const LEFT: i32 = 76;
const RIGHT: i32 = WIDTH as i32 - 16;
const HOURS: i64 = 168;
/// Where moments are marked.
const EVENTS: i32 = 98;
/// The panels: top, bottom, name. Texts refer to a panel by the number in its name.
const RATE: (i32, i32, &str) = (138, 188, "1. accepted: records an hour");
const VIEWS: (i32, i32, &str) = (218, 398, "2. answered: page views");
const APART: (i32, i32, &str) = (428, 578, "3. merged answer less the truth (grey: linear)");
const LAG: (i32, i32, &str) = (608, 658, "4. in the log, in no answer: records");
const HEIGHT: u32 = 708;
/// The name of a refusal in the legend.
const NO_ANSWER: &str = "no answer: panels 2 to 4 have no line";

/// Draws the board of a week so far, four numbered panels one below the other: records an hour; page
/// views as the truth, as served and as merged; how far each of the three merged answers is from the
/// truth, on an axis that is linear from -10 to +10 and has powers of ten beyond, so that a quiet day
/// and a fault can be read in one picture; and what waits. Crashes, batches, partitions and deployments stand where they
/// happened. Where the query refuses to answer, panels 2 to 4 are hatched and have no line.
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
    let step = history.week.step;
    let told = told.map(|(hour, mark)| format!("after hour {}: {mark}\n", hour - step));
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
    let waiting = match last.merged {
        Some(_) => format!(
            "waiting {}, oldest {} h",
            grouped(last.waiting as i64),
            last.stale
        ),
        None => "no answer, so nothing is known of what waits".to_owned(),
    };
    format!(
        "hour {} | batch {} | page views: truth {}, merged {merged} | {waiting}",
        last.hour,
        last.batch,
        grouped(last.truth.page_views),
    )
}

/// Shades the hours in which something was not as it should be.
fn bands(canvas: &Canvas, readings: &[Reading], step: i64, along: &Scale) {
    let span = |hour: i64| {
        let from = (hour - step).max(0);
        (along.at(from as f64), along.at(hour as f64))
    };
    let band = |hour: i64, ink: RGBColor, top: i32, bottom: i32| {
        let (from, until) = span(hour);
        canvas.fill((from, top), (until, bottom), ink.mix(0.18));
    };
    for reading in readings {
        if !reading.whole {
            band(reading.hour, state(), EVENTS, LAG.1);
        }
        if reading.code != Code::Right {
            band(reading.hour, wrong(), EVENTS, LAG.1);
        }
        if reading.merged.is_none() {
            band(reading.hour, kind(1), EVENTS, LAG.1);
            // The panels of answers are hatched, so that their gap is not taken for a value of 0.
            let (left, right) = span(reading.hour);
            for (top, bottom, _) in [VIEWS, APART, LAG] {
                hatch(canvas, (left, top), (right, bottom));
            }
        }
    }
}

/// Hatches a rectangle between two corners, as the sign of "no answer". Rectangles side by side look
/// like one, because the lines are those on which x + y is a multiple of 8.
fn hatch(canvas: &Canvas, (left, top): (i32, i32), (right, bottom): (i32, i32)) {
    for sum in (left + top..=right + bottom).filter(|sum| sum % 8 == 0) {
        let (from, to) = (left.max(sum - bottom), right.min(sum - top));
        if from < to {
            let line = vec![(from, sum - from), (to, sum - to)];
            canvas.path(line, kind(1).mix(0.5), 1);
        }
    }
}

fn events(canvas: &Canvas, history: &History, along: &Scale) {
    // The legend: hours of a state above, moments below.
    let mut x = 8;
    for (ink, name) in [
        (state(), "network cut"),
        (wrong(), "answers by the batch with a bug"),
        (kind(1), NO_ANSWER),
    ] {
        if name == NO_ANSWER {
            canvas.fill((x, 54), (x + 10, 64), ink.mix(0.18));
            hatch(canvas, (x, 54), (x + 10, 64));
        } else {
            canvas.fill((x, 54), (x + 10, 64), ink.mix(0.5));
        }
        canvas.label(name, (x + 15, 59), AFTER);
        x += 15 + text_width(name, LABEL) + 18;
    }
    type Symbol = fn(&Canvas, (i32, i32));
    let symbols: [(Symbol, &str); 4] = [
        (cross, "process killed"),
        (served, "batch served"),
        (served_with_a_bug, "batch with a bug served"),
        (rolled_back, "batch rolled back"),
    ];
    x = 8;
    for (symbol, name) in symbols {
        symbol(canvas, (x + 5, 79));
        canvas.label(name, (x + 15, 79), AFTER);
        x += 15 + text_width(name, LABEL) + 18;
    }
    let step = history.week.step;
    for (hour, mark) in history.marks() {
        let x = along.at((hour - step).max(0) as f64);
        match mark {
            Mark::Crash(_) => {
                cross(canvas, (x, EVENTS));
                canvas.path(vec![(x, EVENTS + 6), (x, LAG.1)], INK.mix(0.35), 1);
            }
            Mark::Served(_, Code::Right) => served(canvas, (x, EVENTS + 15)),
            Mark::Served(..) => served_with_a_bug(canvas, (x, EVENTS + 15)),
            Mark::RolledBack(_) => rolled_back(canvas, (x, EVENTS)),
            _ => {}
        }
    }
}

pub(super) fn cross(canvas: &Canvas, (x, y): (i32, i32)) {
    canvas.path(vec![(x - 4, y - 4), (x + 4, y + 4)], INK.mix(1.0), 2);
    canvas.path(vec![(x - 4, y + 4), (x + 4, y - 4)], INK.mix(1.0), 2);
}

/// A batch is served: a triangle upwards.
fn served(canvas: &Canvas, (x, y): (i32, i32)) {
    triangle(canvas, (x, y + 5), right().mix(1.0));
}

/// A batch with a bug is served: the same in the colour of what is wrong, with a bar below.
fn served_with_a_bug(canvas: &Canvas, (x, y): (i32, i32)) {
    triangle(canvas, (x, y + 4), wrong().mix(1.0));
    canvas.fill((x - 5, y + 6), (x + 5, y + 8), wrong().mix(1.0));
}

/// A batch is rolled back: a triangle to the left, back in time.
fn rolled_back(canvas: &Canvas, (x, y): (i32, i32)) {
    canvas.polygon(
        vec![(x + 5, y - 5), (x + 5, y + 5), (x - 5, y)],
        INK.mix(1.0),
    );
}

pub(super) fn triangle(canvas: &Canvas, (x, bottom): (i32, i32), ink: plotters::style::RGBAColor) {
    canvas.polygon(vec![(x - 5, bottom), (x + 5, bottom), (x, bottom - 9)], ink);
}

/// A name and a square for each line of a panel, from the right.
fn legend(canvas: &Canvas, top: i32, names: &[(RGBColor, f64, &str)]) {
    let mut from = RIGHT;
    for (ink, strength, name) in names {
        from -= text_width(name, LABEL);
        canvas.label(name, (from, top - 13), AFTER);
        canvas.fill(
            (from - 14, top - 17),
            (from - 5, top - 9),
            ink.mix(*strength),
        );
        from -= 24;
    }
}

/// Draws a panel's name and its grid lines, about `wanted`, and returns its scale.
pub(super) fn panel(
    canvas: &Canvas,
    (left, right): (i32, i32),
    (top, bottom, name): (i32, i32, &str),
    (low, high): (f64, f64),
    wanted: usize,
) -> Scale {
    let marks = ticks(low, high, wanted);
    let up = Scale {
        from: marks[0],
        to: marks[marks.len() - 1],
        pixel_from: bottom,
        pixel_to: top,
    };
    canvas.label(name, (left, top - 13), AFTER);
    for mark in marks {
        let y = up.at(mark);
        canvas.path(vec![(left, y), (right, y)], INK.mix(0.3), 1);
        canvas.label(&tick_label(mark), (left - 8, y), BEFORE);
    }
    up
}

fn rate(canvas: &Canvas, readings: &[Reading], step: i64, along: &Scale) {
    let of = |reading: &Reading| reading.arrived as f64 / step as f64;
    let high = readings.iter().map(of).fold(1.0, f64::max);
    let up = panel(canvas, (LEFT, RIGHT), RATE, (0.0, high), 2);
    for reading in readings {
        let from = along.at((reading.hour - step).max(0) as f64);
        let to = (along.at(reading.hour as f64) - 1).max(from + 1);
        canvas.fill((from, up.at(of(reading))), (to, up.at(0.0)), INK.mix(0.6));
    }
}

fn views(canvas: &Canvas, readings: &[Reading], along: &Scale) {
    let truth = readings.iter().map(|r| r.truth.page_views);
    let merged = readings.iter().filter_map(|r| Some(r.merged?.page_views));
    let served = readings.iter().filter(|r| r.merged.is_some());
    let all = || truth.clone().chain(merged.clone());
    let low = all().chain(served.map(|r| r.serving)).min().unwrap_or(0);
    let high = all().max().unwrap_or(1);
    let up = panel(canvas, (LEFT, RIGHT), VIEWS, (low as f64, high as f64), 6);
    let names = [
        (series(0), 0.3, "added by the speed layer"),
        (series(2), 1.0, "served"),
        (series(0), 1.0, "merged"),
        (INK, 0.4, "truth"),
    ];
    legend(canvas, VIEWS.0, &names);
    let x = |reading: &Reading| along.at(reading.hour as f64);
    let line = |ink: plotters::style::RGBAColor, width: u32, value: fn(&Reading) -> Option<f64>| {
        for line in unbroken(readings, value) {
            let points = line.iter().map(|(hour, y)| (along.at(*hour), up.at(*y)));
            canvas.path(points.collect(), ink, width);
        }
    };
    for pair in readings.windows(2) {
        // After a refusal there is no answer to draw from, so nothing is shaded up to the next one.
        let (Some(_), Some(merged)) = (pair[0].merged, pair[1].merged) else {
            continue;
        };
        let added = up.at(merged.page_views as f64);
        let served = up.at(pair[1].serving as f64);
        canvas.fill(
            (x(&pair[0]), added),
            (x(&pair[1]), served),
            series(0).mix(0.2),
        );
    }
    line(INK.mix(0.4), 5, |r| Some(r.truth.page_views as f64));
    // What is served keeps its number until the next batch, so its line has steps.
    for line in unbroken(readings, |r| r.merged.map(|_| r.serving as f64)) {
        let mut steps: Vec<(i32, i32)> = Vec::new();
        for (hour, served) in line {
            let (x, y) = (along.at(hour), up.at(served));
            steps.extend(steps.last().map(|before| (before.0, y)));
            steps.push((x, y));
        }
        canvas.path(steps, series(2).mix(1.0), 1);
    }
    line(series(0).mix(1.0), 2, |r| Some(r.merged?.page_views as f64));
}

/// How far the axis of differences is linear: up to this difference, to both sides of 0.
const LINEAR: f64 = 10.0;

/// Places a difference on the axis of differences. Up to [`LINEAR`] to both sides of 0 it is
/// linear, and takes the height of two powers of ten. Beyond that a further unit is ten times as much.
fn place(value: f64) -> f64 {
    let size = value.abs();
    let place = if size <= LINEAR {
        2.0 * size / LINEAR
    } else {
        2.0 + (size / LINEAR).log10()
    };
    place.copysign(value)
}

fn apart(canvas: &Canvas, readings: &[Reading], along: &Scale) {
    let off: [fn(&Reading) -> Option<f64>; 3] = [
        |r| Some((r.merged?.page_views - r.truth.page_views) as f64),
        |r| Some((r.merged?.uniques - r.truth.uniques) as f64),
        |r| Some((r.merged?.visits - r.truth.visits) as f64),
    ];
    let all = || { off.iter() }.flat_map(|off| readings.iter().filter_map(off));
    // The marks: 0, half of the linear part, and powers of ten as far as the answers go.
    let enclosing = |far: f64| {
        (1..)
            .map(|n| 10f64.powi(n))
            .take_while(move |mark| *mark < 10.0 * far)
    };
    let (low, high) = (all().fold(-1.0, f64::min), all().fold(1.0, f64::max));
    let mut marks: Vec<f64> = enclosing(-low).map(|mark| -mark).collect();
    marks.reverse();
    marks.extend([-LINEAR / 2.0, 0.0, LINEAR / 2.0]);
    marks.extend(enclosing(high));
    let up = Scale {
        from: place(marks[0]),
        to: place(marks[marks.len() - 1]),
        pixel_from: APART.1,
        pixel_to: APART.0,
    };
    canvas.label(APART.2, (LEFT, APART.0 - 13), AFTER);
    // The linear part has a grey ground. The marks reach at least from -10 to +10.
    let (top, bottom) = (up.at(place(LINEAR)), up.at(place(-LINEAR)));
    canvas.fill((LEFT, top), (RIGHT, bottom), INK.mix(0.09));
    for mark in marks {
        let y = up.at(place(mark));
        let ink = if mark == 0.0 {
            INK.mix(0.8)
        } else {
            INK.mix(0.3)
        };
        canvas.path(vec![(LEFT, y), (RIGHT, y)], ink, 1);
        let sign = if mark > 0.0 { "+" } else { "" };
        canvas.label(
            &format!("{sign}{}", tick_label(mark)),
            (LEFT - 8, y),
            BEFORE,
        );
    }
    let names = [
        (series(3), 1.0, "visits"),
        (series(2), 1.0, "unique visitors"),
        (series(0), 1.0, "page views"),
    ];
    legend(canvas, APART.0, &names);
    for (off, ink) in off.into_iter().zip([0, 2, 3]) {
        for line in unbroken(readings, off) {
            let points = line.iter();
            let points = points.map(|(hour, y)| (along.at(*hour), up.at(place(*y))));
            canvas.path(points.collect(), series(ink).mix(1.0), 2);
        }
    }
}

fn lag(canvas: &Canvas, readings: &[Reading], along: &Scale) {
    // Records are whole, so the panel goes up to 2 at least: half a record has no mark.
    let high = readings.iter().map(|r| r.waiting).max().unwrap_or(0).max(2);
    let up = panel(canvas, (LEFT, RIGHT), LAG, (0.0, high as f64), 2);
    // Where there is no answer, nothing can be said of what it holds.
    for line in unbroken(readings, |r| r.merged.map(|_| r.waiting as f64)) {
        let points = line.iter().map(|(hour, y)| (along.at(*hour), up.at(*y)));
        canvas.path(points.collect(), marked().mix(1.0), 2);
    }
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

    #[test]
    fn hours_without_an_answer_are_hatched_as_the_legend_says() {
        let folder = tempfile::tempdir().unwrap();
        let week = Week {
            bad_deployment: None,
            ..Week::drawn(5, 500)
        };
        let mut history = here(folder.path(), &week, &mut |_| ()).unwrap();
        let hatches = |history: &History| {
            let figure = dashboard(history);
            assert_sound(&figure);
            assert!(figure.svg().contains(NO_ANSWER));
            let lines = "opacity=\"0.5\" stroke=\"#9A6BC9\" stroke-width=\"1\"";
            figure.svg().matches(lines).count()
        };
        let in_legend = hatches(&history);
        history.readings[20].merged = None;
        assert!(in_legend > 0 && hatches(&history) > in_legend);
    }

    #[test]
    fn quiet_hours_and_faults_are_apart_on_the_axis_of_differences() {
        assert_eq!([0.0, 5.0, -5.0, 10.0].map(place), [0.0, 1.0, -1.0, 2.0]);
        assert_eq!([-100.0, 1_000.0].map(place), [-3.0, 4.0]);
        // One page view too many is seen beside thousands that are missing.
        let height = f64::from(APART.1 - APART.0);
        let one = place(1.0) / (place(100.0) - place(-10_000.0)) * height;
        assert!(one > 3.0, "{one} pixels");
    }
}
