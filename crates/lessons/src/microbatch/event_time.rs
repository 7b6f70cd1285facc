//! Event time: how far a stream has come, by the times in its own rows.
//!
//! A row has two times. Its *event time* says when it happened, and its *processing time* when a
//! batch takes it. Rows come out of order, so no row says by itself that an earlier one will not
//! follow. A *watermark* says it: rows before it are no longer expected.
//!
//! Each partition of the log has a clock, the latest event time among its rows so far. Rows of one
//! partition may be out of order by the [`disorder`](EventTime::disorder), so the watermark of a
//! partition is its clock less the disorder. The watermark of the job is the smallest of these
//! ([`WatermarkOf::EachPartition`]), because a slow partition may still bring rows that the others
//! are past. A partition without rows in some batches is *idle*: it is left out, or it would hold
//! the watermark for ever. The watermark never moves back.
//!
//! This is what Flink does with a watermark for each split of a source, and `withIdleness`; there
//! idleness is a time without rows, and here a number of batches, so that a batch that comes again
//! decides the same. Spark takes the latest event time of a whole input
//! ([`WatermarkOf::LatestRow`]), and the smallest watermark only of several inputs.
//!
//! Source: Akidau et al., "The Dataflow Model", VLDB 2015; the manuals of Flink (Generating
//! Watermarks) and Spark (Structured Streaming, Handling Late Data and Watermarking).
use serde::{Deserialize, Serialize};

/// From which rows the watermark of a job is taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WatermarkOf {
    /// The smallest watermark of all partitions that are not idle.
    #[default]
    EachPartition,
    /// The latest row of all partitions, as if they were one.
    LatestRow,
}

/// Which field of the source's rows has their event time, and what is expected of it.
///
/// ```
/// use lambda_workbook::microbatch::EventTime;
/// // Rows of one partition may come up to five minutes after later ones. A partition without rows
/// // in three batches is idle.
/// let time = EventTime::in_field("secs").disorder(300).idle_after(3);
/// assert_eq!(time.field(), "secs");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventTime {
    field: String,
    disorder: i64,
    idle_after: u64,
    of: WatermarkOf,
}

impl EventTime {
    /// Creates a declaration that the event time, in seconds, is in `field`. No disorder is expected,
    /// and a partition is idle after three batches without rows.
    pub fn in_field(field: &str) -> Self {
        Self {
            field: field.to_owned(),
            disorder: 0,
            idle_after: 3,
            of: WatermarkOf::EachPartition,
        }
    }

    /// Sets for how many seconds a row of a partition may come after a later row of the same
    /// partition. Flink calls this the bound of out-of-orderness, Spark the delay threshold.
    pub fn disorder(self, secs: i64) -> Self {
        Self {
            disorder: secs.max(0),
            ..self
        }
    }

    /// Sets after how many batches without a row a partition is idle, at least 1.
    pub fn idle_after(self, batches: u64) -> Self {
        Self {
            idle_after: batches.max(1),
            ..self
        }
    }

    /// Sets that no partition is ever idle. One partition without rows then holds the watermark.
    pub fn never_idle(self) -> Self {
        Self {
            idle_after: u64::MAX,
            ..self
        }
    }

    /// Sets from which rows the watermark is taken.
    pub fn watermark_of(self, of: WatermarkOf) -> Self {
        Self { of, ..self }
    }

    /// Returns the field with the event time.
    pub fn field(&self) -> &str {
        &self.field
    }

    /// Returns the declaration in words, for the identity of a topology.
    pub(super) fn words(&self) -> String {
        let of = match (self.of, self.idle_after) {
            (WatermarkOf::LatestRow, _) => "of the latest row".to_owned(),
            (WatermarkOf::EachPartition, u64::MAX) => "of each partition".to_owned(),
            (WatermarkOf::EachPartition, n) => format!("of each partition, idle after {n}"),
        };
        format!("disorder {} s, {of}", self.disorder)
    }
}

