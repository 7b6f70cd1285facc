//! Exercise 8.8: which batch runs next after a crash.
//!
//! A case has one restart or several. They have nothing to do with each other: for each of them the
//! function gets what the partitions have, and what the two logs hold.
use super::draw::Draw;
use super::exercise::{Case, Exercise};
use super::value::{Inputs, Value};
use lessons::microbatch::by_hand::{OffsetRange, PlannedBatch, planned_batch};
use polars::prelude::{DataFrame, PolarsResult, df, polars_bail};
use std::collections::BTreeMap;

/// The reader's function.
pub type Function = fn(&[OffsetRange], &[String], &[i64], i64) -> Option<PlannedBatch>;

/// Feeds the reader's function, restart after restart. A restart after which no batch runs has no row
/// in the answer.
pub fn answer(function: Function, inputs: &Inputs) -> PolarsResult<Value> {
    let most = *inputs.int("most")?;
    let mut rows: Vec<[i64; 5]> = Vec::new();
    for (number, found) in restarts(inputs)? {
        let next = function(&found.partitions, &found.offset_log, &found.committed, most);
        let Some(next) = next else { continue };
        for (partition, range) in (0..).zip(&next.ranges) {
            rows.push([number, next.batch, partition, range.from, range.to]);
        }
    }
    let column = |place: usize| rows.iter().map(|row| row[place]).collect::<Vec<_>>();
    Ok(Value::Frame(df!(
        "restart" => column(0),
        "batch" => column(1),
        "partition" => column(2),
        "from" => column(3),
        "to" => column(4),
    )?))
}

/// What a process finds when it starts.
#[derive(Clone, Debug, Default)]
struct Restart {
    /// What each partition has now.
    partitions: Vec<OffsetRange>,
    /// The lines of the offset log. The last may be torn.
    offset_log: Vec<String>,
    /// The ids of the batches in the commit log.
    committed: Vec<i64>,
}

/// Returns the restarts of the tables, by their numbers. Each has partitions; what the logs have of
/// others is left out.
fn restarts(inputs: &Inputs) -> PolarsResult<BTreeMap<i64, Restart>> {
    let mut restarts: BTreeMap<i64, Restart> = BTreeMap::new();
    let rows = inputs.frame("partitions")?;
    for row in 0..rows.height() {
        let (from, to) = (number(rows, "from", row)?, number(rows, "to", row)?);
        let found = restarts.entry(number(rows, "restart", row)?).or_default();
        found.partitions.push(OffsetRange { from, to });
    }
    let rows = inputs.frame("offset_log")?;
    let lines = rows.column("line")?.str()?;
    for row in 0..rows.height() {
        if let Some(found) = restarts.get_mut(&number(rows, "restart", row)?) {
            let line = lines.get(row).unwrap_or_default();
            found.offset_log.push(line.to_owned());
        }
    }
    let rows = inputs.frame("committed")?;
    for row in 0..rows.height() {
        if let Some(found) = restarts.get_mut(&number(rows, "restart", row)?) {
            found.committed.push(number(rows, "batch", row)?);
        }
    }
    Ok(restarts)
}

fn number(rows: &DataFrame, column: &str, row: usize) -> PolarsResult<i64> {
    match rows.column(column)?.i64()?.get(row) {
        Some(number) => Ok(number),
        None => polars_bail!(ComputeError: "row {row} has no `{column}`"),
    }
}

