//! Eight ways to count a stream, each crashed at every point that it has (figure 14.5).
//!
//! The ways are small programs over a simulated disk: what they keep is what their steps write. A
//! count is judged by identity, event by event: an event that was counted 0 times is lost, one that
//! was counted twice is doubled.
//!
//! | way | as in |
//! |---|---|
//! | [`AtLeastOnce`](Paradigm::AtLeastOnce) | Storm without Trident |
//! | [`StronglyOrdered`](Paradigm::StronglyOrdered) | *Big Data*, section 16.1 |
//! | [`MicroBatch`](Paradigm::MicroBatch) | Trident, Spark Streaming |
//! | [`AlignedSnapshots`](Paradigm::AlignedSnapshots) and its two variants | Flink: Carbone et al., "Lightweight Asynchronous Snapshots for Distributed Dataflows", 2015 |
//! | [`LogTransactions`](Paradigm::LogTransactions), [`ReadUncommitted`](Paradigm::ReadUncommitted) | Kafka: KIP-98 |
//!
//! What is left out: the systems themselves, several machines, and an old process that still writes
//! after a new one has begun. Kafka and Flink fence such a process off by an epoch.
use super::error::Result;
use lambda::faults::{self, Crash, CrashPoint, Crashes};
use polars::prelude::{DataFrame, df};
use std::collections::BTreeSet;

/// A way to count a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Paradigm {
    /// One event at a time: the count, then the acknowledgement.
    AtLeastOnce,
    /// One at a time, with the id of the event in the same write as the count.
    StronglyOrdered,
    /// A plan of the batch, a commit of its counts with its id, a mark that it is done.
    MicroBatch,
    /// A snapshot of the counts and of the offsets of both channels at a barrier; a channel whose
    /// barrier has come waits for the other. Results are committed to the view with the snapshot.
    AlignedSnapshots,
    /// The same, and a view that gets each result at once.
    SnapshotsPlainView,
    /// The same as [`AlignedSnapshots`](Self::AlignedSnapshots), and no channel waits for the other.
    SnapshotsWithoutAlignment,
    /// Results and offset in one transaction of a log; the reader sees committed results only.
    LogTransactions,
    /// The same, and the reader sees all results.
    ReadUncommitted,
}

impl Paradigm {
    /// All of them.
    pub const ALL: [Paradigm; 8] = [
        Paradigm::AtLeastOnce,
        Paradigm::StronglyOrdered,
        Paradigm::MicroBatch,
        Paradigm::AlignedSnapshots,
        Paradigm::SnapshotsPlainView,
        Paradigm::SnapshotsWithoutAlignment,
        Paradigm::LogTransactions,
        Paradigm::ReadUncommitted,
    ];

    /// Returns its name in tables.
    pub fn name(self) -> &'static str {
        match self {
            Paradigm::AtLeastOnce => "one at a time, at least once",
            Paradigm::StronglyOrdered => "one at a time, strongly ordered",
            Paradigm::MicroBatch => "micro-batches",
            Paradigm::AlignedSnapshots => "aligned snapshots",
            Paradigm::SnapshotsPlainView => "aligned snapshots, results at once",
            Paradigm::SnapshotsWithoutAlignment => "snapshots without alignment",
            Paradigm::LogTransactions => "transactions of a log",
            Paradigm::ReadUncommitted => "transactions, uncommitted read",
        }
    }
}

/// How a way went, over all of its crash points.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParadigmRuns {
    /// The way.
    pub paradigm: Paradigm,
    /// The number of crash points, each tried once.
    pub crash_points: usize,
    /// Runs in which an event was lost.
    pub lost: usize,
    /// Runs in which an event was counted twice or more often.
    pub doubled: usize,
    /// The most events that were done again after a crash.
    pub done_again: usize,
    /// Writes to the disk in the run without a crash.
    pub writes: usize,
    /// How many events arrive after an event until the view has it: the median, without a crash.
    pub waits: usize,
}

