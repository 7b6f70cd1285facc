//! A pipe diagram: the operators of a topology, drawn from the topology itself.
use super::canvas::{AFTER, BELOW, Canvas, Point, draw};
use super::style::{INK, LABEL, series as colour, wrap};
use super::{Figure, WIDTH};
use crate::microbatch::{Job, Pipe, Topology};
use notebook::table::grouped;
use plotters::style::Color;

const MARGIN: i32 = 8;
const GAP: i32 = 26;
const LINE: i32 = 15;
const TOP: i32 = 58;

/// The operators of a topology: batch-local ones in one colour, stateful ones in
/// another, with a double line where rows go to the worker of their key.
///
/// ```
/// use lambda_workbook::microbatch::{Kind, word_count};
/// use lambda_workbook::plot;
/// let figure = plot::pipes(&word_count(Kind::Opaque)?);
/// assert!(figure.svg().contains("counts"));
/// # Ok::<(), lambda_workbook::microbatch::MicroBatchError>(())
/// ```
pub fn pipes(topology: &Topology) -> Figure {
    picture(topology, &[])
}

/// The same of a job, with how many rows each operator has made.
pub fn pipes_of(job: &Job) -> Figure {
    let made: Vec<u64> = job.made().into_iter().map(|(_, rows)| rows).collect();
    picture(job.topology(), &made)
}

struct Boxed<'t> {
    pipe: Pipe<'t>,
    name: Vec<String>,
    lines: Vec<String>,
    text: String,
    column: i32,
    row: i32,
}

fn picture(topology: &Topology, made: &[u64]) -> Figure {
    let pipes = topology.pipes();
    let places = places(&pipes);
    let columns = places.iter().map(|place| place.0).max().unwrap_or(0) + 1;
    let width = ((WIDTH as i32 - 2 * MARGIN - GAP * (columns - 1)) / columns).min(150);
    let boxes: Vec<Boxed> = pipes
        .iter()
        .zip(places)
        .enumerate()
        .map(|(n, (pipe, (column, row)))| {
            let mut more: Vec<String> = Vec::new();
            more.extend(pipe.state.map(|kind| kind.name().to_owned()));
            more.extend(
                made.get(n)
                    .map(|rows| format!("{} rows", grouped(*rows as i64))),
            );
            let text = [&[pipe.does.to_owned()][..], &more].concat().join("; ");
            let mut lines = wrap(&with_units(pipe.does), LABEL, width - 10);
            lines.extend(more);
            Boxed {
                pipe: *pipe,
                name: wrap(pipe.name, LABEL * 1.1, width - 10),
                lines,
                text,
                column,
                row,
            }
        })
        .collect();
    let tall = |b: &Boxed| (b.name.len() + b.lines.len()) as i32 * LINE + 16;
    let rows = boxes.iter().map(|b| b.row).max().unwrap_or(0) + 1;
    let heights: Vec<i32> = (0..rows)
        .map(|row| {
            boxes
                .iter()
                .filter(|b| b.row == row)
                .map(&tall)
                .max()
                .unwrap_or(0)
        })
        .collect();
    let top = |row: i32| {
        TOP + heights[..row as usize]
            .iter()
            .map(|height| height + 16)
            .sum::<i32>()
    };
    let spot = |b: &Boxed| (MARGIN + (width + GAP) * b.column, top(b.row));
    let height = top(rows) - 4;
    let svg = draw((WIDTH, height as u32), |canvas| {
        canvas.title(topology.name(), (MARGIN, 14));
        legend(canvas, boxes.iter().any(|b| b.pipe.by_key));
        for b in &boxes {
            let (left, top) = spot(b);
            let bottom = (left + width, top + tall(b));
            let ink = colour(usize::from(b.pipe.state.is_some()));
            canvas.fill((left, top), bottom, ink.mix(0.14));
            canvas.outline((left, top), bottom, ink.mix(1.0));
            let mut y = top + 7;
            for line in &b.name {
                canvas.strong(line, (left + width / 2, y), BELOW);
                y += LINE;
            }
            for line in &b.lines {
                canvas.label(line, (left + width / 2, y + 1), BELOW);
                y += LINE;
            }
            if let Some(from) = b.pipe.from {
                let (from_left, from_top) = spot(&boxes[from]);
                let start = (from_left + width, from_top + 22);
                wire(canvas, start, (left, top + 22), b.pipe.by_key);
            }
        }
    });
    let line = |b: &Boxed| {
        let from = b.pipe.from.map_or(String::new(), |from| {
            format!("{} -> ", boxes[from].pipe.name)
        });
        let local = if b.pipe.state.is_some() {
            "stateful"
        } else {
            "batch-local"
        };
        format!("{from}{} ({local}): {}\n", b.pipe.name, b.text)
    };
    let text: String = boxes.iter().map(line).collect();
    Figure::new(svg, topology.name(), &text)
}