/// Exercise 8.8.
pub static EXERCISE: Exercise = Exercise {
    id: "08_8_plan_again",
    name: "plan_again",
    title: "Exercise 8.8, plan, crash, plan again",
    signature: "fn next_batch(partitions: &[OffsetRange], offset_log: &[String], committed: &[i64], most: i64) -> Option<PlannedBatch>",
    hints: &[
        "Which line of the offset log is the last that was written in whole? If its batch is not committed, what may have \
         happened with its records, and which records must be taken again?",
        "`offset_log.iter().filter(|line| line.ends_with(';')).filter_map(|line| planned_batch(line)).last()` is the last plan. \
         If `committed.contains(&plan.batch)` is false, it is the answer as it stands. Else a new batch begins in each \
         partition where the plan ended.",
        "`let last = last.unwrap_or_default();`, then for each `(partition, has)` of `partitions.iter().enumerate()`: \
         `let from = last.ranges.get(partition).map_or(has.from, |range| range.to);` and \
         `OffsetRange { from, to: has.to.min(from + most) }`. The answer is `None` if each of these ranges is empty.",
    ],
    vocabulary: &[
        "lessons::microbatch::by_hand::OffsetRange",
        "lessons::microbatch::by_hand::PlannedBatch",
        "lessons::microbatch::by_hand::planned_batch",
    ],
    cases,
    reference,
    idle: &[
        |inputs| answer(|_, _, _, _| None, inputs),
        |inputs| {
            answer(
                |_, offset_log, _, _| planned_batch(offset_log.last()?),
                inputs,
            )
        },
        |inputs| {
            let everything = |partitions: &[OffsetRange], _: &[String], _: &[i64], _| {
                let ranges = partitions.to_vec();
                Some(PlannedBatch { batch: 1, ranges })
            };
            answer(everything, inputs)
        },
    ],
    trial: None,
};

fn reference(inputs: &Inputs) -> PolarsResult<Value> {
    if *inputs.int("most")? < 1 {
        polars_bail!(ComputeError: "a batch may take a record of each partition");
    }
    for found in restarts(inputs)?.values() {
        plans(found)?;
    }
    answer(
        |partitions, offset_log, committed, most| {
            let whole = offset_log.iter().filter(|line| line.ends_with(';'));
            let last = whole.filter_map(|line| planned_batch(line)).next_back();
            let last = match last {
                Some(plan) if !committed.contains(&plan.batch) => return Some(plan),
                last => last.unwrap_or_default(),
            };
            let range = |(partition, has): (usize, &OffsetRange)| {
                let known = last.ranges.get(partition);
                let from = known.map_or(has.from, |range| range.to);
                let to = has.to.min(from + most);
                OffsetRange { from, to }
            };
            let ranges: Vec<OffsetRange> = partitions.iter().enumerate().map(range).collect();
            let is_empty = ranges.iter().all(|range| range.from == range.to);
            let batch = last.batch + 1;
            (!is_empty).then_some(PlannedBatch { batch, ranges })
        },
        inputs,
    )
}

/// Returns the plans that a restart finds.
///
/// # Errors
/// If no run leaves such logs: a torn line that is not the last, ids or offsets with a gap, a batch that
/// was planned before the one before it was committed, or a partition without the records that are next.
fn plans(found: &Restart) -> PolarsResult<Vec<PlannedBatch>> {
    let is_whole = |line: &&String| line.ends_with(';');
    let whole = found.offset_log.iter().take_while(is_whole);
    let Some(plans) = whole
        .map(|line| planned_batch(line))
        .collect::<Option<Vec<_>>>()
    else {
        polars_bail!(ComputeError: "a whole line of the offset log is a batch");
    };
    let torn = found.offset_log.len() - plans.len();
    let follows = |pair: &[PlannedBatch]| {
        let mut ranges = pair[0].ranges.iter().zip(&pair[1].ranges);
        pair[0].batch + 1 == pair[1].batch
            && pair[0].ranges.len() <= pair[1].ranges.len()
            && ranges.all(|(before, after)| before.to == after.from)
    };
    let is_forward = |range: &OffsetRange| range.from <= range.to;
    let planned = plans.iter().flat_map(|plan| &plan.ranges);
    if torn > 1
        || !plans.windows(2).all(follows)
        || !planned.chain(&found.partitions).all(is_forward)
    {
        polars_bail!(ComputeError: "the offset log has the batches in order, without a gap, and at most its last line is torn");
    }
    // Every batch is committed before the next one is planned.
    let ids: Vec<i64> = plans.iter().map(|plan| plan.batch).collect();
    let open = ids.len().saturating_sub(found.committed.len());
    if found.committed != ids[..ids.len() - open] || open + torn > 1 {
        polars_bail!(ComputeError: "the commit log has all planned batches but perhaps the last");
    }
    let Some(last) = plans.last() else {
        return Ok(plans);
    };
    let has_next = |(range, has): (&OffsetRange, &OffsetRange)| {
        let next = if open > 0 { range.from } else { range.to };
        has.from <= next && range.to <= has.to
    };
    let known = last.ranges.iter().zip(&found.partitions);
    if last.batch < 1 || last.ranges.len() > found.partitions.len() || !known.clone().all(has_next)
    {
        polars_bail!(ComputeError: "the partitions have the records that are next");
    }
    Ok(plans)
}

