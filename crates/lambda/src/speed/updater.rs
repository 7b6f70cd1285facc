//! The updater: from the log to the realtime views, exactly once.
//!
//! Partitions are read, normalised and deduped side by side; what they add is
//! gathered and applied in one atomic update. The updater keeps nothing that it
//! could not make again: its windows come from the log, its offsets from the
//! views. So a crash at any point costs the work since the last update, no more.
use super::dedupe::Window;
use super::delta::Delta;
use super::error::Result;
use super::event::{Fact, read};
use super::log::{Log, Records};
use super::views::{Offsets, RealtimeViews, Update};
use crate::batch::sketch::Precision;
use rayon::prelude::*;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What one step did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Step {
    /// Records read.
    pub records: u64,
    /// Page views counted.
    pub counted: u64,
    /// Copies left out.
    pub copies: u64,
    /// Page views left out because a batch run that is served has them already:
    /// the updater was behind its cut.
    pub expired: u64,
    /// Records that could not be read.
    pub rejected: u64,
    /// Facts of other kinds.
    pub others: u64,
    /// Latest second of an event, if any was counted.
    pub newest: Option<i64>,
}

/// Applies a topic to views.
pub struct Updater {
    log: Arc<dyn Log>,
    topic: String,
    views: RealtimeViews,
    window: usize,
    /// Generations by their beginnings, the latest last.
    cuts: BTreeMap<u64, Offsets>,
    partitions: Vec<(u64, Window)>,
}

impl Updater {
    /// Goes on where the views stand. Windows of so many offsets are read from
    /// the log first.
    pub fn resume(
        log: Arc<dyn Log>,
        topic: &str,
        views: RealtimeViews,
        window: usize,
    ) -> Result<Self> {
        let mut updater = Self {
            log,
            topic: topic.to_owned(),
            views,
            window,
            cuts: BTreeMap::new(),
            partitions: Vec::new(),
        };
        updater.recover()?;
        Ok(updater)
    }

    /// The views that it keeps up to date.
    pub fn views(&self) -> &RealtimeViews {
        &self.views
    }

    /// The next offsets to read.
    pub fn offsets(&self) -> Offsets {
        self.partitions.iter().map(|(next, _)| *next).collect()
    }

    /// Records that wait in the log.
    pub fn lag(&self) -> Result<u64> {
        let ends = self.log.ends(&self.topic)?;
        Ok(ends
            .iter()
            .zip(self.offsets())
            .map(|(end, next)| end - next)
            .sum())
    }

    /// Begins a generation at some offsets, which must not be read yet.
    pub fn begin(&mut self, generation: u64, at: &[u64]) -> Result<()> {
        self.views.begin(generation, at, false)?;
        self.cuts.insert(generation, at.to_vec());
        Ok(())
    }

    /// Forgets the beginnings of generations that have expired.
    pub fn forget_before(&mut self, generation: u64) {
        self.cuts = self.cuts.split_off(&generation);
    }

    /// Reads the state again from views and log.
    fn recover(&mut self) -> Result<()> {
        let partitions = self.log.partitions(&self.topic)?;
        let reader = self.views.reader();
        self.cuts = reader.generations()?;
        let offsets = reader.offsets(partitions as usize)?;
        drop(reader);
        self.partitions.clear();
        for (partition, next) in (0..).zip(offsets) {
            let log = self.log.as_ref();
            let window = window_before(log, &self.topic, partition, next, self.window)?;
            self.partitions.push((next, window));
        }
        Ok(())
    }

    /// Reads up to `most` records of each partition and applies them.
    pub fn step(&mut self, most: usize) -> Result<Step> {
        let (log, topic, cuts) = (&self.log, &self.topic, &self.cuts);
        let precision = self.views.precision();
        let parts: Result<Vec<Part>> = (0u32..)
            .zip(&mut self.partitions)
            .collect::<Vec<_>>()
            .into_par_iter()
            .map(|(partition, (next, window))| {
                let records = log.read(topic, partition, *next, most)?;
                Ok(Part::of(&records, partition, cuts, window, precision))
            })
            .collect();
        let applied = parts.and_then(|parts| self.apply(parts));
        if applied.is_err() {
            // The windows have gone ahead of the views.
            self.recover()?;
        }
        applied
    }

    fn apply(&mut self, parts: Vec<Part>) -> Result<Step> {
        let (update, step) = together(self.offsets(), parts)?;
        if step.records == 0 {
            return Ok(step);
        }
        if !self.views.apply(&update)? {
            // Somebody else applied them: go on from there.
            self.recover()?;
            return Ok(Step::default());
        }
        for ((next, _), to) in self.partitions.iter_mut().zip(update.to) {
            *next = to;
        }
        Ok(step)
    }

