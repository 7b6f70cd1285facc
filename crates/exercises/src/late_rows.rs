//! Exercise 8.5: what becomes of late rows.
use super::draw::Draw;
use super::exercise::{Case, Exercise};
use super::value::{Inputs, Value};
use lessons::microbatch::by_hand::{ArrivedRow, SortedRows};
use polars::prelude::{DataFrame, PolarsResult, df, polars_bail};
use std::collections::BTreeSet;

/// The reader's function.
pub type Function = fn(&[Vec<ArrivedRow>], i64, i64) -> SortedRows;

/// Feeds the reader's function.
pub fn answer(function: Function, inputs: &Inputs) -> PolarsResult<Value> {
    let sorted = function(
        &batches(inputs)?,
        *inputs.int("disorder")?,
        *inputs.int("lateness")?,
    );
    let parts = [
        ("on time", sorted.on_time),
        ("late", sorted.late),
        ("side output", sorted.side_output),
    ];
    // Each id as often as it was returned, in the order of the ids.
    let mut rows: Vec<(i64, &str)> = Vec::new();
    for (name, ids) in &parts {
        rows.extend(ids.iter().map(|id| (*id, *name)));
    }
    rows.sort_unstable();
    Ok(Value::Frame(df!(
        "id" => rows.iter().map(|row| row.0).collect::<Vec<_>>(),
        "goes to" => rows.iter().map(|row| row.1).collect::<Vec<_>>(),
    )?))
}

/// The rows of the table, cut into its batches.
fn batches(inputs: &Inputs) -> PolarsResult<Vec<Vec<ArrivedRow>>> {
    let rows = inputs.frame("rows")?;
    let (numbers, ids) = (rows.column("batch")?.i64()?, rows.column("id")?.i64()?);
    let secs = rows.column("secs")?.i64()?;
    let mut batches: Vec<(i64, Vec<ArrivedRow>)> = Vec::new();
    for row in 0..rows.height() {
        let (Some(batch), Some(id), Some(secs)) = (numbers.get(row), ids.get(row), secs.get(row))
        else {
            polars_bail!(ComputeError: "a row has a batch, an id and a time");
        };
        let row = ArrivedRow { id, secs };
        match batches.last_mut() {
            Some((last, rows)) if *last == batch => rows.push(row),
            _ => batches.push((batch, vec![row])),
        }
    }
    Ok(batches.into_iter().map(|(_, rows)| rows).collect())
}

/// Exercise 8.5.
pub static EXERCISE: Exercise = Exercise {
    id: "08_5_late_rows",
    name: "late_rows",
    title: "Exercise 8.5, what becomes of late rows",
    signature: "fn sort_out(batches: &[Vec<ArrivedRow>], disorder: i64, lateness: i64) -> SortedRows",
    hints: &[
        "Keep the latest time of all rows so far in a variable of type `Option<i64>`. When a batch begins, the \
         watermark is that time less the disorder. When is the variable moved on?",
        "For each batch: `let watermark = latest.map(|latest| latest - disorder);`, then a loop over its rows that \
         compares, and after the loop `latest = latest.max(batch.iter().map(|row| row.secs).max());`.",
        "`match watermark { Some(w) if row.secs + lateness < w => side_output, Some(w) if row.secs < w => late, _ => \
         on_time }`, each time with `.push(row.id)`.",
    ],
    vocabulary: &[
        "lessons::microbatch::by_hand::ArrivedRow",
        "lessons::microbatch::by_hand::SortedRows",
    ],
    cases,
    reference,
    idle: &[
        |inputs| answer(|_, _, _| SortedRows::default(), inputs),
        |inputs| {
            answer(
                |batches, _, _| SortedRows {
                    on_time: batches.iter().flatten().map(|row| row.id).collect(),
                    ..SortedRows::default()
                },
                inputs,
            )
        },
    ],
    trial: None,
};