/// Ranges of offsets, partition by partition: (from, to).
type Ranges<'a> = &'a [(i64, i64)];

/// Returns the ranges with `first` added to each offset.
fn moved(first: i64, ranges: Ranges) -> Vec<OffsetRange> {
    let range = |&(from, to): &(i64, i64)| OffsetRange {
        from: first + from,
        to: first + to,
    };
    ranges.iter().map(range).collect()
}

impl Restart {
    /// What a process finds if batches with these ids and ranges were planned, and the first `committed`
    /// of them committed. `first` is added to each offset.
    fn of(first: i64, partitions: Ranges, planned: &[(i64, Ranges)], committed: usize) -> Restart {
        let line = |(batch, ranges): &(i64, Ranges)| {
            let (batch, ranges) = (*batch, moved(first, ranges));
            PlannedBatch { batch, ranges }.to_string()
        };
        Restart {
            partitions: moved(first, partitions),
            offset_log: planned.iter().map(line).collect(),
            committed: planned[..committed]
                .iter()
                .map(|(batch, _)| *batch)
                .collect(),
        }
    }

    /// The same with the last line of the offset log torn: its last digit and what follows are missing.
    fn torn(mut self) -> Restart {
        if let Some(line) = self.offset_log.last_mut() {
            line.truncate(line.len() - 2);
        }
        self
    }

    /// The same, and the whole last number is missing.
    fn torn_early(mut self) -> Restart {
        if let Some(line) = self.offset_log.last_mut() {
            let digits = line.rfind('.').map_or(0, |dot| dot + 1);
            line.truncate(digits);
        }
        self
    }
}

fn case(
    name: &'static str,
    about: &'static str,
    why: &'static str,
    most: i64,
    restarts: &[Restart],
) -> Case {
    let (mut partitions, mut lines, mut batches) = (Vec::new(), Vec::new(), Vec::new());
    for (number, found) in (1i64..).zip(restarts) {
        partitions.extend(
            found
                .partitions
                .iter()
                .map(|has| (number, has.from, has.to)),
        );
        lines.extend(found.offset_log.iter().map(|line| (number, line.as_str())));
        batches.extend(found.committed.iter().map(|batch| (number, *batch)));
    }
    let partitions = df!(
        "restart" => partitions.iter().map(|row| row.0).collect::<Vec<_>>(),
        "from" => partitions.iter().map(|row| row.1).collect::<Vec<_>>(),
        "to" => partitions.iter().map(|row| row.2).collect::<Vec<_>>(),
    );
    let offset_log = df!(
        "restart" => lines.iter().map(|row| row.0).collect::<Vec<_>>(),
        "line" => lines.iter().map(|row| row.1).collect::<Vec<_>>(),
    );
    let committed = df!(
        "restart" => batches.iter().map(|row| row.0).collect::<Vec<_>>(),
        "batch" => batches.iter().map(|row| row.1).collect::<Vec<_>>(),
    );
    let table = |made: PolarsResult<DataFrame>| Value::Frame(made.expect("columns of one length"));
    let inputs = Inputs::new()
        .with("partitions", table(partitions))
        .with("offset_log", table(offset_log))
        .with("committed", table(committed))
        .with("most", Value::Int(most));
    Case {
        name,
        about,
        why,
        inputs,
    }
}

