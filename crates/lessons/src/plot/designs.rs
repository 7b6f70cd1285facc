//! Designs of a data system side by side: what each keeps and computes, and how wrong it was under
//! each fault.
use super::canvas::{AFTER, BEFORE, BELOW, ON, draw};
use super::style::{INK, LABEL, right, series, text_width, wrap, wrong};
use super::{Figure, WIDTH};
use crate::designs::{Design, Outcome, Standing};
use plotters::style::Color;
use show::table::grouped;

const MARGIN: i32 = 8;

/// Draws each design as a row of boxes: the raw data that it keeps, what computes, and what an answer
/// is read from, with the figures of a run.
///
/// ```
/// use lambda_workbook::prelude::*;
/// use designs::{Design, Fault, Scenario, standing};
/// let folder = tempfile::tempdir()?;
/// let kappa = standing(folder.path(), &Scenario::day(Fault::None), Design::Kappa, 9 * 3_600)?;
/// assert!(plot::designs(&[kappa]).svg().contains("Kappa"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn designs(standings: &[Standing]) -> Figure {
    /// Height of a design's row, and of its boxes.
    const ROW: i32 = 76;
    const BOX: i32 = 56;
    const TOP: i32 = 62;
    const NAME: i32 = 96;
    const GAP: i32 = 30;
    let title = "What each design keeps, computes, and answers from";
    let width = (WIDTH as i32 - 2 * MARGIN - NAME - 2 * GAP) / 3;
    let left = |column: i32| MARGIN + NAME + column * (width + GAP);
    let height = TOP + ROW * standings.len() as i32 + 4;
    let mut text = String::new();
    let svg = draw((WIDTH, height as u32), |canvas| {
        canvas.title(title, (MARGIN, 16));
        for (column, name) in (0..).zip(["raw data", "what computes", "what answers"]) {
            canvas.strong(name, (left(column) + width / 2, 38), BELOW);
        }
        for (row, standing) in (0..).zip(standings) {
            let top = TOP + ROW * row;
            let middle = top + BOX / 2;
            for (line, words) in (0..).zip(wrap(standing.design.name(), LABEL, NAME - 8)) {
                canvas.strong(&words, (MARGIN, middle - 4 + 16 * line), AFTER);
            }
            let [raw, computes, answers] = parts(standing);
            for (column, words) in (0..).zip([&raw, &computes, &answers]) {
                let none = column == 0 && standing.kept.raw_bytes == 0;
                let ink = if none {
                    wrong()
                } else {
                    series(column as usize)
                };
                let (from, to) = ((left(column), top), (left(column) + width, top + BOX));
                canvas.fill(from, to, ink.mix(0.14));
                canvas.outline(from, to, ink.mix(1.0));
                let lines = wrap(words, LABEL, width - 12);
                let first = middle - 8 * (lines.len() as i32 - 1);
                for (line, words) in (0..).zip(&lines) {
                    canvas.label(words, (left(column) + width / 2, first + 16 * line), ON);
                }
                if column > 0 && !(column == 1 && standing.kept.raw_bytes == 0) {
                    let from = (left(column) - GAP + 3, middle);
                    canvas.arrow(from, (left(column) - 4, middle), INK.mix(1.0), 1);
                }
            }
            let name = standing.design.name();
            text += &format!("{name}: {raw}; {computes}; {answers}\n");
        }
    });
    Figure::new(svg, title, &text)
}

/// What stands in the three boxes of a design.
fn parts(standing: &Standing) -> [String; 3] {
    let kilobytes = grouped(standing.kept.raw_bytes / 1_000);
    let (raw, computes, answers) = match standing.design {
        Design::Lambda => (
            "log and master data set",
            "batch run over all, updater over the newest",
            "batch view and realtime view, merged",
        ),
        Design::Kappa => (
            "log that keeps everything",
            "one stream program, replayed after a fault",
            "store of the stream program",
        ),
        Design::OneStore | Design::RowByRow => (
            "none; a backup of the store",
            "each event changes the store",
            "the store itself",
        ),
        Design::Lakehouse => (
            "table of raw rows",
            "a job that cleans each commit",
            "table of clean rows, read by a query engine",
        ),
        Design::Maintained => (
            "log that keeps everything",
            "a dataflow that holds all distinct facts in memory",
            "views in memory",
        ),
    };
    let raw = match standing.kept.raw_bytes {
        0 => raw.to_owned(),
        _ => format!("{raw}: {kilobytes} kB"),
    };
    let rows = grouped(standing.rows);
    [
        raw,
        computes.to_owned(),
        format!("{answers}: {rows} rows read"),
    ]
}

/// Says in two or three words how a trial ended: whether it was ever wrong, and what is left.
pub(super) fn verdict(outcome: &Outcome) -> String {
    match (outcome.left(), outcome.hours_wrong()) {
        (0, 0) => "never wrong".to_owned(),
        (0, hours) => format!("0 left; {hours} h wrong"),
        (left, _) => format!("{left} left"),
    }
}

