//! A plan as the store reads it: neighbouring buckets in one contiguous scan.
use calendar::{Granularity, Plan};
use std::ops::Range;

/// Buckets of one granularity, one after another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Scan {
    pub granularity: Granularity,
    /// Buckets that start here or later,
    pub from: i64,
    /// and before this. Epoch seconds, UTC.
    pub to: i64,
    /// Taken away instead of added. For counts only, never for sketches.
    pub minus: bool,
}

impl Scan {
    /// Buckets to add.
    pub fn plus(granularity: Granularity, range: Range<i64>) -> Self {
        Self {
            granularity,
            from: range.start,
            to: range.end,
            minus: false,
        }
    }

    /// Buckets to take away.
    pub fn minus(granularity: Granularity, range: Range<i64>) -> Self {
        Self {
            minus: true,
            ..Self::plus(granularity, range)
        }
    }

    /// The scans of a plan: each granularity's neighbours in one.
    /// O(reads * log reads).
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
                Some(last) if last.goes_on_with(&next) => last.to = next.to,
                _ => scans.push(next),
            }
        }
        scans
    }

    fn goes_on_with(&self, next: &Self) -> bool {
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
