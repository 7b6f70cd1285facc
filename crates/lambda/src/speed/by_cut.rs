//! Expiry by cut: one set of views, whose row keys contain the generation, that is
//! between which two cuts an event came.
use super::error::Result;
use super::expiry::{Source, SpeedLayer, by_generation, opened, resume};
use super::store::RealtimeStore;
use super::updater::{Applied, Updater};
use super::views::{COUNT, META, Offsets, PERSONS, VISITS};
use super::views_since::ViewsSince;
use std::path::Path;
use std::sync::Arc;

/// Realtime views in one store, from which the generations that a served batch contains are
/// deleted.
pub struct ByCut {
    store: Arc<dyn RealtimeStore>,
    updater: Updater,
    source: Source,
}

impl ByCut {
    /// Opens the views in a folder, or where the source says. If there are none, creates them, beginning at the cut of
    /// batch `batch`; otherwise `batch` and `cut` are ignored.
    ///
    /// # Errors
    /// If the store or the log cannot be opened or read.
    pub fn open(source: &Source, folder: &Path, batch: u64, cut: &[u64]) -> Result<Self> {
        let stores = source.store.stores(folder);
        let (store, updater) = match opened(stores.as_ref(), "", source.precision)? {
            (store, Some(_), views) => (store, resume(source, views)?),
            (store, None, views) => {
                views.begin(batch, cut, true, source.resolution)?;
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

impl SpeedLayer for ByCut {
    fn step(&mut self, most: usize) -> Result<Applied> {
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
        // Deleted cells leave the disk only when a compaction merges the files.
        if self.updater.views().expire_before(served)? > 0 {
            for family in [COUNT, PERSONS, VISITS, META] {
                self.store.release(family.name)?;
            }
        }
        self.updater.forget_before(served);
        Ok(())
    }

    fn since(&self, batch: u64) -> Result<ViewsSince<'_>> {
        let views = self.updater.views();
        ViewsSince::of(views.reader(), batch, views.precision())
    }

    fn held(&self) -> Result<Vec<(u64, u64)>> {
        let offsets = self.updater.offsets();
        let cuts = self.updater.views().reader().generations()?;
        Ok(by_generation(&cuts, &offsets))
    }
}