/// Runs each way once without a crash and once for each of its crash points. `every` events make a
/// batch, a transaction, or the distance of two snapshots.
///
/// # Errors
/// None but the crashes that it makes itself.
///
/// ```
/// use lambda_workbook::microbatch::paradigms::{Paradigm, tried};
/// let runs = tried(40, 10)?;
/// let of = |paradigm| runs.iter().find(|run| run.paradigm == paradigm).unwrap();
/// assert!(of(Paradigm::AtLeastOnce).doubled > 0);
/// assert_eq!(of(Paradigm::AlignedSnapshots).doubled, 0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn tried(events: usize, every: usize) -> Result<Vec<ParadigmRuns>> {
    let each = Paradigm::ALL.map(|paradigm| {
        let recording = Crashes::recording();
        let calm = Machine::new(events).run(paradigm, every, &recording)?;
        let points: Vec<CrashPoint<u64>> = recording.recorded();
        let mut runs = ParadigmRuns {
            paradigm,
            crash_points: points.len(),
            lost: 0,
            doubled: 0,
            done_again: 0,
            writes: points.len() / 2,
            waits: median(calm.waits.clone()),
        };
        for point in points {
            let run = Machine::new(events).run(paradigm, every, &Crashes::at([point]))?;
            runs.lost += usize::from(run.view.contains(&0));
            runs.doubled += usize::from(run.view.iter().any(|count| *count > 1));
            runs.done_again = runs.done_again.max(run.processed - events);
        }
        Ok(runs)
    });
    each.into_iter().collect()
}

/// Runs as a table: the `way`, its `crash points`, in how many of them an event was `lost` or
/// `doubled`, the most events `done again`, the `writes` of a run, and for how many events the median
/// event `waits`.
///
/// # Errors
/// If polars refuses the table.
pub fn table(runs: &[ParadigmRuns]) -> Result<DataFrame> {
    let column = |of: fn(&ParadigmRuns) -> usize| -> Vec<i64> {
        runs.iter().map(|run| of(run) as i64).collect()
    };
    Ok(df!(
        "way" => runs.iter().map(|run| run.paradigm.name()).collect::<Vec<_>>(),
        "crash points" => column(|run| run.crash_points),
        "lost" => column(|run| run.lost),
        "doubled" => column(|run| run.doubled),
        "done again" => column(|run| run.done_again),
        "writes" => column(|run| run.writes),
        "waits" => column(|run| run.waits),
    )?)
}

fn median(mut numbers: Vec<usize>) -> usize {
    numbers.sort_unstable();
    numbers.get(numbers.len() / 2).copied().unwrap_or(0)
}

/// What survives a crash, and what is measured of a run.
struct Machine {
    /// How often each event is in the view.
    view: Vec<u32>,
    /// The offset that is acknowledged.
    offset: usize,
    /// The id that is stored with the counts: of the last event, or of the last batch.
    id: Option<usize>,
    /// A batch that is planned and not done: from, to.
    plan: Option<(usize, usize)>,
    /// Results of an open transaction, in the log already.
    uncommitted: Vec<usize>,
    /// The last snapshot: its number, the offsets of both channels, the events that are counted.
    snapshot: (usize, [usize; 2], Vec<u32>),
    /// Results that are prepared for the view: the number of their snapshot, and the events, each with
    /// the number of events that had arrived before it.
    prepared: Option<(usize, Vec<(usize, usize)>)>,
    /// Measured: events that were processed, and what the view waited for.
    processed: usize,
    waits: Vec<usize>,
    steps: u64,
}

impl Machine {
    fn new(events: usize) -> Self {
        Machine {
            view: vec![0; events],
            offset: 0,
            id: None,
            plan: None,
            uncommitted: Vec::new(),
            snapshot: (0, [0; 2], vec![0; events]),
            prepared: None,
            processed: 0,
            waits: Vec::new(),
            steps: 0,
        }
    }