fn reference(inputs: &Inputs) -> PolarsResult<Value> {
    let rows = inputs.frame("rows")?.column("id")?.i64()?;
    if rows.iter().collect::<BTreeSet<_>>().len() != rows.len() {
        polars_bail!(ComputeError: "no two rows have the same id");
    }
    answer(
        |batches, disorder, lateness| {
            let (mut sorted, mut latest) = (SortedRows::default(), None);
            for batch in batches {
                let watermark: Option<i64> = latest.map(|latest: i64| latest - disorder);
                for row in batch {
                    let part = match watermark {
                        Some(watermark) if row.secs + lateness < watermark => {
                            &mut sorted.side_output
                        }
                        Some(watermark) if row.secs < watermark => &mut sorted.late,
                        _ => &mut sorted.on_time,
                    };
                    part.push(row.id);
                }
                latest = latest.max(batch.iter().map(|row| row.secs).max());
            }
            sorted
        },
        inputs,
    )
}

fn cases(seed: u64) -> Vec<Case> {
    let mut draw = Draw::of(seed);
    let start = draw.number(1_438_884_000, 1_400_000_000..1_500_000_000);
    let first = draw.number(1, 2..1_000_000);
    let disorder = draw.number(120, 60..300);
    let lateness = draw.number(600, 400..900);
    // A row that is so many seconds before the watermark which a row at second 5,000 makes.
    let late_by = |secs: i64| 5_000 - disorder - secs;
    let random = drawn(&mut draw, disorder, lateness);
    let case = |name, about, why, batches: &[Vec<i64>]| {
        let (mut numbers, mut secs) = (Vec::new(), Vec::new());
        for (number, batch) in (1i64..).zip(batches) {
            numbers.extend(batch.iter().map(|_| number));
            secs.extend(batch.iter().map(|secs| start + secs));
        }
        let ids: Vec<i64> = (first..).take(secs.len()).collect();
        let rows: DataFrame =
            df!("batch" => numbers, "id" => ids, "secs" => secs).expect("columns of one length");
        Case {
            name,
            about,
            why,
            inputs: Inputs::new()
                .with("rows", Value::Frame(rows))
                .with("disorder", Value::Int(disorder))
                .with("lateness", Value::Int(lateness)),
        }
    };
    vec![
        case(
            "in_order",
            "three batches, and the rows come in order",
            "every row must be in the answer once, by its id",
            &[vec![100, 150], vec![400], vec![700, 740]],
        ),
        case(
            "one_batch",
            "the rows of one batch are out of order",
            "a batch is judged by the watermark at which it begins: its own rows do not make each other late",
            &[vec![5_000, 100]],
        ),
        case(
            "at_the_watermark",
            "a row exactly at the watermark, and one a second before it",
            "rows before the watermark are no longer expected; a row at it is",
            &[vec![5_000], vec![late_by(0), late_by(1)]],
        ),
        case(
            "at_the_end",
            "a row that is late by exactly the allowed lateness, and one a second later",
            "what both sides of a line take for theirs is counted twice, or never",
            &[vec![5_000], vec![late_by(lateness), late_by(lateness + 1)]],
        ),
        case(
            "stays",
            "a batch of late rows only, and then another late row",
            "the watermark never moves back, so late rows do not make room for more of them",
            &[
                vec![5_000],
                vec![late_by(lateness)],
                vec![late_by(lateness + 100)],
            ],
        ),
        case(
            "random",
            "twelve batches, some rows of which are late",
            "what holds for chosen rows must hold for all",
            &random,
        ),
    ]
}

/// Batches in which rows lie at and around both lines.
fn drawn(draw: &mut Draw, disorder: i64, lateness: i64) -> Vec<Vec<i64>> {
    let mut batches = Vec::new();
    let mut latest = 10_000;
    batches.push(vec![latest, latest - 3_000]);
    for n in 0..11 {
        let watermark = latest - disorder;
        let mut batch = Vec::new();
        for edge in [0, lateness] {
            batch.push(watermark - edge - draw.below(2));
            batch.push(watermark - edge + draw.below(200) - 100);
        }
        batch.push(watermark);
        batch.push(watermark - lateness);
        // Every third batch has late rows only.
        if n % 3 != 2 {
            let next = latest + 200 + draw.below(400);
            batch.insert(0, next);
            latest = next;
        } else {
            batch.retain(|secs| *secs < watermark);
        }
        batches.push(batch);
    }
    batches
}

#[cfg(test)]
mod tests {
    use super::*;

    crate::mutants::tests! {
        late_rows::sort_out, stub: |_, _, _| todo!(), mutants:
        as_they_come, drops_the_late, edge_is_late, edge_is_too_late, moves_back, no_disorder,
        no_line_between, own_batch,
    }
}
