//! Expiry: removes from the realtime views the events that the served batch contains.
//! [`ViewsSince`] reads what is left, for a query.
//!
//! A batch run reads all records before its *cut*, which is one offset for each partition.
//! Events keep arriving while it runs. When its views are served, the speed layer must hold
//! exactly the events after the cut: if it holds fewer there is a gap, and if it holds more,
//! events are counted twice. There are two ways to do this:
//!
//! - [`Alternating`](super::Alternating) keeps two sets of views and applies every event to
//!   both. When a run begins, one set is cleared and begins at the cut. When the run is served,
//!   that set is the one that is needed, and the other can be cleared. Clearing removes a
//!   folder, or a table of HBase. Every event is written twice.
//! - [`ByCut`](super::ByCut) keeps one set of views, whose row keys say between
//!   which cuts an event came. Rows before the served cut are deleted one by one and leave the
//!   disk with a compaction, in HBase with its next major one (`workbook compact hbase`). Every event is written once, and a
//!   read merges the generations since the cut. Visitors are an exception: while a run works they are
//!   written twice, under the names of both cuts ([`super::resolution`]).
//!
//! Guarantees:
//!
//! 1. The views since batch n contain the events from its cut on, each exactly once, except
//!    for duplicates that are further apart than the dedupe window.
//! 2. Views are read only together with the batch at whose cut they begin. If they begin
//!    elsewhere, the read is an error that names the missing batch.
//! 3. Persons and visits since batch n are under the names of batch n, also while the next run
//!    works, if its generation names persons by equivs.
//! 4. The cut of a batch does not change once it was taken: a run that fails is repeated with
//!    the same cut.
//!
//! Source: *Big Data*, Marz and Warren, section 12.5.
use super::error::Result;
use super::log::Log;
use super::resolution::{IdentityResolution, KnownPersons};
use super::store::RealtimeStore;
use super::stores::{StorePlace, Stores};
use super::updater::{Applied, Updater};
use super::views::{Offsets, RealtimeViews};
use super::views_since::ViewsSince;
use crate::batch::sketch::Precision;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The topic from which realtime views are computed, and the options for computing them.
#[derive(Clone)]
pub struct Source {
    /// The log.
    pub log: Arc<dyn Log>,
    /// The topic of the datums.
    pub topic: String,
    /// Size of the dedupe window in offsets of a partition.
    pub window: usize,
    /// The precision of the sketches.
    pub precision: Precision,
    /// Where the stores of the views are.
    pub store: StorePlace,
    /// How generations that begin from now on name persons. One that was begun keeps its way.
    pub resolution: IdentityResolution,
    /// Where the persons of before a cut are known; `None` if they are known nowhere, and then no
    /// generation may name persons by equivs.
    pub persons: Option<Arc<dyn KnownPersons>>,
}

/// The speed layer, as [`Lambda`](crate::Lambda) holds it: realtime views that forget the
/// events of served batches.
///
/// Every method returns an error if the log or the store of the views cannot be read or
/// written.
pub trait SpeedLayer: Send {
    /// Applies up to `most` waiting records of each partition, and returns what was done.
    fn step(&mut self, most: usize) -> Result<Applied>;

    /// Returns the number of records of the log that are not applied yet.
    fn lag(&self) -> Result<u64>;

    /// Begins a batch run and returns its cut: the end of the log now, or the same cut as
    /// before if the batch was begun already.
    fn begin_batch(&mut self, batch: u64) -> Result<Offsets>;

    /// Removes the events before the cut of the batch `served`, which is served now.
    fn expire(&mut self, served: u64) -> Result<()>;

    /// Returns a reader of the views of all events since a batch's cut.
    ///
    /// # Errors
    /// [`MissingBatch`](super::SpeedError::MissingBatch) or
    /// [`UnknownBatch`](super::SpeedError::UnknownBatch) if the views do not begin at this cut.
    fn since(&self, batch: u64) -> Result<ViewsSince<'_>>;

    /// Returns, for each set of views or generation, the batch after whose cut it begins and
    /// the number of records from that cut on that it has applied.
    fn held(&self) -> Result<Vec<(u64, u64)>>;
}

/// Creates an updater that continues from the offsets of the views.
pub(super) fn resume(source: &Source, views: RealtimeViews) -> Result<Updater> {
    let updater = Updater::resume(source.log.clone(), &source.topic, views, source.window)?;
    Ok(updater.with_persons(source.resolution, source.persons.clone()))
}

/// An open store, its oldest generation (`None` if it has none), and the views in it.
pub(super) type OpenedViews = (Arc<dyn RealtimeStore>, Option<u64>, RealtimeViews);

/// Opens the store of views with a name, or creates an empty one.
pub(super) fn opened(stores: &dyn Stores, name: &str, precision: Precision) -> Result<OpenedViews> {
    let store = stores.open(name)?;
    let views = RealtimeViews::new(store.clone(), precision);
    let first = views.reader().generations()?.into_keys().next();
    Ok((store, first, views))
}

/// Returns each generation with the number of its records that are applied: those from its
/// cut up to the next cut or to the consumer's offsets, whichever comes first.
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

/// Returns the number of records from a cut up to `offsets`, over all partitions.
pub(super) fn beyond(cut: &[u64], offsets: &[u64]) -> u64 {
    offsets
        .iter()
        .zip(cut)
        .map(|(to, from)| to.saturating_sub(*from))
        .sum()
}
