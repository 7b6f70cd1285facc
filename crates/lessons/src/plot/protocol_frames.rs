//! A run of the commit protocol, frame by frame.
use super::canvas::{AFTER, Canvas, ON, draw};
use super::style::{INK, LABEL, kind, marked, wrap, wrong};
use super::{Figure, WIDTH};
use crate::microbatch::model::ProtocolFrame;
use plotters::style::Color;

const MARGIN: i32 = 8;
const GAP: i32 = 12;
/// Frames side by side.
const COLUMNS: usize = 4;
const TOP: i32 = 36;
/// Height of the heading of a frame.
const HEADING: i32 = 40;
/// Height of a part with its name.
const PART: i32 = 44;
/// Height of a box.
const BOX: i32 = 24;
const PARTS: [&str; 4] = [
    "memory",
    "disk: plan",
    "disk: partition 0",
    "disk: partition 1",
];

/// Draws what is in memory and on the disk after each step of a run. What a step changed is orange, and
/// a tuple that is counted twice is red.
///
/// ```
/// use lambda_workbook::microbatch::{Kind, model::Protocol};
/// use lambda_workbook::plot;
/// let protocol = Protocol { kind: Kind::Transactional, redrawn: true, tuples: 1, crashes: 1 };
/// let run = protocol.check().counterexample.unwrap();
/// let figure = plot::protocol_frames(&protocol.story(&run), "A run");
/// assert!(figure.svg().contains("crash"));
/// ```
pub fn protocol_frames(frames: &[ProtocolFrame], title: &str) -> Figure {
    let columns = COLUMNS as i32;
    let width = (WIDTH as i32 - 2 * MARGIN - (columns - 1) * GAP) / columns;
    let tall = HEADING + PART * PARTS.len() as i32 + 10;
    let rows = frames.len().div_ceil(COLUMNS) as i32;
    let svg = draw((WIDTH, (TOP + tall * rows) as u32), |canvas| {
        canvas.title(title, (MARGIN, 16));
        for (n, frame) in frames.iter().enumerate() {
            let left = MARGIN + (width + GAP) * (n % COLUMNS) as i32;
            let top = TOP + tall * (n / COLUMNS) as i32;
            let heading = format!("{}. {}", n + 1, frame.step);
            for (line, words) in (0..).zip(wrap(&heading, LABEL * 1.1, width)) {
                canvas.strong(&words, (left, top + 8 + 15 * line), AFTER);
            }
            let before = n.checked_sub(1).map(|before| parts(&frames[before]));
            for (part, words) in parts(frame).into_iter().enumerate() {
                let y = top + HEADING + PART * part as i32;
                canvas.label(PARTS[part], (left, y), AFTER);
                let changed = before.is_some_and(|before| before[part] != words);
                let is_wrong = part >= 2 && frame.wrong[part - 2] || part == 0 && frame.crashed;
                one_box(canvas, (left, y + 10), width, words, changed, is_wrong);
            }
        }
    });
    let line = |(n, frame): (usize, &ProtocolFrame)| {
        let named = PARTS.iter().zip(parts(frame));
        let named: Vec<String> = named
            .map(|(name, words)| format!("{name}: {words}"))
            .collect();
        format!("{}. {}: {}\n", n + 1, frame.step, named.join("; "))
    };
    Figure::new(
        svg,
        title,
        &frames.iter().enumerate().map(line).collect::<String>(),
    )
}

fn parts(frame: &ProtocolFrame) -> [&str; 4] {
    let [first, second] = &frame.partitions;
    [&frame.memory, &frame.plan, first, second]
}

fn one_box(
    canvas: &Canvas,
    (left, top): (i32, i32),
    width: i32,
    words: &str,
    changed: bool,
    is_wrong: bool,
) {
    let ink = match (is_wrong, changed) {
        (true, _) => wrong(),
        (false, true) => marked(),
        (false, false) if words == "-" => INK,
        (false, false) => kind(0),
    };
    canvas.fill((left, top), (left + width, top + BOX), ink.mix(0.14));
    canvas.outline((left, top), (left + width, top + BOX), ink.mix(1.0));
    canvas.label(words, (left + width / 2, top + BOX / 2), ON);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::microbatch::Kind;
    use crate::microbatch::model::Protocol;
    use show::picture::assert_sound;

    #[test]
    fn the_counterexample_of_a_transactional_state_is_drawn_to_any_step() {
        let protocol = Protocol {
            kind: Kind::Transactional,
            redrawn: true,
            tuples: 1,
            crashes: 1,
        };
        let story = protocol.story(&protocol.check().counterexample.unwrap());
        assert!(story.iter().any(|frame| frame.crashed));
        assert!(story.last().unwrap().wrong.contains(&true));
        for n in 0..=story.len() {
            assert_sound(&protocol_frames(&story[..n], "A run"));
        }
    }
}
