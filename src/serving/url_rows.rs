//! The rows of one URL: point reads, ranges and sums.
use super::checksum::{BLOCK, Checked};
use super::error::{Result, StoreError};
use super::record::{self, ENTRY, HEAD, Run};
use super::values::ValueKind;
use crate::calendar::Granularity;
use std::cell::Cell;
use std::ops::Range;

/// All rows of one URL, found by one look into the index.
///
/// A query asks for many buckets of one URL, so the URL is looked up once and
/// the buckets after that.
pub struct UrlRows<'a> {
    values: Checked<'a>,
    /// Where the record begins.
    at: usize,
    /// The entries of its runs, as they are stored.
    entries: &'a [[u8; ENTRY]],
    url: &'a str,
    /// The block checked last: neighbours are mostly read one after another.
    checked: Cell<usize>,
    blocks: Cell<u32>,
}

/// Counts of neighbouring rows, somewhere in a record.
#[derive(Clone, Copy, Default)]
pub(super) struct Located {
    at: usize,
    length: usize,
    width: u8,
}

impl<'a> UrlRows<'a> {
    /// Reads the head of the record at `at`, which must be that of `url`.
    #[inline]
    pub(super) fn at(values: Checked<'a>, at: usize, url: &str) -> Result<Self> {
        let mut rows = Self {
            values,
            at,
            entries: &[],
            url: "",
            checked: Cell::new(usize::MAX),
            blocks: Cell::new(0),
        };
        let head = rows.read(0, HEAD)?;
        let (length, runs) = head.split_at(4);
        let length = u32::from_le_bytes(length.try_into().expect("four bytes")) as usize;
        let runs = u32::from_le_bytes(runs.try_into().expect("four bytes")) as usize;
        if length != url.len() || runs > Granularity::ALL.len() {
            return Err(rows.corrupt(0));
        }
        let rest = rows.read(HEAD, runs * ENTRY + length)?;
        let (entries, stored) = rest.split_at(runs * ENTRY);
        rows.entries = entries.as_chunks().0;
        rows.url = match std::str::from_utf8(stored) {
            Ok(stored) if stored == url => stored,
            _ => return Err(rows.corrupt(0)),
        };
        Ok(rows)
    }

