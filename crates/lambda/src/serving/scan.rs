//! A query plan as the store executes it: neighbouring buckets are read by one contiguous
//! scan.
use calendar::{Granularity, Plan};
use std::ops::Range;

/// A contiguous range of buckets of one granularity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Scan {
    /// The granularity of the buckets.
    pub granularity: Granularity,
    /// The scan reads buckets that start at this second or later: epoch seconds, UTC.
    pub from: i64,
    /// The scan reads buckets that start before this second: epoch seconds, UTC.
    pub to: i64,
    /// Whether the values are subtracted instead of added. Only counts can be subtracted.
    pub minus: bool,
}

impl Scan {
    /// Returns a scan whose values are added.
    pub fn plus(granularity: Granularity, range: Range<i64>) -> Self {
        Self {
            granularity,
            from: range.start,
            to: range.end,
            minus: false,
        }
    }

    /// Returns a scan whose values are subtracted.
    pub fn minus(granularity: Granularity, range: Range<i64>) -> Self {
        Self {
            minus: true,
            ..Self::plus(granularity, range)
        }
    }

    /// Returns the scans of a plan, in which neighbouring buckets of one granularity and sign
    /// are joined. O(reads * log reads).
    ///
    /// ```
    /// use lambda_workbook::calendar::{Granularity::*, Plan, Span};
    /// use lambda_workbook::serving::Scan;
    ///
    /// // The lesson's bonus: 72 hours are 26 buckets, and these are 3 scans.
    /// let span = Span::new(1_438_570_800, 1_438_830_000)?;
    /// let plan = Plan::additive(span, &[Hour, Day, Week, Month])?;
    /// assert_eq!(plan.reads().len(), 26);
    /// assert_eq!(Scan::of(&plan).len(), 3);
    /// # Ok::<(), lambda_workbook::calendar::SpanError>(())
    /// ```
    pub fn of(plan: &Plan) -> Vec<Self> {
        let mut reads = plan.reads().to_vec();
        reads.sort_unstable_by_key(|read| (read.granularity, read.minus, read.ts));
        let mut scans: Vec<Self> = Vec::new();
        for read in reads {
            let next = Self {
                granularity: read.granularity,
                from: read.ts,
                to: read.end(),
                minus: read.minus,
            };
            match scans.last_mut() {
                Some(last) if last.continues_with(&next) => last.to = next.to,
                _ => scans.push(next),
            }
        }
        scans
    }

    /// Returns whether `next` begins where this scan ends, with the same granularity and sign.
    fn continues_with(&self, next: &Self) -> bool {
        let kind = |scan: &Self| (scan.granularity, scan.minus);
        kind(self) == kind(next) && self.to == next.from
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use calendar::Span;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn scans_read_each_bucket_of_the_plan_once(from in 0i64..20_000, hours in 0i64..20_000) {
            let span = Span::new(from * 3600, (from + hours) * 3600).unwrap();
            let plan = Plan::with_subtraction(span, &Granularity::ALL).unwrap();
            let mut buckets: Vec<_> = Scan::of(&plan)
                .iter()
                .flat_map(|scan| {
                    let starts = (scan.from..scan.to).step_by(scan.granularity.secs() as usize);
                    starts.map(|ts| (scan.granularity, ts, scan.minus))
                })
                .collect();
            let mut wanted: Vec<_> = plan
                .reads()
                .iter()
                .map(|read| (read.granularity, read.ts, read.minus))
                .collect();
            buckets.sort();
            wanted.sort();
            prop_assert_eq!(buckets, wanted);
        }
    }
}
