//! Event time against processing time, with the watermark and the rows that came late.
use super::canvas::{AFTER, BEFORE, BELOW, Canvas, Point, draw};
use super::scale::Scale;
use super::style::{INK, TEXT, kind, marked, wrong};
use super::{Figure, WIDTH};
use crate::microbatch::late_data::{LateRun, LateView, MINUTES, Timeliness};
use plotters::style::Color;

const LEFT: i32 = 58;
const RIGHT: i32 = WIDTH as i32 - 64;
const TOP: i32 = 100;
const BOTTOM: i32 = TOP + 330;
/// Minutes between two ticks.
const TICK: usize = 20;
/// The lines of the partitions: the lengths of dashes and gaps in pixels. A partition beyond the last has
/// the line of an earlier one.
const DASHES: [Option<(u32, u32)>; 3] = [None, Some((9, 5)), Some((2, 4))];
/// Late rows that the text of the figure lists.
const LISTED: usize = 8;

/// Draws each page view at the minute in which it arrived (to the right) and its event time
/// (upwards), and the watermark as a line. Late rows lie below that line: a ring is one that the
/// allowed lateness still takes, a cross one that is too late. The grey lines, whole, dashed and dotted,
/// are the watermarks of the partitions. Below the red line, the watermark less the allowed lateness, rows are too late.
///
/// ```
/// use lambda_workbook::microbatch::late_data::{LateOptions, run};
/// use lambda_workbook::plot;
/// let folder = tempfile::tempdir()?;
/// let run = run(folder.path(), &LateOptions::default())?;
/// assert!(plot::event_times(&run, "Two hours").svg().contains("watermark"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn event_times(run: &LateRun, title: &str) -> Figure {
    let across = Scale {
        from: 0.0,
        to: MINUTES as f64,
        pixel_from: LEFT,
        pixel_to: RIGHT,
    };
    let up = Scale {
        from: 0.0,
        to: MINUTES as f64,
        pixel_from: BOTTOM,
        pixel_to: TOP,
    };
    // What is out of the picture is drawn at its edge.
    let height = |secs: i64| up.at((secs as f64 / 60.0).clamp(0.0, MINUTES as f64));
    let svg = draw((WIDTH, (BOTTOM + 58) as u32), |canvas| {
        canvas.title(title, (8, 16));
        let partitions = run.batches.iter().map(|batch| batch.partitions.len()).max();
        legend(canvas, run, partitions.unwrap_or(0));
        axes(canvas, &across, &up);

        // Each partition's own watermark, with its name at the end.
        let mut ends: Vec<(i32, usize)> = Vec::new();
        for partition in 0..partitions.unwrap_or(0) {
            let at = |n: usize| run.batches[n].partitions[partition];
            let line = steps(run, &across, &height, at);
            ends.extend(line.last().map(|(_, y)| (*y, partition)));
            partition_line(canvas, &line, partition);
        }
        ends.sort_unstable();
        let heights: Vec<i32> = ends.iter().map(|(y, _)| *y).collect();
        for ((y, partition), name) in ends.iter().zip(spread(&heights)) {
            // A short line leads from the end to the name, where names would lie on each other.
            canvas.path(
                vec![(RIGHT + 2, *y), (RIGHT + 8, *y), (RIGHT + 20, name)],
                INK.mix(0.7),
                1,
            );
            canvas.label(&format!("p{partition}"), (RIGHT + 24, name), AFTER);
        }

        // The line of the allowed lateness, and the watermark of the job.
        let watermark = |n: usize| run.batches[n].watermark;
        let too_late = |n: usize| watermark(n).map(|secs| secs - run.lateness);
        let line = steps(run, &across, &height, too_late);
        canvas.path(line, wrong().mix(0.8), 2);
        let line = steps(run, &across, &height, watermark);
        canvas.path(line, TEXT.mix(1.0), 3);

        // The rows; late ones on top.
        let mut views: Vec<_> = run.views.iter().collect();
        views.sort_by_key(|view| view.timeliness);
        for view in views {
            let at = (across.at(view.arrives as f64 + 0.5), height(view.secs));
            row(canvas, at, view.timeliness);
            if view.secs > MINUTES * 60 {
                canvas.label("a day ahead", (at.0 - 8, at.1 - 9), BEFORE);
            }
        }
    });
    let mut text = format!(
        "{} rows on time, {} late and allowed, {} too late\n",
        run.count(Timeliness::OnTime),
        run.count(Timeliness::LateButAllowed),
        run.count(Timeliness::TooLate)
    );
    for minute in (TICK as i64..=MINUTES).step_by(TICK) {
        text.push_str(&format!(
            "after minute {}: watermark at minute {}\n",
            minute - 1,
            run.watermark_at(minute - 1)
        ));
    }
    let late = |view: &&LateView| view.timeliness != Timeliness::OnTime;
    let late: Vec<&LateView> = run.views.iter().filter(late).collect();
    for view in late.iter().take(LISTED) {
        text.push_str(&format!(
            "{}: user {} at minute {}, arrived at minute {}\n",
            view.timeliness.name(),
            view.user,
            view.secs.div_euclid(60),
            view.arrives
        ));
    }
    if late.len() > LISTED {
        text.push_str(&format!("and {} more late rows\n", late.len() - LISTED));
    }
    Figure::new(svg, title, &text)
}

/// Height of a name in pixels.
const NAME: i32 = 15;

