//! The sum over the scans of a plan, the read that most queries are made of.
//!
//! The scans of a plan lie apart, and the way to memory takes longer than all that
//! is done with a block. So a sum asks for its blocks as early as it can:
//!
//! 1. from the head of the record it works out where the scans lie, and tells the
//!    processor, before it knows that the head is sound;
//! 2. it checks the head while those blocks come;
//! 3. it checks each block, and sums it.
//!
//! Nothing is answered from an unsound head: it can only have fetched blocks that
//! nobody needs.
use super::blocks::CONTENT;
use super::error::{Result, StoreError};
use super::record::{self, Run};
use super::scan::Scan;
use super::store::forward;
use super::url_rows::{Read, UrlRows};
use calendar::Granularity;
use std::ops::Range;

/// Scans that are located before the first is summed. A plan of hours, days, weeks
/// and months rarely has more.
const AT_ONCE: usize = 8;

/// Counts of neighbouring rows, somewhere in a record.
#[derive(Clone, Copy, Default)]
struct Located {
    /// The block of the record, and the byte of its content.
    block: usize,
    from: usize,
    /// Bytes.
    length: usize,
    width: u8,
}

impl Located {
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
    /// The sum of the counts of buckets that start in `range`.
    pub fn sum(&self, granularity: Granularity, range: Range<i64>) -> Result<i128> {
        let located = self.locate(granularity, &range)?;
        self.told(self.sum_located(located))
    }

    /// The sum over the scans of a plan. O(scans + blocks).
    pub fn sum_over(&self, plan: &[Scan]) -> Result<i64> {
        self.sum_while(plan, || Ok(()))
    }

    /// The same; once the first scans are on their way, something else is done.
    #[inline]
    pub(super) fn sum_while(&self, plan: &[Scan], first: impl FnOnce() -> Read<()>) -> Result<i64> {
        let mut first = Some(first);
        let mut sum = 0i128;
        for some in plan.chunks(AT_ONCE) {
            let mut located = [Located::default(); AT_ONCE];
            for (place, scan) in located.iter_mut().zip(some) {
                let range = scan.from..scan.to;
                forward(&range)?;
                *place = self.locate(scan.granularity, &range)?;
            }
            if let Some(first) = first.take() {
                self.told(first())?;
            }
            for (&place, scan) in located.iter().zip(some) {
                let part = self.told(self.sum_located(place))?;
                sum += if scan.minus { -part } else { part };
            }
        }
        if let Some(first) = first {
            self.told(first())?;
        }
        self.whole(sum)
    }

    /// A sum, if 64 bits hold it.
    pub(super) fn whole(&self, sum: i128) -> Result<i64> {
        i64::try_from(sum).map_err(|_| StoreError::SumTooLarge {
            url: self.url().to_owned(),
        })
    }

    /// Where the counts of a range lie; the processor is asked for their blocks.
    #[inline]
    fn locate(&self, granularity: Granularity, range: &Range<i64>) -> Result<Located> {
        let Some(run) = self.run(granularity) else {
            return Ok(Located::default());
        };
        self.must_hold_counts(&run)?;
        let rows = self.told(self.rows_in(&run, range))?;
        let located = Located::new(&run, &rows);
        // Most lie in two blocks; along a longer way the processor goes on by itself.
        self.fetch(located.block);
        self.fetch(located.block + 1);
        Ok(located)
    }

    #[inline]
    fn sum_located(&self, located: Located) -> Read<i128> {
        match located.width {
            // A run has less than 2^32 rows, so that 64 bits hold the sum of narrow ones.
            1 => self.sum_blocks(located, |block, range| {
                let counts = only(block, range).map(|n| i32::from(n as i8));
                counts.into_iter().sum::<i32>().into()
            }),
            2 => self.sum_blocks(located, |block, range| sum_pairs(block, range).into()),
            4 => self.sum_blocks(located, |block, range| {
                let kept = only(block, range);
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

    #[inline]
    fn sum_blocks(
        &self,
        located: Located,
        sum_of: impl Fn(&[u8; CONTENT], Range<usize>) -> i64,
    ) -> Read<i128> {
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

// Ranges end anywhere in a block, so a branch at their ends is guessed wrong every
// second time. What follows has none: all of the block is summed, times nothing
// outside of the range.

/// Two bytes again and again, then two others: windows of it begin, or end, anywhere.
const fn halves(first: [u8; 2], second: [u8; 2]) -> [u8; 2 * CONTENT] {
    let mut bytes = [0; 2 * CONTENT];
    let mut at = 0;
    while at < bytes.len() {
        let pair = if at < CONTENT { first } else { second };
        bytes[at] = pair[at % 2];
        at += 1;
    }
    bytes
}

/// The window of two halves that changes at a place of the content.
#[inline]
fn window(halves: &[u8; 2 * CONTENT], at: usize) -> &[u8; CONTENT] {
    let window = halves[CONTENT - at..].first_chunk();
    window.expect("a place in the content, or its end")
}

/// The content of a block, with zeros outside of a range.
#[inline]
fn only(content: &[u8; CONTENT], range: Range<usize>) -> [u8; CONTENT] {
    static BEGUN: [u8; 2 * CONTENT] = halves([0, 0], [0xFF, 0xFF]);
    static NOT_ENDED: [u8; 2 * CONTENT] = halves([0xFF, 0xFF], [0, 0]);
    let begun = window(&BEGUN, range.start);
    let not_ended = window(&NOT_ENDED, range.end);
    std::array::from_fn(|i| content[i] & begun[i] & not_ended[i])
}

/// The sum of the counts of two bytes in a range of a block. The most common width:
/// a processor's order multiplies eight of them, by 1 or 0, and adds them in pairs.
#[cfg(target_arch = "x86_64")]
#[inline]
fn sum_pairs(content: &[u8; CONTENT], range: Range<usize>) -> i32 {
    use std::arch::x86_64::*;
    static BEGUN: [u8; 2 * CONTENT] = halves([0, 0], [1, 0]);
    static NOT_ENDED: [u8; 2 * CONTENT] = halves([1, 0], [0, 0]);

    #[target_feature(enable = "sse2")]
    fn eight(content: &[u8; CONTENT], number: usize) -> __m128i {
        let (words, _) = content.as_chunks::<8>();
        let word = |n: usize| words.get(n).map_or(0, |word| i64::from_le_bytes(*word));
        _mm_set_epi64x(word(2 * number + 1), word(2 * number))
    }

    #[target_feature(enable = "sse2")]
    fn sum(content: &[u8; CONTENT], begun: &[u8; CONTENT], not_ended: &[u8; CONTENT]) -> i32 {
        let mut sums = _mm_setzero_si128();
        for n in 0..4 {
            let kept = _mm_and_si128(eight(begun, n), eight(not_ended, n));
            sums = _mm_add_epi32(sums, _mm_madd_epi16(eight(content, n), kept));
        }
        sums = _mm_add_epi32(sums, _mm_shuffle_epi32::<0b1110>(sums));
        _mm_cvtsi128_si32(_mm_add_epi32(sums, _mm_shuffle_epi32::<0b01>(sums)))
    }

    let (begun, not_ended) = (window(&BEGUN, range.start), window(&NOT_ENDED, range.end));
    // SAFETY: every x86-64 processor has SSE2.
    unsafe { sum(content, begun, not_ended) }
}

#[cfg(not(target_arch = "x86_64"))]
fn sum_pairs(content: &[u8; CONTENT], range: Range<usize>) -> i32 {
    let kept = only(content, range);
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
