//! The rows of each executor after a shuffle, and the one that the stage waits for.
use super::canvas::{ABOVE, AFTER, BELOW, draw};
use super::style::{INK, TEXT, kind, wrong};
use super::{Figure, WIDTH};
use crate::people::QueryStages;
use plotters::style::Color;
use show::table::grouped;

const LEFT: i32 = 24;
const RIGHT: i32 = WIDTH as i32 - 16;
const TOP: i32 = 74;
const BOTTOM: i32 = TOP + 170;

/// Draws a bar for each executor, as high as the rows that it has after the shuffle. The highest one is
/// highlighted, because the stage ends when this executor is done. The line is an even share of the rows.
///
/// ```
/// use lambda_workbook::people::{QueryStages, StagedQuery, with_robot};
/// use lambda_workbook::plot;
/// use polars::prelude::*;
///
/// let views = df!("url" => ["a.com/"; 1_000], "true_as_of_secs" => [0i64; 1_000],
///     "cookie" => [None::<&str>; 1_000], "user_id" => (0..1_000i64).collect::<Vec<_>>())?;
/// let join = QueryStages::of(&with_robot(&views, 50)?, StagedQuery::Join, 4)?;
/// assert!(plot::stage_load(&join).svg().contains("an even share: 250"));
/// # Ok::<(), PolarsError>(())
/// ```
pub fn stage_load(stages: &QueryStages) -> Figure {
    let loads: Vec<u64> = stages.executors.iter().map(|work| work.received).collect();
    let most = loads.iter().max().copied().unwrap_or(0);
    let slowest = loads.iter().position(|load| *load == most).unwrap_or(0);
    let even = stages.kept() as f64 / loads.len().max(1) as f64;
    let title = format!(
        "What the second stage waits for, on {} executors",
        loads.len()
    );
    let finding = format!(
        "executor {} has {} rows, {:.1} times an even share",
        slowest + 1,
        grouped(most as i64),
        stages.unevenness()
    );
    let even_share = format!("an even share: {}", grouped(even.round() as i64));
    let svg = draw((WIDTH, (BOTTOM + 62) as u32), |canvas| {
        canvas.title(&title, (8, 16));
        canvas.strong(&finding, (8, 40), AFTER);
        let height =
            |rows: f64| (rows / most.max(1) as f64 * f64::from(BOTTOM - TOP)).round() as i32;
        let slot = f64::from(RIGHT - LEFT) / loads.len().max(1) as f64;
        for (n, load) in loads.iter().enumerate() {
            let left = LEFT + (slot * n as f64).round() as i32;
            let right = LEFT + (slot * (n as f64 + 0.8)).round() as i32;
            let top = BOTTOM - height(*load as f64);
            let ink = if n == slowest { wrong() } else { kind(0) };
            canvas.fill((left, top), (right, BOTTOM), ink.mix(0.75));
            // The rows of the slowest are above its bar. Those of the others are below the axis, where no
            // line crosses them, if there is room.
            let middle = (left + right) / 2;
            canvas.label(&(n + 1).to_string(), (middle, BOTTOM + 6), BELOW);
            let rows = grouped(*load as i64);
            if n == slowest {
                canvas.label(&rows, (middle.clamp(32, RIGHT - 24), top - 3), ABOVE);
            } else if slot >= 60.0 {
                canvas.label(&rows, (middle, BOTTOM + 22), BELOW);
            }
        }
        canvas.path(vec![(LEFT, BOTTOM), (RIGHT, BOTTOM)], INK.mix(1.0), 1);
        let y = BOTTOM - height(even);
        canvas.dashed(&[(LEFT - 6, y), (RIGHT, y)], TEXT.mix(1.0), 2, (8, 5));
        canvas.dashed(&[(470, 40), (500, 40)], TEXT.mix(1.0), 2, (8, 5));
        canvas.label(&even_share, (506, 40), AFTER);
        canvas.label(
            "executor, and its rows",
            ((LEFT + RIGHT) / 2, BOTTOM + 42),
            BELOW,
        );
    });
    let fewest = loads.iter().min().copied().unwrap_or(0);
    let fewest = grouped(fewest as i64);
    let text = format!("{finding}\n{even_share}\nthe fewest rows of an executor: {fewest}\n");
    Figure::new(svg, &title, &text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::people::{StagedQuery, with_robot};
    use polars::prelude::df;
    use show::picture::assert_sound;

    #[test]
    fn loads_with_and_without_a_heavy_key_and_of_nothing() {
        let views = df!(
            "url" => vec!["a.com/"; 3_000],
            "true_as_of_secs" => (0..3_000i64).collect::<Vec<_>>(),
            "cookie" => vec![None::<&str>; 3_000],
            "user_id" => (0..3_000i64).collect::<Vec<_>>(),
        )
        .unwrap();
        for percent in [0, 50, 100] {
            for executors in [1, 2, 8, 32] {
                let views = with_robot(&views, percent).unwrap();
                let join = QueryStages::of(&views, StagedQuery::Join, executors).unwrap();
                assert_sound(&stage_load(&join));
            }
        }
        let none = QueryStages::of(&views.head(Some(0)), StagedQuery::Join, 4).unwrap();
        assert_sound(&stage_load(&none));
    }
}