    /// The URL.
    pub fn url(&self) -> &'a str {
        self.url
    }

    /// How many rows this granularity has.
    pub fn len(&self, granularity: Granularity) -> usize {
        self.run(granularity).map_or(0, |run| run.rows as usize)
    }

    /// Blocks read and checked so far, for this URL; one that was read again
    /// after another counts twice.
    pub fn blocks_read(&self) -> u32 {
        self.blocks.get()
    }

    /// The count of a bucket; `None` if the view has no such bucket. O(1), or
    /// O(log rows) in a run with gaps.
    pub fn count(&self, granularity: Granularity, ts: i64) -> Result<Option<i64>> {
        let Some(run) = self.run(granularity) else {
            return Ok(None);
        };
        self.must_hold_counts(&run)?;
        let (row, found) = self.seek(&run, ts)?;
        if !found {
            return Ok(None);
        }
        let width = usize::from(run.width);
        let bytes = self.read(run.values_at as usize + row * width, width)?;
        Ok(Some(record::decode_count(bytes)))
    }

    /// The counts of buckets that start in `range`, in order of time.
    pub fn counts(&self, granularity: Granularity, range: Range<i64>) -> Result<Vec<(i64, i64)>> {
        let Some((run, rows)) = self.seek_range(granularity, &range)? else {
            return Ok(Vec::new());
        };
        let counts = record::decode_counts(self.counts_of(&run, &rows)?, run.width);
        let times = self.times(&run, rows)?;
        Ok(times.into_iter().zip(counts).collect())
    }

    /// The sum of the counts of buckets that start in `range`.
    pub fn sum(&self, granularity: Granularity, range: Range<i64>) -> Result<i128> {
        self.sum_located(self.locate(granularity, &range)?)
    }

    /// Where the counts of a range lie; the processor is asked for their blocks,
    /// so that they come while others are located.
    #[inline]
    pub(super) fn locate(&self, granularity: Granularity, range: &Range<i64>) -> Result<Located> {
        let Some((run, rows)) = self.seek_range(granularity, range)? else {
            return Ok(Located::default());
        };
        self.must_hold_counts(&run)?;
        let width = usize::from(run.width);
        let at = run.values_at as usize + rows.start * width;
        let located = Located {
            at,
            length: rows.len() * width,
            width: run.width,
        };
        let start = self.at.saturating_add(at);
        self.values
            .fetch(start..start.saturating_add(located.length));
        Ok(located)
    }

    /// The sum of counts that were located.
    #[inline]
    pub(super) fn sum_located(&self, located: Located) -> Result<i128> {
        let counts = self.read(located.at, located.length)?;
        Ok(record::sum_counts(counts, located.width))
    }

    /// The bytes of a bucket, in place; `None` if the view has no such bucket.
    pub fn bytes(&self, granularity: Granularity, ts: i64) -> Result<Option<&'a [u8]>> {
        let Some(run) = self.run(granularity) else {
            return Ok(None);
        };
        match self.seek(&run, ts)? {
            (row, true) => self.bytes_of(&run, row).map(Some),
            _ => Ok(None),
        }
    }

    /// The bytes of buckets that start in `range`, in order of time, in place.
    pub fn byte_values(
        &self,
        granularity: Granularity,
        range: Range<i64>,
    ) -> Result<Vec<(i64, &'a [u8])>> {
        let Some((run, rows)) = self.seek_range(granularity, &range)? else {
            return Ok(Vec::new());
        };
        let times = self.times(&run, rows.clone())?;
        times
            .into_iter()
            .zip(rows)
            .map(|(ts, row)| Ok((ts, self.bytes_of(&run, row)?)))
            .collect()
    }

    #[inline]
    fn run(&self, granularity: Granularity) -> Option<Run> {
        let code = granularity.code().as_bytes()[0];
        let entry = self.entries.iter().find(|entry| entry[0] == code)?;
        Run::decode(entry)
    }

    #[inline]
    fn seek_range(
        &self,
        granularity: Granularity,
        range: &Range<i64>,
    ) -> Result<Option<(Run, Range<usize>)>> {
        let Some(run) = self.run(granularity) else {
            return Ok(None);
        };
        let (from, to) = (
            self.seek(&run, range.start)?.0,
            self.seek(&run, range.end)?.0,
        );
        Ok(Some((run, from..to.max(from))))
    }

    #[inline]
    fn counts_of(&self, run: &Run, rows: &Range<usize>) -> Result<&'a [u8]> {
        self.must_hold_counts(run)?;
        let width = usize::from(run.width);
        let at = run.values_at as usize + rows.start * width;
        self.read(at, rows.len() * width)
    }

    fn bytes_of(&self, run: &Run, row: usize) -> Result<&'a [u8]> {
        if run.width != 0 {
            return Err(self.other_values("counts", "bytes"));
        }
        let ends = run.values_at as usize;
        let start = match row {
            0 => 0,
            _ => self.word(ends + (row - 1) * 8)? as usize,
        };
        let end = self.word(ends + row * 8)? as usize;
        let Some(length) = end.checked_sub(start) else {
            return Err(self.corrupt(ends + row * 8));
        };
        self.read(ends + run.rows as usize * 8 + start, length)
    }

    pub(super) fn word(&self, at: usize) -> Result<u64> {
        let bytes = self.read(at, 8)?;
        Ok(u64::from_le_bytes(bytes.try_into().expect("eight bytes")))
    }

    /// Bytes of the record, believed only when their blocks are sound.
    #[inline]
    pub(super) fn read(&self, at: usize, length: usize) -> Result<&'a [u8]> {
        let start = self.at.saturating_add(at);
        let end = start.saturating_add(length);
        if end > self.values.bytes.len() {
            return Err(self.corrupt(at));
        }
        if length > 0 {
            let (first, last) = (start / BLOCK, (end - 1) / BLOCK);
            for block in first..=last {
                if block != self.checked.get() {
                    self.values.check(block)?;
                    self.checked.set(block);
                    self.blocks.set(self.blocks.get().saturating_add(1));
                }
            }
        }
        Ok(&self.values.bytes[start..end])
    }

    #[inline]
    fn must_hold_counts(&self, run: &Run) -> Result<()> {
        match run.width {
            0 => Err(self.other_values("bytes or sketches", "counts")),
            _ => Ok(()),
        }
    }

    #[cold]
    fn other_values(&self, found: &str, wanted: &str) -> StoreError {
        StoreError::Values {
            path: self.values.path.to_owned(),
            found: found.to_owned(),
            wanted: ValueKind::parse(wanted).map_or(wanted.to_owned(), |kind| kind.to_string()),
        }
    }

    #[cold]
    fn corrupt(&self, at: usize) -> StoreError {
        self.values.corrupt(self.at.saturating_add(at) / BLOCK)
    }
}