fn cases(seed: u64) -> Vec<Case> {
    let mut draw = Draw::of(seed);
    let most = draw.number(10, 8..14);
    // What is added to each offset: the log has removed the records before it.
    let first = draw.number(100, 100..1_000_000);
    // The first batch that the offset log of a job still has that runs for long.
    let kept = draw.number(41, 30..900);
    let random = drawn(&mut draw, most, first);
    let one: (i64, Ranges) = (1, &[(0, 3), (0, 2)]);
    let two: (i64, Ranges) = (2, &[(3, 5), (2, 4)]);
    let of = |partitions: Ranges, planned: &[(i64, Ranges)], committed| {
        [Restart::of(first, partitions, planned, committed)]
    };
    let case = |name, about, why, restarts: &[Restart]| case(name, about, why, most, restarts);
    vec![
        case(
            "first_start",
            "nothing was ever planned",
            "a partition that no plan names begins at its first offset, or its records are in no batch",
            &of(&[(0, 3), (0, 2)], &[], 0),
        ),
        case(
            "goes_on",
            "the last planned batch is committed, and more records have come",
            "the next batch begins where the last one ended, or records are in two batches or in none",
            &of(&[(0, 5), (0, 4)], &[one], 1),
        ),
        case(
            "again",
            "the process crashed after it had planned batch 2, and nothing has come since",
            "the batch may have been stored in part, so it is done only when it has run again",
            &of(&[(0, 5), (0, 4)], &[one, two], 1),
        ),
        case(
            "has_grown",
            "the process crashed after it had planned batch 2, and more records have come since",
            "a key that has batch 2 already would leave out what the batch has more of the second time",
            &of(&[(0, 9), (0, 6)], &[one, two], 1),
        ),
        case(
            "limit",
            "more records wait in each partition than a batch may take",
            "without a limit, the first batch after a long pause does not fit into memory",
            &of(&[(0, 28), (0, 32)], &[one], 1),
        ),
        case(
            "smaller_limit",
            "batch 2 was planned with a larger limit than the one that holds now",
            "a batch that is run again is the same batch, whatever was set since",
            &of(&[(0, 43), (0, 4)], &[one, (2, &[(3, 43), (2, 4)])], 1),
        ),
        case(
            "quiet_partition",
            "one of the partitions has nothing new",
            "records of the others would wait until every partition has some",
            &of(&[(0, 6), (0, 2)], &[one], 1),
        ),
        case(
            "nothing_new",
            "the last planned batch is committed, and nothing has come since",
            "a batch without a record writes to three logs and changes nothing, again and again",
            &of(&[(0, 3), (0, 2)], &[one], 1),
        ),
        case(
            "new_partition",
            "the topic has a partition that the last plan does not know",
            "its records came before the process knew of it, and they count as well",
            &of(&[(0, 4), (0, 2), (7, 9)], &[one], 1),
        ),
        case(
            "again_without_new",
            "the topic has a new partition, and batch 2 was planned before it came",
            "a batch that is run again takes no record that it did not have before",
            &of(&[(0, 5), (0, 4), (7, 9)], &[one, two], 1),
        ),
        case(
            "torn",
            "the process crashed while it wrote the plan of batch 2, and the line still reads like a batch",
            "no batch runs before its plan is written, so it is planned anew, by what the partitions have now",
            &of(&[(0, 5), (0, 214)], &[one, (2, &[(3, 5), (2, 214)])], 1).map(Restart::torn),
        ),
        case(
            "torn_early",
            "the line is torn in the middle, and cannot be read",
            "a process that stops at such a line does not start again until a person repairs the log",
            &of(&[(0, 5), (0, 4)], &[one, two], 1).map(Restart::torn_early),
        ),
        case(
            "long_run",
            "old lines of both logs were removed",
            "ids go on from the last plan: an id that was there before would take a new batch for a repeated one",
            &of(
                &[(0, 9), (0, 6)],
                &[(kept, &[(3, 5), (2, 4)]), (kept + 1, &[(5, 6), (4, 4)])],
                2,
            ),
        ),
        case(
            "random",
            "a restart of each kind, in a drawn order, with drawn numbers",
            "what holds for chosen logs must hold for all",
            &random,
        ),
    ]
}

