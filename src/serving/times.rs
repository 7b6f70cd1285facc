//! The times of a run, and the way from a time to a row.
//!
//! | form | what is stored | a time is found |
//! |---|---|---|
//! | no gaps | nothing: bucket i starts at first + i * width | at once |
//! | marked | a bit for each bucket, in groups with the number of rows before them | by one group |
//! | near, far | seconds since the first, in 4 or 8 bytes | by halving |
//!
//! A page that nobody saw in some hours has gaps; its hours are marked. Only what
//! is off the buckets, or few rows in a long time, is searched for.
use super::error::Result;
use super::record::Run;
use super::url_rows::UrlRows;
use crate::calendar::Granularity;
use std::ops::Range;

/// How the times of a run are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Times {
    NoGaps = 0,
    Near = 1,
    Far = 2,
    Marked = 3,
}

/// Bytes of a group of marks: four for the rows before it, a bit for each bucket.
const GROUP: usize = 32;
/// Buckets of a group.
const MARKS: u64 = (GROUP as u64 - 4) * 8;

impl Times {
    pub fn decode(code: u8) -> Option<Self> {
        let all = [Self::NoGaps, Self::Near, Self::Far, Self::Marked];
        all.into_iter().find(|&times| times as u8 == code)
    }

    /// Writes the times of a run, which are in order, in the form that suits.
    pub fn encode(ts: &[i64], granularity: Granularity, out: &mut Vec<u8>) -> Self {
        let (first, last) = (ts[0], ts[ts.len() - 1]);
        // Not negative, but up to the full width.
        let since = |ts: i64| ts.wrapping_sub(first) as u64;
        let step = granularity.secs() as u64;
        let groups = since(last) / step / MARKS + 1;
        if ts.iter().all(|&ts| since(ts) % step == 0) {
            if since(last) / step == ts.len() as u64 - 1 {
                return Self::NoGaps;
            }
            // Up to twice what the times themselves would take.
            if groups <= ts.len() as u64 / 4 + 1 {
                mark(ts.iter().map(|&ts| since(ts) / step), groups as usize, out);
                return Self::Marked;
            }
        }
        if u32::try_from(since(last)).is_ok() {
            out.extend(ts.iter().flat_map(|&ts| (since(ts) as u32).to_le_bytes()));
            Self::Near
        } else {
            out.extend(ts.iter().flat_map(|&ts| since(ts).to_le_bytes()));
            Self::Far
        }
    }
}

fn mark(buckets: impl Iterator<Item = u64>, groups: usize, out: &mut Vec<u8>) {
    let start = out.len();
    out.resize(start + groups * GROUP, 0);
    let groups = &mut out[start..];
    for bucket in buckets {
        let (group, bit) = ((bucket / MARKS) as usize, (bucket % MARKS) as usize);
        groups[group * GROUP + 4 + bit / 8] |= 1 << (bit % 8);
    }
    let mut rows = 0u32;
    for group in groups.chunks_exact_mut(GROUP) {
        group[..4].copy_from_slice(&rows.to_le_bytes());
        rows += group[4..].iter().map(|byte| byte.count_ones()).sum::<u32>();
    }
}

/// The bucket that holds a second, counted from the first; the division by a
/// constant is several times as fast as one by a variable.
#[inline]
fn bucket_of(since: u64, granularity: Granularity) -> u64 {
    const fn secs(granularity: Granularity) -> u64 {
        granularity.secs() as u64
    }
    match granularity {
        Granularity::Hour => since / const { secs(Granularity::Hour) },
        Granularity::Day => since / const { secs(Granularity::Day) },
        Granularity::Week => since / const { secs(Granularity::Week) },
        Granularity::Month => since / const { secs(Granularity::Month) },
    }
}

