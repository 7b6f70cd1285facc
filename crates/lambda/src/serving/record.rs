//! The record of a URL: all of its rows, encoded as the content of blocks.
//!
//! A *run* is the rows of one granularity, in order of time.
//!
//! ```text
//! head:  length of the URL | number of the entry of each granularity | entries | URL
//! runs:  for each run its times, then its values
//! ```
//!
//! The times of a run without gaps are not stored ([`times`](super::times)). Each count
//! of a run takes as many bytes as the widest count of that run needs: 1, 2, 4 or 8.
//! Values of variable length, such as sketches, are stored one after another, after a
//! table of the offsets at which they end.
//!
//! A record begins at the start of a block. Each part of it begins at a multiple of 8
//! bytes, so that no number crosses a block, and at the first such place where it touches
//! as few blocks as possible. The shortest run comes first, so the months, weeks and days
//! that a query reads usually lie in the blocks right after the head.
//!
//! The record contains its URL, so that a read can verify that it has found the right one.
use super::blocks::CONTENT;
use super::error::{Result, ServingError};
use super::times::Times;
use super::values::ValueKind;
use calendar::Granularity;

/// Place of the entries of the runs, in bytes from the start of the record. Before them are
/// four bytes for the length of the URL, then one for each granularity, which is 0 if the URL
/// has no such run, or else the number of its entry, counted from 1.
pub(super) const ENTRIES_AT: usize = 8;
/// Bytes of the entry of a run. Two entries fill the first block exactly, and two more fit
/// into the second, so no entry crosses a block.
pub(super) const ENTRY: usize = 24;
/// The rows of one URL and granularity, before they are encoded.
#[derive(Debug)]
pub(super) struct Rows {
    /// The granularity of all of them.
    pub granularity: Granularity,
    /// The starts of the buckets in epoch seconds, UTC, rising.
    pub ts: Vec<i64>,
    /// The counts, one for each bucket, in a store of counts; otherwise empty.
    pub counts: Vec<i64>,
    /// The values one after another, in a store of sketches or bytes; otherwise empty.
    pub blob: Vec<u8>,
    /// For each value the offset in `blob` at which it ends.
    pub ends: Vec<u64>,
}

impl Rows {
    /// Creates a run without rows.
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

/// The entry of a run: its form and its place. Places are counted in bytes of content from
/// the start of the record.
///
/// ```text
/// byte:  0 unused | 1 times | 2 width | 3 unused | 4..8 rows | 8..16 first
///        16..20 times_at / 8 | 20..24 values_at / 8                  (little-endian)
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Run {
    /// The granularity. It is not in the entry: the head says which entry is whose.
    pub granularity: Granularity,
    /// The form in which the times are stored.
    pub times: Times,
    /// Bytes of each count; 0 for values of variable length.
    pub width: u8,
    /// Number of rows.
    pub rows: u32,
    /// Start of the first bucket in epoch seconds, UTC.
    pub first: i64,
    /// Place of the times.
    pub times_at: usize,
    /// Place of the values.
    pub values_at: usize,
}

impl Run {
    /// Reads an entry; `None` for bytes that are not a valid one.
    #[inline]
    pub fn decode(granularity: Granularity, entry: &[u8; ENTRY]) -> Option<Self> {
        let (words, _) = entry.as_chunks::<8>();
        let [form, first, places] = [0, 1, 2].map(|n| u64::from_le_bytes(words[n]));
        Some(Self {
            granularity,
            times: Times::decode((form >> 8) as u8)?,
            width: match (form >> 16) as u8 {
                width @ (0 | 1 | 2 | 4 | 8) => width,
                _ => return None,
            },
            rows: (form >> 32) as u32,
            first: first as i64,
            times_at: (places as u32) as usize * 8,
            values_at: (places >> 32) as usize * 8,
        })
    }

