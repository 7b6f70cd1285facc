//! What the input formats have in common: numbered chunks, read in any order.

use super::record::{Person, Record};
use super::rejects::Rejects;
use super::store::Scattered;
use super::urls::{RawUrls, Urls};
use crate::batch::rejected::Reason;
use crate::datum::Equiv;
use crate::engine::{EngineError, InputFormat};

/// An input cut into chunks that threads read on their own.
pub trait Source: Sync {
    fn format(&self) -> InputFormat;

    /// How many chunks there are.
    fn chunks(&self) -> usize;

    /// Bytes of the input that a chunk stands for.
    fn bytes(&self, chunk: usize) -> u64;

    /// About how many records a chunk has.
    fn records(&self, chunk: usize) -> usize;

    /// Reads a chunk.
    fn read(&self, chunk: usize, sink: &mut Sink<'_>) -> Result<(), EngineError>;

    /// The equivs of a chunk; those that [`read`](Self::read) rejects left out.
    fn equivs(&self, chunk: usize) -> Result<Vec<Equiv>, EngineError>;

    /// No chunk from this one on has a datum from before this instant (epoch
    /// seconds, UTC); `None` when that is not known.
    fn earliest_from(&self, chunk: usize) -> Option<i64>;

    /// About the most records that wait at once to be deduped, if memory allows.
    fn most_waiting(&self) -> usize;

    /// Where a chunk stands in the input's own order, in which lines are numbered.
    fn place(&self, chunk: usize) -> usize;

    /// Chunks to read between two looks at memory, for so many threads.
    fn wave(&self, threads: usize) -> usize;
}

/// Where a chunk's datums go.
pub struct Sink<'a> {
    pub urls: &'a Urls,
    pub raw_urls: &'a mut RawUrls,
    pub scattered: Scattered,
    pub rejects: Rejects,
    /// Lines or rows, blank ones among them: what numbers are made of.
    pub lines: u64,
    /// Datums, sound or rejected.
    pub read: u64,
    pub other_kinds: u64,
    /// The earliest page view.
    pub earliest: i64,
}

impl Sink<'_> {
    /// Takes a page view whose time was checked; the inner error is about its URL.
    #[inline]
    pub fn page_view(
        &mut self,
        secs: i64,
        raw_url: &str,
        person: Person<'_>,
        nonce: i64,
    ) -> Result<Result<(), Reason>, EngineError> {
        match self.raw_urls.number(self.urls, raw_url)? {
            Ok(url) => {
                self.record(Record::new(secs, url, person, nonce), secs);
                Ok(Ok(()))
            }
            Err(error) => Ok(Err(Reason::Url(error))),
        }
    }

    #[inline]
    pub fn record(&mut self, record: Record<'_>, secs: i64) {
        self.earliest = self.earliest.min(secs);
        self.scattered.push(record);
    }
}
