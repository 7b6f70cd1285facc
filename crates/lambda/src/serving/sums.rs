//! The sum over the scans of a plan, for a caller that wants nothing but the number. (The
//! answer of `ServedViews::page_views` keeps each bucket, for its explanation.)
//!
//! The scans of a plan lie in different blocks, and a cache miss takes longer than all the
//! work that is done with a block. So a sum prefetches its blocks as early as possible:
//!
//! 1. It computes the places of the scans from the head of the record, before the head
//!    is verified, and prefetches their blocks.
//! 2. It verifies the head while those blocks arrive.
//! 3. It verifies each block, and adds up its counts.
//!
//! If the head turns out to be damaged, this attempt fails, and some prefetches were useless.
//! No answer is ever computed from a head that was not verified.
use super::blocks::CONTENT;
use super::error::{Result, StoreError};
use super::record::{self, Run};
use super::scan::Scan;
use super::store::must_not_be_backward;
use super::url_rows::{BlockResult, UrlRows};
use calendar::Granularity;
use std::ops::Range;

/// Scans that are located before the first of them is summed. A plan of hours, days, weeks
/// and months rarely has more.
const AT_ONCE: usize = 8;

/// The place of the counts of neighbouring rows in a record.
#[derive(Clone, Copy, Default)]
struct Located {
    /// The block of the record in which they begin, counted from 0.
    block: usize,
    /// The byte in the content of that block at which they begin.
    from: usize,
    /// Bytes of all of them.
    length: usize,
    /// Bytes of each; 0 if there are none.
    width: u8,
}

impl Located {
    /// Returns the place of the counts of some rows of a run.
    #[inline]
    fn new(run: &Run, rows: &Range<usize>) -> Self {
        let width = usize::from(run.width);
        let at = run.values_at + rows.start * width;
        Self {
            block: at / CONTENT,
            from: at % CONTENT,
            length: rows.len() * width,
            width: run.width,
        }
    }
}

