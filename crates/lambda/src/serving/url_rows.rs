//! The rows of one URL: point reads and ranges. How a row is found by its time is in `times`,
//! and sums are in `sums`.
use super::blocks::{Blocks, CONTENT, Damaged};
use super::error::{Result, ServingError};
use super::record::{self, ENTRIES_AT, ENTRY, Run};
use super::values::ValueKind;
use calendar::Granularity;
use std::cell::Cell;
use std::ops::Range;

/// The rows of one URL.
///
/// A query reads many buckets of one URL, so it looks the URL up once and then reads all
/// of its buckets from here.
///
/// Every read verifies the blocks that it uses; damage is [`ServingError::Corrupt`].
pub struct UrlRows<'a> {
    values: Blocks<'a>,
    /// Number of the record's first block.
    start: usize,
    /// The content of the two blocks that hold the entries.
    entries: [&'a [u8; CONTENT]; 2],
    url: &'a str,
    /// Blocks verified so far.
    blocks: Cell<u32>,
}

/// The most runs that a record can have.
const RUNS: usize = Granularity::ALL.len();

/// The result of reading blocks, any of which may be damaged.
pub(super) type BlockResult<T> = std::result::Result<T, Damaged>;

impl<'a> UrlRows<'a> {
    /// Reads the head of the record that begins at the block `start`, and verifies it.
    ///
    /// # Errors
    /// If a block is damaged, or the record is that of another URL.
    #[inline]
    pub(super) fn at(values: Blocks<'a>, start: usize, url: &'a str) -> BlockResult<Self> {
        // The first block: the length of the URL, and the number of entries.
        let first = values.read(start)?;
        let runs = usize::from(first[4..ENTRIES_AT].iter().copied().max().unwrap_or(0));
        if first[..4] != (url.len() as u32).to_le_bytes() || runs > RUNS {
            return Err(Damaged(start));
        }
        let mut rows = Self {
            values,
            start,
            entries: [first; 2],
            url,
            blocks: Cell::new(1),
        };

        // The second block, if it holds entries. They are read without further checks.
        if ENTRIES_AT + runs * ENTRY > CONTENT {
            rows.entries[1] = rows.block(1)?;
        }

        // The URL itself, piece by piece.
        let (mut rest, mut same) = (url.as_bytes(), true);
        rows.pieces(record::url_at(runs, url.len()), url.len(), |piece| {
            let (here, later) = rest.split_at(piece.len());
            same &= piece == here;
            rest = later;
        })?;
        match same {
            true => Ok(rows),
            false => Err(Damaged(start)),
        }
    }

