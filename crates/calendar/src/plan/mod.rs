//! Query plans: the fewest buckets that answer for a range of time.
//!
//! A batch view stores a value for each hour, day, week and month. A range consists of a few
//! coarse buckets, and of finer ones at its two ends ([`Plan::additive`]). Counts can also be
//! subtracted: a range that ends just before the end of a month is that month *minus* a few
//! days ([`Plan::with_subtraction`]). Sketches cannot be subtracted, so uniques are read by
//! additive plans only. [`Plan::is_additive`] says which kind a plan is.
//!
//! All buckets are in UTC. A range in local time is converted to UTC first ([`Span::local`]),
//! which moves its ends, and not the buckets.
//!
//! Invariants:
//! 1. The buckets of a plan, added and subtracted, cover the range exactly once and nothing
//!    else.
//! 2. No plan of the same kind has fewer reads.
//! 3. A plan with subtraction has at most as many reads as the additive plan, and subtracts
//!    only where that saves a read.
//!
//! Source: Marz and Warren, "Big Data", figure 8.3.

mod search;
mod span;
#[cfg(test)]
mod tests;

pub use span::{Span, SpanError};

use super::Granularity;
use std::fmt;

/// A bucket that a plan reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Read {
    /// The width of the bucket.
    pub granularity: Granularity,
    /// The first second of the bucket in epoch seconds, UTC, as in the column `ts` of a view.
    pub ts: i64,
    /// Whether its value is subtracted.
    pub minus: bool,
}

impl Read {
    /// Returns the second after the last one of the bucket.
    pub fn end(self) -> i64 {
        self.ts + self.granularity.secs()
    }

    /// Returns 1 if the value is added, and -1 if it is subtracted.
    pub fn sign(self) -> i64 {
        if self.minus { -1 } else { 1 }
    }
}

/// The reads that answer for a [`Span`]. They are in order of time, and a bucket comes before
/// the finer ones inside of it.
///
/// ```
/// use lambda_workbook::calendar::{Granularity, Plan, Span};
///
/// // The lesson's bonus: August 3, 03:00 to August 6, 03:00. 72 hours, 26 reads.
/// let span = Span::new(1_438_570_800, 1_438_830_000)?;
/// let plan = Plan::additive(span, &Granularity::ALL)?;
/// assert_eq!(span.hours(), 72);
/// assert_eq!(plan.to_string().lines().next(), Some("26 reads: 2 d, 24 h"));
/// assert_eq!(plan.sum(|_, _| 1), 26);
/// // Counts need fewer: three days, minus three hours, plus three hours.
/// assert_eq!(Plan::with_subtraction(span, &Granularity::ALL)?.reads().len(), 9);
/// # Ok::<(), lambda_workbook::calendar::SpanError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    span: Span,
    reads: Vec<Read>,
}

impl Plan {
    /// Returns the plan with the fewest reads in which all values are added, for sketches and
    /// counts.
    ///
    /// # Errors
    /// No granularities, or a span that does not begin and end at the bounds of buckets of the
    /// finest one.
    pub fn additive(span: Span, granularities: &[Granularity]) -> Result<Plan, SpanError> {
        Plan::of(span, granularities, false)
    }

    /// Returns the plan with the fewest reads in which values are added or subtracted, for counts.
    ///
    /// # Errors
    /// As [`additive`](Self::additive).
    pub fn with_subtraction(span: Span, granularities: &[Granularity]) -> Result<Plan, SpanError> {
        Plan::of(span, granularities, true)
    }

    fn of(span: Span, granularities: &[Granularity], minus: bool) -> Result<Plan, SpanError> {
        let mut levels = granularities.to_vec();
        // The search expects the coarsest first.
        levels.sort_unstable_by(|a, b| b.cmp(a));
        levels.dedup();
        let finest = *levels.last().ok_or(SpanError::NoGranularity)?;
        span.must_be_made_of(finest)?;
        let widths: Vec<i64> = levels.iter().map(|level| level.secs()).collect();
        let found = search::fewest(&widths, span.from(), span.until(), minus);
        let reads = found.into_iter().map(|bucket| Read {
            granularity: levels[bucket.level],
            ts: bucket.start,
            minus: bucket.minus,
        });
        Ok(Plan {
            span,
            reads: reads.collect(),
        })
    }

    /// Returns the range of time for which the plan answers.
    pub fn span(&self) -> Span {
        self.span
    }

    /// Returns the buckets to read.
    pub fn reads(&self) -> &[Read] {
        &self.reads
    }

    /// Returns whether no value is subtracted, so that the plan can be used for sketches.
    pub fn is_additive(&self) -> bool {
        self.reads.iter().all(|read| !read.minus)
    }

    /// Returns the answer for values that can be added and subtracted, such as page views. `read`
    /// returns the count of a bucket, which is 0 if the view has no row.
    ///
    /// ```
    /// use lambda_workbook::calendar::{Granularity, Plan, Span};
    ///
    /// let span = Span::new(0, 7 * 86_400 - 3_600)?;
    /// let plan = Plan::with_subtraction(span, &Granularity::ALL)?;
    /// assert_eq!(plan.reads().len(), 2); // a week, minus its last hour
    /// let one_a_second = |granularity: Granularity, _ts| granularity.secs();
    /// assert_eq!(plan.sum(one_a_second), span.secs());
    /// # Ok::<(), lambda_workbook::calendar::SpanError>(())
    /// ```
    pub fn sum(&self, mut read: impl FnMut(Granularity, i64) -> i64) -> i64 {
        let values = self
            .reads
            .iter()
            .map(|bucket| bucket.sign() * read(bucket.granularity, bucket.ts));
        values.sum()
    }

    /// Counts the reads by granularity and sign, the coarsest first, as (granularity, whether
    /// subtracted, number). Combinations without reads are left out.
    pub fn tally(&self) -> Vec<(Granularity, bool, usize)> {
        let mut tally = Vec::new();
        for granularity in Granularity::ALL.into_iter().rev() {
            for minus in [false, true] {
                let same = |read: &&Read| read.granularity == granularity && read.minus == minus;
                let count = self.reads.iter().filter(same).count();
                if count > 0 {
                    tally.push((granularity, minus, count));
                }
            }
        }
        tally
    }
}

impl fmt::Display for Plan {
    /// Writes a line with the number of reads, then a line for each read. The option `--explain`
    /// prints this.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let reads = self.reads.len();
        write!(f, "{reads} {}", if reads == 1 { "read" } else { "reads" })?;
        for (place, (granularity, minus, count)) in self.tally().into_iter().enumerate() {
            let before = if place == 0 { ": " } else { ", " };
            let sign = if minus { "-" } else { "" };
            write!(f, "{before}{sign}{count} {granularity}")?;
        }
        for read in &self.reads {
            let sign = if read.minus { '-' } else { '+' };
            write!(f, "\n{sign} {} {}", read.granularity, read.ts)?;
            write!(f, "  {} UTC", span::stamp(read.ts))?;
        }
        Ok(())
    }
}
