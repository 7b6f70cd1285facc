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
use super::error::{Result, SpeedError, at};
use super::log::Log;
use super::updater::{Step, Updater};
use super::views::{FAMILIES, Offsets, RealtimeViews, ViewReader};
use crate::batch::bounces::{Stretch, join};
use crate::batch::sketch::{Precision, Sketch};
use std::collections::BTreeMap;
use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};
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
    fn of(reader: ViewReader<'a>, batch: u64, precision: Precision) -> Result<Self> {
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
        let mut sum = 0;
        for &generation in &self.generations {
            let counts = self.reader.counts(generation, url, hours.clone())?;
            sum += counts.iter().map(|(_, count)| count).sum::<i64>();
        }
        Ok(sum)
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
fn missing(served: u64, realtime: Vec<u64>) -> SpeedError {
    match realtime.iter().min() {
        Some(&first) if first > served => SpeedError::MissingBatch {
            served,
            missing: (served + 1..=first).collect(),
            realtime,
        },
        _ => SpeedError::UnknownBatch { served, realtime },
    }
}

/// One set of views; what the served batch holds is deleted from it.
pub struct ByWatermark {
    store: Arc<EmbeddedStore>,
    updater: Updater,
    source: Source,
}

impl ByWatermark {
    /// Opens the views in a folder; new ones begin at the cut of a batch.
    pub fn open(source: &Source, folder: &Path, batch: u64, cut: &[u64]) -> Result<Self> {
        let (store, updater) = match opened(source, folder)? {
            (store, Some(_), views) => (store, resume(source, views)?),
            (store, None, views) => {
                views.begin(batch, cut, true)?;
                (store, resume(source, views)?)
            }
        };
        Ok(Self {
            store,
            updater,
            source: source.clone(),
        })
    }
}

fn resume(source: &Source, views: RealtimeViews) -> Result<Updater> {
    Updater::resume(source.log.clone(), &source.topic, views, source.window)
}

type Opened = (Arc<EmbeddedStore>, Option<u64>, RealtimeViews);

/// The store in a folder, and the first generation in it.
fn opened(source: &Source, folder: &Path) -> Result<Opened> {
    let store = EmbeddedStore::open_with(folder, &FAMILIES, source.store.clone())?;
    let store = Arc::new(store);
    let views = RealtimeViews::new(store.clone(), source.precision);
    let first = views.reader().generations()?.into_keys().next();
    Ok((store, first, views))
}

/// Records from a cut on.
fn beyond(cut: &[u64], offsets: &[u64]) -> u64 {
    offsets
        .iter()
        .zip(cut)
        .map(|(to, from)| to.saturating_sub(*from))
        .sum()
}

impl Expiring for ByWatermark {
    fn step(&mut self, most: usize) -> Result<Step> {
        self.updater.step(most)
    }

    fn lag(&self) -> Result<u64> {
        self.updater.lag()
    }

    fn begin_batch(&mut self, batch: u64) -> Result<Offsets> {
        if let Some(cut) = self.updater.views().reader().generations()?.remove(&batch) {
            return Ok(cut);
        }
        let cut = self.source.log.ends(&self.source.topic)?;
        self.updater.begin(batch, &cut)?;
        Ok(cut)
    }

    fn expire(&mut self, served: u64) -> Result<()> {
        if self.updater.views().expire_before(served)? > 0 {
            for family in ["count", "persons", "visits"] {
                self.store.compact(family)?;
            }
        }
        self.updater.forget_before(served);
        Ok(())
    }

    fn since(&self, batch: u64) -> Result<Since<'_>> {
        let views = self.updater.views();
        Since::of(views.reader(), batch, views.precision())
    }

    fn held(&self) -> Result<Vec<(u64, u64)>> {
        let offsets = self.updater.offsets();
        let cuts = self.updater.views().reader().generations()?;
        let mut next: Vec<Offsets> = cuts.values().skip(1).cloned().collect();
        next.push(offsets.clone());
        // A generation ends where the next begins, or where the updater stands.
        let ends = next.into_iter().map(|cut| -> Offsets {
            cut.iter()
                .zip(&offsets)
                .map(|(cut, at)| *cut.min(at))
                .collect()
        });
        Ok(cuts
            .iter()
            .zip(ends)
            .map(|((g, cut), end)| (*g, beyond(cut, &end)))
            .collect())
    }
}

/// Two sets of views, cleared in turn.
pub struct Alternating {
    source: Source,
    folder: PathBuf,
    /// By place: the first generation, and what applies events.
    sets: [Option<(u64, Updater)>; 2],
}

/// The folders of the sets.
const SETS: [&str; 2] = ["set-a", "set-b"];