/// Returns the heights of names for lines that end at these heights, which are in ascending order. Names
/// that would lie on each other are moved apart, around the middle of their lines.
fn spread(ends: &[i32]) -> Vec<i32> {
    // Groups of names that touch: the sum of the heights of their lines, and how many they are.
    let mut groups: Vec<(i32, i32)> = Vec::new();
    let first_of = |(sum, count): (i32, i32)| sum / count - NAME * (count - 1) / 2;
    for &end in ends {
        groups.push((end, 1));
        while let [.., before, last] = groups[..]
            && first_of(last) < first_of(before) + NAME * before.1
        {
            groups.truncate(groups.len() - 2);
            groups.push((before.0 + last.0, before.1 + last.1));
        }
    }
    { groups.into_iter() }
        .flat_map(|group| (0..group.1).map(move |n| first_of(group) + NAME * n))
        .collect()
}

/// The corners of a line that moves at the end of each batch.
fn steps(
    run: &LateRun,
    across: &Scale,
    height: &dyn Fn(i64) -> i32,
    value: impl Fn(usize) -> Option<i64>,
) -> Vec<Point> {
    let mut points: Vec<Point> = Vec::new();
    for (n, batch) in run.batches.iter().enumerate() {
        let Some(secs) = value(n) else { continue };
        let (x, y) = (across.at(batch.minute as f64 + 1.0), height(secs));
        if let Some(&(_, before)) = points.last() {
            points.push((x, before));
        }
        points.push((x, y));
    }
    points
}

fn row(canvas: &Canvas, (x, y): Point, timeliness: Timeliness) {
    match timeliness {
        Timeliness::OnTime => canvas.disc((x, y), 2, kind(0).mix(1.0)),
        Timeliness::LateButAllowed => {
            canvas.disc((x, y), 5, marked().mix(0.25));
            canvas.circle((x, y), 5, marked().mix(1.0));
        }
        Timeliness::TooLate => {
            for side in [-1, 1] {
                let line = vec![(x - 5, y - 5 * side), (x + 5, y + 5 * side)];
                canvas.path(line, wrong().mix(1.0), 2);
            }
        }
    }
}

/// Draws the watermark of a partition, in the manner of its number.
fn partition_line(canvas: &Canvas, line: &[Point], partition: usize) {
    match DASHES[partition % DASHES.len()] {
        None => canvas.path(line.to_vec(), INK.mix(1.0), 1),
        Some(dashes) => canvas.dashed(line, INK.mix(1.0), 2, dashes),
    }
}

fn legend(canvas: &Canvas, run: &LateRun, partitions: usize) {
    let y = 40;
    let kinds = [
        Timeliness::OnTime,
        Timeliness::LateButAllowed,
        Timeliness::TooLate,
    ];
    for (n, timeliness) in kinds.into_iter().enumerate() {
        let x = 16 + 150 * n as i32;
        row(canvas, (x, y), timeliness);
        let words = format!("{}: {}", timeliness.name(), run.count(timeliness));
        canvas.label(&words, (x + 11, y), AFTER);
    }
    canvas.path(vec![(466, y), (490, y)], TEXT.mix(1.0), 3);
    canvas.label("watermark", (496, y), AFTER);
    let y = 60;
    for partition in 0..partitions.min(DASHES.len()) {
        let x = 10 + 150 * partition as i32;
        partition_line(canvas, &[(x, y), (x + 32, y)], partition);
        canvas.label(&format!("of partition {partition}"), (x + 38, y), AFTER);
    }
    canvas.path(vec![(466, y), (490, y)], wrong().mix(0.8), 2);
    canvas.label("less the allowed lateness", (496, y), AFTER);
}

fn axes(canvas: &Canvas, across: &Scale, up: &Scale) {
    canvas.label("event time, minute", (8, TOP - 18), AFTER);
    canvas.path(
        vec![(LEFT, TOP), (LEFT, BOTTOM), (RIGHT, BOTTOM)],
        INK.mix(1.0),
        1,
    );
    for minute in (0..=MINUTES).step_by(TICK) {
        let (x, y) = (across.at(minute as f64), up.at(minute as f64));
        canvas.path(vec![(x, BOTTOM), (x, BOTTOM + 5)], INK.mix(1.0), 1);
        canvas.label(&minute.to_string(), (x, BOTTOM + 8), BELOW);
        canvas.path(vec![(LEFT - 5, y), (LEFT, y)], INK.mix(1.0), 1);
        canvas.label(&minute.to_string(), (LEFT - 9, y), BEFORE);
    }
    let name = "processing time: the minute in which a row arrives";
    canvas.label(name, ((LEFT + RIGHT) / 2, BOTTOM + 30), BELOW);
    // Rows that arrive at once lie on this line.
    canvas.path(vec![(LEFT, BOTTOM), (RIGHT, TOP)], INK.mix(0.6), 1);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::microbatch::WatermarkOf;
    use crate::microbatch::late_data::{LateOptions, run};
    use show::picture::assert_sound;

    #[test]
    fn names_are_beside_their_lines_and_not_on_each_other() {
        assert_eq!(spread(&[]), [0; 0]);
        assert_eq!(spread(&[100, 200, 300]), [100, 200, 300]);
        assert_eq!(spread(&[200, 207, 217]), [193, 208, 223]);
        assert_eq!(spread(&[100, 200, 206]), [100, 196, 211]);
        for pair in spread(&[100, 114, 122, 140, 141]).windows(2) {
            assert!(pair[1] - pair[0] >= NAME, "{pair:?}");
        }
    }

    #[test]
    fn two_hours_are_drawn_with_and_without_a_wrong_clock() {
        for of in [WatermarkOf::EachPartition, WatermarkOf::LatestRow] {
            for wrong_clock in [false, true] {
                let folder = tempfile::tempdir().unwrap();
                let options = LateOptions {
                    of,
                    wrong_clock,
                    ..LateOptions::default()
                };
                let figure = event_times(&run(folder.path(), &options).unwrap(), "Two hours");
                assert_sound(&figure);
                assert_eq!(figure.svg().contains("a day ahead"), wrong_clock);
            }
        }
    }
}
