//! Exercise 8.4: the watermark of several partitions.
use super::draw::Draw;
use super::exercise::{Case, Exercise};
use super::value::{Inputs, Value};
use lessons::microbatch::by_hand::PartitionClock;
use polars::prelude::{DataFrame, PolarsResult, df, polars_bail};

/// The reader's function.
pub type Function = fn(Option<i64>, &[PartitionClock], i64, i64) -> Option<i64>;

/// Feeds the reader's function: batch after batch, each with the watermark that it returned before.
pub fn answer(function: Function, inputs: &Inputs) -> PolarsResult<Value> {
    let rows = inputs.frame("partitions")?;
    let (disorder, idle_after) = (*inputs.int("disorder")?, *inputs.int("idle_after")?);
    let (batches, latest) = (rows.column("batch")?.i64()?, rows.column("latest")?.i64()?);
    let silent = rows.column("silent")?.i64()?;
    let mut clocks: Vec<(i64, Vec<PartitionClock>)> = Vec::new();
    for row in 0..rows.height() {
        let (Some(batch), Some(silent)) = (batches.get(row), silent.get(row)) else {
            polars_bail!(ComputeError: "a partition has a batch and a number of silent batches");
        };
        let clock = PartitionClock {
            latest: latest.get(row),
            silent,
        };
        match clocks.last_mut() {
            Some((last, of_batch)) if *last == batch => of_batch.push(clock),
            _ => clocks.push((batch, vec![clock])),
        }
    }
    let mut watermark = None;
    let mut watermarks = Vec::new();
    for (_, of_batch) in &clocks {
        watermark = function(watermark, of_batch, disorder, idle_after);
        watermarks.push(watermark);
    }
    Ok(Value::Frame(df!(
        "batch" => clocks.iter().map(|(batch, _)| *batch).collect::<Vec<_>>(),
        "watermark" => watermarks,
    )?))
}

/// Exercise 8.4.
pub static EXERCISE: Exercise = Exercise {
    id: "08_4_watermark",
    name: "watermark",
    title: "Exercise 8.4, the watermark of several partitions",
    signature: "fn watermark(before: Option<i64>, partitions: &[PartitionClock], disorder: i64, idle_after: i64) -> Option<i64>",
    hints: &[
        "Which partitions have a say? Those that are not idle. The slowest of them decides, and a partition that \
         has no row yet is the slowest of all.",
        "`partitions.iter().filter(|p| p.silent < idle_after).map(|p| p.latest).min()` is the smallest latest time. It \
         is an `Option<Option<i64>>`: `None` if all are idle, `Some(None)` if one has no row yet, because `None` is smaller \
         than every `Some`. `.flatten()` makes one `Option` of both.",
        "`before.max(smallest.map(|latest| latest - disorder))`: the larger of two `Option`s is the later watermark, and \
         `None` is smaller than any.",
    ],
    vocabulary: &["lessons::microbatch::by_hand::PartitionClock"],
    cases,
    reference,
    idle: &[
        |inputs| answer(|before, _, _, _| before, inputs),
        |inputs| answer(|_, partitions, _, _| partitions.first()?.latest, inputs),
    ],
    trial: None,
};

fn reference(inputs: &Inputs) -> PolarsResult<Value> {
    answer(
        |before, partitions, disorder, idle_after| {
            let heard = partitions.iter().filter(|p| p.silent < idle_after);
            let slowest = heard.map(|partition| partition.latest).min().flatten();
            before.max(slowest.map(|latest| latest - disorder))
        },
        inputs,
    )
}

/// A partition in a batch: its latest event time, and for how many batches it was silent.
type Clock = (Option<i64>, i64);

fn frame(first: i64, batches: &[Vec<Clock>]) -> DataFrame {
    let (mut numbers, mut partitions) = (Vec::new(), Vec::new());
    let (mut latest, mut silent) = (Vec::new(), Vec::new());
    for (number, batch) in (first..).zip(batches) {
        for (partition, clock) in (0i64..).zip(batch) {
            numbers.push(number);
            partitions.push(partition);
            latest.push(clock.0);
            silent.push(clock.1);
        }
    }
    df!("batch" => numbers, "partition" => partitions, "latest" => latest, "silent" => silent)
        .expect("columns of one length")
}

