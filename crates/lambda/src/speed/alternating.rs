//! Alternating expiry: two sets of views, cleared in turn.
use super::error::Result;
use super::expiry::{Source, SpeedLayer, beyond, opened, resume};
use super::stores::{SETS, Stores};
use super::updater::{Applied, Updater};
use super::views::Offsets;
use super::views_since::{ViewsSince, missing};
use std::path::Path;
use std::sync::Arc;

/// Two sets of realtime views. Both apply every event, and one of them is cleared when a batch
/// run begins.
pub struct Alternating {
    source: Source,
    stores: Arc<dyn Stores>,
    /// For each store of [`SETS`], the batch at whose cut the set begins, and its updater;
    /// `None` if it is cleared.
    sets: [Option<(u64, Updater)>; 2],
}

impl Alternating {
    /// Opens the sets in a folder, or where the source says. If there are none, creates one that begins at the cut of
    /// batch `batch`; otherwise `batch` and `cut` are ignored.
    ///
    /// # Errors
    /// If a store or the log cannot be opened or read, or a store cannot be removed.
    pub fn open(source: &Source, folder: &Path, batch: u64, cut: &[u64]) -> Result<Self> {
        let mut alternating = Self {
            source: source.clone(),
            stores: source.store.stores(folder),
            sets: [None, None],
        };
        for (place, name) in SETS.into_iter().enumerate() {
            if !alternating.stores.exists(name)? {
                continue;
            }
            match opened(alternating.stores.as_ref(), name, source.precision)? {
                (_, Some(first), views) => {
                    alternating.sets[place] = Some((first, resume(source, views)?));
                }
                // A process crashed between creating this store and beginning its generation,
                // so it is empty.
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

    /// Removes a set of views.
    fn clear(&mut self, place: usize) -> Result<()> {
        self.sets[place] = None;
        self.stores.remove(SETS[place])
    }

    /// Clears a set of views and begins it at the cut of a batch.
    fn begin(&mut self, place: usize, batch: u64, cut: &[u64]) -> Result<()> {
        self.clear(place)?;
        let stores = self.stores.as_ref();
        let (_, _, views) = opened(stores, SETS[place], self.source.precision)?;
        views.begin(batch, cut, true, self.source.resolution)?;
        self.sets[place] = Some((batch, resume(&self.source, views)?));
        Ok(())
    }

    /// Returns the sets that are not cleared.
    fn sets(&self) -> impl Iterator<Item = &(u64, Updater)> {
        self.sets.iter().flatten()
    }
}

impl SpeedLayer for Alternating {
    fn step(&mut self, most: usize) -> Result<Applied> {
        let mut steps = Vec::new();
        for (generation, updater) in self.sets.iter_mut().flatten() {
            steps.push((*generation, updater.step(most)?));
        }
        // Report the step of the older set, whose events include those of the younger one.
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
        // The set that begins at the last cut before is read until this batch is served.
        let earlier = { self.sets() }.map(|(generation, _)| *generation);
        let read = earlier.filter(|generation| *generation < batch).max();
        let needed =
            |set: &Option<(u64, Updater)>| set.as_ref().is_some_and(|set| Some(set.0) == read);
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
        for (_, updater) in self.sets.iter_mut().flatten() {
            updater.forget_before(served);
        }
        Ok(())
    }

    fn since(&self, batch: u64) -> Result<ViewsSince<'_>> {
        match self.sets().find(|(generation, _)| *generation == batch) {
            Some((_, updater)) => {
                let views = updater.views();
                ViewsSince::of(views.reader(), batch, views.precision())
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
