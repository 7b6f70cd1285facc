//! The rows of one URL: point reads, ranges and sums.
use super::blocks::{Blocks, CONTENT, Damaged};
use super::error::{Result, StoreError};
use super::record::{self, ENTRY, HEAD, Run};
use super::values::ValueKind;
use calendar::Granularity;
use std::cell::Cell;
use std::ops::Range;

/// All rows of one URL, found by one look into the index.
///
/// A query asks for many buckets of one URL, so the URL is looked up once and
/// the buckets after that.
pub struct UrlRows<'a> {
    values: Blocks<'a>,
    /// The first block of the record.
    start: usize,
    /// The blocks that the entries lie in.
    head: [&'a [u8; CONTENT]; 2],
    url: &'a str,
    blocks: Cell<u32>,
}

/// How many runs a record may have.
const RUNS: usize = Granularity::ALL.len();

/// A read of blocks, which may be damaged.
pub(super) type Read<T> = std::result::Result<T, Damaged>;

impl<'a> UrlRows<'a> {
    /// The record that begins with the block `start`, if it is sound and that of
    /// `url`.
    #[inline]
    pub(super) fn at(values: Blocks<'a>, start: usize, url: &'a str) -> Read<Self> {
        let rows = Self::unproven(values, start, url)?;
        rows.check_head()?;
        Ok(rows)
    }

    /// The same, with its head not checked yet: a place to fetch blocks from, and
    /// nothing to answer from before [`check_head`](Self::check_head).
    #[inline]
    pub(super) fn unproven(values: Blocks<'a>, start: usize, url: &'a str) -> Read<Self> {
        for block in start..start.saturating_add(record::HEAD_BLOCKS) {
            values.fetch(block);
        }
        let first = values.unproven(start).ok_or(Damaged(start))?;
        Ok(Self {
            values,
            start,
            // Of a record in the last block of a file, whose entries need no second.
            head: [first, values.unproven(start + 1).unwrap_or(first)],
            url,
            blocks: Cell::new(0),
        })
    }

    /// Checks the blocks of the head, and that it is that of the URL.
    #[inline]
    pub(super) fn check_head(&self) -> Read<()> {
        let content = self.block(0)?;
        let runs = usize::from(content[4..HEAD].iter().copied().max().unwrap_or(0));
        let url = self.url.as_bytes();
        if content[..4] != (url.len() as u32).to_le_bytes() || runs > RUNS {
            return Err(Damaged(self.start));
        }
        if HEAD + runs * ENTRY > CONTENT {
            self.block(1)?; // with the rest of the entries
        }
        let (mut rest, mut same) = (url, true);
        self.pieces(record::url_at(runs, url.len()), url.len(), |piece| {
            let (here, later) = rest.split_at(piece.len());
            same &= piece == here;
            rest = later;
        })?;
        same.then_some(()).ok_or(Damaged(self.start))
    }

