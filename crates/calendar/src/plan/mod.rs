//! The fewest reads that answer for a range of time.
//!
//! A batch view stores a value for each hour, day, week and month. A range is
//! then a few whole buckets and the finer ones at its two ends: [`Plan::additive`].
//! Counts can also be taken away, and a range that ends just before the end of a
//! month is that month *minus* some days: [`Plan::with_subtraction`]. A sketch
//! has no minus, so uniques are read by additive plans only, and
//! [`Plan::is_additive`] says which a plan is.
//!
//! Buckets are those of UTC. A range that somebody names in local time is moved
//! to UTC first ([`Span::local`]): only its ends shift, the buckets stay.
//!
//! Invariants:
//! 1. The buckets of a plan, added and taken away, cover the range exactly once
//!    and nothing else.
//! 2. No plan of the same kind has fewer reads.
//! 3. A plan with subtraction has at most as many reads as the additive one, and
//!    takes nothing away where that saves no read.
//!
//! Source: Marz and Warren, "Big Data", figure 8.3.

mod search;
mod span;
#[cfg(test)]
mod tests;

pub use span::{Span, SpanError};

use super::Granularity;
use std::fmt;

/// One bucket to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Read {
    pub granularity: Granularity,
    /// Its first second: epoch seconds, UTC, as in a view's `ts`.
    pub ts: i64,
    /// Whether its value is taken away.
    pub minus: bool,
}

impl Read {
    /// The second after its last.
    pub fn end(self) -> i64 {
        self.ts + self.granularity.secs()
    }

    /// 1, or -1 for what is taken away.
    pub fn sign(self) -> i64 {
        if self.minus { -1 } else { 1 }
    }
}

/// The reads that answer for a [`Span`], in the order of time, coarse before fine.
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
/// // Counts can do with fewer: three days, but for three hours of the first.
/// assert_eq!(Plan::with_subtraction(span, &Granularity::ALL)?.reads().len(), 9);
/// # Ok::<(), lambda_workbook::calendar::SpanError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    span: Span,
    reads: Vec<Read>,
}

impl Plan {
    /// The fewest buckets that make up the span, added: for sketches and counts.
    ///
    /// Time: the number of reads, and a few steps a granularity.
    ///
    /// # Errors
    /// No granularity, or a span that is not made of whole buckets of the finest.
    pub fn additive(span: Span, granularities: &[Granularity]) -> Result<Plan, SpanError> {
        Plan::of(span, granularities, false)
    }

    /// The fewest buckets that make up the span, added or taken away: for counts.
    ///
    /// # Errors
    /// As [`additive`](Self::additive).
    pub fn with_subtraction(span: Span, granularities: &[Granularity]) -> Result<Plan, SpanError> {
        Plan::of(span, granularities, true)
    }

    fn of(span: Span, granularities: &[Granularity], minus: bool) -> Result<Plan, SpanError> {
        let mut levels = granularities.to_vec();
        // The coarsest first.
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

    /// What the plan answers for.
    pub fn span(&self) -> Span {
        self.span
    }

    /// The buckets to read.
    pub fn reads(&self) -> &[Read] {
        &self.reads
    }

    /// Whether nothing is taken away, so that sketches can be read by it.
    pub fn is_additive(&self) -> bool {
        self.reads.iter().all(|read| !read.minus)
    }

    /// The answer for something that can be added and taken away, such as page
    /// views: `read` gives the count of a bucket, 0 where the view has no row.
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

    /// How many reads of each granularity there are, the coarsest first, those
    /// that are added apart from those that are taken away.
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
    /// A line that counts the reads, then a line each: what `--explain` prints.
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