    /// Runs to the end, with a new process after each crash.
    fn run(mut self, paradigm: Paradigm, every: usize, crashes: &Crashes<u64>) -> Result<Self> {
        loop {
            let done = match paradigm {
                Paradigm::AtLeastOnce | Paradigm::StronglyOrdered => {
                    self.one_at_a_time(paradigm == Paradigm::StronglyOrdered, crashes)
                }
                Paradigm::MicroBatch => self.in_batches(every, crashes),
                Paradigm::LogTransactions | Paradigm::ReadUncommitted => {
                    self.in_transactions(every, paradigm == Paradigm::LogTransactions, crashes)
                }
                Paradigm::AlignedSnapshots
                | Paradigm::SnapshotsPlainView
                | Paradigm::SnapshotsWithoutAlignment => self.with_snapshots(
                    every,
                    paradigm != Paradigm::SnapshotsWithoutAlignment,
                    paradigm == Paradigm::SnapshotsPlainView,
                    crashes,
                ),
            };
            match done {
                Ok(()) => return Ok(self),
                Err(_) => crashes.restart(),
            }
        }
    }

    /// Writes to the disk, unless the process crashes before or after it.
    fn write(
        &mut self,
        crashes: &Crashes<u64>,
        effect: impl FnOnce(&mut Self),
    ) -> std::result::Result<(), Crash> {
        self.steps += 1;
        faults::step(crashes, self.steps, || {
            effect(self);
            Ok(())
        })
    }

    /// Counts an event in the view, for which `waited` other events have arrived since.
    fn count(&mut self, event: usize, waited: usize) {
        self.view[event] += 1;
        self.waits.push(waited);
    }

    fn one_at_a_time(
        &mut self,
        ordered: bool,
        crashes: &Crashes<u64>,
    ) -> std::result::Result<(), Crash> {
        while self.offset < self.view.len() {
            let event = self.offset;
            self.processed += 1;
            self.write(crashes, |disk| {
                if !ordered || disk.id != Some(event) {
                    disk.count(event, 0);
                    disk.id = Some(event);
                }
            })?;
            self.write(crashes, |disk| disk.offset = event + 1)?;
        }
        Ok(())
    }

    fn in_batches(
        &mut self,
        every: usize,
        crashes: &Crashes<u64>,
    ) -> std::result::Result<(), Crash> {
        while self.offset < self.view.len() {
            let planned = (self.offset, (self.offset + every).min(self.view.len()));
            let (from, to) = self.plan.unwrap_or(planned);
            if self.plan.is_none() {
                self.write(crashes, |disk| disk.plan = Some((from, to)))?;
            }
            self.processed += to - from;
            // The offset at which it begins is the number of a batch.
            self.write(crashes, |disk| {
                if disk.id != Some(from) {
                    (from..to).for_each(|event| disk.count(event, to - 1 - event));
                    disk.id = Some(from);
                }
            })?;
            self.write(crashes, |disk| {
                (disk.offset, disk.plan) = (to, None);
            })?;
        }
        Ok(())
    }

    fn in_transactions(
        &mut self,
        every: usize,
        committed_only: bool,
        crashes: &Crashes<u64>,
    ) -> std::result::Result<(), Crash> {
        // A new process ends the transaction that the old one left open: it is aborted.
        self.uncommitted.clear();
        while self.offset < self.view.len() {
            let (from, to) = (self.offset, (self.offset + every).min(self.view.len()));
            for event in from..to {
                self.processed += 1;
                self.write(crashes, |disk| {
                    disk.uncommitted.push(event);
                    if !committed_only {
                        disk.count(event, 0);
                    }
                })?;
            }
            // The mark in the log makes the results and the offset valid, both at once.
            self.write(crashes, |disk| {
                let results = std::mem::take(&mut disk.uncommitted);
                if committed_only {
                    for event in results {
                        disk.count(event, to - 1 - event);
                    }
                }
                disk.offset = to;
            })?;
        }
        Ok(())
    }