    /// Steps until nothing waits; all of them together.
    pub fn drain(&mut self, most: usize) -> Result<Step> {
        let mut all = Step::default();
        loop {
            let step = self.step(most)?;
            if step.records == 0 && self.lag()? == 0 {
                return Ok(all);
            }
            all.records += step.records;
            all.counted += step.counted;
            all.copies += step.copies;
            all.expired += step.expired;
            all.rejected += step.rejected;
            all.others += step.others;
            all.newest = all.newest.max(step.newest);
        }
    }
}

/// What some parts give as one update, and what was done.
pub(super) fn together(from: Offsets, parts: Vec<Part>) -> Result<(Update, Step)> {
    let mut update = Update {
        from,
        to: parts.iter().map(|part| part.to).collect(),
        deltas: BTreeMap::new(),
        rejected: Vec::new(),
    };
    let mut step = Step::default();
    for part in parts {
        step.counted += part.step.counted;
        step.copies += part.step.copies;
        step.expired += part.step.expired;
        step.rejected += part.step.rejected;
        step.others += part.step.others;
        step.records += part.step.records;
        step.newest = step.newest.max(part.step.newest);
        update.rejected.extend(part.rejected);
        for (generation, delta) in part.deltas {
            match update.deltas.get_mut(&generation) {
                Some(all) => all.merge(delta)?,
                None => _ = update.deltas.insert(generation, delta),
            }
        }
    }
    Ok((update, step))
}

/// The generation of an offset: the last one that begins no later. None where
/// the first begins later: what lies before that has expired, and is served.
fn generation_at(cuts: &BTreeMap<u64, Offsets>, partition: usize, offset: u64) -> Option<u64> {
    if cuts.is_empty() {
        return Some(0); // views that never expire
    }
    let begun = |(_, at): &(&u64, &Offsets)| at.get(partition).is_some_and(|at| *at <= offset);
    cuts.iter()
        .rev()
        .find(begun)
        .map(|(generation, _)| *generation)
}

/// The window of a consumer that goes on at an offset: the log before it, read again.
pub(super) fn window_before(
    log: &dyn Log,
    topic: &str,
    partition: u32,
    next: u64,
    size: usize,
) -> Result<Window> {
    let mut window = Window::of(size);
    let begin = log.begin(topic, partition)?;
    let from = next.saturating_sub(size as u64).max(begin).min(next);
    let records = log.read(topic, partition, from, (next - from) as usize)?;
    for record in records.iter() {
        window.is_new(identity(record.value));
    }
    Ok(window)
}

/// What stands in a window for a record: what makes two the same datum.
fn identity(value: &[u8]) -> u128 {
    match read(value) {
        Ok(Fact::View(event)) => event.identity(),
        _ => xxhash_rust::xxh3::xxh3_128(value),
    }
}

/// What one partition gives to a step.
#[derive(Default)]
pub(super) struct Part {
    to: u64,
    step: Step,
    deltas: BTreeMap<u64, Delta>,
    rejected: Vec<(u32, u64, String)>,
}

impl Part {
    /// What records of a partition give, which come after those of the window.
    pub(super) fn of(
        records: &Records,
        partition: u32,
        cuts: &BTreeMap<u64, Offsets>,
        window: &mut Window,
        precision: Precision,
    ) -> Self {
        let mut part = Part::default();
        for record in records.iter() {
            let generation = generation_at(cuts, partition as usize, record.offset);
            let place = (partition, record.offset);
            part.take(record.value, place, generation, window, precision);
        }
        part.to = records.next();
        part
    }

    fn take(
        &mut self,
        value: &[u8],
        (partition, offset): (u32, u64),
        generation: Option<u64>,
        window: &mut Window,
        precision: Precision,
    ) {
        self.step.records += 1;
        match read(value) {
            Ok(Fact::View(event)) => {
                if !window.is_new(event.identity()) {
                    self.step.copies += 1;
                    return;
                }
                self.step.newest = self.step.newest.max(Some(event.secs));
                let Some(generation) = generation else {
                    self.step.expired += 1;
                    return;
                };
                self.step.counted += 1;
                let delta = self.deltas.entry(generation);
                delta.or_insert_with(|| Delta::new(precision)).add(&event);
            }
            other => {
                // It takes its place in the window, as it does when that is read again.
                window.is_new(xxhash_rust::xxh3::xxh3_128(value));
                match other {
                    Err(reason) => {
                        self.step.rejected += 1;
                        self.rejected.push((partition, offset, reason.to_string()));
                    }
                    Ok(_) => self.step.others += 1,
                }
            }
        }
    }
}
