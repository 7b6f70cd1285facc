//! Expiry: realtime views that forget what the serving views have come to hold.
//!
//! A batch run reads everything before its *cut*, some offsets, and while it runs
//! events go on coming. When it is done, the speed layer must hold exactly what
//! came after the cut: less is a gap, more is counted twice. Two ways:
//!
//! - [`Alternating`]: two sets of views take every event. When a run begins, one
//!   of them is cleared and begins at the cut; when the run is done, that set is
//!   what is needed, and the other can be cleared. Clearing removes a folder. Every
//!   event is written twice.
//! - [`ByWatermark`]: one set, whose rows say between which cuts their events
//!   came. What lies before the served cut is deleted row by row and leaves the
//!   disk with compaction. Every event is written once, and a read merges the
//!   generations since the cut.
//!
//! 1. The views since batch n have the events from its cut on, each once.
//! 2. Views are only ever read beside the batch whose cut they begin at; if they
//!    begin elsewhere, reading is refused, and the missing batch named.
//! 3. The cut of a batch, once taken, stays: a run that fails is run again with
//!    the same one.
//!
//! Source: *Big Data*, Marz and Warren, section 12.5.
use super::embedded_store::{EmbeddedStore, StoreOptions};
use super::error::{Result, SpeedError};
use super::log::Log;
use super::updater::{Step, Updater};
use super::view_reader::ViewReader;
use super::views::{FAMILIES, Offsets, RealtimeViews};
use crate::batch::bounces::{Stretch, join};
use crate::batch::sketch::{Precision, Sketch};
use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

/// What both ways are made of.
#[derive(Clone)]
pub struct Source {
    pub log: Arc<dyn Log>,
    pub topic: String,
    /// Offsets that dedupe reaches back.
    pub window: usize,
    /// Of the sketches.
    pub precision: Precision,
    pub store: StoreOptions,
}

/// Realtime views that expire.
pub trait Expiring: Send {
    /// Applies up to `most` waiting records of each partition.
    fn step(&mut self, most: usize) -> Result<Step>;

    /// Records that wait in the log.
    fn lag(&self) -> Result<u64>;

    /// The cut of a batch: taken now, unless it was taken before.
    fn begin_batch(&mut self, batch: u64) -> Result<Offsets>;

    /// Removes what the batch that is served now holds.
    fn expire(&mut self, served: u64) -> Result<()>;

    /// The views of all events since a batch's cut.
    fn since(&self, batch: u64) -> Result<Since<'_>>;

    /// For each set or generation: the batch after which it begins, and how many
    /// records it stands beyond that cut.
    fn held(&self) -> Result<Vec<(u64, u64)>>;
}

/// The views of the events since a cut, at one moment.
pub struct Since<'a> {
    reader: ViewReader<'a>,
    generations: Vec<u64>,
    precision: Precision,
    /// The batch after whose cut they begin.
    pub batch: u64,
    /// The cut.
    pub cut: Offsets,
    /// The next offsets to be applied.
    pub offsets: Offsets,
}

impl<'a> Since<'a> {
    pub(super) fn of(reader: ViewReader<'a>, batch: u64, precision: Precision) -> Result<Self> {
        let mut generations = reader.generations()?;
        let Some(cut) = generations.get(&batch).cloned() else {
            let realtime: Vec<u64> = generations.into_keys().collect();
            return Err(missing(batch, realtime));
        };
        Ok(Self {
            offsets: reader.offsets(cut.len())?,
            generations: generations.split_off(&batch).into_keys().collect(),
            reader,
            precision,
            batch,
            cut,
        })
    }

    /// Page views of a URL in hours that begin in a range.
    pub fn count(&self, url: &str, hours: &Range<i64>) -> Result<i64> {
        Ok(self.counts(url, hours)?.values().sum())
    }

    /// The same, hour by hour.
    pub fn counts(&self, url: &str, hours: &Range<i64>) -> Result<BTreeMap<i64, i64>> {
        let mut all = BTreeMap::new();
        for &generation in &self.generations {
            for (hour, count) in self.reader.counts(generation, url, hours.clone())? {
                *all.entry(hour).or_default() += count;
            }
        }
        Ok(all)
    }

    /// Who came to a URL in hours that begin in a range.
    pub fn persons(&self, url: &str, hours: &Range<i64>) -> Result<Sketch> {
        let mut all = Sketch::new(self.precision);
        for &generation in &self.generations {
            all.merge(&self.reader.persons(generation, url, hours.clone())?)?;
        }
        Ok(all)
    }

    /// The visits to a domain, by the person's key.
    pub fn visits(&self, domain: &str) -> Result<BTreeMap<Vec<u8>, Vec<Stretch>>> {
        let mut all: BTreeMap<Vec<u8>, Vec<Stretch>> = BTreeMap::new();
        for &generation in &self.generations {
            for (person, visits) in self.reader.visits(generation, domain)? {
                all.entry(person).or_default().extend(visits);
            }
        }
        all.values_mut().for_each(join);
        Ok(all)
    }
}

/// The error for views that do not begin at a batch's cut.
pub(super) fn missing(served: u64, realtime: Vec<u64>) -> SpeedError {
    match realtime.iter().min() {
        Some(&first) if first > served => SpeedError::MissingBatch {
            served,
            missing: (served + 1..=first).collect(),
            realtime,
        },
        _ => SpeedError::UnknownBatch { served, realtime },
    }
}

pub(super) fn resume(source: &Source, views: RealtimeViews) -> Result<Updater> {
    Updater::resume(source.log.clone(), &source.topic, views, source.window)
}

pub(super) type Opened = (Arc<EmbeddedStore>, Option<u64>, RealtimeViews);

/// The store in a folder, and the first generation in it.
pub(super) fn opened(source: &Source, folder: &Path) -> Result<Opened> {
    let store = EmbeddedStore::open_with(folder, &FAMILIES, source.store.clone())?;
    let store = Arc::new(store);
    let views = RealtimeViews::new(store.clone(), source.precision);
    let first = views.reader().generations()?.into_keys().next();
    Ok((store, first, views))
}

/// For each generation: how many records it has, up to where the next begins or the
/// consumer stands.
pub(super) fn by_generation(cuts: &BTreeMap<u64, Offsets>, offsets: &Offsets) -> Vec<(u64, u64)> {
    let ends = cuts.values().skip(1).chain([offsets]);
    let reached = |cut: &Offsets| -> Offsets {
        let partitions = cut.iter().zip(offsets);
        partitions.map(|(cut, at)| *cut.min(at)).collect()
    };
    let held = cuts.iter().zip(ends);
    held.map(|((generation, cut), end)| (*generation, beyond(cut, &reached(end))))
        .collect()
}

/// Records from a cut on.
pub(super) fn beyond(cut: &[u64], offsets: &[u64]) -> u64 {
    offsets
        .iter()
        .zip(cut)
        .map(|(to, from)| to.saturating_sub(*from))
        .sum()
}
