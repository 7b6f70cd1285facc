//! One kill, frame by frame, for several consumers one below the other.
use super::canvas::{AFTER, BEFORE, Canvas, ON, draw};
use super::dashboard::{cross, triangle};
use super::style::{INK, LABEL, marked, right, text_width, wrap, wrong};
use super::{Figure, WIDTH};
use crate::capstone::KillFrame;
use plotters::style::{Color, RGBColor};

const MARGIN: i32 = 8;
const GAP: i32 = 12;
/// The names of the frames.
const NAMES: [&str; 5] = [
    "1. before",
    "2. killed",
    "3. started again",
    "4. its next step",
    "5. after a batch run",
];
/// Width of a frame.
const FRAME: i32 = (WIDTH as i32 - 2 * MARGIN - 4 * GAP) / 5;
/// Top of the first consumer: below the title, two lines of legend and the names of the frames.
const TOP: i32 = 98;
/// Height of a consumer: its name, two lines of words, the records, the offset.
const TALL: i32 = 132;
/// Side of the square of a record, and the distance between two.
const SIDE: i32 = 34;
const BETWEEN: i32 = 6;

/// Draws the frames of [`kill_frames`](fn@crate::capstone::kill_frames), side by side: the records of
/// the log with how often the answer counts each, and the offset at which a consumer goes on. There
/// is a row for each consumer with its name. Fewer than five frames leave the rest of a row empty.
///
/// ```
/// use lambda_workbook::prelude::*;
/// use lambda_workbook::capstone::{Consumer, kill_frames};
/// let folder = tempfile::tempdir()?;
/// let frames = kill_frames(folder.path(), Consumer::ExactlyOnce, 1)?;
/// let figure = plot::kill_frames(&[("exactly once", &frames[..2])], "Killed");
/// assert!(figure.svg().contains("2. killed") && !figure.svg().contains("3. started again"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn kill_frames(consumers: &[(&str, &[KillFrame])], title: &str) -> Figure {
    let height = TOP + TALL * consumers.len() as i32;
    let left = |place: usize| MARGIN + (FRAME + GAP) * place as i32;
    let svg = draw((WIDTH, height as u32), |canvas| {
        canvas.title(title, (MARGIN, 16));
        legend(canvas);
        let most = consumers.iter().map(|(_, frames)| frames.len()).max();
        for (place, name) in NAMES.iter().take(most.unwrap_or(0)).enumerate() {
            canvas.strong(name, (left(place), TOP - 16), AFTER);
        }
        for (row, (name, frames)) in (0..).zip(consumers) {
            let top = TOP + TALL * row;
            let line = vec![(MARGIN, top - 4), (WIDTH as i32 - MARGIN, top - 4)];
            canvas.path(line, INK.mix(0.3), 1);
            canvas.strong(name, (MARGIN, top + 8), AFTER);
            for (place, frame) in frames.iter().enumerate() {
                one_frame(canvas, frame, (left(place), top));
            }
        }
    });
    let line = |(place, frame): (usize, &KillFrame)| {
        let counted: Vec<String> = frame.counted.iter().map(i64::to_string).collect();
        format!(
            "  {}: {}; offset {}, counted {}\n",
            NAMES[place],
            frame.what,
            frame.offset,
            counted.join(", ")
        )
    };
    let text = consumers.iter().flat_map(|(name, frames)| {
        let lines = frames.iter().enumerate().map(line);
        std::iter::once(format!("{name}\n")).chain(lines)
    });
    Figure::new(svg, title, &text.collect::<String>())
}

/// Says what the squares, their outlines and the triangle stand for.
fn legend(canvas: &Canvas) {
    let entry = |x: &mut i32, y: i32, name: &str, draw: &dyn Fn(i32)| {
        draw(*x);
        canvas.label(name, (*x + 16, y), AFTER);
        *x += 16 + text_width(name, LABEL) + 18;
    };
    let (mut above, mut below) = (MARGIN, MARGIN);
    for (ink, name) in [
        (right(), "record, counted once"),
        (INK, "waits"),
        (wrong(), "lost, or counted twice"),
    ] {
        entry(&mut above, 42, name, &|x| square(canvas, (x, 37), 11, ink));
    }
    let marks: [(&str, &dyn Fn(i32)); 3] = [
        ("read by the step of this frame", &|x| {
            frame_of(canvas, (x, 55), 11)
        }),
        ("offset at which a consumer goes on", &|x| {
            triangle(canvas, (x + 5, 65), INK.mix(1.0))
        }),
        ("process killed", &|x| cross(canvas, (x + 5, 60))),
    ];
    for (name, draw) in marks {
        entry(&mut below, 60, name, draw);
    }
}