    /// The URL.
    pub fn url(&self) -> &'a str {
        self.url
    }

    /// How many rows this granularity has.
    pub fn len(&self, granularity: Granularity) -> usize {
        self.run(granularity).map_or(0, |run| run.rows as usize)
    }

    /// Blocks read and checked so far, for this URL; one that was read again counts
    /// again.
    pub fn blocks_read(&self) -> u32 {
        self.blocks.get()
    }

    /// The count of a bucket; `None` if the view has no such bucket. O(1), or
    /// O(log rows) in a run with few rows in a long time.
    pub fn count(&self, granularity: Granularity, ts: i64) -> Result<Option<i64>> {
        match self.run(granularity) {
            Some(run) => {
                self.must_hold_counts(&run)?;
                self.told(self.count_at(&run, ts))
            }
            None => Ok(None),
        }
    }

    #[inline]
    fn count_at(&self, run: &Run, ts: i64) -> Read<Option<i64>> {
        let Some(row) = self.row_at(run, ts)? else {
            return Ok(None);
        };
        let width = usize::from(run.width);
        let count = self.within(run.values_at + row * width, width)?;
        Ok(Some(record::decode_count(count)))
    }

    /// The counts of buckets that start in `range`, in order of time.
    pub fn counts(&self, granularity: Granularity, range: Range<i64>) -> Result<Vec<(i64, i64)>> {
        let Some(run) = self.run(granularity) else {
            return Ok(Vec::new());
        };
        self.must_hold_counts(&run)?;
        self.told(self.counts_in(&run, &range))
    }

    fn counts_in(&self, run: &Run, range: &Range<i64>) -> Read<Vec<(i64, i64)>> {
        let rows = self.rows_in(run, range)?;
        let mut counts = Vec::with_capacity(rows.len());
        let width = usize::from(run.width);
        let (at, length) = (run.values_at + rows.start * width, rows.len() * width);
        self.pieces(at, length, |piece| {
            counts.extend(record::decode_counts(piece, run.width));
        })?;
        Ok(self.times(run, rows)?.into_iter().zip(counts).collect())
    }

    /// The bytes of a bucket; `None` if the view has no such bucket. O(bytes).
    pub fn bytes(&self, granularity: Granularity, ts: i64) -> Result<Option<Vec<u8>>> {
        let Some(run) = self.run(granularity) else {
            return Ok(None);
        };
        self.must_hold_bytes(&run)?;
        self.told(self.row_at(&run, ts).and_then(|row| {
            let bytes = row.map(|row| self.bytes_of(&run, row));
            bytes.transpose()
        }))
    }

    /// The bytes of buckets that start in `range`, in order of time. O(bytes).
    pub fn byte_values(
        &self,
        granularity: Granularity,
        range: Range<i64>,
    ) -> Result<Vec<(i64, Vec<u8>)>> {
        let Some(run) = self.run(granularity) else {
            return Ok(Vec::new());
        };
        self.must_hold_bytes(&run)?;
        self.told(self.rows_in(&run, &range).and_then(|rows| {
            let times = self.times(&run, rows.clone())?;
            let values = times.into_iter().zip(rows);
            values
                .map(|(ts, row)| Ok((ts, self.bytes_of(&run, row)?)))
                .collect()
        }))
    }

    /// The run of a granularity. Its entry is checked with the head.
    #[inline]
    pub(super) fn run(&self, granularity: Granularity) -> Option<Run> {
        let number = self.head[0][4 + granularity as usize];
        let at = HEAD + usize::from(number.checked_sub(1)?) * ENTRY;
        let entry = match at < CONTENT {
            true => self.head[0].get(at..)?,
            false => self.head[1].get(at - CONTENT..)?,
        };
        Run::decode(granularity, entry.first_chunk()?)
    }

    /// The rows that start in a range.
    #[inline]
    pub(super) fn rows_in(&self, run: &Run, range: &Range<i64>) -> Read<Range<usize>> {
        let from = self.first_from(run, range.start)?;
        let to = self.first_from(run, range.end)?;
        Ok(from..to.max(from))
    }

    fn bytes_of(&self, run: &Run, row: usize) -> Read<Vec<u8>> {
        let ends = run.values_at;
        let start = match row {
            0 => 0,
            _ => self.word(ends + (row - 1) * 8)? as usize,
        };
        let end = self.word(ends + row * 8)? as usize;
        let mut bytes = Vec::new();
        let first = ends + run.rows as usize * 8;
        self.pieces(first + start, end.saturating_sub(start), |piece| {
            bytes.extend_from_slice(piece);
        })?;
        Ok(bytes)
    }

    pub(super) fn word(&self, at: usize) -> Read<u64> {
        self.array(at).copied().map(u64::from_le_bytes)
    }

    /// Bytes that lie in one block.
    #[inline]
    pub(super) fn array<const N: usize>(&self, at: usize) -> Read<&'a [u8; N]> {
        let bytes = self.within(at, N)?;
        Ok(bytes.try_into().expect("so many bytes"))
    }

    #[inline]
    fn within(&self, at: usize, length: usize) -> Read<&'a [u8]> {
        let content = self.block(at / CONTENT)?;
        let start = at % CONTENT;
        let bytes = content.get(start..start + length);
        bytes.ok_or(Damaged(self.start + at / CONTENT))
    }

    /// Bytes of the record, block by block.
    #[inline]
    pub(super) fn pieces(
        &self,
        at: usize,
        length: usize,
        mut take: impl FnMut(&'a [u8]),
    ) -> Read<()> {
        self.each_block(at / CONTENT, at % CONTENT, length, |content, range| {
            take(&content[range]);
        })
    }

    /// The blocks that some bytes lie in, and where in them; they begin in a block of
    /// the record, at a place in its content.
    #[inline]
    pub(super) fn each_block(
        &self,
        mut block: usize,
        mut from: usize,
        mut length: usize,
        mut take: impl FnMut(&'a [u8; CONTENT], Range<usize>),
    ) -> Read<()> {
        while length > 0 {
            let to = CONTENT.min(from + length);
            take(self.block(block)?, from..to);
            length -= to - from;
            (block, from) = (block + 1, 0);
        }
        Ok(())
    }

    /// A block of the record, believed only when it is sound.
    #[inline]
    fn block(&self, number: usize) -> Read<&'a [u8; CONTENT]> {
        self.blocks.set(self.blocks.get().wrapping_add(1));
        self.values.read(self.start.wrapping_add(number))
    }

    /// Asks the processor for a block of the record.
    #[inline]
    pub(super) fn fetch(&self, block: usize) {
        self.values.fetch(self.start.wrapping_add(block));
    }

    /// Says where the damage is.
    #[inline]
    pub(super) fn told<T>(&self, read: Read<T>) -> Result<T> {
        read.map_err(|damaged| self.values.error(damaged))
    }

    #[inline]
    pub(super) fn must_hold_counts(&self, run: &Run) -> Result<()> {
        match run.width {
            0 => Err(self.other_values("bytes or sketches", "counts")),
            _ => Ok(()),
        }
    }

    fn must_hold_bytes(&self, run: &Run) -> Result<()> {
        match run.width {
            0 => Ok(()),
            _ => Err(self.other_values("counts", "bytes")),
        }
    }

    #[cold]
    fn other_values(&self, found: &str, wanted: &str) -> StoreError {
        StoreError::Values {
            path: self.values.path().to_owned(),
            found: found.to_owned(),
            wanted: ValueKind::parse(wanted).map_or(wanted.to_owned(), |kind| kind.to_string()),
        }
    }
}
