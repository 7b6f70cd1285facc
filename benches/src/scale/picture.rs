//! The picture of a record: seconds, memory and disk against page views.
use super::record::{FormatName, Record, Run, Shape};
use super::report::{MEMORY, line_of};
use lambda_workbook::plotters::style::{Color, RGBAColor};
use lambda_workbook::show::picture::canvas::{AFTER, BEFORE, BELOW, Canvas, Point, draw};
use lambda_workbook::show::picture::style::{INK, kind, wrong};
use lambda_workbook::show::picture::{Figure, WIDTH};
use std::fmt::Write as _;

const LEFT: i32 = 76;
const RIGHT: i32 = WIDTH as i32 - 190;
const TOP: i32 = 84;
const HEIGHT: i32 = 190;
const BETWEEN: i32 = 62;
/// Pixels between the lines of labels at the right end.
const LABELS: i32 = 15;

/// A panel: what it shows of a run.
struct Panel {
    name: &'static str,
    of: fn(&Run) -> f64,
    is_log: bool,
    /// A bound that is drawn.
    bound: Option<(f64, &'static str)>,
}

const PANELS: [Panel; 3] = [
    Panel {
        name: "seconds of a batch run",
        of: |run| run.seconds,
        is_log: true,
        bound: None,
    },
    Panel {
        name: "most memory, in MB",
        of: |run| run.memory as f64 / 1e6,
        is_log: false,
        bound: Some((MEMORY as f64 / 1e6, "bound: 1,000 MB")),
    },
    Panel {
        name: "most temporary disk, in MB",
        of: |run| run.disk as f64 / 1e6,
        is_log: true,
        bound: None,
    },
];

/// One line of a panel.
struct Drawn<'a> {
    shape: Shape,
    format: FormatName,
    runs: Vec<&'a Run>,
    /// Page views of sizes that were not measured.
    skipped: Vec<f64>,
}

impl Drawn<'_> {
    fn ink(&self) -> RGBAColor {
        kind(usize::from(self.shape == Shape::Many)).mix(1.0)
    }

    fn name(&self) -> String {
        let pages = match self.shape {
            Shape::Few => "100 pages",
            Shape::Many => "1 M pages",
        };
        format!("{pages}, {}", self.format)
    }

    /// The points of a panel: page views, value, and whether it was measured.
    fn points(&self, panel: &Panel) -> Vec<(f64, f64, bool)> {
        let measured = self
            .runs
            .iter()
            .map(|run| (run.page_views as f64, (panel.of)(run), true));
        // Memory is bounded and not in proportion: nothing is drawn where it was not measured.
        let line = line_of(&self.runs, panel.of).filter(|_| panel.is_log);
        let guessed = self
            .skipped
            .iter()
            .filter_map(|x| Some((*x, line?.at(*x), false)));
        measured.chain(guessed).collect()
    }
}

/// An axis whose values are drawn as they are, or as their logarithms.
#[derive(Clone, Copy)]
struct Axis {
    low: f64,
    high: f64,
    from: i32,
    to: i32,
    is_log: bool,
}

impl Axis {
    /// An axis of whole powers of ten around some values, or from 0 to a tenth above the largest.
    fn around(values: impl Iterator<Item = f64>, (from, to): (i32, i32), is_log: bool) -> Self {
        let (mut least, mut most) = (f64::INFINITY, f64::MIN_POSITIVE);
        for value in values.filter(|value| value.is_finite() && *value > 0.0) {
            least = least.min(value);
            most = most.max(value);
        }
        if !is_log {
            return Self {
                low: 0.0,
                high: most * 1.1,
                from,
                to,
                is_log,
            };
        }
        let low = 10f64.powf(least.min(most).log10().floor());
        let high = 10f64.powf(most.log10().ceil()).max(low * 10.0);
        Self {
            low,
            high,
            from,
            to,
            is_log,
        }
    }

    fn at(self, value: f64) -> i32 {
        let share = if self.is_log {
            (value.max(self.low) / self.low).log10() / (self.high / self.low).log10()
        } else {
            (value - self.low) / (self.high - self.low)
        };
        self.from + (share.clamp(0.0, 1.0) * f64::from(self.to - self.from)).round() as i32
    }

