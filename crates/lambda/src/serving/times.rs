//! The times of a run: how they are stored, and how the row of a time is found.
//!
//! | form | what is stored | how a row is found |
//! |---|---|---|
//! | no gaps | nothing: row i starts at `first + i *` the seconds of a bucket | by arithmetic, O(1) |
//! | marked | a bit for each bucket, in groups; each group begins with the number of rows before it | by reading one group, which is one block, O(1) |
//! | near, far | for each row the seconds since `first`, in 4 or 8 bytes | by binary search, O(log rows) |
//!
//! Marks, the only form that is not plain, make reads of runs with gaps faster: with a binary
//! search in a list instead, `workbook-bench serving --urls 1000 --gaps 0.3` takes 2.8 times as
//! long for a bucket and 2.3 times for a year by its plan. `tests/serving_store.rs` holds that
//! all forms answer as a plain map does.
//!
//! Most runs have no gaps, or are marked because a page had no visitor in some hours. The
//! lists of seconds serve times that are not whole buckets after the first, and runs with few
//! rows in a long time, in which most bits would be zero.
use super::blocks::{CONTENT, Damaged};
use super::record::{Run, pad};
use super::url_rows::UrlRows;
use calendar::Granularity;
use std::ops::Range;

/// The form in which the times of a run are stored; its number is the code in the entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Times {
    /// Every bucket from the first to the last has a row.
    NoGaps = 0,
    /// Seconds since the first row, in 4 bytes.
    Near = 1,
    /// Seconds since the first row, in 8 bytes.
    Far = 2,
    /// A bit for each bucket, which is 1 if the bucket has a row.
    Marked = 3,
}

/// Bytes of a group of marks: 8 for the number of rows before it, then a bit for each of
/// its buckets. A group fills the content of one block.
const GROUP: usize = CONTENT;
/// 64-bit words of marks in a group.
const WORDS: usize = GROUP / 8 - 1;
/// Buckets in a group: 384, which is 16 days of hours.
const MARKS: u64 = WORDS as u64 * 64;

impl Times {
    /// Returns the form with this code; `None` if there is none.
    #[inline]
    pub fn decode(code: u8) -> Option<Self> {
        match code {
            0 => Some(Self::NoGaps),
            1 => Some(Self::Near),
            2 => Some(Self::Far),
            3 => Some(Self::Marked),
            _ => None,
        }
    }

    /// Appends the times of a run, which rise, in the most suitable form. Returns the form,
    /// and the place of the times in `out`.
    pub fn encode(ts: &[i64], granularity: Granularity, out: &mut Vec<u8>) -> (Self, usize) {
        let (first, last) = (ts[0], ts[ts.len() - 1]);
        // The difference of two i64 always fits u64, though it may not fit i64.
        let since = |ts: i64| ts.wrapping_sub(first) as u64;
        let step = granularity.secs() as u64;
        let groups = since(last) / step / MARKS + 1;

        // Whole buckets after the first row: no gaps, or marks.
        if ts.iter().all(|&ts| since(ts) % step == 0) {
            if since(last) / step == ts.len() as u64 - 1 {
                return (Self::NoGaps, pad(out, 0));
            }
            // Marks may take up to twice the bytes of a list of 4-byte seconds (and one
            // group), because they are found by one read instead of a search.
            if groups <= ts.len() as u64 / 7 + 1 {
                let at = pad(out, groups as usize * GROUP);
                mark(ts.iter().map(|&ts| since(ts) / step), groups as usize, out);
                return (Self::Marked, at);
            }
        }

        // Anything else: a list of seconds.
        if u32::try_from(since(last)).is_ok() {
            let at = pad(out, ts.len() * 4);
            out.extend(ts.iter().flat_map(|&ts| (since(ts) as u32).to_le_bytes()));
            (Self::Near, at)
        } else {
            let at = pad(out, ts.len() * 8);
            out.extend(ts.iter().flat_map(|&ts| since(ts).to_le_bytes()));
            (Self::Far, at)
        }
    }
}