impl UrlRows<'_> {
    /// The first row that starts at `ts` or later, and whether it starts there.
    #[inline]
    pub(super) fn seek(&self, run: &Run, ts: i64) -> Result<(usize, bool)> {
        let rows = run.rows as usize;
        if ts <= run.first {
            return Ok((0, ts == run.first && rows > 0));
        }
        let since = ts.wrapping_sub(run.first) as u64;
        let step = run.granularity.secs() as u64;
        match run.times {
            Times::NoGaps | Times::Marked => {
                let below = bucket_of(since, run.granularity);
                let starts = below * step == since;
                let bucket = below + u64::from(!starts);
                if run.times == Times::NoGaps {
                    let row = bucket.min(rows as u64);
                    return Ok((row as usize, starts && row < rows as u64));
                }
                let (row, marked) = self.seek_mark(run, bucket)?;
                Ok((row, starts && marked))
            }
            Times::Near | Times::Far => self.search(run, since),
        }
    }

    /// The first row in `bucket` or later, and whether the bucket has a row.
    #[inline]
    fn seek_mark(&self, run: &Run, bucket: u64) -> Result<(usize, bool)> {
        let (group, bit) = (bucket / MARKS, (bucket % MARKS) as u32);
        if group >= self.groups(run) as u64 {
            return Ok((run.rows as usize, false));
        }
        let (before, marks) = self.group(run, group as usize)?;
        let mut row = before;
        for (word, place) in marks.into_iter().zip((0u32..).step_by(64)) {
            let below = match bit.saturating_sub(place) {
                64.. => word,
                bits => word & ((1 << bits) - 1),
            };
            row += below.count_ones();
        }
        let marked = marks[(bit / 64) as usize] >> (bit % 64) & 1 == 1;
        Ok((row as usize, marked))
    }

    /// How many groups of marks a run has.
    fn groups(&self, run: &Run) -> usize {
        run.values_at.saturating_sub(run.times_at) as usize / GROUP
    }

    /// The rows before a group, and its marks.
    #[inline]
    fn group(&self, run: &Run, group: usize) -> Result<(u32, [u64; 4])> {
        let bytes = self.read(run.times_at as usize + group * GROUP, GROUP)?;
        let (rows, marks) = bytes.split_at(4);
        let mut words = [0; GROUP];
        words[..GROUP - 4].copy_from_slice(marks);
        let word = |at: usize| u64::from_le_bytes(words[at..at + 8].try_into().expect("eight"));
        let rows = u32::from_le_bytes(rows.try_into().expect("four bytes"));
        Ok((rows, [word(0), word(8), word(16), word(24)]))
    }

    fn search(&self, run: &Run, since: u64) -> Result<(usize, bool)> {
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

    /// Seconds from the first bucket to that of a row, of times that are listed.
    fn listed(&self, run: &Run, row: usize) -> Result<u64> {
        let at = run.times_at as usize;
        match run.times {
            Times::Near => {
                let bytes = self.read(at + row * 4, 4)?;
                Ok(u32::from_le_bytes(bytes.try_into().expect("four bytes")).into())
            }
            _ => self.word(at + row * 8),
        }
    }

    /// The times of some rows. O(rows).
    pub(super) fn times(&self, run: &Run, rows: Range<usize>) -> Result<Vec<i64>> {
        let step = run.granularity.secs() as u64;
        let ts = |since: u64| run.first.wrapping_add(since as i64);
        match run.times {
            Times::NoGaps => Ok(rows.map(|row| ts(row as u64 * step)).collect()),
            Times::Near | Times::Far => rows.map(|row| Ok(ts(self.listed(run, row)?))).collect(),
            Times::Marked => {
                let buckets = self.marked(run, rows)?;
                Ok(buckets
                    .into_iter()
                    .map(|bucket| ts(bucket * step))
                    .collect())
            }
        }
    }

    /// The buckets of some rows, in a run with marks.
    fn marked(&self, run: &Run, rows: Range<usize>) -> Result<Vec<u64>> {
        // The last group with no more rows before it than are skipped.
        let (mut low, mut high) = (0, self.groups(run));
        while high - low > 1 {
            let middle = low + (high - low) / 2;
            if self.group(run, middle)?.0 as usize <= rows.start {
                low = middle;
            } else {
                high = middle;
            }
        }
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