/// How far a job has come in event time: the clock of each partition, and the watermark.
///
/// ```
/// use lambda_workbook::microbatch::{EventClock, EventTime};
///
/// let time = EventTime::in_field("secs").disorder(300).idle_after(2);
/// let mut clock = EventClock::default();
/// // A batch: the latest event time among the rows of each partition.
/// clock.advance(&time, &[Some(10_000), Some(9_000)]);
/// assert_eq!(clock.watermark(), Some(8_700)); // the slower partition, less the disorder
/// // A wrong clock, a day ahead, moves its own partition only.
/// clock.advance(&time, &[Some(96_400), Some(9_100)]);
/// assert_eq!(clock.watermark(), Some(8_800));
/// // The second partition is silent for two batches, so it is left out.
/// clock.advance(&time, &[Some(10_200), None]);
/// assert_eq!(clock.watermark(), Some(8_800));
/// clock.advance(&time, &[Some(10_300), None]);
/// assert_eq!(clock.watermark(), Some(96_100)); // only the partition with the wrong clock is left
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventClock {
    /// The latest event time of each partition; `None` before its first row.
    latest: Vec<Option<i64>>,
    /// For how many batches each partition has had no row.
    silent: Vec<u64>,
    watermark: Option<i64>,
}

impl EventClock {
    /// Moves the clocks on by a batch. `seen` has the latest event time among the batch's rows of each
    /// partition, and `None` where a partition had none.
    pub fn advance(&mut self, time: &EventTime, seen: &[Option<i64>]) {
        self.latest.resize(seen.len(), None);
        self.silent.resize(seen.len(), 0);
        for (partition, seen) in seen.iter().enumerate() {
            self.latest[partition] = self.latest[partition].max(*seen);
            self.silent[partition] = match seen {
                Some(_) => 0,
                None => self.silent[partition].saturating_add(1),
            };
        }
        let latest = match time.of {
            WatermarkOf::LatestRow => self.latest.iter().copied().max().flatten(),
            // A partition without any row yet has no clock: unless it is idle, nothing is known.
            WatermarkOf::EachPartition => (0..seen.len())
                .filter(|&partition| !self.is_idle(time, partition))
                .map(|partition| self.latest[partition])
                .min()
                .flatten(),
        };
        let now = latest.map(|latest| latest.saturating_sub(time.disorder));
        self.watermark = self.watermark.max(now);
    }

    /// Returns the watermark in epoch seconds: rows before it are no longer expected. `None` while a
    /// partition that is not idle has had no row.
    pub fn watermark(&self) -> Option<i64> {
        self.watermark
    }

    /// Returns the latest event time of each partition; `None` before its first row.
    pub fn latest(&self) -> &[Option<i64>] {
        &self.latest
    }

    /// Returns whether a partition is left out, because it had no row for some batches.
    pub fn is_idle(&self, time: &EventTime, partition: usize) -> bool {
        self.silent
            .get(partition)
            .is_some_and(|silent| *silent >= time.idle_after)
    }
}

/// The watermark before and after a batch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct BatchTime {
    /// What the rows of the batch are compared with: rows before it are late.
    pub before: Option<i64>,
    /// What is complete when the batch is done.
    pub after: Option<i64>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Rule: the watermark never moves back, and is never past the watermark of a partition that
        /// had a row in the batch, unless it was past it before.
        #[test]
        fn the_watermark_waits_for_every_partition_with_rows_and_never_moves_back(
            batches in proptest::collection::vec(
                proptest::collection::vec(proptest::option::of(0i64..10_000), 3), 1..40),
            disorder in 0i64..500,
            idle_after in 1u64..5,
        ) {
            let time = EventTime::in_field("secs").disorder(disorder).idle_after(idle_after);
            let mut clock = EventClock::default();
            for seen in &batches {
                let before = clock.watermark();
                clock.advance(&time, seen);
                prop_assert!(clock.watermark() >= before);
                for (partition, seen) in seen.iter().enumerate() {
                    if seen.is_some() {
                        let own = clock.latest()[partition].map(|latest| latest - disorder);
                        prop_assert!(clock.watermark() <= own.max(before));
                    }
                }
            }
        }
    }

    /// Rule: a partition that never had a row holds the watermark until it is idle, and for ever if
    /// no partition is ever idle.
    #[test]
    fn a_partition_without_rows_holds_the_watermark_until_it_is_idle() {
        let batch = [Some(1_000), None];
        let after = |time: &EventTime| {
            let mut clock = EventClock::default();
            let one = |_| {
                clock.advance(time, &batch);
                clock.watermark()
            };
            (0..3).map(one).collect::<Vec<_>>()
        };
        let time = EventTime::in_field("secs");
        assert_eq!(
            after(&time.clone().idle_after(3)),
            [None, None, Some(1_000)]
        );
        assert_eq!(after(&time.clone().never_idle()), [None; 3]);
        let latest = time.watermark_of(WatermarkOf::LatestRow);
        assert_eq!(after(&latest), [Some(1_000); 3]);
    }
}
