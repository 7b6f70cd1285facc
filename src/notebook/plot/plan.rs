//! The buckets that a plan reads, over time.
use super::canvas::{BEFORE, BELOW, draw};
use super::style::{INK, series as colour};
use super::{Figure, WIDTH};
use crate::calendar::{Granularity, Plan};
use crate::notebook::time::format;
use chrono_tz::Tz;
use plotters::style::Color;

const LEFT: i32 = 70;
const RIGHT: i32 = WIDTH as i32 - 16;
const TOP: i32 = 44;
const ROW: i32 = 34;
/// Room for the name of an instant below the axis.
const NAME: i32 = 120;

/// Draws a plan: a row for each granularity, a box for each bucket that is read,
/// hollow where it is taken away, above the range it answers for.
///
/// ```
/// use lambda_workbook::prelude::*;
/// let span = Span::new(1_438_570_800, 1_438_830_000)?;
/// let figure = plot::plan(&Plan::additive(span, &Granularity::ALL)?);
/// assert!(figure.svg().contains("26 reads"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn plan(plan: &Plan) -> Figure {
    let levels: Vec<Granularity> = Granularity::ALL
        .into_iter()
        .rev()
        .filter(|level| plan.reads().iter().any(|read| read.granularity == *level))
        .collect();
    // A month that is read with days taken away may reach beyond the range.
    let starts = plan.reads().iter().map(|read| read.ts);
    let ends = plan.reads().iter().map(|read| read.end());
    let from = starts.min().unwrap_or(0).min(plan.span().from());
    let until = ends.max().unwrap_or(1).max(plan.span().until());
    let x = |ts: i64| {
        let share = (ts - from) as f64 / (until - from).max(1) as f64;
        LEFT + (share * f64::from(RIGHT - LEFT)).round() as i32
    };
    let text = plan.to_string();
    let title = text.lines().next().unwrap_or_default();
    let axis = TOP + ROW * levels.len() as i32;
    let svg = draw((WIDTH, (axis + 46) as u32), |canvas| {
        canvas.title(title, (8, 16));
        for (row, level) in levels.iter().enumerate() {
            let middle = TOP + ROW * row as i32 + ROW / 2;
            canvas.label(level.name(), (LEFT - 10, middle), BEFORE);
            let ink = colour(row);
            for read in plan
                .reads()
                .iter()
                .filter(|read| read.granularity == *level)
            {
                // Neighbours stay apart, if there is room between them.
                let (left, right) = (x(read.ts), x(read.end()));
                let right = if right - left > 3 { right - 1 } else { right };
                let corners = ((left, middle - 11), (right, middle + 11));
                if !read.minus {
                    canvas.fill(corners.0, corners.1, ink.mix(0.75));
                } else {
                    canvas.fill(corners.0, corners.1, ink.mix(0.12));
                }
                canvas.outline(corners.0, corners.1, ink.mix(1.0));
                if read.minus && right - left > 12 {
                    canvas.strong("−", ((left + right) / 2, middle - 8), BELOW);
                }
            }
        }
        let (left, right) = (x(plan.span().from()), x(plan.span().until()));
        canvas.path(vec![(left, axis + 8), (right, axis + 8)], INK.mix(1.0), 3);
        for (at, ts) in [(left, plan.span().from()), (right, plan.span().until())] {
            canvas.path(vec![(at, axis + 3), (at, axis + 13)], INK.mix(1.0), 2);
            let name = format(ts, Tz::UTC, "%Y-%m-%d %H:%M");
            let at = at.clamp(NAME / 2, WIDTH as i32 - NAME / 2);
            // Of a short range only the start has room.
            if ts == plan.span().from() || right - left > NAME {
                canvas.label(&name, (at, axis + 18), BELOW);
            }
        }
    });
    Figure::new(svg, "a plan of reads", &text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calendar::Span;

    #[test]
    fn every_read_is_a_box() {
        let span = Span::new(1_438_570_800, 1_438_830_000).unwrap();
        let plan = plan(&Plan::additive(span, &Granularity::ALL).unwrap());
        // Each box is filled and outlined.
        assert_eq!(plan.svg().matches("<rect").count(), 2 * 26);
        assert!(plan.svg().contains("2015-08-03 03:00"));
    }

    #[test]
    fn the_shortest_range_is_drawn_too() {
        let span = Span::new(0, 3_600).unwrap();
        let figure = plan(&Plan::additive(span, &Granularity::ALL).unwrap());
        assert!(figure.svg().contains("1 read"));
    }
}
