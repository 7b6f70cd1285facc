//! A consumer that commits its offset in a call of its own, apart from its results.
//!
//! [`Updater`](super::Updater) writes the counts of some records and the next offset in one
//! atomic call. This consumer commits the offset to the log, in a second call, as most
//! consumers of Kafka do. The process can crash between the two calls:
//!
//! | order | after a crash between the calls | delivery |
//! |---|---|---|
//! | commit before processing | the records are never processed | at most once |
//! | commit after processing | the records are processed again, and a count is not idempotent | at least once |
//!
//! It is here as a counterexample: an account that says "nothing lost, nothing counted twice"
//! must find both.
use super::dedupe::Window;
use super::error::Result;
use super::expiry::{Source, SpeedLayer, by_generation, opened};
use super::resolution::IdentityResolution;
use super::updater::{Applied, PartitionStep, Resolved, together, window_before};
use super::view_reader::ViewReader;
use super::views::{Offsets, RealtimeViews};
use super::views_since::ViewsSince;
use serde::{Deserialize, Serialize};
use std::path::Path;

/// The group under whose name the log keeps the offsets.
const GROUP: &str = "realtime";

/// When the offset is committed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum CommitOrder {
    /// Before the records are processed: at most once.
    BeforeProcessing,
    /// After the records are processed: at least once.
    AfterProcessing,
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
///     store: StorePlace::default(),
///     resolution: IdentityResolution::None,
///     persons: None,
/// };
/// let mut views = SplitCommit::open(CommitOrder::AfterProcessing, &source, &folder.path().join("views"), 0, &[0])?;
/// views.step(100)?;
/// let count = |views: &SplitCommit| views.since(0)?.page_views("foo.com/post1", &(0..7200));
/// assert_eq!(count(&views)?, 4);
/// // A crash before the commit: the log still has the old offset.
/// log.commit("realtime", "datums", 0, 0)?;
/// drop(views);
/// let mut views = SplitCommit::open(CommitOrder::AfterProcessing, &source, &folder.path().join("views"), 0, &[0])?;
/// views.step(100)?;
/// assert_eq!(count(&views)?, 8);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct SplitCommit {
    order: CommitOrder,
    source: Source,
    views: RealtimeViews,
    partitions: Vec<(u64, Window)>,
}

impl SplitCommit {
    /// Opens the views in a folder; new ones begin at the cut of a batch.
    pub fn open(
        order: CommitOrder,
        source: &Source,
        folder: &Path,
        batch: u64,
        cut: &[u64],
    ) -> Result<Self> {
        let stores = source.store.stores(folder);
        let (_, first, views) = opened(stores.as_ref(), "", source.precision)?;
        if first.is_none() {
            views.begin(batch, cut, true, IdentityResolution::None)?;
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

impl SpeedLayer for SplitCommit {
    fn step(&mut self, most: usize) -> Result<Applied> {
        let cuts = self.reader().generations()?;
        let (log, topic) = (self.source.log.clone(), self.source.topic.clone());
        let precision = self.views.precision();
        let mut parts = Vec::new();
        for (partition, (next, window)) in (0..).zip(&mut self.partitions) {
            let records = log.read(&topic, partition, *next, most)?;
            let persons = &Resolved::default();
            parts.push(PartitionStep::of(
                &records, partition, &cuts, persons, window, precision,
            )?);
        }
        // The offset in the views is ignored: this consumer goes by the one in the log.
        let stands = self.reader().offsets(parts.len())?;
        let (update, step) = together(stands, parts)?;
        if step.records == 0 {
            return Ok(step);
        }
        if self.order == CommitOrder::BeforeProcessing {
            self.commit(&update.to)?;
        }
        self.views.apply(&update)?;
        if self.order == CommitOrder::AfterProcessing {
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
        self.views
            .begin(batch, &cut, false, IdentityResolution::None)?;
        Ok(cut)
    }

    fn expire(&mut self, served: u64) -> Result<()> {
        self.views.expire_before(served).map(|_| ())
    }

    fn since(&self, batch: u64) -> Result<ViewsSince<'_>> {
        ViewsSince::of(self.reader(), batch, self.views.precision())
    }

    fn held(&self) -> Result<Vec<(u64, u64)>> {
        let reader = self.reader();
        let offsets = reader.offsets(self.partitions.len())?;
        Ok(by_generation(&reader.generations()?, &offsets))
    }
}
