//! The updater: applies the records of the log to the realtime views, exactly once.
//!
//! The partitions are read, normalised and deduplicated in parallel, and what they add is
//! applied in one update. The updater has no state of its own on the disk: it rebuilds
//! its dedupe windows from the log and reads its offsets from the views. So after a crash
//! only the work since the last update has to be done again. In a store where only a row is
//! atomic, a crash can leave an update that was begun: its ends are stored, and the next step
//! reads exactly its records.
use super::dedupe::Window;
use super::delta::Delta;
use super::error::{Result, SpeedError};
use super::event::{Fact, read};
use super::log::{Log, Records};
use super::resolution::{IdentityResolution, KnownPersons, PersonNames};
use super::views::{Offsets, RealtimeViews, Update};
use crate::batch::sketch::Precision;
use crate::datum::{PersonId, Who};
use rayon::prelude::*;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The numbers of records that one step read, by what was done with them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Applied {
    /// Number of records read.
    pub records: u64,
    /// Number of page views counted.
    pub counted: u64,
    /// Number of duplicate page views dropped.
    pub copies: u64,
    /// Number of page views dropped because the served batch contains them already. That
    /// happens if the updater has not reached the cut of that batch.
    pub expired: u64,
    /// Number of records that could not be read.
    pub rejected: u64,
    /// Number of datums of other kinds, which the views do not use.
    pub others: u64,
    /// Latest epoch second of the page views that were not duplicates; `None` if there was
    /// none.
    pub newest: Option<i64>,
}

/// A consumer that applies the records of a topic to realtime views.
pub struct Updater {
    log: Arc<dyn Log>,
    topic: String,
    views: RealtimeViews,
    /// Size of the dedupe window in offsets.
    window: usize,
    /// For each generation, the offsets at which it begins, the latest last.
    cuts: BTreeMap<u64, Offsets>,
    /// How a generation that begins from now on names persons, and where they are known.
    resolution: IdentityResolution,
    known: Option<Arc<dyn KnownPersons>>,
    /// For each generation that names persons by equivs, the names; `None` if they were not read
    /// yet.
    names: BTreeMap<u64, Option<Arc<dyn PersonNames>>>,
    /// For each partition, the next offset to read and the dedupe window.
    partitions: Vec<(u64, Window)>,
    /// Where the next step must end in each partition, because an update was begun and not ended.
    pending: Option<Offsets>,
    /// Whether offsets and windows are those of what is stored. They are not after a step that
    /// failed, until they could be read again.
    recovered: bool,
}