impl UrlRows<'_> {
    /// Returns the sum of the counts of the buckets that start in `range`. O(blocks).
    ///
    /// # Errors
    /// A store whose values are not counts, or a damaged block.
    pub fn sum(&self, granularity: Granularity, range: Range<i64>) -> Result<i128> {
        let located = self.locate(granularity, &range)?;
        self.report(self.sum_located(located))
    }

    /// Returns the sum over the scans of a plan. O(scans + blocks).
    ///
    /// # Errors
    /// As [`sum`](Self::sum); a scan that ends before it starts; a sum that does not fit 64
    /// bits.
    pub fn sum_over(&self, plan: &[Scan]) -> Result<i64> {
        self.sum_while(plan, || Ok(()))
    }

    /// Returns the sum over the scans of a plan, and calls `meanwhile` once: after the blocks
    /// of the first scans were prefetched, and before any of them is read.
    #[inline]
    pub(super) fn sum_while(
        &self,
        plan: &[Scan],
        meanwhile: impl FnOnce() -> BlockResult<()>,
    ) -> Result<i64> {
        let mut meanwhile = Some(meanwhile);
        let mut sum = 0i128;
        for some in plan.chunks(AT_ONCE) {
            // Locate the scans, which prefetches their blocks.
            let mut located = [Located::default(); AT_ONCE];
            for (place, scan) in located.iter_mut().zip(some) {
                let range = scan.from..scan.to;
                must_not_be_backward(&range)?;
                *place = self.locate(scan.granularity, &range)?;
            }

            // Do the other work while they arrive.
            if let Some(meanwhile) = meanwhile.take() {
                self.report(meanwhile())?;
            }

            // Sum them.
            for (&place, scan) in located.iter().zip(some) {
                let part = self.report(self.sum_located(place))?;
                sum += if scan.minus { -part } else { part };
            }
        }
        // A plan without scans.
        if let Some(meanwhile) = meanwhile {
            self.report(meanwhile())?;
        }
        self.as_i64(sum)
    }

    /// Converts a sum to 64 bits.
    ///
    /// # Errors
    /// [`StoreError::SumTooLarge`] if it does not fit.
    pub(super) fn as_i64(&self, sum: i128) -> Result<i64> {
        i64::try_from(sum).map_err(|_| StoreError::SumTooLarge {
            url: self.url().to_owned(),
        })
    }

    /// Computes the place of the counts of a range, and prefetches their first two blocks.
    #[inline]
    fn locate(&self, granularity: Granularity, range: &Range<i64>) -> Result<Located> {
        let Some(run) = self.run(granularity) else {
            return Ok(Located::default());
        };
        self.must_hold_counts(&run)?;
        let rows = self.report(self.rows_in(&run, range))?;
        let located = Located::new(&run, &rows);
        // Most scans lie in one or two blocks. In a longer one, the processor's own prefetcher
        // recognises the pattern.
        self.fetch(located.block);
        self.fetch(located.block + 1);
        Ok(located)
    }

    /// Adds up the counts at a place.
    #[inline]
    fn sum_located(&self, located: Located) -> BlockResult<i128> {
        match located.width {
            // A run has fewer than 2^32 rows, so the sum of counts of at most 4 bytes fits 64
            // bits. Counts of 8 bytes need 128.
            1 => self.sum_blocks(located, |block, range| {
                let counts = masked(block, range).map(|n| i32::from(n as i8));
                counts.into_iter().sum::<i32>().into()
            }),
            2 => self.sum_blocks(located, |block, range| sum_pairs(block, range).into()),
            4 => self.sum_blocks(located, |block, range| {
                let kept = masked(block, range);
                let counts = kept.as_chunks().0.iter().copied();
                counts.map(|n| i64::from(i32::from_le_bytes(n))).sum()
            }),
            _ => {
                let mut sum = 0;
                let at = located.block * CONTENT + located.from;
                self.pieces(at, located.length, |piece| {
                    sum += record::decode_counts(piece, 8)
                        .map(i128::from)
                        .sum::<i128>();
                })?;
                Ok(sum)
            }
        }
    }

    /// Adds up what `sum_of` returns for each block and its range.
    #[inline]
    fn sum_blocks(
        &self,
        located: Located,
        sum_of: impl Fn(&[u8; CONTENT], Range<usize>) -> i64,
    ) -> BlockResult<i128> {
        let mut sum = 0i64;
        let Located {
            block,
            from,
            length,
            ..
        } = located;
        self.each_block(block, from, length, |content, range| {
            sum += sum_of(content, range);
        })?;
        Ok(sum.into())
    }
}

// A range begins and ends anywhere in a block, so a loop over exactly its counts has a
// branch that the processor often predicts wrongly. The functions below have no such branch:
// they add up all counts of the block, after multiplying those outside of the range by zero
// or masking them with zeros.
//
// The mask of a range is the AND of two windows into constant tables. A table holds one
// pattern for the length of a block's content, then another pattern for the same length.
// A window of the length of the content that begins earlier or later in the table changes
// from the first pattern to the second at any place that is wanted.

/// Returns a table of `first` repeated for the length of a block's content, followed by
/// `second` repeated for the same length.
const fn step_table(first: [u8; 2], second: [u8; 2]) -> [u8; 2 * CONTENT] {
    let mut bytes = [0; 2 * CONTENT];
    let mut at = 0;
    while at < bytes.len() {
        let pair = if at < CONTENT { first } else { second };
        bytes[at] = pair[at % 2];
        at += 1;
    }
    bytes
}

/// Returns the window of a table that changes from the first pattern to the second at the
/// byte `at`, which is at most `CONTENT`.
#[inline]
fn window(table: &[u8; 2 * CONTENT], at: usize) -> &[u8; CONTENT] {
    let window = table[CONTENT - at..].first_chunk();
    window.expect("a place in the content, or its end")
}

