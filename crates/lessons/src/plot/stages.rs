//! What moves between a driver and its executors for a query.
use super::canvas::{AFTER, ON, draw};
use super::style::{INK, LABEL, marked, wrap};
use super::{Figure, WIDTH};
use crate::people::{QueryStages, StagedQuery};
use plotters::style::Color;
use show::table::grouped;

const MARGIN: i32 = 8;
const GAP: i32 = 14;
const TALL: i32 = 56;
/// The tops of the driver, of the first stage and of the second.
const ROWS: [i32; 3] = [40, 166, 330];
/// The height of the line along which tasks go from the driver to the executors.
const BUS: i32 = 124;
/// The widths in pixels of the line for the fewest rows and of that for the most.
const WIDTHS: (f64, f64) = (2.0, 7.0);
/// The most executors that are drawn.
const DRAWN: usize = 4;

/// Draws a query from the program that asks, by the driver, to the executors and back, with the rows
/// that each of them reads, keeps and receives. A line between two stages is wider if more rows move
/// along it, and dashed if they stay on their executor. Of more than four executors the first three are
/// drawn, and the rest as one.
///
/// ```
/// use lambda_workbook::people::{QueryStages, StagedQuery};
/// use lambda_workbook::plot;
/// use polars::prelude::*;
///
/// let views = df!("url" => ["a.com/"; 8], "true_as_of_secs" => [0i64; 8])?;
/// let stages = QueryStages::of(&views, StagedQuery::Views, 2)?;
/// assert!(plot::stages(&stages).svg().contains("reads 4"));
/// # Ok::<(), PolarsError>(())
/// ```
pub fn stages(stages: &QueryStages) -> Figure {
    let title = format!("What moves for: {}", stages.query.sql());
    let number = |rows: u64| grouped(rows as i64);
    let shuffles = stages.query != StagedQuery::AllRows;
    let boxes = drawn(stages);
    let width = (WIDTH as i32 - 2 * MARGIN - GAP * (boxes.len() as i32 - 1)) / boxes.len() as i32;
    let result = format!("{} rows", number(stages.result));
    let shuffle = format!(
        "shuffle: {} rows move to another executor, of {} that are kept",
        number(stages.moved()),
        number(stages.kept())
    );
    let bottom = if shuffles { ROWS[2] } else { ROWS[1] } + TALL;
    let svg = draw((WIDTH, (bottom + 34) as u32), |canvas| {
        canvas.title(&title, (MARGIN, 14));
        let boxed = |left: i32, top: i32, width: i32, words: &str, strong: bool| {
            let ink = if strong { marked() } else { INK };
            canvas.fill((left, top), (left + width, top + TALL), ink.mix(0.14));
            canvas.outline((left, top), (left + width, top + TALL), ink.mix(1.0));
            let lines = wrap(words, LABEL, width - 10);
            let first = top + TALL / 2 - 8 * (lines.len() as i32 - 1);
            for (line, words) in (0..).zip(&lines) {
                canvas.label(words, (left + width / 2, first + 16 * line), ON);
            }
        };
        let down = |x: i32, from: i32, to: i32| {
            canvas.path(vec![(x, from), (x, to - 8)], INK.mix(1.0), 2);
            canvas.polygon(
                vec![(x, to), (x - 5, to - 9), (x + 5, to - 9)],
                INK.mix(1.0),
            );
        };

        // The program that asks, and the driver.
        let (asks, driver) = ((MARGIN, 190), (WIDTH as i32 - MARGIN - 300, 300));
        boxed(
            asks.0,
            ROWS[0],
            asks.1,
            "notebook: sends text, gets rows",
            false,
        );
        boxed(
            driver.0,
            ROWS[0],
            driver.1,
            "driver: plans stages, gives tasks to executors",
            true,
        );
        let (left, right) = (asks.0 + asks.1 + 6, driver.0 - 6);
        let middle = (left + right) / 2;
        canvas.path(
            vec![(left, ROWS[0] + 18), (right - 8, ROWS[0] + 18)],
            INK.mix(1.0),
            2,
        );
        canvas.head((right, ROWS[0] + 18), 9, INK.mix(1.0));
        canvas.label(
            &format!("{} bytes", stages.query.sql().len()),
            (middle, ROWS[0] + 8),
            ON,
        );
        canvas.path(
            vec![(right, ROWS[0] + 40), (left + 8, ROWS[0] + 40)],
            INK.mix(1.0),
            2,
        );
        let tip = [(left, 40), (left + 9, 35), (left + 9, 45)].map(|(x, y)| (x, ROWS[0] + y));
        canvas.polygon(tip.to_vec(), INK.mix(1.0));
        canvas.label(&result, (middle, ROWS[0] + 52), ON);

        // The first stage: each executor reads its part of the file.
        let left_of = |n: usize| MARGIN + (width + GAP) * n as i32;
        for (n, (name, work)) in boxes.iter().enumerate() {
            let words = format!(
                "{name} {} rows, {} {}",
                number(work.read),
                kept_words(stages.query),
                number(work.kept)
            );
            boxed(left_of(n), ROWS[1], width, &words, false);
            let x = left_of(n) + width / 2;
            down(x, BUS, ROWS[1]);
        }
        let (first, driver_x) = (left_of(0) + width / 2, driver.0 + driver.1 - 40);
        let last = left_of(boxes.len() - 1) + width / 2;
        canvas.path(
            vec![(driver_x, ROWS[0] + TALL), (driver_x, BUS)],
            INK.mix(1.0),
            2,
        );
        canvas.path(
            vec![(first, BUS), (last.max(driver_x), BUS)],
            INK.mix(1.0),
            2,
        );
        let tasks = "tasks: what to do with which part; no rows";
        canvas.label(tasks, (MARGIN, ROWS[0] + TALL + 14), AFTER);

        // The second stage: each merges what has its keys.
        if shuffles {
            let flows = flows(stages, boxes.len());
            let widest = flows.iter().flatten().max().copied().unwrap_or(0).max(1);
            for (to, (name, work)) in boxes.iter().enumerate() {
                let verb = match stages.query {
                    StagedQuery::Join => "joins",
                    _ => "merges",
                };
                let words = format!("{name} {verb} {} rows of its keys", number(work.received));
                boxed(
                    left_of(to),
                    ROWS[2],
                    width,
                    &words.replace(" reads", "").replace(" read ", " "),
                    false,
                );
                for (from, flows) in flows.iter().enumerate().filter(|(_, flows)| flows[to] > 0) {
                    let start = (left_of(from) + width / 2, ROWS[1] + TALL + 46);
                    // The ends are beside each other, so that each has a head that can be seen.
                    let place = width * (from as i32 + 1) / (boxes.len() as i32 + 1);
                    let end = (left_of(to) + place, ROWS[2] - 2);
                    let share = flows[to] as f64 / widest as f64;
                    let wide = WIDTHS.0 + (WIDTHS.1 - WIDTHS.0) * share;
                    // The last box may stand for several executors, and their rows do not all stay.
                    let is_several =
                        from + 1 == boxes.len() && boxes.len() < stages.executors.len();
                    if from == to && !is_several {
                        canvas.dashed(&[start, end], INK.mix(1.0), wide as u32, (6, 4));
                    } else {
                        canvas.arrow(start, end, marked().mix(0.8), wide as u32);
                    }
                }
            }
            let legend = "wider: more rows; dashed: rows that stay where they are";
            canvas.label(legend, (WIDTH as i32 / 2, ROWS[1] + TALL + 32), ON);
            canvas.strong(&shuffle, (WIDTH as i32 / 2, ROWS[1] + TALL + 14), ON);
        }
        let back = format!("to the driver, and from it to the notebook: {result}");
        canvas.strong(&back, (WIDTH as i32 / 2, bottom + 18), ON);
    });
    let mut text = String::new();
    for (name, work) in &boxes {
        text += &format!(
            "{name} {}, keeps {} ({})",
            number(work.read),
            number(work.kept),
            stages.query.kept()
        );
        if shuffles {
            text += &format!(", has {} after the shuffle", number(work.received));
        }
        text.push('\n');
    }
    if shuffles {
        text += &format!("{shuffle}\n");
    }
    text += &format!("to the driver and the notebook: {result}\n");
    Figure::new(svg, &title, &text)
}

