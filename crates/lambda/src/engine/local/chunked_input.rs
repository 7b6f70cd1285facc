//! The interface of the input formats: numbered chunks, which can be read in any order.

use super::record::{PageViewRecord, Person};
use super::rejects::Rejects;
use super::store::Scattered;
use super::urls::{RawUrls, Urls};
use crate::datum::{Equiv, Reason};
use crate::engine::{EngineError, InputFormat};

/// An input that is split into chunks, which threads read independently of each other.
pub trait ChunkedInput: Sync {
    /// Returns the format of the input.
    fn format(&self) -> InputFormat;

    /// Returns whether datums can be equivs with two ends.
    fn has_equivs(&self) -> bool {
        true
    }

    /// Returns the number of chunks.
    fn chunks(&self) -> usize;

    /// Returns the size of a chunk in bytes of the input.
    fn bytes(&self, chunk: usize) -> u64;

    /// Returns an estimate of the number of records in a chunk.
    fn records(&self, chunk: usize) -> usize;

    /// Reads all datums of a chunk into `sink`.
    fn read(&self, chunk: usize, sink: &mut Sink<'_>) -> Result<(), EngineError>;

    /// Returns the equivs of a chunk, without those that [`read`](Self::read) rejects.
    fn equivs(&self, chunk: usize) -> Result<Vec<Equiv>, EngineError>;

    /// Returns an instant (epoch seconds, UTC) before which no chunk from this one on has a
    /// datum; `None` if that is not known.
    fn earliest_from(&self, chunk: usize) -> Option<i64>;

    /// Returns an estimate of the largest number of records that wait at the same time to be
    /// deduplicated, if memory allows.
    fn most_waiting(&self) -> usize;

    /// Returns the position of a chunk in the order of the file, by which lines are numbered.
    fn place(&self, chunk: usize) -> usize;

    /// Returns the number of chunks that are read between two checks of the memory in use.
    /// Such a group of chunks is called a wave.
    fn wave(&self, threads: usize) -> usize;
}

/// The destination of a chunk's datums.
pub struct Sink<'a> {
    /// The dictionary of URLs, shared by all threads.
    pub urls: &'a Urls,
    /// This thread's cache of raw URLs.
    pub raw_urls: &'a mut RawUrls,
    /// This thread's buffer for the text of a chunk, with the bytes of the last one.
    pub text: &'a mut Vec<u8>,
    /// The page views, by partition.
    pub scattered: Scattered,
    /// The rejected datums.
    pub rejects: Rejects,
    /// Number of lines or rows, blank lines included. Line numbers are computed from it.
    pub lines: u64,
    /// Number of datums, valid or rejected.
    pub read: u64,
    /// Number of valid datums that are not page views.
    pub other_kinds: u64,
    /// Epoch second of the earliest page view; `i64::MAX` if there is none.
    pub earliest: i64,
}

impl Sink<'_> {
    /// Adds a page view that keeps the rule, except that its URL is not checked yet. The inner
    /// error is the reason why the URL is invalid; then nothing is added. Each spelling of a
    /// URL is normalised once.
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
                self.record(PageViewRecord::new(secs, url, person, nonce), secs);
                Ok(Ok(()))
            }
            Err(error) => Ok(Err(Reason::Url(error))),
        }
    }

    /// Adds the record of a page view at `secs` epoch seconds.
    #[inline]
    pub fn record(&mut self, record: PageViewRecord<'_>, secs: i64) {
        self.earliest = self.earliest.min(secs);
        self.scattered.push(record);
    }
}
