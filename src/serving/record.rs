//! The record of a URL: all of its rows, as bytes.
//!
//! ```text
//! head:  length of the URL, number of runs, one entry a run, the URL
//! runs:  one a granularity; of each the times, then the values, neighbours in order
//! ```
//!
//! The [`times`](super::times) of a run without gaps are not stored. Counts take as many bytes as the largest of the run
//! needs: 1, 2, 4 or 8. Sketches stand one after another, with their ends before
//! them.
//!
//! Short runs come first. So the months, weeks and days of a plan mostly lie in
//! the blocks next to the head, and a read of them touches few.
//!
//! The URL stands in the record so that a read can see that the index led it to
//! the right one.
use super::key::granularity_of;
use super::times::Times;
use super::values::ValueKind;
use crate::calendar::Granularity;

/// Bytes before the entries of the runs.
pub(super) const HEAD: usize = 8;
/// Bytes of a run's entry.
pub(super) const ENTRY: usize = 32;

/// Rows of one URL and granularity, before they are written.
#[derive(Debug)]
pub(super) struct Rows {
    pub granularity: Granularity,
    pub ts: Vec<i64>,
    /// Counts, when the store holds counts.
    pub counts: Vec<i64>,
    /// Otherwise the values, one after another, and the end of each.
    pub blob: Vec<u8>,
    pub ends: Vec<u64>,
}

impl Rows {
    pub fn new(granularity: Granularity) -> Self {
        Self {
            granularity,
            ts: Vec::new(),
            counts: Vec::new(),
            blob: Vec::new(),
            ends: Vec::new(),
        }
    }
}

/// Where a run lies. Offsets count from the start of the record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Run {
    pub granularity: Granularity,
    pub times: Times,
    /// Bytes of a count; 0 for values of any length.
    pub width: u8,
    pub rows: u32,
    pub first: i64,
    pub times_at: u64,
    pub values_at: u64,
}

impl Run {
    pub fn decode(entry: &[u8; ENTRY]) -> Option<Self> {
        let word = |at: usize| {
            u64::from_le_bytes(
                entry[at..at + 8]
                    .try_into()
                    .expect("eight bytes of an entry"),
            )
        };
        Some(Self {
            granularity: granularity_of(entry[0])?,
            times: Times::decode(entry[1])?,
            width: match entry[2] {
                width @ (0 | 1 | 2 | 4 | 8) => width,
                _ => return None,
            },
            rows: (word(0) >> 32) as u32,
            first: word(8) as i64,
            times_at: word(16),
            values_at: word(24),
        })
    }

    fn encode(&self, out: &mut [u8]) {
        out[0] = self.granularity.code().as_bytes()[0];
        out[1] = self.times as u8;
        out[2] = self.width;
        out[4..8].copy_from_slice(&self.rows.to_le_bytes());
        out[8..16].copy_from_slice(&self.first.to_le_bytes());
        out[16..24].copy_from_slice(&self.times_at.to_le_bytes());
        out[24..32].copy_from_slice(&self.values_at.to_le_bytes());
    }
}

/// Bytes of the head of a record.
pub(super) fn head_length(url: &str, runs: usize) -> usize {
    HEAD + runs * ENTRY + url.len()
}

/// The record of `url`. `rows` are in order, none of them empty.
pub(super) fn encode(url: &str, rows: &[Rows], kind: ValueKind, out: &mut Vec<u8>) {
    out.clear();
    out.extend_from_slice(&(url.len() as u32).to_le_bytes());
    out.extend_from_slice(&(rows.len() as u32).to_le_bytes());
    out.resize(HEAD + rows.len() * ENTRY, 0);
    out.extend_from_slice(url.as_bytes());
    let mut order: Vec<usize> = (0..rows.len()).collect();
    order.sort_by_key(|&i| rows[i].ts.len());
    for i in order {
        let entry = encode_run(&rows[i], kind, out);
        entry.encode(&mut out[HEAD + i * ENTRY..HEAD + (i + 1) * ENTRY]);
    }
}

fn encode_run(rows: &Rows, kind: ValueKind, out: &mut Vec<u8>) -> Run {
    let times_at = out.len() as u64;
    let times = Times::encode(&rows.ts, rows.granularity, out);
    let values_at = out.len() as u64;
    let width = match kind {
        ValueKind::Counts => encode_counts(&rows.counts, out),
        ValueKind::Sketches { .. } | ValueKind::Bytes => {
            out.extend(rows.ends.iter().flat_map(|end| end.to_le_bytes()));
            out.extend_from_slice(&rows.blob);
            0
        }
    };
    Run {
        granularity: rows.granularity,
        times,
        width,
        rows: rows.ts.len() as u32,
        first: rows.ts[0],
        times_at,
        values_at,
    }
}

fn encode_counts(counts: &[i64], out: &mut Vec<u8>) -> u8 {
    let fits = |min: i64, max: i64| counts.iter().all(|&n| min <= n && n <= max);
    if fits(i8::MIN.into(), i8::MAX.into()) {
        out.extend(counts.iter().map(|&n| n as u8));
        1
    } else if fits(i16::MIN.into(), i16::MAX.into()) {
        out.extend(counts.iter().flat_map(|&n| (n as i16).to_le_bytes()));
        2
    } else if fits(i32::MIN.into(), i32::MAX.into()) {
        out.extend(counts.iter().flat_map(|&n| (n as i32).to_le_bytes()));
        4
    } else {
        out.extend(counts.iter().flat_map(|n| n.to_le_bytes()));
        8
    }
}

/// Counts of `width` bytes each.
pub(super) fn decode_counts(bytes: &[u8], width: u8) -> impl Iterator<Item = i64> + '_ {
    let width = usize::from(width.max(1));
    bytes.chunks_exact(width).map(decode_count)
}

/// One count.
#[inline]
pub(super) fn decode_count(bytes: &[u8]) -> i64 {
    match *bytes {
        [a] => i64::from(a as i8),
        [a, b] => i64::from(i16::from_le_bytes([a, b])),
        [a, b, c, d] => i64::from(i32::from_le_bytes([a, b, c, d])),
        [a, b, c, d, e, f, g, h] => i64::from_le_bytes([a, b, c, d, e, f, g, h]),
        _ => unreachable!("a count has 1, 2, 4 or 8 bytes"),
    }
}

/// The sum of counts of `width` bytes each.
#[inline]
pub(super) fn sum_counts(bytes: &[u8], width: u8) -> i128 {
    // The narrow sums cannot overflow: a run has fewer than 2^32 rows.
    match width {
        1 => bytes
            .iter()
            .map(|&n| i64::from(n as i8))
            .sum::<i64>()
            .into(),
        2 => sum_wide(bytes, |n: [u8; 2]| i16::from_le_bytes(n).into()),
        4 => sum_wide(bytes, |n: [u8; 4]| i32::from_le_bytes(n).into()),
        _ => decode_counts(bytes, 8).map(i128::from).sum(),
    }
}

#[inline]
fn sum_wide<const N: usize>(bytes: &[u8], one: impl Fn([u8; N]) -> i64) -> i128 {
    let (counts, _) = bytes.as_chunks::<N>();
    counts.iter().map(|&n| one(n)).sum::<i64>().into()
}