fn kept_words(query: StagedQuery) -> &'static str {
    match query {
        StagedQuery::Views => "partial counts:",
        StagedQuery::Uniques => "different (url, hour, person):",
        StagedQuery::AllRows => "sends all",
        StagedQuery::Join => "keeps all",
    }
}

/// The executors that are drawn, with a name.
fn drawn(stages: &QueryStages) -> Vec<(String, crate::people::ExecutorWork)> {
    let count = stages.executors.len();
    let alone = if count > DRAWN { DRAWN - 1 } else { count };
    let mut drawn: Vec<_> = (1..)
        .zip(&stages.executors[..alone])
        .map(|(n, work)| (format!("executor {n} reads"), *work))
        .collect();
    if count > alone {
        let mut rest = crate::people::ExecutorWork::default();
        for work in &stages.executors[alone..] {
            rest.read += work.read;
            rest.kept += work.kept;
            rest.moved += work.moved;
            rest.received += work.received;
        }
        drawn.push((format!("{} more read", count - alone), rest));
    }
    drawn
}

/// The rows from each executor that is drawn to each other one. The last may stand for several.
fn flows(stages: &QueryStages, drawn: usize) -> Vec<Vec<u64>> {
    let mut flows = vec![vec![0; drawn]; drawn];
    for (from, sent) in stages.flows.iter().enumerate() {
        for (to, rows) in sent.iter().enumerate() {
            flows[from.min(drawn - 1)][to.min(drawn - 1)] += rows;
        }
    }
    flows
}

#[cfg(test)]
mod tests {
    use super::*;
    use polars::prelude::df;
    use show::picture::assert_sound;

    #[test]
    fn every_query_with_few_executors_and_many() {
        let views = df!(
            "url" => (0..3_000).map(|n| ["a.com/", "b.com/"][n % 2]).collect::<Vec<_>>(),
            "true_as_of_secs" => (0..3_000i64).collect::<Vec<_>>(),
            "cookie" => vec![None::<&str>; 3_000],
            "user_id" => (0..3_000i64).map(|n| n % 50).collect::<Vec<_>>(),
        )
        .unwrap();
        for query in [
            StagedQuery::Views,
            StagedQuery::Uniques,
            StagedQuery::AllRows,
            StagedQuery::Join,
        ] {
            for executors in [1, 2, 4, 5, 32] {
                let found = QueryStages::of(&views, query, executors).unwrap();
                let figure = stages(&found);
                assert_sound(&figure);
                let sum = found.executors.iter().map(|work| work.read).sum::<u64>();
                assert_eq!(sum, 3_000);
            }
        }
    }
}