/// Draws the wrong answers of each trial at the end of each hour: a row for each fault and a column for each
/// design. Heights are on a scale of square roots, so that a few wrong answers beside hundreds can be
/// seen. Below each stands how many are left in the end. The caption below the boxes says what rows,
/// columns and colours are.
///
/// ```
/// use lambda_workbook::prelude::*;
/// use designs::{Design, Fault, Scenario, inject_all};
/// let folder = tempfile::tempdir()?;
/// let outcomes = inject_all(folder.path(), &Scenario::day(Fault::Bug), &Design::STORES)?;
/// assert!(plot::trials(&outcomes, "A day with a bug").svg().contains("48 left"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn trials(outcomes: &[Outcome], title: &str) -> Figure {
    const NAME: i32 = 78;
    const TOP: i32 = 62;
    const BOX: i32 = 44;
    const ROW: i32 = 68;
    const GAP: i32 = 10;
    /// Height of a line of the caption.
    const LINE: i32 = 18;
    let faults: Vec<&[Outcome]> = outcomes.chunk_by(|a, b| a.fault == b.fault).collect();
    let columns = faults.first().map_or(1, |row| row.len().max(1)) as i32;
    let width = (WIDTH as i32 - 2 * MARGIN - NAME - GAP * (columns - 1)) / columns;
    let worst = outcomes
        .iter()
        .map(Outcome::worst)
        .max()
        .unwrap_or(0)
        .max(1);
    let height = TOP + ROW * faults.len() as i32 + 3 * LINE + 6;
    let mut text = String::new();
    let svg = draw((WIDTH, height as u32), |canvas| {
        canvas.title(title, (MARGIN, 16));
        for (row, fault) in (0..).zip(&faults) {
            let top = TOP + ROW * row;
            canvas.strong(
                fault[0].fault.name(),
                (MARGIN + NAME - 8, top + BOX / 2),
                BEFORE,
            );
            for (column, outcome) in (0..).zip(fault.iter()) {
                let left = MARGIN + NAME + column * (width + GAP);
                if row == 0 {
                    canvas.strong(outcome.design.name(), (left + width / 2, 38), BELOW);
                }
                canvas.fill((left, top), (left + width, top + BOX), INK.mix(0.06));
                let x =
                    |hour: usize| left + width * hour as i32 / outcome.hours.len().max(1) as i32;
                for (hour, answers) in outcome.hours.iter().enumerate() {
                    let share = (answers.all() as f64 / worst as f64).sqrt();
                    // One wrong answer is a pixel at least.
                    let high = (share * f64::from(BOX)).ceil() as i32;
                    if high > 0 {
                        let from = (x(hour), top + BOX - high);
                        canvas.fill(from, (x(hour + 1), top + BOX), wrong().mix(0.75));
                    }
                }
                let left_over = outcome.left();
                let ink = if left_over > 0 { wrong() } else { right() };
                canvas.path(
                    vec![(left, top + BOX), (left + width, top + BOX)],
                    ink.mix(1.0),
                    2,
                );
                let words = verdict(outcome);
                canvas.label(&words, (left + width / 2, top + BOX + 5), BELOW);
                let (fault, design) = (outcome.fault.name(), outcome.design.name());
                let worst = outcome.worst();
                text += &format!("{fault}, {design}: {words}, at most {worst}\n");
            }
        }
        // The caption: what a row, a column and a box are, the bars, and the line below a box.
        let first = TOP + ROW * faults.len() as i32 + 8;
        let hours = outcomes.first().map_or(0, |outcome| outcome.hours.len());
        let boxes = format!(
            "A row is a fault, a column is a design, and a box has {hours} hours from left to right."
        );
        canvas.label(&boxes, (MARGIN, first), AFTER);
        let bars = format!(
            "wrong answers after each hour; the full height of a box is {} of them (scale: square roots)",
            grouped(worst)
        );
        let (from, to) = ((MARGIN, first + LINE - 5), (MARGIN + 10, first + LINE + 5));
        canvas.fill(from, to, wrong().mix(0.75));
        canvas.label(&bars, (MARGIN + 16, first + LINE), AFTER);
        let (mut x, y) = (MARGIN, first + 2 * LINE);
        for (ink, words) in [
            (right(), "below a box: no wrong answer is left at the end"),
            (wrong(), "below a box: some are left"),
        ] {
            canvas.path(vec![(x, y), (x + 10, y)], ink.mix(1.0), 2);
            canvas.label(words, (x + 16, y), AFTER);
            x += 16 + text_width(words, LABEL) + 18;
        }
    });
    Figure::new(svg, title, &text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::designs::{Fault, Kept, Scenario, WrongAnswers, inject_all};
    use show::picture::assert_sound;
    use std::time::Duration;

    #[test]
    fn every_design_has_its_boxes_and_the_one_store_has_no_raw_data() {
        let standing = |design| Standing {
            design,
            behind: 24,
            rows: 14,
            kept: Kept {
                raw_bytes: if design == Design::OneStore {
                    0
                } else {
                    1_816_000
                },
                all_bytes: 3_000_000,
            },
            latency: Duration::from_micros(300),
        };
        let figure = designs(&Design::FIVE.map(standing));
        assert_sound(&figure);
        assert_eq!(figure.svg().matches("1,816").count(), 4);
    }

    #[test]
    fn what_is_wrong_is_drawn_hour_by_hour_and_what_is_left_is_counted() {
        let folder = tempfile::tempdir().unwrap();
        let mut outcomes =
            inject_all(folder.path(), &Scenario::day(Fault::Bug), &Design::STORES).unwrap();
        let figure = trials(&outcomes, "A day with a bug");
        assert_sound(&figure);
        assert_eq!(figure.svg().matches("48 left").count(), 2);
        assert!(figure.svg().contains("a box has 24 hours"));
        let never = WrongAnswers::default();
        outcomes[0].hours.iter_mut().for_each(|hour| *hour = never);
        assert!(trials(&outcomes, "").svg().contains("never wrong"));
    }
}