    fn ticks(self) -> Vec<f64> {
        if !self.is_log {
            let all = lambda_workbook::show::picture::scale::ticks(self.low, self.high, 4);
            return all.into_iter().filter(|tick| *tick <= self.high).collect();
        }
        let powers = (self.high / self.low).log10().round() as i32;
        (0..=powers)
            .map(|power| self.low * 10f64.powi(power))
            .collect()
    }
}

/// Draws all runs of a record.
pub fn figure(record: &Record) -> Figure {
    let mut all = Vec::new();
    for shape in Shape::ALL {
        for format in FormatName::ALL {
            let skipped = record.skipped(shape, format);
            all.push(Drawn {
                shape,
                format,
                runs: record.series(shape, format),
                skipped: skipped.iter().map(|one| one.page_views as f64).collect(),
            });
        }
    }
    all.retain(|drawn| !drawn.runs.is_empty());
    let title = "A batch run: time, memory and disk by the number of page views";
    let bottom = TOP + 3 * HEIGHT + 2 * BETWEEN + 40;
    let svg = draw((WIDTH, bottom as u32), |canvas| {
        canvas.title(title, (8, 16));
        legend(canvas);
        for (place, panel) in (0..).zip(&PANELS) {
            let top = TOP + place * (HEIGHT + BETWEEN);
            draw_panel(canvas, panel, &all, top);
        }
    });
    let mut text = String::new();
    for drawn in &all {
        for run in &drawn.runs {
            let _ = writeln!(text, "{}", super::report::line(run));
        }
    }
    Figure::new(svg, title, &text)
}

fn legend(canvas: &Canvas) {
    let y = 42;
    canvas.disc((14, y), 4, INK.mix(1.0));
    canvas.label("measured, JSON lines", (24, y), AFTER);
    canvas.circle((184, y), 4, INK.mix(1.0));
    canvas.label("measured, Parquet", (194, y), AFTER);
    cross(canvas, (324, y), INK.mix(1.0));
    canvas.label("extrapolated: it did not fit on the disk", (334, y), AFTER);
}

fn draw_panel(canvas: &Canvas, panel: &Panel, all: &[Drawn], top: i32) {
    let bottom = top + HEIGHT;
    let points: Vec<Vec<(f64, f64, bool)>> = all.iter().map(|drawn| drawn.points(panel)).collect();
    let each = || points.iter().flatten();
    let x = Axis::around(each().map(|point| point.0), (LEFT, RIGHT), true);
    let values = each()
        .map(|point| point.1)
        .chain(panel.bound.map(|(bound, _)| bound));
    let y = Axis::around(values, (bottom, top), panel.is_log);

    // The axes.
    canvas.strong(panel.name, (LEFT, top - 14), AFTER);
    for tick in y.ticks() {
        canvas.path(
            vec![(LEFT, y.at(tick)), (RIGHT, y.at(tick))],
            INK.mix(0.25),
            1,
        );
        canvas.label(&number(tick), (LEFT - 8, y.at(tick)), BEFORE);
    }
    for tick in x.ticks() {
        canvas.path(
            vec![(x.at(tick), top), (x.at(tick), bottom)],
            INK.mix(0.25),
            1,
        );
        canvas.label(&number(tick), (x.at(tick), bottom + 9), BELOW);
    }
    canvas.label("page views", (RIGHT + 24, bottom + 16), AFTER);
    let mut labels: Vec<(i32, String, Mark, RGBAColor)> = Vec::new();
    if let Some((bound, name)) = panel.bound {
        canvas.path(
            vec![(LEFT, y.at(bound)), (RIGHT, y.at(bound))],
            wrong().mix(1.0),
            2,
        );
        labels.push((y.at(bound), name.to_owned(), bar, wrong().mix(1.0)));
    }

    // The runs.
    for (drawn, points) in all.iter().zip(&points) {
        let ink = drawn.ink();
        let at = |point: &(f64, f64, bool)| (x.at(point.0), y.at(point.1));
        let measured: Vec<Point> = points.iter().filter(|point| point.2).map(at).collect();
        canvas.path(measured, ink, 1);
        let mark = match drawn.format {
            FormatName::Jsonl => disc,
            FormatName::Parquet => circle,
        };
        for point in points {
            let mark = if point.2 { mark } else { cross };
            mark(canvas, at(point), ink);
        }
        if let Some(last) = points.last() {
            labels.push((y.at(last.1), drawn.name(), mark, ink));
        }
    }
    // The name of each line stands at its end, and names that would meet are moved apart.
    labels.sort_by_key(|label| label.0);
    let heights: Vec<i32> = labels.iter().map(|label| label.0).collect();
    for ((_, name, mark, ink), y) in labels.iter().zip(apart(&heights, bottom)) {
        mark(canvas, (RIGHT + 12, y), *ink);
        canvas.label(name, (RIGHT + 20, y), AFTER);
    }
}