fn square(canvas: &Canvas, (x, y): (i32, i32), side: i32, ink: RGBColor) {
    canvas.fill((x, y), (x + side, y + side), ink.mix(0.18));
    canvas.outline((x, y), (x + side, y + side), ink.mix(1.0));
}

/// Draws the frame around a record that a step has read.
fn frame_of(canvas: &Canvas, (x, y): (i32, i32), side: i32) {
    let corners = [(0, 0), (side, 0), (side, side), (0, side), (0, 0)];
    let path = corners.map(|(right, down)| (x + right, y + down));
    canvas.path(path.into(), marked().mix(1.0), 3);
}

/// Draws what the files hold in one frame.
fn one_frame(canvas: &Canvas, frame: &KillFrame, (left, top): (i32, i32)) {
    // What has happened.
    if frame.is_down {
        cross(canvas, (left + FRAME - 6, top + 8));
    }
    for (line, words) in (0..).zip(wrap(&frame.what, LABEL, FRAME)) {
        canvas.label(&words, (left, top + 27 + 15 * line), AFTER);
    }
    // The records, each with how often it is counted.
    let y = top + 56;
    for (record, count) in (0u64..).zip(&frame.counted) {
        let x = left + record as i32 * (SIDE + BETWEEN);
        let ink = match count {
            _ if frame.is_wrong(record) => wrong(),
            0 => INK,
            _ => right(),
        };
        square(canvas, (x, y), SIDE, ink);
        if frame.read.contains(&record) {
            frame_of(canvas, (x, y), SIDE);
        }
        let times = format!("{count}×");
        canvas.strong(&times, (x + SIDE / 2, y + SIDE / 2), ON);
    }
    // The offset is before the record of this number.
    let x = left + frame.offset as i32 * (SIDE + BETWEEN) - BETWEEN / 2;
    triangle(canvas, (x, y + SIDE + 14), INK.mix(1.0));
    let words = format!("offset {}", frame.offset);
    let (shift, anchor) = match frame.offset {
        0 | 1 => (8, AFTER),
        _ => (-8, BEFORE),
    };
    canvas.label(&words, (x + shift, y + SIDE + 11), anchor);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capstone::{Consumer, kill_frames as run};
    use lambda::speed::CommitOrder;
    use show::picture::assert_sound;

    #[test]
    fn lost_and_doubled_records_are_drawn_as_wrong() {
        let folder = tempfile::tempdir().unwrap();
        let frames = |name: &str, consumer| run(&folder.path().join(name), consumer, 1).unwrap();
        let once = frames("once", Consumer::ExactlyOnce);
        let lost = frames("lost", Consumer::SplitCommit(CommitOrder::BeforeProcessing));
        let twice = frames("twice", Consumer::SplitCommit(CommitOrder::AfterProcessing));
        let rgb = wrong();
        let wrong_ink = format!("#{:02X}{:02X}{:02X}", rgb.0, rgb.1, rgb.2);
        // A square is a fill and an outline. The legend has one of a wrong record.
        let wrong_squares = |name: &str, frames: &[KillFrame]| {
            let figure = kill_frames(&[(name, frames)], "Killed");
            assert_sound(&figure);
            figure.svg().matches(&wrong_ink).count() / 2 - 1
        };
        assert_eq!(wrong_squares("exactly once", &once), 0);
        // Records 1 and 2 in frames 2 to 4, and in frame 4.
        assert_eq!(wrong_squares("at most once", &lost), 6);
        assert_eq!(wrong_squares("at least once", &twice), 2);
        let all: [(&str, &[KillFrame]); 3] = [("a", &once), ("b", &lost), ("c", &twice)];
        for shown in 0..=5 {
            let rows = all.map(|(name, frames)| (name, &frames[..shown]));
            assert_sound(&kill_frames(&rows, "Killed"));
        }
    }
}