impl Updater {
    /// Creates an updater that continues from the offsets of the views. `window` is the size
    /// of the dedupe window in offsets; that many records of each partition are read first.
    ///
    /// # Errors
    /// If the topic does not exist, or the log or the views cannot be read.
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
            resolution: IdentityResolution::None,
            known: None,
            names: BTreeMap::new(),
            partitions: Vec::new(),
            pending: None,
            recovered: false,
        };
        updater.recover()?;
        Ok(updater)
    }

    /// Returns the updater with identity resolution: generations that begin from now on name
    /// persons so, and `known` says who they are. A generation keeps the way in which it was begun.
    pub fn with_persons(
        self,
        resolution: IdentityResolution,
        known: Option<Arc<dyn KnownPersons>>,
    ) -> Self {
        Self {
            resolution,
            known,
            ..self
        }
    }

    /// Returns the views that it updates.
    pub fn views(&self) -> &RealtimeViews {
        &self.views
    }

    /// Returns the next offset to read of each partition.
    pub fn offsets(&self) -> Offsets {
        self.partitions.iter().map(|(next, _)| *next).collect()
    }

    /// Returns the number of records of the log that are not applied yet.
    ///
    /// # Errors
    /// If the log cannot be read.
    pub fn lag(&self) -> Result<u64> {
        let ends = self.log.ends(&self.topic)?;
        Ok(ends
            .iter()
            .zip(self.offsets())
            .map(|(end, next)| end - next)
            .sum())
    }

    /// Begins a generation at the offsets `at`. No record from there on may be applied yet.
    ///
    /// # Errors
    /// If the views cannot be written.
    pub fn begin(&mut self, generation: u64, at: &[u64]) -> Result<()> {
        self.views.begin(generation, at, false, self.resolution)?;
        self.cuts.insert(generation, at.to_vec());
        if self.resolution == IdentityResolution::AtCut {
            self.names.insert(generation, None);
        }
        Ok(())
    }

    /// Forgets the generations before this one, which have expired. Page views of theirs that
    /// are read later are counted as expired.
    pub fn forget_before(&mut self, generation: u64) {
        self.cuts = self.cuts.split_off(&generation);
        self.names = self.names.split_off(&generation);
        // The table of a batch that is served now has the same names, and needs less memory.
        self.names.values_mut().for_each(|names| *names = None);
    }

    /// Reads the names of the generations that have none yet.
    fn read_names(&mut self) -> Result<()> {
        for (generation, names) in &mut self.names {
            if names.is_none() {
                let known = self.known.as_ref().ok_or_else(|| SpeedError::Persons {
                    batch: *generation,
                    problem: "the updater was opened without them; open it with persons".into(),
                })?;
                let cut = self.cuts.get(generation).map_or(&[][..], Vec::as_slice);
                *names = Some(known.at_cut(*generation, cut)?);
            }
        }
        Ok(())
    }

    /// Reads the offsets and generations from the views, and rebuilds the windows from the log.
    fn recover(&mut self) -> Result<()> {
        self.recovered = false;
        let topic_partitions = self.log.partitions(&self.topic)?;
        let reader = self.views.reader();
        let begun = reader.begun()?;
        let offsets = reader.offsets(topic_partitions as usize)?;
        drop(reader);
        let pending = self.views.pending(topic_partitions as usize)?;
        let mut partitions = Vec::new();
        for (partition, next) in (0..).zip(offsets) {
            let log = self.log.as_ref();
            let end = log.end(&self.topic, partition)?;
            let begun = pending.as_ref().map_or(0, |to| to[partition as usize]);
            let applied = next.max(begun);
            if applied > end {
                return Err(SpeedError::OlderLog {
                    topic: self.topic.clone(),
                    partition,
                    end,
                    applied,
                });
            }
            let window = window_before(log, &self.topic, partition, next, self.window)?;
            partitions.push((next, window));
        }
        // All of it, or what was before. Names that were read are those of their generation.
        let mut names = std::mem::take(&mut self.names);
        self.names = { begun.iter() }
            .filter(|(_, (_, resolution))| *resolution == IdentityResolution::AtCut)
            .map(|(generation, _)| (*generation, names.remove(generation).flatten()))
            .collect();
        self.cuts = begun.into_iter().map(|(n, (at, _))| (n, at)).collect();
        (self.pending, self.partitions) = (pending, partitions);
        self.recovered = true;
        Ok(())
    }

    /// Reads up to `most` records of each partition, and applies them in one update. If an update
    /// was begun and not ended, the step reads exactly its records instead, and ends it.
    ///
    /// # Errors
    /// If the log or the views cannot be read or written. Then the next step tries the same
    /// records again.
    pub fn step(&mut self, most: usize) -> Result<Applied> {
        if !self.recovered {
            self.recover()?;
        }
        self.read_names()?;
        let names = { self.names.iter() }
            .filter_map(|(generation, names)| Some((*generation, names.as_deref()?)));
        let persons = &Resolved(names.collect());
        let (log, topic, cuts) = (&self.log, &self.topic, &self.cuts);
        let pending = self.pending.as_ref();
        let precision = self.views.precision();
        let parts: Result<Vec<PartitionStep>> = (0u32..)
            .zip(&mut self.partitions)
            .collect::<Vec<_>>()
            .into_par_iter()
            .map(|(partition, (next, window))| {
                let mut part = PartitionStep::new(*next);
                let end = pending.map(|to| to[partition as usize]);
                let mut missing = end.map_or(most as u64, |end| end - *next);
                while missing > 0 {
                    let records = log.read(topic, partition, part.to, missing as usize)?;
                    let read = records.next() - part.to;
                    part.add(&records, partition, cuts, persons, window, precision)?;
                    // A log may return fewer records than it has.
                    missing = match end {
                        Some(_) if read > 0 => missing.saturating_sub(read),
                        _ => 0,
                    };
                }
                Ok(part)
            })
            .collect();
        let applied = parts.and_then(|parts| self.apply(parts));
        if applied.is_err() {
            // The windows have already moved past records that were not applied.
            self.recover()?;
        }
        applied
    }

    /// Applies what the partitions give, and moves on.
    fn apply(&mut self, parts: Vec<PartitionStep>) -> Result<Applied> {
        let (update, step) = together(self.offsets(), parts)?;
        if step.records == 0 && self.pending.is_none() {
            return Ok(step);
        }
        if !self.views.apply(&update)? {
            // Another updater has applied these records: continue from its offsets.
            self.recover()?;
            return Ok(Applied::default());
        }
        for ((next, _), to) in self.partitions.iter_mut().zip(update.to) {
            *next = to;
        }
        self.pending = None;
        Ok(step)
    }

    /// Runs steps until the lag is 0, and returns the sum of their numbers. It does not return
    /// while records arrive faster than they are applied.
    ///
    /// # Errors
    /// If a step fails; the steps before it are applied.
    pub fn drain(&mut self, most: usize) -> Result<Applied> {
        let mut all = Applied::default();
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

/// Combines what the partitions give into one update, which begins at the offsets `from`.
/// Returns it with the sum of the partitions' numbers.
///
/// # Errors
/// If two sketches have different precisions.
pub(super) fn together(from: Offsets, parts: Vec<PartitionStep>) -> Result<(Update, Applied)> {
    // Begin with an empty update that ends where the partitions end.
    let mut update = Update {
        from,
        to: parts.iter().map(|part| part.to).collect(),
        deltas: BTreeMap::new(),
        rejected: Vec::new(),
    };
    let mut step = Applied::default();
    for part in parts {
        // Add the partition's numbers.
        step.counted += part.step.counted;
        step.copies += part.step.copies;
        step.expired += part.step.expired;
        step.rejected += part.step.rejected;
        step.others += part.step.others;
        step.records += part.step.records;
        step.newest = step.newest.max(part.step.newest);
        update.rejected.extend(part.rejected);

        // Merge its deltas, by generation.
        for (generation, delta) in part.deltas {
            match update.deltas.get_mut(&generation) {
                Some(all) => all.merge(delta)?,
                None => _ = update.deltas.insert(generation, delta),
            }
        }
    }
    Ok((update, step))
}

/// Returns the generation of an offset: the last one that begins at or before it. `None` if
/// all begin later: then the served batch contains the record, and it has expired.
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

/// Rebuilds the dedupe window of a consumer that continues at the offset `next`, by reading
/// the last `size` records before it, or fewer if the log keeps fewer.
///
/// # Errors
/// If the log cannot be read.
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

/// Returns the identity of a record in the window. Duplicates have the same identity.
fn identity(value: &[u8]) -> u128 {
    match read(value) {
        Ok(Fact::View(event)) => event.identity(),
        _ => xxhash_rust::xxh3::xxh3_128(value),
    }
}

/// The contribution of one partition to a step.
#[derive(Default)]
pub(super) struct PartitionStep {
    /// The offset after the last record that was read.
    to: u64,
    step: Applied,
    deltas: BTreeMap<u64, Delta>,
    rejected: Vec<(u32, u64, String)>,
}

impl PartitionStep {
    /// Creates the contribution of no record, at an offset.
    fn new(at: u64) -> Self {
        Self {
            to: at,
            ..Self::default()
        }
    }

    /// Computes the contribution of consecutive records of a partition. `window` is the dedupe
    /// window at the first of them, and is moved to the last; `cuts` are the generations, and
    /// `persons` the names of those that name persons by equivs.
    ///
    /// # Errors
    /// If a name cannot be read.
    pub(super) fn of(
        records: &Records,
        partition: u32,
        cuts: &BTreeMap<u64, Offsets>,
        persons: &Resolved<'_>,
        window: &mut Window,
        precision: Precision,
    ) -> Result<Self> {
        let mut part = PartitionStep::default();
        part.add(records, partition, cuts, persons, window, precision)?;
        Ok(part)
    }

    /// Adds the contribution of the records that follow.
    fn add(
        &mut self,
        records: &Records,
        partition: u32,
        cuts: &BTreeMap<u64, Offsets>,
        persons: &Resolved<'_>,
        window: &mut Window,
        precision: Precision,
    ) -> Result<()> {
        for record in records.iter() {
            let generation = generation_at(cuts, partition as usize, record.offset);
            let place = (partition, record.offset);
            self.take(record.value, place, generation, persons, window, precision)?;
        }
        self.to = records.next();
        Ok(())
    }

    /// Returns what a generation gets.
    fn delta(&mut self, generation: u64, precision: Precision) -> &mut Delta {
        let delta = self.deltas.entry(generation);
        delta.or_insert_with(|| Delta::new(precision))
    }

    /// Adds one record. `generation` is `None` if it has expired.
    fn take(
        &mut self,
        value: &[u8],
        (partition, offset): (u32, u64),
        generation: Option<u64>,
        persons: &Resolved<'_>,
        window: &mut Window,
        precision: Precision,
    ) -> Result<()> {
        self.step.records += 1;
        match read(value) {
            Ok(Fact::View(event)) => {
                if !window.is_new(event.identity()) {
                    self.step.copies += 1;
                    return Ok(());
                }
                self.step.newest = self.step.newest.max(Some(event.secs));
                let Some(generation) = generation else {
                    self.step.expired += 1;
                    return Ok(());
                };
                self.step.counted += 1;
                // A page view counts in its generation. Its visitor is in every generation since
                // whose cut it came, under the name that the generation has for it.
                self.delta(generation, precision).add_count(&event);
                let who = &event.who;
                if !persons.0.contains_key(&generation) {
                    self.delta(generation, precision).add_visitor(&event, who);
                }
                for (begun, names) in persons.0.range(..=generation) {
                    let name = names.person(&who.clone().into_person())?;
                    let name = name.map(|name| match name {
                        PersonId::UserId(id) => Who::User(id),
                        PersonId::Cookie(cookie) => Who::Cookie(cookie.into()),
                    });
                    let name = name.as_ref().unwrap_or(who);
                    self.delta(*begun, precision).add_visitor(&event, name);
                }
            }
            other => {
                // These records take a place in the window too, because they do so when the
                // window is rebuilt from the log (`identity`).
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
        Ok(())
    }
}

/// For each generation that names persons by equivs, the names.
#[derive(Default)]
pub(super) struct Resolved<'a>(BTreeMap<u64, &'a dyn PersonNames>);