/// Joins each number of seconds with its unit, so that no line is broken between them.
fn with_units(text: &str) -> String {
    let mut joined = String::new();
    for word in text.split(' ') {
        let after_number = joined.ends_with(|last: char| last.is_ascii_digit());
        let is_unit = matches!(word, "s" | "s,");
        if !joined.is_empty() {
            joined.push(if after_number && is_unit {
                '\u{a0}'
            } else {
                ' '
            });
        }
        joined.push_str(word);
    }
    joined
}

/// Column by the way from the source; a row for each end.
fn places(pipes: &[Pipe]) -> Vec<(i32, i32)> {
    fn put(pipes: &[Pipe], at: usize, column: i32, row: &mut i32, places: &mut [(i32, i32)]) {
        places[at] = (column, *row);
        let children = (0..pipes.len()).filter(|n| pipes[*n].from == Some(at));
        for (n, child) in children.enumerate() {
            *row += i32::from(n > 0);
            put(pipes, child, column + 1, row, places);
        }
    }
    let mut places = vec![(0, 0); pipes.len()];
    if !pipes.is_empty() {
        put(pipes, 0, 0, &mut 0, &mut places);
    }
    places
}

fn wire(canvas: &Canvas, from: Point, to: Point, by_key: bool) {
    let middle = (from.0 + to.0) / 2 - 3;
    let offsets: &[i32] = if by_key { &[-2, 2] } else { &[0] };
    for offset in offsets {
        let points = vec![
            (from.0 + 2, from.1 + offset),
            (middle + offset, from.1 + offset),
            (middle + offset, to.1 + offset),
            (to.0 - 9, to.1 + offset),
        ];
        canvas.path(points, INK.mix(1.0), 1);
    }
    canvas.head((to.0 - 2, to.1), 8, INK.mix(1.0));
}

fn legend(canvas: &Canvas, by_key: bool) {
    let y = 38;
    for (n, name) in ["batch-local", "stateful"].into_iter().enumerate() {
        let left = MARGIN + 110 * n as i32;
        canvas.fill((left, y - 5), (left + 12, y + 7), colour(n).mix(0.14));
        canvas.outline((left, y - 5), (left + 12, y + 7), colour(n).mix(1.0));
        canvas.label(name, (left + 18, y + 1), AFTER);
    }
    if by_key {
        let left = MARGIN + 220;
        for offset in [-2, 2] {
            canvas.path(
                vec![(left, y + offset), (left + 24, y + offset)],
                INK.mix(1.0),
                1,
            );
        }
        canvas.label("to the worker of the key", (left + 32, y + 1), AFTER);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::microbatch::{EventTime, Kind, bounce_rate, page_views, top_words, word_count};
    use show::picture::assert_sound;

    #[test]
    fn pipes_of_the_chapters_topologies() {
        for topology in [
            top_words(Kind::Transactional).unwrap(),
            page_views(Kind::Opaque).unwrap(),
            bounce_rate(EventTime::in_field("secs").disorder(300), 600).unwrap(),
        ] {
            let figure = pipes(&topology);
            assert_sound(&figure);
            for pipe in topology.pipes() {
                let first = pipe.name.split(' ').next().unwrap();
                assert!(figure.svg().contains(first), "{first}");
            }
        }
    }

    #[test]
    fn seconds_stay_with_their_number() {
        let joined = with_units("by page, secs: the first within 600 s, gap 30 s");
        assert_eq!(
            joined,
            "by page, secs: the first within 600\u{a0}s, gap 30\u{a0}s"
        );
    }

    /// Rule: a double line is where rows may go to another worker. The sums of a batch by word are with
    /// the worker of their word already.
    #[test]
    fn rows_that_are_with_the_worker_of_their_key_do_not_move() {
        let topology = word_count(Kind::Opaque).unwrap();
        let by_key: Vec<bool> = topology.pipes().iter().map(|pipe| pipe.by_key).collect();
        assert_eq!(by_key, [false, false, true, false]);
        // The list of the top three has no key, so all counts go to one worker.
        let topology = top_words(Kind::Opaque).unwrap();
        let by_key: Vec<bool> = topology.pipes().iter().map(|pipe| pipe.by_key).collect();
        assert_eq!(by_key, [false, false, true, true]);
    }
}
