//! A crash between an effect and its acknowledgement, in four frames side by side.
use super::canvas::{AFTER, BELOW, ON, draw};
use super::style::{INK, LABEL, marked, right, wrap, wrong};
use super::{Figure, WIDTH};
use crate::speed_layer::CrashFrame;
use plotters::style::Color;

const MARGIN: i32 = 8;
const GAP: i32 = 16;
const TOP: i32 = 36;
/// Height of a box.
const BOX: i32 = 26;
/// Lines of text above a frame.
const LINES: usize = 4;

/// Draws the four frames of [`crash_frames`](crate::speed_layer::crash_frames): what the queue holds,
/// what the worker has in hand, and what the view counts.
///
/// ```
/// use lambda_workbook::prelude::*;
/// use lambda_workbook::speed::{Acknowledge, crash_frames};
/// let folder = tempfile::tempdir()?;
/// let frames = crash_frames(folder.path(), Acknowledge::AfterProcessing)?;
/// assert!(plot::crash_frames(&frames, "A crash").svg().contains("crashed"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn crash_frames(frames: &[CrashFrame; 4], title: &str) -> Figure {
    let width = (WIDTH as i32 - 2 * MARGIN - 3 * GAP) / 4;
    let body = TOP + 17 * LINES as i32 + 6;
    // Below the heading: the queue, the worker, the view.
    let rows = [body + 18, body + 18 + 74, body + 18 + 148];
    let svg = draw((WIDTH, (rows[2] + BOX + 40) as u32), |canvas| {
        canvas.title(title, (MARGIN, 16));
        for (n, frame) in frames.iter().enumerate() {
            let left = MARGIN + (width + GAP) * n as i32;
            let (middle, end) = (left + width / 2, left + width);
            let heading = format!("{}. {}", n + 1, frame.what);
            for (line, words) in (0..).zip(wrap(&heading, LABEL * 1.1, width)) {
                canvas.strong(&words, (left, TOP + 8 + 17 * line), AFTER);
            }

            // The queue.
            canvas.label("queue", (left, rows[0] - 10), AFTER);
            for (place, item) in (0..).zip(&frame.queue) {
                let (from, to) = (left + place * 66, left + place * 66 + 60);
                let taken = frame.in_hand.as_ref() == Some(item);
                let ink = if taken { marked() } else { INK };
                canvas.fill((from, rows[0]), (to, rows[0] + BOX), ink.mix(0.14));
                canvas.outline((from, rows[0]), (to, rows[0] + BOX), ink.mix(1.0));
                canvas.label(item, ((from + to) / 2, rows[0] + BOX / 2), ON);
            }

            // The worker.
            canvas.label("worker", (left, rows[1] - 10), AFTER);
            let (ink, words) = match (&frame.in_hand, frame.crashed) {
                (_, true) => (wrong(), "crashed".to_owned()),
                (Some(item), false) => (marked(), format!("has {item}")),
                (None, false) => (INK, "idle".to_owned()),
            };
            canvas.fill((left, rows[1]), (end, rows[1] + BOX), ink.mix(0.14));
            canvas.outline((left, rows[1]), (end, rows[1] + BOX), ink.mix(1.0));
            canvas.label(&words, (middle, rows[1] + BOX / 2), ON);

            // The view.
            canvas.label("realtime view", (left, rows[2] - 10), AFTER);
            let is_final = n + 1 == frames.len();
            let ink = match (is_final, frame.counted == frame.right) {
                (true, false) => wrong(),
                (true, true) => right(),
                _ => INK,
            };
            canvas.fill((left, rows[2]), (end, rows[2] + BOX), ink.mix(0.14));
            canvas.outline((left, rows[2]), (end, rows[2] + BOX), ink.mix(1.0));
            let words = format!("mysite.com/: {}", frame.counted);
            canvas.strong(&words, (middle, rows[2] + BOX / 2), ON);
            if is_final && frame.counted != frame.right {
                canvas.label(
                    &format!("{} would be right", frame.right),
                    (middle, rows[2] + BOX + 6),
                    BELOW,
                );
            }
        }
    });
    let line = |(n, frame): (usize, &CrashFrame)| {
        let hand =
            frame
                .in_hand
                .as_deref()
                .unwrap_or(if frame.crashed { "crashed" } else { "idle" });
        format!(
            "{}. {}: queue {}; worker {hand}; view {}, right {}\n",
            n + 1,
            frame.what,
            frame.queue.join(", "),
            frame.counted,
            frame.right
        )
    };
    let text: String = frames.iter().enumerate().map(line).collect();
    Figure::new(svg, title, &text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::speed_layer::{Acknowledge, crash_frames as run};
    use show::picture::assert_sound;

    #[test]
    fn a_crash_on_either_side_of_the_acknowledgement() {
        let folder = tempfile::tempdir().unwrap();
        for (name, acknowledge, right) in [
            ("on", Acknowledge::OnDelivery, "3 would be right"),
            ("after", Acknowledge::AfterProcessing, "2 would be right"),
        ] {
            let frames = run(&folder.path().join(name), acknowledge).unwrap();
            let figure = crash_frames(&frames, "A crash");
            assert_sound(&figure);
            assert!(figure.svg().contains(right), "{name}");
        }
    }
}