    /// Returns the URL.
    pub fn url(&self) -> &'a str {
        self.url
    }

    /// Returns the number of rows of a granularity.
    pub fn len(&self, granularity: Granularity) -> usize {
        self.run(granularity).map_or(0, |run| run.rows as usize)
    }

    /// Returns the number of blocks that were read and verified so far for this URL. A block
    /// that was read twice counts twice.
    pub fn blocks_read(&self) -> u32 {
        self.blocks.get()
    }

    /// Returns the count of the bucket that starts at `ts`; `None` if the view has no such
    /// bucket. O(1), or O(log rows) in a run with few rows in a long time.
    ///
    /// # Errors
    /// A store whose values are not counts, or a damaged block.
    pub fn count(&self, granularity: Granularity, ts: i64) -> Result<Option<i64>> {
        match self.run(granularity) {
            Some(run) => {
                self.must_hold_counts(&run)?;
                self.report(self.count_at(&run, ts))
            }
            None => Ok(None),
        }
    }

    #[inline]
    fn count_at(&self, run: &Run, ts: i64) -> BlockResult<Option<i64>> {
        let Some(row) = self.row_at(run, ts)? else {
            return Ok(None);
        };
        let width = usize::from(run.width);
        let count = self.in_one_block(run.values_at + row * width, width)?;
        Ok(Some(record::decode_count(count)))
    }

    /// Returns the buckets that start in `range`, in order of time, as (start, count).
    /// O(buckets).
    ///
    /// # Errors
    /// As [`count`](Self::count).
    pub fn counts(&self, granularity: Granularity, range: Range<i64>) -> Result<Vec<(i64, i64)>> {
        let Some(run) = self.run(granularity) else {
            return Ok(Vec::new());
        };
        self.must_hold_counts(&run)?;
        self.report(self.counts_in(&run, &range))
    }

    fn counts_in(&self, run: &Run, range: &Range<i64>) -> BlockResult<Vec<(i64, i64)>> {
        let rows = self.rows_in(run, range)?;
        let mut counts = Vec::with_capacity(rows.len());
        let width = usize::from(run.width);
        let (at, length) = (run.values_at + rows.start * width, rows.len() * width);
        self.pieces(at, length, |piece| {
            counts.extend(record::decode_counts(piece, run.width));
        })?;
        Ok(self.times(run, rows)?.into_iter().zip(counts).collect())
    }

    /// Returns the bytes of the bucket that starts at `ts`, such as a sketch; `None` if the
    /// view has no such bucket. O(bytes).
    ///
    /// # Errors
    /// A store of counts, or a damaged block.
    pub fn bytes(&self, granularity: Granularity, ts: i64) -> Result<Option<Vec<u8>>> {
        let Some(run) = self.run(granularity) else {
            return Ok(None);
        };
        self.must_hold_bytes(&run)?;
        self.report(self.row_at(&run, ts).and_then(|row| {
            let bytes = row.map(|row| self.bytes_of(&run, row));
            bytes.transpose()
        }))
    }

    /// Returns the buckets that start in `range`, in order of time, as (start, bytes).
    /// O(bytes).
    ///
    /// # Errors
    /// As [`bytes`](Self::bytes).
    pub fn byte_values(
        &self,
        granularity: Granularity,
        range: Range<i64>,
    ) -> Result<Vec<(i64, Vec<u8>)>> {
        let Some(run) = self.run(granularity) else {
            return Ok(Vec::new());
        };
        self.must_hold_bytes(&run)?;
        self.report(self.rows_in(&run, &range).and_then(|rows| {
            let times = self.times(&run, rows.clone())?;
            let values = times.into_iter().zip(rows);
            values
                .map(|(ts, row)| Ok((ts, self.bytes_of(&run, row)?)))
                .collect()
        }))
    }

    /// Returns the run of a granularity; `None` if the URL has no rows of it. Its entry was
    /// verified together with the head.
    #[inline]
    pub(super) fn run(&self, granularity: Granularity) -> Option<Run> {
        let number = self.entries[0][4 + granularity as usize];
        let at = ENTRIES_AT + usize::from(number.checked_sub(1)?) * ENTRY;
        let entry = match at < CONTENT {
            true => self.entries[0].get(at..)?,
            false => self.entries[1].get(at - CONTENT..)?,
        };
        Run::decode(granularity, entry.first_chunk()?)
    }

    /// Returns the rows of a run that start in a range of epoch seconds.
    #[inline]
    pub(super) fn rows_in(&self, run: &Run, range: &Range<i64>) -> BlockResult<Range<usize>> {
        let from = self.first_from(run, range.start)?;
        let to = self.first_from(run, range.end)?;
        Ok(from..to.max(from))
    }

    /// Returns the bytes of a row. The table of ends comes before the values: the value of a
    /// row begins where that of the row before it ends.
    fn bytes_of(&self, run: &Run, row: usize) -> BlockResult<Vec<u8>> {
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

    /// Returns the 8-byte number at a place that is a multiple of 8.
    pub(super) fn word(&self, at: usize) -> BlockResult<u64> {
        self.array(at).copied().map(u64::from_le_bytes)
    }

    /// Returns `N` bytes that lie in one block.
    #[inline]
    pub(super) fn array<const N: usize>(&self, at: usize) -> BlockResult<&'a [u8; N]> {
        let bytes = self.in_one_block(at, N)?;
        Ok(bytes.try_into().expect("so many bytes"))
    }

    /// Returns `length` bytes that lie in one block. Bytes that would cross into the next
    /// block are damage: the encoder does not make such places.
    #[inline]
    fn in_one_block(&self, at: usize, length: usize) -> BlockResult<&'a [u8]> {
        let content = self.block(at / CONTENT)?;
        let start = at % CONTENT;
        let bytes = content.get(start..start + length);
        bytes.ok_or(Damaged(self.start + at / CONTENT))
    }

    /// Passes `length` bytes of the record to `take`, a piece from each block.
    #[inline]
    pub(super) fn pieces(
        &self,
        at: usize,
        length: usize,
        mut take: impl FnMut(&'a [u8]),
    ) -> BlockResult<()> {
        self.each_block(at / CONTENT, at % CONTENT, length, |content, range| {
            take(&content[range]);
        })
    }

    /// Passes to `take` each block that holds some of the `length` bytes which begin at the
    /// byte `from` of the record's `block`, with the range of those bytes in its content.
    #[inline]
    pub(super) fn each_block(
        &self,
        mut block: usize,
        mut from: usize,
        mut length: usize,
        mut take: impl FnMut(&'a [u8; CONTENT], Range<usize>),
    ) -> BlockResult<()> {
        while length > 0 {
            let to = CONTENT.min(from + length);
            take(self.block(block)?, from..to);
            length -= to - from;
            (block, from) = (block + 1, 0);
        }
        Ok(())
    }

    /// Returns the verified content of a block of the record, counted from 0.
    #[inline]
    fn block(&self, number: usize) -> BlockResult<&'a [u8; CONTENT]> {
        self.blocks.set(self.blocks.get().wrapping_add(1));
        self.values.read(self.start.wrapping_add(number))
    }

    /// Turns damage in a block into the error that names the file.
    #[inline]
    pub(super) fn report<T>(&self, read: BlockResult<T>) -> Result<T> {
        read.map_err(|damaged| self.values.error(damaged))
    }

    /// Checks that the values of a run are counts.
    #[inline]
    pub(super) fn must_hold_counts(&self, run: &Run) -> Result<()> {
        match run.width {
            0 => Err(self.other_values("bytes or sketches", "counts")),
            _ => Ok(()),
        }
    }

    /// Checks that the values of a run are bytes.
    fn must_hold_bytes(&self, run: &Run) -> Result<()> {
        match run.width {
            0 => Ok(()),
            _ => Err(self.other_values("counts", "bytes")),
        }
    }

    /// Returns the error for values of another kind than the caller asked for.
    #[cold]
    fn other_values(&self, found: &str, wanted: &str) -> ServingError {
        ServingError::Values {
            path: self.values.path().to_owned(),
            found: found.to_owned(),
            wanted: ValueKind::parse(wanted).map_or(wanted.to_owned(), |kind| kind.to_string()),
        }
    }
}