/// Draws a restart for each of the situations above.
fn drawn(draw: &mut Draw, most: i64, first: i64) -> Vec<Restart> {
    let mut kinds: Vec<&str> = vec![
        "first",
        "goes on",
        "again",
        "grown",
        "limit",
        "large",
        "quiet",
        "nothing",
        "new",
        "again new",
        "torn",
        "torn early",
    ];
    draw.shuffle(&mut kinds);
    let mut restarts = Vec::new();
    for kind in kinds {
        let partitions = 2 + draw.below(2) as usize;
        // Batches that follow each other.
        let count = if kind == "first" {
            0
        } else {
            2 + draw.below(2)
        };
        let id = 2 + draw.below(80);
        let mut next = vec![0; partitions];
        let mut planned: Vec<(i64, Vec<(i64, i64)>)> = Vec::new();
        for batch in id..id + count {
            let mut ranges = Vec::new();
            for place in &mut next {
                let is_large = kind == "large" && batch == id + count - 1;
                let size = 1 + draw.below(most - 1) + if is_large { 2 * most } else { 0 };
                ranges.push((*place, *place + size));
                *place += size;
            }
            planned.push((batch, ranges));
        }
        // What has come since.
        let more = |draw: &mut Draw| 1 + draw.below(most / 2);
        let mut has: Vec<(i64, i64)> = Vec::new();
        for (partition, place) in next.iter().enumerate() {
            let more = match kind {
                "again" | "large" | "nothing" | "torn early" => 0,
                "limit" => most + more(draw),
                "quiet" if partition == 0 => 0,
                _ => more(draw),
            };
            has.push((0, place + more));
        }
        if kind == "new" || kind == "again new" {
            let from = 1 + draw.below(50);
            has.push((from, from + more(draw)));
        }
        let is_open = matches!(
            kind,
            "again" | "grown" | "large" | "again new" | "torn" | "torn early"
        );
        let committed = planned.len() - usize::from(is_open);
        let planned: Vec<(i64, Ranges)> = { planned.iter() }
            .map(|(batch, ranges)| (*batch, ranges.as_slice()))
            .collect();
        let found = Restart::of(first, &has, &planned, committed);
        restarts.push(match kind {
            "torn" => found.torn(),
            "torn early" => found.torn_early(),
            _ => found,
        });
    }
    restarts
}

#[cfg(test)]
mod tests {
    use super::*;

    crate::mutants::tests! {
        plan_again::next_batch, stub: |_, _, _, _| todo!(), mutants:
        adds_the_new_partition, all_must_have_new, another_id, begins_at_the_end, begins_at_zero, begins_where_it_began,
        cuts_the_repeat, empty_batch, forgets_the_new, leaves_out_the_quiet, limit_of_all, new_at_its_end,
        newest_ends, no_limit, nothing_new_first, numbers_by_lines, reads_the_torn_line, repeats_always,
        skips_the_open, stops_at_the_torn_line,
    }

    /// Rule: an open batch is repeated with its own ranges, and a torn line is no batch.
    #[test]
    fn a_planned_batch_is_repeated_and_a_torn_one_is_planned_anew() {
        let ends = |name: &str| -> Vec<Option<i64>> {
            let mut cases = cases(READERS_SEED).into_iter();
            let case = cases.find(|case| case.name == name).unwrap();
            let Value::Frame(answer) = reference(&case.inputs).unwrap() else {
                panic!("a batch is a table");
            };
            answer.column("to").unwrap().i64().unwrap().iter().collect()
        };
        assert_eq!(ends("has_grown"), [Some(105), Some(104)]);
        assert_eq!(ends("torn"), [Some(105), Some(112)]);
        assert_eq!(ends("nothing_new"), []);
    }

    /// Rule: logs that no run leaves are outside of the exercise.
    #[test]
    fn logs_with_a_gap_have_no_right_answer() {
        let one: (i64, Ranges) = (1, &[(0, 3)]);
        let gap = [
            Restart::of(0, &[(0, 9)], &[one, (3, &[(3, 4)])], 1),
            Restart::of(0, &[(0, 9)], &[one, (2, &[(4, 5)])], 1),
            Restart::of(0, &[(0, 9)], &[one, (2, &[(3, 4)])], 0),
            Restart::of(0, &[(0, 2)], &[one], 1),
            Restart::of(0, &[(4, 9)], &[one], 1),
        ];
        for found in gap {
            let case = case("gap", "", "", 10, std::slice::from_ref(&found));
            assert!(reference(&case.inputs).is_err(), "{found:?}");
        }
    }
}
