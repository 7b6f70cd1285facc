//! Small steps of the chapter on the speed layer, each with its own check.
use super::arrival::Arrival;
use super::burst::seconds_to_drain;
use super::grouping::count_in_step;
use super::simulated_disk::SimulatedMachine;
use crate::checked_step::{CheckedStep, StepCase};
use lambda::faults::{CrashPoint, Crashes};
use std::collections::HashSet;

/// Checks where a reader reads next. The closure gets the offset from which records were read, the
/// number of records asked for, and the end of the log: the offset that the next record will get.
///
/// ```
/// use lambda_workbook::speed::step_next_offset;
/// assert!(!step_next_offset(|from, asked, _end| from + asked).passed);
/// assert!(step_next_offset(|from, asked, end| (from + asked).min(end)).passed);
/// ```
pub fn step_next_offset(answer: impl Fn(u64, u64, u64) -> u64) -> CheckedStep {
    let cases = [
        (4, 3, 8, 7, "offsets 4, 5 and 6 were read"),
        (
            6,
            10,
            8,
            8,
            "only 6 and 7 are there; a reader that goes on at 16 never sees 8 to 15",
        ),
        (
            8,
            10,
            8,
            8,
            "nothing was read, so the reader asks for 8 again",
        ),
    ];
    CheckedStep::of(
        "the next offset",
        cases.map(|(from, asked, end, next, why)| StepCase {
            about: format!("{asked} records from offset {from} of a log that ends at {end}"),
            why,
            expected: next.to_string(),
            actual: answer(from, asked, end).to_string(),
        }),
    )
}