/// Moves heights, which are sorted, so far apart that labels do not meet.
fn apart(heights: &[i32], bottom: i32) -> Vec<i32> {
    let mut moved = heights.to_vec();
    for n in 1..moved.len() {
        moved[n] = moved[n].max(moved[n - 1] + LABELS);
    }
    // What has been moved below the panel is moved up again.
    let mut most = bottom;
    for height in moved.iter_mut().rev() {
        *height = (*height).min(most);
        most = *height - LABELS;
    }
    moved
}

/// Draws the mark of a point.
type Mark = fn(&Canvas, Point, RGBAColor);

fn disc(canvas: &Canvas, at: Point, ink: RGBAColor) {
    canvas.disc(at, 4, ink);
}

fn circle(canvas: &Canvas, at: Point, ink: RGBAColor) {
    canvas.circle(at, 4, ink);
}

fn bar(canvas: &Canvas, (x, y): Point, ink: RGBAColor) {
    canvas.fill((x - 5, y - 1), (x + 5, y + 1), ink);
}

fn cross(canvas: &Canvas, (x, y): Point, ink: RGBAColor) {
    canvas.path(vec![(x - 4, y - 4), (x + 4, y + 4)], ink, 2);
    canvas.path(vec![(x - 4, y + 4), (x + 4, y - 4)], ink, 2);
}

/// Returns a number in a few characters.
fn number(value: f64) -> String {
    let (value, unit) = match value {
        _ if value >= 1e9 => (value / 1e9, " G"),
        _ if value >= 1e6 => (value / 1e6, " M"),
        _ => (value, ""),
    };
    lambda_workbook::show::picture::scale::tick_label(value) + unit
}

#[cfg(test)]
mod tests {
    use super::super::record::tests::{run, skipped};
    use super::*;
    use lambda_workbook::show::picture::assert_sound;

    #[test]
    fn the_picture_has_both_shapes_the_bound_and_what_was_extrapolated() {
        let mut record = Record::open(None).unwrap();
        for millions in [14, 140] {
            record.add(run(millions, 0.0, 0.5)).unwrap();
            let mut many = run(millions, 1.0, 0.7);
            (many.shape, many.format) = (Shape::Many, FormatName::Parquet);
            record.add(many).unwrap();
        }
        record.skip(skipped(1000)).unwrap();
        let figure = figure(&record);
        assert_sound(&figure);
        for name in ["100 pages, JSON", "1 M pages, Parquet", "bound: 1,000 MB"] {
            assert!(figure.svg().contains(name), "{name}");
        }
    }

    #[test]
    fn a_record_without_a_run_and_one_of_one_size_are_drawn() {
        let mut record = Record::open(None).unwrap();
        assert_sound(&figure(&record));
        record.add(run(1, 0.0, 0.5)).unwrap();
        assert_sound(&figure(&record));
    }

    #[test]
    fn labels_that_would_meet_are_moved_apart() {
        assert_eq!(apart(&[10, 12, 100], 100), [10, 25, 100]);
        assert_eq!(apart(&[95, 96, 100], 100), [70, 85, 100]);
    }

    #[test]
    fn an_axis_of_logarithms_ends_at_powers_of_ten() {
        let axis = Axis::around([14e6, 140e6].into_iter(), (0, 200), true);
        assert_eq!(axis.ticks().len(), 3);
        assert_eq!((axis.at(1e7), axis.at(1e8), axis.at(1e9)), (0, 100, 200));
        assert_eq!(number(1e8), "100 M");
    }
}
