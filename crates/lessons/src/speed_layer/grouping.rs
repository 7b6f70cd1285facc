//! Two workers that add to one row at once, and the grouping that prevents it.
//!
//! A worker adds by reading a row, adding one and writing it. If two workers read a row before
//! either writes it, one addition is lost. *Fields grouping* sends all events of a row to one
//! worker, which takes them one after another, so no two of them overlap.
use polars::prelude::{DataFrame, df};
use std::collections::{BTreeMap, BTreeSet};

/// What the workers counted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GroupedCounts {
    /// For each row the number of its events, and what was counted.
    pub rows: BTreeMap<String, (u64, u64)>,
    /// The number of events that each worker has had.
    pub events: Vec<u64>,
    /// The number of rows that more than one worker has written.
    pub shared: u64,
    /// The first addition that was lost, in words.
    pub first_lost: Option<String>,
}

impl GroupedCounts {
    /// Returns the number of additions that were lost.
    pub fn lost(&self) -> u64 {
        self.rows
            .values()
            .map(|(sent, counted)| sent - counted)
            .sum()
    }
}

/// Counts events by row with workers that keep in step: in each round every worker takes the next
/// of its events, then all of them read their rows, and then all of them write. `rows` are the rows
/// of the events in the order of their arrival, and `worker_of` gets the row and the number of an
/// event, from 0. A worker that does not exist stands for the last one.
///
/// In step is one schedule of many. Which additions are lost depends on the schedule, and that none
/// can be lost if no row has two workers does not.
///
/// ```
/// use lambda_workbook::speed::{count_in_step, partition_of};
///
/// let events = ["/a", "/a", "/b", "/b"];
/// let shuffled = count_in_step(events, 2, |_row, number| number as u32 % 2);
/// assert_eq!((shuffled.lost(), shuffled.shared), (2, 2));
/// let grouped = count_in_step(events, 2, |row, _number| partition_of(row.as_bytes(), 2));
/// assert_eq!((grouped.lost(), grouped.shared), (0, 0));
/// ```
pub fn count_in_step<R: AsRef<str>>(
    rows: impl IntoIterator<Item = R>,
    workers: u32,
    worker_of: impl Fn(&str, u64) -> u32,
) -> GroupedCounts {
    // Deal the events out to the workers.
    let workers = workers.max(1);
    let mut queues: Vec<Vec<(u64, String)>> = vec![Vec::new(); workers as usize];
    let mut counts = GroupedCounts::default();
    let mut writers: BTreeMap<String, BTreeSet<u32>> = BTreeMap::new();
    for (number, row) in (0..).zip(rows) {
        let row = row.as_ref();
        let worker = worker_of(row, number).min(workers - 1);
        queues[worker as usize].push((number, row.to_owned()));
        writers.entry(row.to_owned()).or_default().insert(worker);
        counts.rows.entry(row.to_owned()).or_default().0 += 1;
    }
    counts.events = queues.iter().map(|queue| queue.len() as u64).collect();
    counts.shared = writers.values().filter(|of_row| of_row.len() > 1).count() as u64;

    // In each round all read, and then all write.
    let rounds = queues.iter().map(Vec::len).max().unwrap_or(0);
    for round in 0..rounds {
        let taken = queues.iter().map(|queue| queue.get(round));
        let taken: Vec<(usize, &(u64, String))> = (0..)
            .zip(taken)
            .filter_map(|(worker, event)| Some((worker, event?)))
            .collect();
        let read: Vec<u64> = taken
            .iter()
            .map(|(_, (_, row))| counts.rows[row].1)
            .collect();
        let mut written: BTreeMap<&str, (usize, u64)> = BTreeMap::new();
        for ((worker, (number, row)), count) in taken.into_iter().zip(read) {
            if let Some((other, before)) = written.insert(row.as_str(), (worker, *number))
                && counts.first_lost.is_none()
            {
                counts.first_lost = Some(format!(
                    "events {before} and {number} are both of {row}; workers {other} and {worker} read \
                     {count}, and both write {}",
                    count + 1
                ));
            }
            if let Some(stored) = counts.rows.get_mut(row) {
                stored.1 = count + 1;
            }
        }
    }
    counts
}

/// Counts the same events with the workers chosen in two ways: by *shuffle*, which deals the events
/// out in turn, and by *fields*, which takes the hash of the row. A row for each: `grouping`,
/// `events of each worker`, `rows with two workers`, `sent`, `counted`, `lost`.
///
/// ```
/// use lambda_workbook::speed::groupings;
///
/// let table = groupings(["/a", "/a", "/b", "/b"], 2);
/// let lost = table.column("lost").unwrap().i64().unwrap().to_vec();
/// assert_eq!(lost, [Some(2), Some(0)]);
/// ```
pub fn groupings<R: AsRef<str>>(
    rows: impl IntoIterator<Item = R> + Clone,
    workers: u32,
) -> DataFrame {
    let shuffle = count_in_step(rows.clone(), workers, |_, number| {
        (number % u64::from(workers)) as u32
    });
    let fields = count_in_step(rows, workers, |row, _| {
        lambda::speed::partition_of(row.as_bytes(), workers)
    });
    let both = [&shuffle, &fields];
    let sent = |counts: &GroupedCounts| counts.events.iter().sum::<u64>() as i64;
    let events = both.map(|counts| {
        let events = counts
            .events
            .iter()
            .map(|n| show::table::grouped(*n as i64));
        events.collect::<Vec<_>>().join(" + ")
    });
    df!(
        "grouping" => ["shuffle: in turn", "fields: hash of the row"],
        "events of each worker" => events,
        "rows with two workers" => both.map(|counts| counts.shared as i64),
        "sent" => both.map(sent),
        "counted" => both.map(|counts| sent(counts) - counts.lost() as i64),
        "lost" => both.map(|counts| counts.lost() as i64),
    )
    .expect("columns of one length")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn with_one_worker_for_each_row_no_addition_is_lost(
            rows in prop::collection::vec(0u8..6, 0..60),
            places in prop::collection::vec(0u32..4, 6),
        ) {
            let names: Vec<String> = rows.iter().map(u8::to_string).collect();
            let place = |row: &str| places[row.parse::<usize>().unwrap()];
            let counts = count_in_step(&names, 4, |row, _| place(row));
            prop_assert_eq!((counts.lost(), counts.shared), (0, 0));
            prop_assert_eq!(counts.events.iter().sum::<u64>(), names.len() as u64);
        }

        #[test]
        fn an_addition_is_lost_only_in_a_row_with_two_workers(
            rows in prop::collection::vec(0u8..4, 0..60),
            places in prop::collection::vec(0u32..3, 60),
        ) {
            let names: Vec<String> = rows.iter().map(u8::to_string).collect();
            let counts = count_in_step(&names, 3, |_, number| places[number as usize]);
            prop_assert_eq!(counts.lost() > 0, counts.first_lost.is_some());
            prop_assert!(counts.lost() == 0 || counts.shared > 0);
        }
    }

    #[test]
    fn the_first_lost_addition_is_told() {
        let counts = count_in_step(["/a", "/a"], 2, |_, number| number as u32);
        let told = counts.first_lost.unwrap();
        assert_eq!(
            told,
            "events 0 and 1 are both of /a; workers 0 and 1 read 0, and both write 1"
        );
    }
}