fn cases(seed: u64) -> Vec<Case> {
    let mut draw = Draw::of(seed);
    let start = draw.number(1_438_884_000, 1_400_000_000..1_500_000_000);
    let first = draw.number(1, 2..1_000);
    let disorder = draw.number(300, 60..900);
    let idle = draw.number(3, 2..6);
    let at = |secs: i64| Some(start + secs);
    let random = drawn(&mut draw, start, idle);
    let case = |name, about, why, batches: &[Vec<Clock>]| Case {
        name,
        about,
        why,
        inputs: Inputs::new()
            .with("partitions", Value::Frame(frame(first, batches)))
            .with("disorder", Value::Int(disorder))
            .with("idle_after", Value::Int(idle)),
    };
    vec![
        case(
            "slowest",
            "three partitions with rows; the clock of the first is a day ahead",
            "the slowest partition may still bring rows that the others are past; and a wrong clock in one \
             partition must close nothing",
            &[vec![(at(86_400), 0), (at(100), 0), (at(500), 0)]],
        ),
        case(
            "waiting",
            "a partition is silent, but not for long enough to be idle",
            "it is perhaps only slow, so its rows are waited for",
            &[vec![(at(5_000), 0), (at(100), idle - 1)]],
        ),
        case(
            "idle",
            "a partition is silent for as many batches as make it idle",
            "a partition from which nothing comes would hold the watermark, and every open visit, for ever",
            &[vec![(at(5_000), 0), (at(100), idle), (at(6_000), 0)]],
        ),
        case(
            "no_row",
            "a partition has had no row yet, and is not idle",
            "nothing is known of its rows, so nothing can be said of the whole",
            &[vec![(at(5_000), 0), (None, 1)]],
        ),
        case(
            "never_came",
            "a partition had no row at all, and is idle",
            "a partition that nobody writes to must not hold the others",
            &[vec![(at(5_000), 0), (None, idle + 1)]],
        ),
        case(
            "comes_back",
            "an idle partition comes back with old rows",
            "what was published by the later watermark cannot be unpublished: a watermark never moves back",
            &[
                vec![(at(5_000), 0), (at(100), idle)],
                vec![(at(5_100), 0), (at(200), 0)],
            ],
        ),
        case(
            "all_idle",
            "all partitions are idle",
            "then nothing is learnt, and the watermark stays where it is",
            &[
                vec![(at(5_000), 0), (at(4_000), 0)],
                vec![(at(5_000), idle), (at(4_000), idle + 1)],
            ],
        ),
        case(
            "random",
            "three partitions over many batches",
            "what holds for chosen batches must hold for all",
            &random,
        ),
    ]
}

/// Batches in which each of the three partitions is silent for a while, and all of them at the end.
fn drawn(draw: &mut Draw, start: i64, idle: i64) -> Vec<Vec<Clock>> {
    let all = 3 * idle + 9;
    // Silent from the first batch to before the second, by partition.
    let pauses = [(all, all), (3, 3 + idle + 2), (0, idle + 2)];
    let mut clocks: Vec<Clock> = vec![(None, 0); 3];
    let mut batches = Vec::new();
    for n in 0..all + idle + 2 {
        for (clock, (from, to)) in clocks.iter_mut().zip(pauses) {
            if n >= all || (from..to).contains(&n) {
                clock.1 += 1;
                continue;
            }
            // After its pause a partition brings its backlog first.
            let behind = if n >= to && n < to + 2 { 400 * idle } else { 0 };
            let secs = start + 400 * n - behind + draw.below(300);
            *clock = (clock.0.max(Some(secs)), 0);
        }
        batches.push(clocks.clone());
    }
    batches
}

#[cfg(test)]
mod tests {
    use super::*;

    crate::mutants::tests! {
        watermark::watermark, stub: |_, _, _, _| todo!(), mutants:
        all_idle_is_unknown, idle_at_once, idle_one_later, latest_row, moves_back, never_idle,
        no_disorder, skips_the_unknown, unknown_holds,
    }
}