    fn with_snapshots(
        &mut self,
        every: usize,
        aligned: bool,
        at_once: bool,
        crashes: &Crashes<u64>,
    ) -> std::result::Result<(), Crash> {
        self.recover(crashes)?;
        let (mut number, mut next, mut counted) = self.snapshot.clone();
        let (mut arrived, mut pending) = (next[0] + next[1], Vec::new());
        let of_channel = |channel: usize| (self.view.len() + 1 - channel) / 2;
        let lengths = [of_channel(0), of_channel(1)];
        while next != lengths {
            // A barrier in each channel, `every` events of both after the last one.
            let barriers: [usize; 2] =
                [0, 1].map(|n| (self.snapshot.1[n] + every.div_ceil(2)).min(lengths[n]));
            let mut behind: BTreeSet<usize> = BTreeSet::from([0, 1]);
            while !behind.is_empty() {
                behind.retain(|&channel| next[channel] < barriers[channel]);
                // Channel 0 is read twice as often. At its barrier it waits, if channels are aligned.
                let turn = usize::from(arrived % 3 == 2);
                let may = |channel: usize| {
                    next[channel] < barriers[channel]
                        || (!aligned && !behind.is_empty() && next[channel] < lengths[channel])
                };
                let Some(channel) = [turn, 1 - turn].into_iter().find(|&channel| may(channel))
                else {
                    break;
                };
                let event = 2 * next[channel] + channel;
                next[channel] += 1;
                self.processed += 1;
                counted[event] += 1;
                pending.push((event, arrived));
                arrived += 1;
                if at_once {
                    self.write(crashes, |disk| disk.count(event, 0))?;
                }
            }
            number += 1;
            // The results are prepared, the snapshot is taken, and the results are committed.
            let (results, state) = (std::mem::take(&mut pending), counted.clone());
            if !at_once {
                self.write(crashes, |disk| disk.prepared = Some((number, results)))?;
            }
            self.write(crashes, |disk| disk.snapshot = (number, barriers, state))?;
            self.commit(arrived, crashes)?;
        }
        Ok(())
    }

    /// Ends what a crash left: prepared results are committed if their snapshot was taken, and dropped
    /// if not.
    fn recover(&mut self, crashes: &Crashes<u64>) -> std::result::Result<(), Crash> {
        match &self.prepared {
            Some((number, _)) if *number <= self.snapshot.0 => self.commit(0, crashes),
            _ => {
                self.prepared = None;
                Ok(())
            }
        }
    }

    fn commit(&mut self, arrived: usize, crashes: &Crashes<u64>) -> std::result::Result<(), Crash> {
        if self.prepared.is_none() {
            return Ok(());
        }
        self.write(crashes, |disk| {
            let results = disk.prepared.take().map(|(_, results)| results);
            for (event, before) in results.into_iter().flatten() {
                disk.count(event, arrived.saturating_sub(before + 1));
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rule: over all crash points, only the ways that promise it count each event once, and no way
    /// loses one.
    #[test]
    fn each_way_keeps_its_promise_at_every_crash_point_and_no_other() {
        for every in [1, 4, 10] {
            for run in tried(40, every).unwrap() {
                use Paradigm::*;
                let exact = matches!(
                    run.paradigm,
                    StronglyOrdered | MicroBatch | AlignedSnapshots | LogTransactions
                );
                assert_eq!(run.lost, 0, "{run:?}");
                if exact {
                    assert_eq!(run.doubled, 0, "{run:?}");
                } else if every > 1 {
                    assert!(run.doubled > 0, "{run:?}");
                }
                // Where no channel waits, the quicker one runs further and further ahead.
                let is_bounded = run.paradigm != SnapshotsWithoutAlignment;
                assert!(run.crash_points > 0, "{run:?}");
                assert!(!is_bounded || run.done_again <= every + 1, "{run:?}");
            }
        }
    }

    /// Rule: a way that makes an event wait writes less often, and a result that is seen at once is
    /// seen twice after a crash, unless the event has an id in the view.
    #[test]
    fn waiting_saves_writes() {
        let runs = tried(100, 20).unwrap();
        let of = |paradigm| runs.iter().find(|run| run.paradigm == paradigm).unwrap();
        let [one, batch] = [Paradigm::StronglyOrdered, Paradigm::MicroBatch].map(of);
        assert_eq!((one.writes, one.waits), (200, 0));
        assert_eq!((batch.writes, batch.waits), (15, 10));
        assert_eq!(of(Paradigm::SnapshotsPlainView).waits, 0);
        assert!(of(Paradigm::AlignedSnapshots).writes < of(Paradigm::LogTransactions).writes);
    }
}