impl Alternating {
    /// Opens the sets in a folder; if there are none, one begins at the cut of a
    /// batch.
    pub fn open(source: &Source, folder: &Path, batch: u64, cut: &[u64]) -> Result<Self> {
        let mut alternating = Self {
            source: source.clone(),
            folder: folder.to_owned(),
            sets: [None, None],
        };
        for (place, name) in SETS.into_iter().enumerate() {
            let set = folder.join(name);
            alternating.finish_clearing(place)?;
            if !set.exists() {
                continue;
            }
            match opened(source, &set)? {
                (_, Some(first), views) => {
                    alternating.sets[place] = Some((first, resume(source, views)?));
                }
                // It was being made when the process ended: nothing is in it.
                (store, None, views) => {
                    drop((store, views));
                    alternating.clear(place)?;
                }
            }
        }
        if alternating.sets.iter().all(Option::is_none) {
            alternating.begin(0, batch, cut)?;
        }
        Ok(alternating)
    }

    fn clear(&mut self, place: usize) -> Result<()> {
        self.sets[place] = None;
        let set = self.folder.join(SETS[place]);
        let old = self.folder.join(format!(".{}.old", SETS[place]));
        let failed = || at("clearing a set of views at", &set);
        if set.exists() {
            self.finish_clearing(place)?;
            // A folder is removed file by file: first it loses its name.
            fs::rename(&set, &old).map_err(failed())?;
        }
        self.finish_clearing(place)
    }

    fn finish_clearing(&self, place: usize) -> Result<()> {
        let old = self.folder.join(format!(".{}.old", SETS[place]));
        if old.exists() {
            fs::remove_dir_all(&old).map_err(at("clearing a set of views at", &old))?;
        }
        Ok(())
    }

    fn begin(&mut self, place: usize, batch: u64, cut: &[u64]) -> Result<()> {
        self.clear(place)?;
        let set = self.folder.join(SETS[place]);
        let (_, _, views) = opened(&self.source, &set)?;
        views.begin(batch, cut, true)?;
        self.sets[place] = Some((batch, resume(&self.source, views)?));
        Ok(())
    }

    fn sets(&self) -> impl Iterator<Item = &(u64, Updater)> {
        self.sets.iter().flatten()
    }
}

impl Expiring for Alternating {
    fn step(&mut self, most: usize) -> Result<Step> {
        let mut steps = Vec::new();
        for (generation, updater) in self.sets.iter_mut().flatten() {
            steps.push((*generation, updater.step(most)?));
        }
        // The older set has all that the younger has.
        steps.sort_by_key(|(generation, _)| *generation);
        Ok(steps.first().map(|(_, step)| *step).unwrap_or_default())
    }

    fn lag(&self) -> Result<u64> {
        let lags: Result<Vec<u64>> = self.sets().map(|(_, updater)| updater.lag()).collect();
        Ok(lags?.into_iter().max().unwrap_or(0))
    }

    fn begin_batch(&mut self, batch: u64) -> Result<Offsets> {
        if let Some((_, updater)) = self.sets().find(|(generation, _)| *generation == batch) {
            let cuts = updater.views().reader().generations()?;
            return Ok(cuts.into_values().next().unwrap_or_default());
        }
        let needed = |set: &Option<(u64, Updater)>| {
            set.as_ref()
                .is_some_and(|(generation, _)| *generation + 1 == batch)
        };
        let Some(free) = self.sets.iter().position(|set| !needed(set)) else {
            return Err(missing(batch, self.sets().map(|set| set.0).collect()));
        };
        let cut = self.source.log.ends(&self.source.topic)?;
        self.begin(free, batch, &cut)?;
        Ok(cut)
    }

    fn expire(&mut self, served: u64) -> Result<()> {
        for place in 0..2 {
            if self.sets[place].as_ref().is_some_and(|set| set.0 < served) {
                self.clear(place)?;
            }
        }
        Ok(())
    }

    fn since(&self, batch: u64) -> Result<Since<'_>> {
        match self.sets().find(|(generation, _)| *generation == batch) {
            Some((_, updater)) => {
                let views = updater.views();
                Since::of(views.reader(), batch, views.precision())
            }
            None => Err(missing(batch, self.sets().map(|set| set.0).collect())),
        }
    }

    fn held(&self) -> Result<Vec<(u64, u64)>> {
        let mut held = Vec::new();
        for (generation, updater) in self.sets() {
            let cuts = updater.views().reader().generations()?;
            let cut = cuts.into_values().next().unwrap_or_default();
            held.push((*generation, beyond(&cut, &updater.offsets())));
        }
        held.sort_unstable();
        Ok(held)
    }
}
