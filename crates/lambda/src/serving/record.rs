//! The record of a URL: all of its rows, as content of blocks.
//!
//! ```text
//! head:  length of the URL, the place of each granularity's entry, the entries, the URL
//! runs:  one a granularity; of each the times, then the values, neighbours in order
//! ```
//!
//! The [`times`](super::times) of a run without gaps are not stored. Counts take as
//! many bytes as the largest of the run needs: 1, 2, 4 or 8. Sketches stand one
//! after another, with their ends before them.
//!
//! A record begins with a block. Each part of it lies where it touches the fewest
//! blocks, at a multiple of 8 bytes, so that no number is cut. Short runs come
//! first: the months, weeks and days of a plan mostly lie in the blocks next to
//! the head, on the same page.
//!
//! The URL stands in the record so that a read can see that the index led it to
//! the right one.
use super::blocks::CONTENT;
use super::error::{Result, StoreError};
use super::times::Times;
use super::values::ValueKind;
use calendar::Granularity;

/// Bytes before the entries of the runs: four for the length of the URL, one a
/// granularity, which is 0 if it has no run, else the number of its entry, from 1.
pub(super) const HEAD: usize = 8;
/// Bytes of a run's entry. With the head before them, none lies in two blocks.
pub(super) const ENTRY: usize = 24;
/// Blocks of the head of most records: four runs, and a URL of usual length.
pub(super) const HEAD_BLOCKS: usize = 3;

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

/// Where a run lies. Places count from the start of the record, in bytes of content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Run {
    pub granularity: Granularity,
    pub times: Times,
    /// Bytes of a count; 0 for values of any length.
    pub width: u8,
    pub rows: u32,
    pub first: i64,
    pub times_at: usize,
    pub values_at: usize,
}

impl Run {
    /// What an entry says, if it can be one.
    #[inline]
    pub fn decode(granularity: Granularity, entry: &[u8; ENTRY]) -> Option<Self> {
        let (words, _) = entry.as_chunks::<8>();
        let [head, first, places] = [0, 1, 2].map(|n| u64::from_le_bytes(words[n]));
        Some(Self {
            granularity,
            times: Times::decode((head >> 8) as u8)?,
            width: match (head >> 16) as u8 {
                width @ (0 | 1 | 2 | 4 | 8) => width,
                _ => return None,
            },
            rows: (head >> 32) as u32,
            first: first as i64,
            times_at: (places as u32) as usize * 8,
            values_at: (places >> 32) as usize * 8,
        })
    }

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

/// A place in words of 8 bytes.
fn words(url: &str, at: usize) -> Result<u32> {
    u32::try_from(at / 8).map_err(|_| StoreError::Layout {
        problem: format!(
            "the rows of {url} take more than 32 GB; give them coarser buckets, or \
             sketches of a lower precision"
        ),
    })
}

/// Where the URL stands in a record with so many runs.
#[inline]
pub(super) fn url_at(runs: usize, length: usize) -> usize {
    place(HEAD + runs * ENTRY, length)
}

/// The record of `url`; where the values of its longest run begin. `rows` are in
/// order, none of them empty.
pub(super) fn encode(
    url: &str,
    rows: &[Rows],
    kind: ValueKind,
    out: &mut Vec<u8>,
) -> Result<usize> {
    out.clear();
    out.extend_from_slice(&(url.len() as u32).to_le_bytes());
    out.resize(url_at(rows.len(), url.len()), 0);
    out.extend_from_slice(url.as_bytes());
    let mut order: Vec<usize> = (0..rows.len()).collect();
    order.sort_by_key(|&i| rows[i].ts.len());
    let mut longest = 0;
    for i in order {
        let run = encode_run(&rows[i], kind, out);
        out[4 + run.granularity as usize] = i as u8 + 1;
        run.encode(url, &mut out[HEAD + i * ENTRY..][..ENTRY])?;
        longest = run.values_at;
    }
    Ok(longest)
}

/// Where a part of so many bytes begins that comes next: at the next word at which
/// it lies in as few blocks as it can.
#[inline]
fn place(next: usize, length: usize) -> usize {
    let word = next.next_multiple_of(8);
    match word % CONTENT + length > length.max(1).next_multiple_of(CONTENT) {
        true => word.next_multiple_of(CONTENT),
        false => word,
    }
}

/// Makes room up to where such a part begins; where that is.
pub(super) fn pad(out: &mut Vec<u8>, length: usize) -> usize {
    out.resize(place(out.len(), length), 0);
    out.len()
}

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

/// Bytes of each count, and where they begin.
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
    // The low bytes of a number are its narrow form.
    out.extend(
        counts
            .iter()
            .flat_map(|n| n.to_le_bytes().into_iter().take(width)),
    );
    (width as u8, at)
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
            let at = HEAD + runs * ENTRY;
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
