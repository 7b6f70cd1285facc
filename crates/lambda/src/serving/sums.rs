//! The sum over the scans of a plan, for a caller that wants nothing but the number. (The
//! answer of `ServedViews::page_views` keeps each bucket, for its explanation.)
use super::error::{Result, ServingError};
use super::record::{self, Run};
use super::scan::Scan;
use super::store::must_not_be_backward;
use super::url_rows::{BlockResult, UrlRows};
use calendar::Granularity;
use std::ops::Range;

impl UrlRows<'_> {
    /// Returns the sum of the counts of the buckets that start in `range`. O(blocks).
    ///
    /// # Errors
    /// A store whose values are not counts, or a damaged block.
    pub fn sum(&self, granularity: Granularity, range: Range<i64>) -> Result<i128> {
        let Some(run) = self.run(granularity) else {
            return Ok(0);
        };
        self.must_hold_counts(&run)?;
        self.report(self.sum_in(&run, &range))
    }

    /// Returns the sum over the scans of a plan. O(scans + blocks).
    ///
    /// # Errors
    /// As [`sum`](Self::sum); a scan that ends before it starts; a sum that does not fit 64
    /// bits.
    pub fn sum_over(&self, scans: &[Scan]) -> Result<i64> {
        let mut sum = 0i128;
        for scan in scans {
            let range = scan.from..scan.to;
            must_not_be_backward(&range)?;
            let part = self.sum(scan.granularity, range)?;
            sum += if scan.minus { -part } else { part };
        }
        self.as_i64(sum)
    }

    /// Converts a sum to 64 bits.
    ///
    /// # Errors
    /// [`ServingError::SumTooLarge`] if it does not fit.
    pub(super) fn as_i64(&self, sum: i128) -> Result<i64> {
        i64::try_from(sum).map_err(|_| ServingError::SumTooLarge {
            url: self.url().to_owned(),
        })
    }

    /// Adds up the counts of a run in a range of epoch seconds.
    #[inline]
    fn sum_in(&self, run: &Run, range: &Range<i64>) -> BlockResult<i128> {
        let rows = self.rows_in(run, range)?;
        let width = usize::from(run.width);
        let (at, length) = (run.values_at + rows.start * width, rows.len() * width);
        // A loop for each width, which the compiler turns into vector instructions. A run has
        // fewer than 2^32 rows, so the sum of counts of at most 4 bytes fits 64 bits.
        let mut sum = 0i64;
        match run.width {
            1 => self.pieces(at, length, |piece| {
                sum += piece.iter().map(|&n| i64::from(n as i8)).sum::<i64>();
            })?,
            2 => self.pieces(at, length, |piece| {
                let counts = piece.as_chunks().0.iter();
                sum += counts
                    .map(|&n| i64::from(i16::from_le_bytes(n)))
                    .sum::<i64>();
            })?,
            4 => self.pieces(at, length, |piece| {
                let counts = piece.as_chunks().0.iter();
                sum += counts
                    .map(|&n| i64::from(i32::from_le_bytes(n)))
                    .sum::<i64>();
            })?,
            _ => {
                let mut sum = 0i128;
                self.pieces(at, length, |piece| {
                    let counts = record::decode_counts(piece, 8);
                    sum += counts.map(i128::from).sum::<i128>();
                })?;
                return Ok(sum);
            }
        }
        Ok(sum.into())
    }
}