/// Checks the writes with which a consumer stores a count and an offset: the closure gets both as
/// they were, and returns a list of writes, each of which is a list of names and numbers. A crash is
/// tried before and after each write, for three events.
///
/// ```
/// use lambda_workbook::speed::step_writes;
/// let two = |count, offset| vec![vec![("count", count + 1)], vec![("offset", offset + 1)]];
/// assert!(step_writes(two).text.contains("a count of 4 for 3"));
/// let one = |count, offset| vec![vec![("count", count + 1), ("offset", offset + 1)]];
/// assert!(step_writes(one).passed);
/// ```
pub fn step_writes(answer: impl Fn(i64, i64) -> Vec<Vec<(&'static str, i64)>>) -> CheckedStep {
    const EVENTS: i64 = 3;
    /// Processes that may be started: one crash needs two.
    const STARTS: usize = 5;
    let run = |machine: &SimulatedMachine| {
        for _ in 0..STARTS {
            let mut disk = machine.start();
            let mut consume = || {
                for _ in 0..EVENTS {
                    if disk.get("offset") >= EVENTS {
                        break;
                    }
                    for write in answer(disk.get("count"), disk.get("offset")) {
                        disk.write(&write)?;
                    }
                }
                Ok::<(), lambda::faults::Crash>(())
            };
            if consume().is_ok() {
                break;
            }
        }
        let disk = machine.start();
        (disk.get("count"), disk.get("offset"))
    };
    let calm = SimulatedMachine::new(Crashes::at([]));
    let (count, offset) = run(&calm);
    if (count, offset) != (EVENTS, EVENTS) {
        return CheckedStep::wrong(format!(
            "without a crash {EVENTS} events leave count = {count} and offset = {offset}, and both should be {EVENTS}"
        ));
    }
    let writes = calm.writes().len() as u64;
    let points = (0..writes).flat_map(|n| [CrashPoint::before(n), CrashPoint::after(n)]);
    let mut tried = 0;
    for point in points {
        let (count, _) = run(&SimulatedMachine::new(Crashes::at([point])));
        if count != EVENTS {
            let when = if point.when == lambda::faults::When::Before {
                "before"
            } else {
                "after"
            };
            return CheckedStep::wrong(format!(
                "a crash {when} the effect of write {} leaves a count of {count} for {EVENTS} events; \
                 what is stored at that moment, and what is not yet?",
                point.step + 1
            ));
        }
        tried += 1;
    }
    CheckedStep::right(format!("exact for a crash at each of {tried} points"))
}

/// Checks when an event is new to a row. The closure gets the event's offset and the row's, which is
/// the first offset that the row has not counted.
///
/// ```
/// use lambda_workbook::speed::step_new_to_row;
/// assert!(!step_new_to_row(|event, row| event > row).passed);
/// assert!(step_new_to_row(|event, row| event >= row).passed);
/// ```
pub fn step_new_to_row(answer: impl Fn(i64, i64) -> bool) -> CheckedStep {
    let cases = [
        (7, 5, true, "the row has counted offsets before 5"),
        (
            3,
            5,
            false,
            "the update came again: the row has this event already",
        ),
        (
            5,
            5,
            true,
            "5 is the first offset that the row has not counted",
        ),
    ];
    CheckedStep::of(
        "new to the row",
        cases.map(|(event, row, new, why)| StepCase {
            about: format!("event at offset {event}, row with offset {row}"),
            why,
            expected: new.to_string(),
            actual: answer(event, row).to_string(),
        }),
    )
}

/// Checks by what the events of a view are dealt out to two workers. The closure gets the row that
/// the event changes and the number of the event; workers are 0 and 1. Twelve events of four rows
/// are counted by both workers in step.
///
/// ```
/// use lambda_workbook::speed::{partition_of, step_worker};
/// assert!(!step_worker(|_row, number| number as u32 % 2).passed);
/// assert!(!step_worker(|_row, _number| 0).passed);
/// assert!(step_worker(|row, _number| partition_of(row.as_bytes(), 2)).passed);
/// ```
pub fn step_worker(answer: impl Fn(&str, u64) -> u32) -> CheckedStep {
    let rows = (0..12).map(|n| ["/", "/blog", "/shop", "/about"][[0, 0, 1, 1, 2, 3][n % 6]]);
    let wrong = rows.clone().zip(0..).find(|(row, n)| answer(row, *n) > 1);
    if let Some((row, number)) = wrong {
        let worker = answer(row, number);
        return CheckedStep::wrong(format!(
            "event {number} was sent to worker {worker}, but the workers are 0 and 1"
        ));
    }
    let counts = count_in_step(rows, 2, answer);
    if let Some(first) = &counts.first_lost {
        return CheckedStep::wrong(format!(
            "{} of 12 additions are lost; {first}",
            counts.lost()
        ));
    }
    if counts.shared > 0 {
        return CheckedStep::wrong(format!(
            "{} of 4 rows have two workers; in this run none of their additions overlap, in another they may",
            counts.shared
        ));
    }
    if counts.events.contains(&0) {
        return CheckedStep::wrong("one of the two workers has nothing to do".to_owned());
    }
    CheckedStep::right(format!(
        "12 events, {} and {} for each worker, and each row has one worker",
        counts.events[0], counts.events[1]
    ))
}

/// Checks after how many seconds the backlog of a burst is gone. The closure gets the events a second
/// that come usually and in the burst, which lasts ten seconds, and those that the database takes.
///
/// ```
/// use lambda_workbook::speed::step_drain;
/// assert!(!step_drain(|_usual, burst, takes| (burst - takes) * 10 / takes).passed);
/// assert!(step_drain(|usual, burst, takes| (burst - takes) * 10 / (takes - usual)).passed);
/// ```
pub fn step_drain(answer: impl Fn(u64, u64, u64) -> u64) -> CheckedStep {
    let cases = [
        (
            0,
            3_000,
            1_000,
            "20,000 events wait, and nothing comes beside them",
        ),
        (
            500,
            5_000,
            1_000,
            "the usual load goes on while the backlog is taken: only 500 a second are left for it",
        ),
        (
            900,
            1_500,
            1_000,
            "near its limit a database needs long for a small backlog",
        ),
    ];
    CheckedStep::of(
        "seconds until the backlog is gone",
        cases.map(|(usual, burst, takes, why)| StepCase {
            about: format!(
                "{usual} events a second, {burst} for ten seconds, a database that takes {takes}"
            ),
            why,
            expected: seconds_to_drain(usual, burst, takes)
                .map_or(String::new(), |seconds| seconds.to_string()),
            actual: answer(usual, burst, takes).to_string(),
        }),
    )
}

/// Checks how many rows a store writes in all. The closure gets the rows of the store, the rows that
/// a round updates, the number of rounds, and after how many rounds all files are merged into one.
///
/// ```
/// use lambda_workbook::speed::step_rows_written;
/// assert!(!step_rows_written(|_rows, updated, rounds, _every| updated * rounds).passed);
/// assert!(step_rows_written(|rows, updated, rounds, every| updated * rounds + rounds / every * rows).passed);
/// ```
pub fn step_rows_written(answer: impl Fn(u64, u64, u64, u64) -> u64) -> CheckedStep {
    let cases = [
        (
            2_000,
            2_000,
            12,
            4,
            "each of three merges writes all rows once more",
        ),
        (
            2_000,
            200,
            12,
            4,
            "a merge writes all rows, also those that have not changed",
        ),
        (
            2_000,
            200,
            12,
            12,
            "there is one merge, after the last round",
        ),
    ];
    CheckedStep::of(
        "rows written",
        cases.map(|(rows, updated, rounds, every, why)| StepCase {
            about: format!(
                "{rows} rows, {rounds} rounds that update {updated}, a merge every {every}"
            ),
            why,
            expected: (updated * rounds + rounds / every * rows).to_string(),
            actual: answer(rows, updated, rounds, every).to_string(),
        }),
    )
}

/// Checks when two arrivals are one page view.
///
/// ```
/// use lambda_workbook::speed::step_same_view;
/// assert!(!step_same_view(|one, other| one.nonce == other.nonce).passed);
/// assert!(step_same_view(|one, other| one == other).passed);
/// ```
pub fn step_same_view(answer: impl Fn(&Arrival, &Arrival) -> bool) -> CheckedStep {
    let view = || Arrival::new(60, "mysite.com/", "user 1", 7);
    let cases = [
        (
            "the same view, sent again",
            view(),
            true,
            "a retry repeats the whole datum",
        ),
        (
            "the same nonce, another person",
            Arrival::new(60, "mysite.com/", "user 2", 7),
            false,
            "senders draw nonces by themselves, so two may draw the same number",
        ),
        (
            "the same person, page and second, another nonce",
            Arrival::new(60, "mysite.com/", "user 1", 8),
            false,
            "a person who reloads a page has viewed it twice",
        ),
        (
            "the same person, page and nonce, an hour later",
            Arrival::new(3_660, "mysite.com/", "user 1", 7),
            false,
            "a retry has the time of its original",
        ),
        (
            "the same person, second and nonce, another page",
            Arrival::new(60, "mysite.com/blog", "user 1", 7),
            false,
            "two pages that were opened at once are two views",
        ),
    ];
    CheckedStep::of(
        "the same page view",
        cases.map(|(about, other, same, why)| StepCase {
            about: about.to_owned(),
            why,
            expected: same.to_string(),
            actual: answer(&view(), &other).to_string(),
        }),
    )
}

/// Checks which arrivals are new with a window: the closure gets a log, the offset of a record in
/// it, and the size of the window in offsets.
///
/// ```
/// use lambda_workbook::speed::step_window;
/// assert!(!step_window(|log, at, _window| !log[..at].contains(&log[at])).passed);
/// assert!(step_window(|log, at, window| !log[at.saturating_sub(window)..at].contains(&log[at])).passed);
/// ```
pub fn step_window(answer: impl Fn(&[char], usize, usize) -> bool) -> CheckedStep {
    let log = ['a', 'b', 'a', 'c', 'b', 'd', 'a'];
    let cases = [
        (0, 3, "the first record has nothing before it"),
        (2, 3, "a stands two offsets before, within the window"),
        (
            4,
            3,
            "b stands three offsets before, at the far end of the window",
        ),
        (
            6,
            3,
            "a stands four offsets before, outside: memory is bounded, so it counts again",
        ),
        (6, 4, "with a window of 4 it is found"),
    ];
    CheckedStep::of(
        "new within the window",
        cases.map(|(at, window, why)| {
            let before: HashSet<&char> = log[..at].iter().rev().take(window).collect();
            StepCase {
                about: format!(
                    "offset {at} of {}, window of {window}",
                    log.iter().collect::<String>()
                ),
                why,
                expected: (!before.contains(&log[at])).to_string(),
                actual: answer(&log, at, window).to_string(),
            }
        }),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use lambda::speed::partition_of;

    #[test]
    fn writes_of_any_order_are_tried_at_every_point() {
        let offset_first =
            |count, offset| vec![vec![("offset", offset + 1)], vec![("count", count + 1)]];
        let step = step_writes(offset_first);
        assert!(step.text.contains("a count of 2 for 3"), "{step:?}");
        let forgets = step_writes(|count, _| vec![vec![("count", count + 1)]]);
        assert!(forgets.text.contains("without a crash"), "{forgets:?}");
        let one =
            step_writes(|count, offset| vec![vec![("count", count + 1), ("offset", offset + 1)]]);
        assert!(
            one.passed && one.text.contains("each of 6 points"),
            "{one:?}"
        );
    }

    #[test]
    fn each_wrong_choice_of_a_worker_is_refused_for_its_own_reason() {
        let shuffle = step_worker(|_, number| number as u32 % 2);
        assert!(shuffle.text.contains("are lost"), "{shuffle:?}");
        let halves = step_worker(|_, number| u32::from(number >= 6));
        assert!(!halves.passed, "{halves:?}");
        let one = step_worker(|_, _| 1);
        assert!(one.text.contains("nothing to do"), "{one:?}");
        let hash = step_worker(|row, _| partition_of(row.as_bytes(), 99));
        assert!(hash.text.contains("0 and 1"), "{hash:?}");
        assert!(step_worker(|row, _| partition_of(row.as_bytes(), 2)).passed);
    }
}
