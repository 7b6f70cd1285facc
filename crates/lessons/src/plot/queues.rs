//! Three ways to hand events to four applications, with what a crash did to each (figures 14.1 to
//! 14.3).
use super::canvas::{BELOW, ON, draw};
use super::style::{INK, LABEL, right, wrap, wrong};
use super::{Figure, WIDTH};
use crate::speed_layer::queues::Seen;
use plotters::style::Color;
use show::table::grouped;

const MARGIN: i32 = 8;
const GAP: i32 = 26;
/// Height of a box.
const BOX: i32 = 44;
const ROWS: [i32; 3] = [66, 150, 250];

/// Draws each way as a column: the sender, what stands between, and the four applications, each with
/// what it lost or counted twice. `after` is the number of events after which the processes crashed.
///
/// ```
/// use lambda_workbook::prelude::*;
/// let folder = tempfile::tempdir()?;
/// let seen = speed::queues::compared(folder.path(), 60, 37)?;
/// assert!(plot::queues(&seen, 37).svg().contains("7 lost"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn queues(seen: &[Seen], after: u64) -> Figure {
    let title = format!(
        "What a crash at event {after} or {} does to each count",
        after + 1
    );
    let ways: Vec<&[Seen]> = seen.chunk_by(|a, b| a.way == b.way).collect();
    let count = ways.len().max(1) as i32;
    let width = (WIDTH as i32 - 2 * MARGIN - GAP * (count - 1)) / count;
    let svg = draw((WIDTH, (ROWS[2] + BOX + 30) as u32), |canvas| {
        canvas.title(&title, (MARGIN, 16));
        for (n, way) in (0..).zip(&ways) {
            let left = MARGIN + (width + GAP) * n;
            let (end, middle) = (left + width, left + width / 2);
            canvas.strong(way[0].way, (middle, 40), BELOW);

            // The sender, and what is between it and the applications.
            let boxed = |top: i32, words: &str| {
                canvas.fill((left + 20, top), (end - 20, top + BOX), INK.mix(0.14));
                canvas.outline((left + 20, top), (end - 20, top + BOX), INK.mix(1.0));
                let lines = wrap(words, LABEL, width - 48);
                let first = top + BOX / 2 - 8 * (lines.len() as i32 - 1);
                for (line, words) in (0..).zip(&lines) {
                    canvas.label(words, (middle, first + 16 * line), ON);
                }
            };
            let events = grouped(way[0].sent as i64);
            match way[0].way {
                "fire and forget" => boxed(
                    ROWS[0],
                    &format!("sender of {events} events, waits for no answer"),
                ),
                _ => boxed(ROWS[0], &format!("sender of {events} events")),
            }
            let between = match way[0].way {
                "fire and forget" => None,
                "one queue for four" => Some("queue: deletes an item when it is acknowledged"),
                _ => Some("log: keeps records; each reader has its offset"),
            };
            if let Some(words) = between {
                boxed(ROWS[1], words);
                let (from, to) = ((middle, ROWS[0] + BOX + 3), (middle, ROWS[1] - 3));
                canvas.arrow(from, to, INK.mix(1.0), 1);
            }

            // The applications.
            let from = if between.is_some() { ROWS[1] } else { ROWS[0] } + BOX + 3;
            let step = width / way.len().max(1) as i32;
            for (place, seen) in (0..).zip(way.iter()) {
                let x = left + step * place;
                let ink = if seen.lost + seen.doubled > 0 {
                    wrong()
                } else {
                    right()
                };
                let centre = x + step / 2 - 2;
                let (from, to) = ((middle, from), (centre, ROWS[2] - 3));
                canvas.arrow(from, to, INK.mix(1.0), 1);
                canvas.fill((x, ROWS[2]), (x + step - 4, ROWS[2] + BOX), ink.mix(0.14));
                canvas.outline((x, ROWS[2]), (x + step - 4, ROWS[2] + BOX), ink.mix(1.0));
                canvas.strong(&seen.application_number(), (centre, ROWS[2] + 13), ON);
                canvas.label(&verdict(seen), (centre, ROWS[2] + 31), ON);
            }
            canvas.label("four applications", (middle, ROWS[2] + BOX + 8), BELOW);
        }
    });
    let line = |seen: &Seen| {
        format!(
            "{}, application {}: {}\n",
            seen.way,
            seen.application_number(),
            verdict(seen)
        )
    };
    Figure::new(svg, &title, &seen.iter().map(line).collect::<String>())
}

/// What an application lacks, in two words.
fn verdict(seen: &Seen) -> String {
    match (seen.lost, seen.doubled) {
        (0, 0) => "exact".to_owned(),
        (lost, 0) => format!("{lost} lost"),
        (0, doubled) => format!("{doubled} twice"),
        (lost, doubled) => format!("-{lost} +{doubled}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::speed_layer::queues::compared;
    use show::picture::assert_sound;

    #[test]
    fn three_ways_with_what_each_application_lacks() {
        let folder = tempfile::tempdir().unwrap();
        let figure = queues(&compared(folder.path(), 60, 37).unwrap(), 37);
        assert_sound(&figure);
        assert_eq!(figure.svg().matches("7 lost").count(), 4);
        assert_eq!(figure.svg().matches("exact").count(), 4);
    }
}
