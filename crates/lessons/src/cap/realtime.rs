//! Counters of a realtime view under a partition, mended by the next batch.
//!
//! Two data centres count page views in the speed layer, a cell a minute. A
//! query adds the cells of the minutes that no batch run has covered to what the
//! batch view holds. Whatever the cells lost or have not heard is gone from the
//! answer as soon as a run covers those minutes: that is *eventual accuracy*, and
//! why the speed layer may choose availability.
use super::CapError;
use crate::crdt::wrong::LwwCounter;
use crate::crdt::{ClockKind, Crdt, GCounter, ReplicaId, Stamp};
use dataset::random::Random;
use polars::prelude::{DataFrame, PolarsResult, df};
use std::ops::Range;

/// An hour or so of a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hour {
    /// How many minutes.
    pub minutes: u64,
    /// Page views a minute, in both data centres together.
    pub views_a_minute: u64,
    /// When they cannot reach each other.
    pub partition: Range<u64>,
    /// A batch run begins so often, and covers what is older than its beginning.
    pub batch_every: u64,
    /// How long a run takes until its view is served.
    pub batch_takes: u64,
}

impl Hour {
    /// A partition of 15 minutes, a run every 20 that takes 10.
    pub const LESSON: Hour = Hour {
        minutes: 60,
        views_a_minute: 100,
        partition: 12..27,
        batch_every: 20,
        batch_takes: 10,
    };
}

/// What the first data centre answers after a minute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Minute {
    /// The minute.
    pub minute: u64,
    /// Page views so far, in both.
    pub truth: u64,
    /// The answer with G-counters.
    pub crdt: u64,
    /// The answer with numbers whose last write wins.
    pub last_write: u64,
}

/// One data centre's cells, a minute each.
#[derive(Clone, Default)]
struct Cells {
    crdt: Vec<GCounter>,
    last: Vec<LwwCounter>,
}

impl Cells {
    fn merge(&mut self, other: &Cells) -> Result<(), CapError> {
        for (mine, theirs) in self.crdt.iter_mut().zip(&other.crdt) {
            mine.merge(theirs)?;
        }
        for (mine, theirs) in self.last.iter_mut().zip(&other.last) {
            mine.merge(theirs)?;
        }
        Ok(())
    }
}

/// Runs the hour.
///
/// ```
/// use lambda_workbook::cap::realtime::{Hour, run};
/// let minutes = run(&Hour::LESSON, 7)?;
/// assert!(minutes.iter().all(|minute| minute.last_write <= minute.crdt));
/// // Once the network is whole, only G-counters know what they missed.
/// let after = &minutes[28];
/// assert!(after.crdt == after.truth && after.last_write < after.truth);
/// # Ok::<(), lambda_workbook::cap::CapError>(())
/// ```
pub fn run(hour: &Hour, seed: u64) -> Result<Vec<Minute>, CapError> {
    let mut random = Random::new(&[seed, 4]);
    let mut places = [Cells::default(), Cells::default()];
    // The master data: every page view, by minute. A batch run reads this.
    let mut master: Vec<u64> = Vec::new();
    let mut minutes = Vec::new();
    for minute in 0..hour.minutes {
        for place in &mut places {
            place.crdt.push(GCounter::default());
            place.last.push(LwwCounter::default());
        }
        let (cut, now) = (hour.partition.contains(&minute), minute as usize);
        for view in 0..hour.views_a_minute {
            let at = random.below(2) as usize;
            let replica = ReplicaId(at as u32);
            let time = minute * hour.views_a_minute + view;
            places[at].crdt[now].add(replica, 1)?;
            places[at].last[now].add(
                Stamp {
                    time,
                    replica,
                    clock: ClockKind::Wall,
                },
                1,
            )?;
            // While the network is whole, every view is replicated before the next.
            if !cut {
                let (one, two) = places.split_at_mut(1);
                let (from, to) = if at == 0 {
                    (&one[0], &mut two[0])
                } else {
                    (&two[0], &mut one[0])
                };
                to.crdt[now].merge(&from.crdt[now])?;
                to.last[now].merge(&from.last[now])?;
            }
        }
        if !cut {
            let (one, two) = places.split_at_mut(1);
            one[0].merge(&two[0])?;
            two[0].merge(&one[0])?;
        }
        master.push(hour.views_a_minute);
        minutes.push(answered(hour, minute, &master, &places[0]));
    }
    Ok(minutes)
}

/// The batch view and, for minutes that it does not cover, the realtime view.
fn answered(hour: &Hour, minute: u64, master: &[u64], cells: &Cells) -> Minute {
    let begun = (minute + 1).saturating_sub(hour.batch_takes) / hour.batch_every.max(1);
    let covered = (begun * hour.batch_every) as usize;
    let batch: u64 = master[..covered].iter().sum();
    let sum = |values: &mut dyn Iterator<Item = u128>| values.sum::<u128>() as u64;
    Minute {
        minute,
        truth: master.iter().sum(),
        crdt: batch + sum(&mut cells.crdt[covered..].iter().map(Crdt::value)),
        last_write: batch + sum(&mut cells.last[covered..].iter().map(Crdt::value)),
    }
}

/// Page views missing from the answer, minute by minute, for a line chart.
pub fn missing(minutes: &[Minute]) -> PolarsResult<DataFrame> {
    let both = || {
        let crdt = minutes
            .iter()
            .map(|m| (m.minute, m.truth - m.crdt, "CRDTs"));
        crdt.chain(
            minutes
                .iter()
                .map(|m| (m.minute, m.truth - m.last_write, "last write wins")),
        )
    };
    df!(
        "minute" => both().map(|row| row.0).collect::<Vec<_>>(),
        "missing" => both().map(|row| row.1).collect::<Vec<_>>(),
        "counters" => both().map(|row| row.2).collect::<Vec<_>>(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_batch_mends_what_was_lost() {
        let minutes = run(&Hour::LESSON, 7).unwrap();
        let wrong = |from: usize, to: usize, of: fn(&Minute) -> u64| {
            minutes[from..to]
                .iter()
                .filter(|m| of(m) != m.truth)
                .count()
        };
        let crdt: fn(&Minute) -> u64 = |m| m.crdt;
        let last: fn(&Minute) -> u64 = |m| m.last_write;
        assert_eq!((wrong(0, 12, crdt), wrong(0, 12, last)), (0, 0));
        assert_eq!((wrong(12, 27, crdt), wrong(12, 27, last)), (15, 15));
        // Whole again: G-counters know all. The others have lost it, until minute
        // 49, when the run that began at 40 is served.
        assert_eq!(
            (
                wrong(27, 60, crdt),
                wrong(27, 49, last),
                wrong(49, 60, last)
            ),
            (0, 22, 0)
        );
    }
}