/// Returns the content of a block with zeros outside of a range.
#[inline]
fn masked(content: &[u8; CONTENT], range: Range<usize>) -> [u8; CONTENT] {
    static FROM_START: [u8; 2 * CONTENT] = step_table([0, 0], [0xFF, 0xFF]);
    static BEFORE_END: [u8; 2 * CONTENT] = step_table([0xFF, 0xFF], [0, 0]);
    let from_start = window(&FROM_START, range.start);
    let before_end = window(&BEFORE_END, range.end);
    std::array::from_fn(|i| content[i] & from_start[i] & before_end[i])
}

/// Returns the sum of the 2-byte counts in a range of a block. The range must begin and end
/// between counts.
///
/// Two bytes are the most common width, so this sum uses SSE2, which every x86-64 processor
/// has. `_mm_madd_epi16` multiplies eight counts by the mask (1 inside of the range, 0
/// outside) and adds the products in pairs, in one instruction. A block needs four of them.
#[cfg(target_arch = "x86_64")]
#[inline]
fn sum_pairs(content: &[u8; CONTENT], range: Range<usize>) -> i32 {
    use std::arch::x86_64::*;
    // A mask of 16-bit numbers, little-endian: [1, 0] is 1.
    static FROM_START: [u8; 2 * CONTENT] = step_table([0, 0], [1, 0]);
    static BEFORE_END: [u8; 2 * CONTENT] = step_table([1, 0], [0, 0]);

    /// Loads the eight 16-bit numbers with this number of the content. The content is 56
    /// bytes long, so the upper half of the fourth load is filled with zeros.
    #[target_feature(enable = "sse2")]
    fn eight(content: &[u8; CONTENT], number: usize) -> __m128i {
        let (words, _) = content.as_chunks::<8>();
        let word = |n: usize| words.get(n).map_or(0, |word| i64::from_le_bytes(*word));
        _mm_set_epi64x(word(2 * number + 1), word(2 * number))
    }

    #[target_feature(enable = "sse2")]
    fn sum(content: &[u8; CONTENT], from_start: &[u8; CONTENT], before_end: &[u8; CONTENT]) -> i32 {
        let mut sums = _mm_setzero_si128();
        for n in 0..4 {
            let mask = _mm_and_si128(eight(from_start, n), eight(before_end, n));
            sums = _mm_add_epi32(sums, _mm_madd_epi16(eight(content, n), mask));
        }
        // The four partial sums are added to one.
        sums = _mm_add_epi32(sums, _mm_shuffle_epi32::<0b1110>(sums));
        _mm_cvtsi128_si32(_mm_add_epi32(sums, _mm_shuffle_epi32::<0b01>(sums)))
    }

    let from_start = window(&FROM_START, range.start);
    let before_end = window(&BEFORE_END, range.end);
    // SAFETY: SSE2 is part of x86-64, so every such processor has it.
    unsafe { sum(content, from_start, before_end) }
}

/// Returns the sum of the 2-byte counts in a range of a block.
#[cfg(not(target_arch = "x86_64"))]
fn sum_pairs(content: &[u8; CONTENT], range: Range<usize>) -> i32 {
    let kept = masked(content, range);
    let counts = kept.as_chunks().0.iter().copied();
    counts.map(|n| i32::from(i16::from_le_bytes(n))).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn pairs_add_up_as_one_by_one(
            content in prop::array::uniform::<_, CONTENT>(any::<u8>()),
            ends in (0..=CONTENT / 2, 0..=CONTENT / 2),
        ) {
            let range = 2 * ends.0.min(ends.1)..2 * ends.0.max(ends.1);
            let counts = content[range.clone()].as_chunks().0.iter().copied();
            let wanted: i32 = counts.map(|n| i32::from(i16::from_le_bytes(n))).sum();
            prop_assert_eq!(sum_pairs(&content, range), wanted);
        }
    }

    #[test]
    fn the_least_and_the_largest_counts_add_up() {
        for count in [i16::MIN, i16::MAX] {
            let content: Vec<u8> = [count.to_le_bytes(); CONTENT / 2].concat();
            let sum = sum_pairs(content.as_slice().try_into().unwrap(), 0..CONTENT);
            assert_eq!(sum, i32::from(count) * CONTENT as i32 / 2);
        }
    }
}