    /// Writes the entry into `out`.
    ///
    /// # Errors
    /// If the record of `url` is longer than an entry can address.
    fn encode(&self, url: &str, out: &mut [u8]) -> Result<()> {
        out[1] = self.times as u8;
        out[2] = self.width;
        out[4..8].copy_from_slice(&self.rows.to_le_bytes());
        out[8..16].copy_from_slice(&self.first.to_le_bytes());
        out[16..20].copy_from_slice(&words(url, self.times_at)?.to_le_bytes());
        out[20..24].copy_from_slice(&words(url, self.values_at)?.to_le_bytes());
        Ok(())
    }
}

/// Converts a place in bytes into words of 8 bytes, as an entry stores it.
///
/// # Errors
/// If it needs more than 32 bits, which happens at 32 GiB. The error names `url`.
fn words(url: &str, at: usize) -> Result<u32> {
    u32::try_from(at / 8).map_err(|_| ServingError::Layout {
        problem: format!(
            "the rows of {url} take more than 32 GB; give them coarser buckets, or \
             sketches of a lower precision"
        ),
    })
}

/// Returns the place of the URL, whose `length` is in bytes, in a record with `runs` runs.
#[inline]
pub(super) fn url_at(runs: usize, length: usize) -> usize {
    place(ENTRIES_AT + runs * ENTRY, length)
}

/// Encodes the record of `url` into `out`, which is cleared first. `rows` has one element
/// for each run, in the order of their entries, none of them empty.
///
/// # Errors
/// If the record is longer than 32 GiB.
pub(super) fn encode(url: &str, rows: &[Rows], kind: ValueKind, out: &mut Vec<u8>) -> Result<()> {
    // The head: the entries are filled in below.
    out.clear();
    out.extend_from_slice(&(url.len() as u32).to_le_bytes());
    out.resize(url_at(rows.len(), url.len()), 0);
    out.extend_from_slice(url.as_bytes());

    // The runs, the shortest first, and the entry of each.
    let mut order: Vec<usize> = (0..rows.len()).collect();
    order.sort_by_key(|&i| rows[i].ts.len());
    for i in order {
        let run = encode_run(&rows[i], kind, out);
        out[4 + run.granularity as usize] = i as u8 + 1;
        run.encode(url, &mut out[ENTRIES_AT + i * ENTRY..][..ENTRY])?;
    }
    Ok(())
}

/// Returns the place of a part of `length` bytes that follows the content before `next`:
/// the next multiple of 8 bytes or, if the part would touch one block more than it needs
/// there, the start of the next block.
#[inline]
fn place(next: usize, length: usize) -> usize {
    let word = next.next_multiple_of(8);
    match word % CONTENT + length > length.max(1).next_multiple_of(CONTENT) {
        true => word.next_multiple_of(CONTENT),
        false => word,
    }
}

/// Appends zeros up to the [`place`] of a part of `length` bytes, and returns that place.
pub(super) fn pad(out: &mut Vec<u8>, length: usize) -> usize {
    out.resize(place(out.len(), length), 0);
    out.len()
}

/// Appends the times and the values of a run, and returns its entry.
fn encode_run(rows: &Rows, kind: ValueKind, out: &mut Vec<u8>) -> Run {
    let (times, times_at) = Times::encode(&rows.ts, rows.granularity, out);
    let (width, values_at) = match kind {
        ValueKind::Counts => encode_counts(&rows.counts, out),
        ValueKind::Sketches { .. } | ValueKind::Bytes => {
            let at = pad(out, rows.ends.len() * 8 + rows.blob.len());
            out.extend(rows.ends.iter().flat_map(|end| end.to_le_bytes()));
            out.extend_from_slice(&rows.blob);
            (0, at)
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

/// Appends the counts in the narrowest width that holds all of them. Returns that width in
/// bytes, and the place of the counts.
fn encode_counts(counts: &[i64], out: &mut Vec<u8>) -> (u8, usize) {
    let fits = |min: i64, max: i64| counts.iter().all(|&n| min <= n && n <= max);
    let width = if fits(i8::MIN.into(), i8::MAX.into()) {
        1
    } else if fits(i16::MIN.into(), i16::MAX.into()) {
        2
    } else if fits(i32::MIN.into(), i32::MAX.into()) {
        4
    } else {
        8
    };
    let at = pad(out, counts.len() * width);
    // In two's complement, the low bytes of a number are the same number in fewer bytes.
    out.extend(
        counts
            .iter()
            .flat_map(|n| n.to_le_bytes().into_iter().take(width)),
    );
    (width as u8, at)
}

/// Returns the counts in `bytes`, of `width` bytes each.
pub(super) fn decode_counts(bytes: &[u8], width: u8) -> impl Iterator<Item = i64> + '_ {
    let width = usize::from(width.max(1));
    bytes.chunks_exact(width).map(decode_count)
}

/// Returns the count in `bytes`.
///
/// # Panics
/// If there are not 1, 2, 4 or 8 bytes. [`Run::decode`] accepts no other width.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_lies_in_as_few_blocks_as_it_can() {
        for before in 0..2 * CONTENT {
            assert_eq!(place(before, 0), before.next_multiple_of(8));
            for length in 1..3 * CONTENT {
                let at = place(before, length);
                assert!(at >= before && at.is_multiple_of(8) && at - before < CONTENT + 8);
                let touched = (at % CONTENT + length).div_ceil(CONTENT);
                assert_eq!(touched, length.div_ceil(CONTENT), "{length} after {before}");
            }
        }
    }

    #[test]
    fn an_entry_reads_back_and_lies_in_one_block() {
        let run = Run {
            granularity: Granularity::Week,
            times: Times::Far,
            width: 4,
            rows: u32::MAX,
            first: i64::MIN + 5,
            times_at: 8 * (u32::MAX as usize - 1),
            values_at: 8 * u32::MAX as usize,
        };
        let mut entry = [0; ENTRY];
        run.encode("a.com/", &mut entry).unwrap();
        assert_eq!(Run::decode(Granularity::Week, &entry), Some(run));
        for (at, byte) in [(1, 9), (2, 3)] {
            let mut damaged = entry;
            damaged[at] = byte;
            assert_eq!(Run::decode(Granularity::Week, &damaged), None);
        }
        for runs in 0..Granularity::ALL.len() {
            let at = ENTRIES_AT + runs * ENTRY;
            assert!(at % CONTENT + ENTRY <= CONTENT);
        }
    }

    #[test]
    fn a_record_that_is_too_long_is_refused_by_name() {
        assert_eq!(words("a.com/", 8 * u32::MAX as usize).unwrap(), u32::MAX);
        let error = words("a.com/", 8 << 32).unwrap_err().to_string();
        assert!(
            error.contains("the rows of a.com/ take more than 32 GB"),
            "{error}"
        );
    }
}
