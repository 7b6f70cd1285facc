//! A consumer that keeps its offset apart from its work.
//!
//! [`Updater`](super::Updater) writes what events add and how far it has read in
//! one atomic call. Here the offset is committed to the log, by another call, as
//! consumers of a log often do. Between the two calls the process can end:
//!
//! 1. Offset first: what was to be done is never done. At most once.
//! 2. Work first: it is done again. At least once, and counting is not idempotent.
//!
//! It is here to be caught: an account that says "nothing lost, nothing doubled"
//! must be able to say something else.
use super::dedupe::Window;
use super::embedded_store::EmbeddedStore;
use super::error::Result;
use super::expiry::{Expiring, Since, Source, by_generation, opened};
use super::updater::{Part, Step, together, window_before};
use super::view_reader::ViewReader;
use super::views::{Offsets, RealtimeViews};
use serde::{Deserialize, Serialize};
use std::path::Path;
use std::sync::Arc;

/// The group under whose name the log keeps the offsets.
const GROUP: &str = "realtime";

/// Which of the two calls comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Order {
    /// The offset, then the work.
    CommitFirst,
    /// The work, then the offset.
    WorkFirst,
}

/// Realtime views whose consumer keeps its offset in the log.
///
/// ```
/// use lambda_workbook::batch::Precision;
/// use lambda_workbook::dataset;
/// use lambda_workbook::speed::*;
/// use std::sync::Arc;
///
/// let folder = tempfile::tempdir()?;
/// let log = Arc::new(EmbeddedLog::open(folder.path().join("log"))?);
/// log.create_topic("datums", 1)?;
/// feed(log.as_ref(), "datums", &dataset::golden())?;
/// let source = Source {
///     log: log.clone(),
///     topic: "datums".to_owned(),
///     window: 100,
///     precision: Precision::DEFAULT,
///     store: StoreOptions::default(),
/// };
/// let mut views = Careless::open(Order::WorkFirst, &source, &folder.path().join("views"), 0, &[0])?;
/// views.step(100)?;
/// let count = |views: &Careless| views.since(0)?.count("foo.com/post1", &(0..7200));
/// assert_eq!(count(&views)?, 4);
/// // It died before the commit: the same, as another process sees it.
/// log.commit("realtime", "datums", 0, 0)?;
/// drop(views);
/// let mut views = Careless::open(Order::WorkFirst, &source, &folder.path().join("views"), 0, &[0])?;
/// views.step(100)?;
/// assert_eq!(count(&views)?, 8);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Careless {
    order: Order,
    source: Source,
    views: RealtimeViews,
    partitions: Vec<(u64, Window)>,
    _store: Arc<EmbeddedStore>,
}

impl Careless {
    /// Opens the views in a folder; new ones begin at the cut of a batch.
    pub fn open(
        order: Order,
        source: &Source,
        folder: &Path,
        batch: u64,
        cut: &[u64],
    ) -> Result<Self> {
        let (store, first, views) = opened(source, folder)?;
        if first.is_none() {
            views.begin(batch, cut, true)?;
        }
        let mut partitions = Vec::new();
        for (partition, &cut) in (0..).zip(cut) {
            let (log, topic) = (&source.log, &source.topic);
            let next = log.committed(GROUP, topic, partition)?.unwrap_or(cut);
            let window = window_before(log.as_ref(), topic, partition, next, source.window)?;
            partitions.push((next, window));
        }
        Ok(Self {
            order,
            source: source.clone(),
            views,
            partitions,
            _store: store,
        })
    }

    fn reader(&self) -> ViewReader<'_> {
        self.views.reader()
    }

    fn commit(&self, to: &[u64]) -> Result<()> {
        for (partition, to) in (0..).zip(to) {
            let topic = &self.source.topic;
            self.source.log.commit(GROUP, topic, partition, *to)?;
        }
        Ok(())
    }
}

impl Expiring for Careless {
    fn step(&mut self, most: usize) -> Result<Step> {
        let cuts = self.reader().generations()?;
        let (log, topic) = (self.source.log.clone(), self.source.topic.clone());
        let precision = self.views.precision();
        let mut parts = Vec::new();
        for (partition, (next, window)) in (0..).zip(&mut self.partitions) {
            let records = log.read(&topic, partition, *next, most)?;
            parts.push(Part::of(&records, partition, &cuts, window, precision));
        }
        // Whatever the views stand at: the offset is none of their business.
        let stands = self.reader().offsets(parts.len())?;
        let (update, step) = together(stands, parts)?;
        if step.records == 0 {
            return Ok(step);
        }
        if self.order == Order::CommitFirst {
            self.commit(&update.to)?;
        }
        self.views.apply(&update)?;
        if self.order == Order::WorkFirst {
            self.commit(&update.to)?;
        }
        for ((next, _), to) in self.partitions.iter_mut().zip(&update.to) {
            *next = *to;
        }
        Ok(step)
    }

    fn lag(&self) -> Result<u64> {
        let ends = self.source.log.ends(&self.source.topic)?;
        let waiting = ends.iter().zip(&self.partitions);
        Ok(waiting.map(|(end, (next, _))| end - next).sum())
    }

    fn begin_batch(&mut self, batch: u64) -> Result<Offsets> {
        if let Some(cut) = self.reader().generations()?.remove(&batch) {
            return Ok(cut);
        }
        let cut = self.source.log.ends(&self.source.topic)?;
        self.views.begin(batch, &cut, false)?;
        Ok(cut)
    }

    fn expire(&mut self, served: u64) -> Result<()> {
        self.views.expire_before(served).map(|_| ())
    }

    fn since(&self, batch: u64) -> Result<Since<'_>> {
        Since::of(self.reader(), batch, self.views.precision())
    }

    fn held(&self) -> Result<Vec<(u64, u64)>> {
        let reader = self.reader();
        let offsets = reader.offsets(self.partitions.len())?;
        Ok(by_generation(&reader.generations()?, &offsets))
    }
}