/// Appends `groups` groups of marks, with a 1 for each of the `buckets`, which are counted
/// from the first row.
fn mark(buckets: impl Iterator<Item = u64>, groups: usize, out: &mut Vec<u8>) {
    let mut marks = vec![[0u64; WORDS]; groups];
    for bucket in buckets {
        let (group, bit) = ((bucket / MARKS) as usize, bucket % MARKS);
        marks[group][(bit / 64) as usize] |= 1 << (bit % 64);
    }
    let mut rows = 0u64;
    for words in marks {
        out.extend_from_slice(&rows.to_le_bytes());
        out.extend(words.iter().flat_map(|word| word.to_le_bytes()));
        rows += words
            .iter()
            .map(|word| u64::from(word.count_ones()))
            .sum::<u64>();
    }
}

/// Returns the number of the bucket that holds a second, where both are counted from the
/// first row.
#[inline]
fn bucket_of(since: u64, granularity: Granularity) -> u64 {
    since / granularity.secs() as u64
}

impl UrlRows<'_> {
    /// Returns the first row that starts at `ts` or later; the number of rows if none does.
    #[inline]
    pub(super) fn first_from(&self, run: &Run, ts: i64) -> Result<usize, Damaged> {
        if ts <= run.first {
            return Ok(0);
        }
        let since = ts.wrapping_sub(run.first) as u64;
        match run.times {
            Times::NoGaps => {
                let bucket = bucket_of(since - 1, run.granularity) + 1;
                Ok(bucket.min(run.rows.into()) as usize)
            }
            _ => self.first_among(run, since),
        }
    }

    /// Does the work of [`first_from`](Self::first_from) for a run whose times must be read.
    /// Not inlined, so that the common case without gaps stays small.
    #[inline(never)]
    fn first_among(&self, run: &Run, since: u64) -> Result<usize, Damaged> {
        let (row, _) = match run.times {
            Times::Marked => self.seek_mark(run, bucket_of(since - 1, run.granularity) + 1)?,
            _ => self.search(run, since)?,
        };
        Ok(row)
    }

    /// Returns the row that starts at `ts`; `None` if there is none.
    #[inline]
    pub(super) fn row_at(&self, run: &Run, ts: i64) -> Result<Option<usize>, Damaged> {
        if ts < run.first {
            return Ok(None);
        }
        let since = ts.wrapping_sub(run.first) as u64;
        let (row, found) = match run.times {
            Times::NoGaps | Times::Marked => {
                let bucket = bucket_of(since, run.granularity);
                if bucket * run.granularity.secs() as u64 != since {
                    return Ok(None);
                }
                match run.times {
                    Times::NoGaps => (bucket as usize, bucket < run.rows.into()),
                    _ => self.seek_mark(run, bucket)?,
                }
            }
            Times::Near | Times::Far => self.search(run, since)?,
        };
        Ok(found.then_some(row))
    }

    /// Returns the first row of a marked run in `bucket` or later, and whether that bucket
    /// itself has a row. It reads one group.
    #[inline]
    fn seek_mark(&self, run: &Run, bucket: u64) -> Result<(usize, bool), Damaged> {
        let (group, bit) = (bucket / MARKS, (bucket % MARKS) as u32);
        if group >= self.groups(run) as u64 {
            return Ok((run.rows as usize, false));
        }

        // The row is the number of rows before the group, plus the marks before the bucket.
        let (before, marks) = self.group(run, group as usize)?;
        let mut row = before;
        for (word, place) in marks.into_iter().zip((0u32..).step_by(64)) {
            let below = match bit.saturating_sub(place) {
                64.. => word,
                bits => word & ((1 << bits) - 1),
            };
            row += u64::from(below.count_ones());
        }
        let marked = marks[(bit / 64) as usize] >> (bit % 64) & 1 == 1;
        Ok((row as usize, marked))
    }

    /// Returns the number of groups of a marked run: all that fits before the values.
    fn groups(&self, run: &Run) -> usize {
        run.values_at.saturating_sub(run.times_at) / GROUP
    }

    /// Reads a group: the number of rows before it, and its marks.
    #[inline]
    fn group(&self, run: &Run, group: usize) -> Result<(u64, [u64; WORDS]), Damaged> {
        let bytes = self.array::<GROUP>(run.times_at + group * GROUP)?;
        let (words, _) = bytes.as_chunks::<8>();
        let word = |n: usize| u64::from_le_bytes(words[n]);
        Ok((word(0), std::array::from_fn(|n| word(n + 1))))
    }

    /// Searches a list of seconds by halving. Returns the first row that starts `since`
    /// seconds after the first or later, and whether it starts exactly then.
    fn search(&self, run: &Run, since: u64) -> Result<(usize, bool), Damaged> {
        let (mut low, mut high) = (0, run.rows as usize);
        while low < high {
            let middle = low + (high - low) / 2;
            if self.listed(run, middle)? < since {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        let found = low < run.rows as usize && self.listed(run, low)? == since;
        Ok((low, found))
    }

    /// Returns the seconds from the first row to a row of a run whose times are listed.
    fn listed(&self, run: &Run, row: usize) -> Result<u64, Damaged> {
        let at = run.times_at;
        match run.times {
            Times::Near => Ok(u32::from_le_bytes(*self.array(at + row * 4)?).into()),
            _ => self.word(at + row * 8),
        }
    }

    /// Returns the starts of some rows in epoch seconds, UTC. O(rows), and for a marked run
    /// also O(log groups).
    pub(super) fn times(&self, run: &Run, rows: Range<usize>) -> Result<Vec<i64>, Damaged> {
        let step = run.granularity.secs() as u64;
        let mut since = Vec::with_capacity(rows.len());
        let listed = |width: usize| (run.times_at + rows.start * width, rows.len() * width);
        match run.times {
            Times::NoGaps => since.extend(rows.map(|row| row as u64 * step)),
            Times::Marked => {
                let buckets = self.marked(run, rows)?;
                since.extend(buckets.into_iter().map(|bucket| bucket * step));
            }
            Times::Near => {
                let (at, length) = listed(4);
                self.pieces(at, length, |piece| {
                    let words = piece.as_chunks().0.iter();
                    since.extend(words.map(|&word| u64::from(u32::from_le_bytes(word))));
                })?;
            }
            Times::Far => {
                let (at, length) = listed(8);
                self.pieces(at, length, |piece| {
                    let words = piece.as_chunks().0.iter();
                    since.extend(words.map(|&word| u64::from_le_bytes(word)));
                })?;
            }
        }
        // From seconds since the first row to epoch seconds.
        let ts = |since: u64| run.first.wrapping_add(since as i64);
        Ok(since.into_iter().map(ts).collect())
    }

    /// Returns the buckets of some rows of a marked run, counted from the first row.
    fn marked(&self, run: &Run, rows: Range<usize>) -> Result<Vec<u64>, Damaged> {
        // Find the last group that does not begin after the first of the rows.
        let (mut low, mut high) = (0, self.groups(run));
        while high - low > 1 {
            let middle = low + (high - low) / 2;
            if self.group(run, middle)?.0 as usize <= rows.start {
                low = middle;
            } else {
                high = middle;
            }
        }

        // From there on, collect the marks of the rows that are wanted.
        let mut buckets = Vec::with_capacity(rows.len());
        for group in low..self.groups(run) {
            let (before, marks) = self.group(run, group)?;
            let mut row = before as usize;
            for bit in 0..MARKS {
                if marks[(bit / 64) as usize] >> (bit % 64) & 1 == 1 {
                    if rows.contains(&row) {
                        buckets.push(group as u64 * MARKS + bit);
                    }
                    row += 1;
                }
            }
            if row >= rows.end {
                break;
            }
        }
        Ok(buckets)
    }
}
