//! A log with the offsets of its readers, at one moment after the other (figure 14.3).
use super::canvas::{AFTER, BEFORE, BELOW, ON, draw};
use super::style::{INK, LABEL, kind, text_width};
use super::{Figure, WIDTH};
use crate::speed_layer::{LogState, PartitionState};
use plotters::style::Color;

/// The pixel at which offset 0 begins.
const LEFT: i32 = 92;
/// Height of a record.
const BOX: i32 = 24;
/// Height of the line for each group, below the records.
const LINE: i32 = 17;
/// The widest that a record is drawn.
const WIDEST: i32 = 46;

/// Draws a log at several moments, each with a heading: the records of each partition with their
/// offsets, and for each group of readers a mark before the record that it reads next. Records that
/// are no longer kept are empty boxes.
///
/// ```
/// use lambda_workbook::prelude::*;
/// use lambda_workbook::speed::{EmbeddedLog, Log, LogState};
///
/// let folder = tempfile::tempdir()?;
/// let log = EmbeddedLog::open(folder.path())?;
/// log.create_topic("letters", 2)?;
/// log.append("letters", 1, &[(b"", b"a"), (b"", b"b")])?;
/// let state = LogState::of(&log, "letters", &["counts"])?;
/// let figure = plot::log_states(&[("two records", &state)], "A log");
/// assert!(figure.svg().contains("partition 1") && figure.svg().contains("counts"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn log_states(states: &[(&str, &LogState)], title: &str) -> Figure {
    // All moments have the same scale.
    let partitions = || states.iter().flat_map(|(_, state)| &state.partitions);
    let most = partitions()
        .map(|partition| partition.end)
        .max()
        .unwrap_or(0)
        .max(1) as i32;
    let width = ((WIDTH as i32 - LEFT - 90) / (most + 1)).min(WIDEST);
    let tall = |state: &LogState| BOX + 18 + LINE * state.groups.len() as i32 + 8;
    let height = |state: &LogState| 28 + tall(state) * state.partitions.len() as i32;
    let all: i32 = states.iter().map(|(_, state)| height(state)).sum();
    let svg = draw((WIDTH, (40 + all) as u32), |canvas| {
        canvas.title(title, (8, 16));
        let mut top = 40;
        for (heading, state) in states {
            canvas.strong(heading, (8, top + 8), AFTER);
            let mut y = top + 24;
            for (number, partition) in state.partitions.iter().enumerate() {
                canvas.label(
                    &format!("partition {number}"),
                    (LEFT - 8, y + BOX / 2),
                    BEFORE,
                );
                records(canvas, partition, (width, y));
                // The reader that is farthest comes first, so that no mark crosses a name. Marks at
                // one offset stand beside each other, and names behind all of them.
                let mut readers: Vec<_> = { state.groups.iter() }
                    .zip(&partition.next)
                    .enumerate()
                    .collect();
                readers.sort_by_key(|(_, (_, next))| std::cmp::Reverse(**next));
                for (place, (n, (group, next))) in readers.iter().enumerate() {
                    let (n, here) = (*n, LEFT + width * **next as i32);
                    let equal = readers.iter().filter(|(_, (_, other))| other == next);
                    let last = equal.map(|(n, _)| *n).max().unwrap_or(n);
                    let x = here + 3 * n as i32;
                    let line = y + BOX + 24 + LINE * place as i32;
                    canvas.path(vec![(x, y - 3), (x, line)], kind(n).mix(1.0), 2);
                    let words = format!("{group} reads next at {next}");
                    // The name stands on the side on which there is room.
                    let behind = here + 3 * last as i32 + 6;
                    match behind + text_width(&words, LABEL) < WIDTH as i32 {
                        true => canvas.label(&words, (behind, line), AFTER),
                        false => canvas.label(&words, (here - 5, line), BEFORE),
                    }
                }
                y += tall(state);
            }
            top += height(state);
        }
    });
    let line = |(heading, state): &(&str, &LogState)| {
        let partitions = state
            .partitions
            .iter()
            .enumerate()
            .map(|(number, partition)| {
                let kept = partition
                    .records
                    .first()
                    .map_or(partition.end, |record| record.0);
                let groups = state.groups.iter().zip(&partition.next);
                let groups: Vec<String> = groups
                    .map(|(group, next)| format!("{group} reads next at {next}"))
                    .collect();
                format!(
                    "partition {number}: keeps {kept} to {}, not included; {}\n",
                    partition.end,
                    groups.join(", ")
                )
            });
        format!("{heading}\n{}", partitions.collect::<String>())
    };
    Figure::new(svg, title, &states.iter().map(line).collect::<String>())
}

/// Draws the records of a partition, and below each its offset.
fn records(canvas: &super::canvas::Canvas, partition: &PartitionState, (width, y): (i32, i32)) {
    for offset in 0..partition.end {
        let (from, to) = (
            LEFT + width * offset as i32,
            LEFT + width * (offset as i32 + 1),
        );
        let kept = partition.records.iter().find(|record| record.0 == offset);
        if let Some((_, value)) = kept {
            canvas.fill((from, y), (to - 2, y + BOX), INK.mix(0.14));
            canvas.label(value, ((from + to) / 2 - 1, y + BOX / 2), ON);
        }
        canvas.outline(
            (from, y),
            (to - 2, y + BOX),
            INK.mix(if kept.is_some() { 1.0 } else { 0.4 }),
        );
        canvas.label(
            &offset.to_string(),
            ((from + to) / 2 - 1, y + BOX + 3),
            BELOW,
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use show::picture::assert_sound;

    #[test]
    fn a_log_with_two_readers_and_a_part_that_is_not_kept() {
        let partition = |begin: u64, end: u64, next: [u64; 2]| PartitionState {
            end,
            records: (begin..end)
                .map(|offset| (offset, "x".to_owned()))
                .collect(),
            next: next.to_vec(),
        };
        let state = LogState {
            groups: vec!["counts".to_owned(), "search".to_owned()],
            partitions: vec![
                partition(0, 8, [3, 8]),
                partition(2, 5, [2, 5]),
                partition(0, 0, [0, 0]),
            ],
        };
        let figure = log_states(&[("before", &state), ("after", &state)], "A log");
        assert_sound(&figure);
        assert_eq!(figure.svg().matches("search reads next at 8").count(), 2);
    }
}
