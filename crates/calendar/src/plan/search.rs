//! The search for the plan with the fewest reads.
//!
//! Buckets are nested: each consists of whole buckets of the next finer level. So the fewest
//! reads within a bucket depend on one thing only: whether coarser reads *cover* the bucket
//! already, 0 times or once.
//!
//! - A bucket inside the range must be covered once. If it is not, one read adds it.
//! - A bucket outside the range must not be covered. If it is, one read subtracts it.
//! - A bucket that contains an end of the range is *cut*. There are at most two of these on
//!   each level. For them both ways are tried: leave the bucket as it is, or change whether it
//!   is covered, with one read, and then correct the finer buckets inside of it.
//!
//! Covering a bucket twice, or a negative number of times, never helps, because a further read
//! would have to undo it.

/// A bucket that the plan reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bucket {
    /// Its level: the position of its width in `widths`.
    pub level: usize,
    /// Its first second in epoch seconds.
    pub start: i64,
    /// Whether its value is subtracted.
    pub minus: bool,
}

/// Returns the fewest buckets whose sum covers `from..until` exactly once. `widths` are the
/// widths of the buckets in seconds, the coarsest first, each a multiple of the next. Buckets
/// start at multiples of their width, and `from` and `until` must be bounds of buckets of the
/// last width. `minus` says whether buckets may be subtracted.
pub fn fewest(widths: &[i64], from: i64, until: i64, minus: bool) -> Vec<Bucket> {
    let search = Search {
        widths,
        from,
        until,
        minus,
    };
    let mut reads = Vec::new();
    if from < until {
        let width = widths[0];
        let (first, last) = (from.div_euclid(width), (until - 1).div_euclid(width));
        for number in first..=last {
            search.choose(0, number * width, false, &mut reads);
        }
    }
    reads
}

/// The arguments of [`fewest`].
struct Search<'a> {
    widths: &'a [i64],
    from: i64,
    until: i64,
    minus: bool,
}

/// The position of a bucket in relation to the range.
#[derive(PartialEq, Eq)]
enum Position {
    /// The whole bucket is in the range.
    Inside,
    /// No part of the bucket is in the range.
    Outside,
    /// A part of the bucket is in the range.
    Cut,
}

impl Search<'_> {
    /// Returns the position of a bucket.
    fn position(&self, level: usize, start: i64) -> Position {
        let end = start + self.widths[level];
        if start >= self.from && end <= self.until {
            Position::Inside
        } else if end <= self.from || start >= self.until {
            Position::Outside
        } else {
            Position::Cut
        }
    }

    /// Returns the fewest reads of a bucket and of the finer buckets inside of it, if coarser reads
    /// have `covered` it or not.
    fn cost(&self, level: usize, start: i64, covered: bool) -> i64 {
        match self.position(level, start) {
            Position::Inside => i64::from(!covered),
            Position::Outside => i64::from(covered),
            Position::Cut => {
                let keep = self.below(level, start, covered);
                if !self.minus {
                    return keep;
                }
                keep.min(1 + self.below(level, start, !covered))
            }
        }
    }

    /// Returns the fewest reads of the finer buckets inside of a cut bucket. Only those that are cut
    /// themselves are examined one by one. The others are counted, so the cost does not depend on
    /// their number.
    fn below(&self, level: usize, start: i64, covered: bool) -> i64 {
        let (finer, width) = (level + 1, self.widths[level + 1]);
        let end = start + self.widths[level];
        let (low, high) = (self.from.max(start), self.until.min(end));
        // The finer buckets inside of the range: from the first bound at or after `low` to the
        // last bound at or before `high`.
        let whole_from = -(-low).div_euclid(width) * width;
        let whole_until = high.div_euclid(width) * width;
        let cut = self.cut_below(level, start);
        let inside = ((whole_until - whole_from) / width).max(0);
        let outside = (end - start) / width - inside - cut.len() as i64;

        // Those that are cut, and one read for each other that is not as it should be.
        let at_ends: i64 = cut
            .iter()
            .map(|&start| self.cost(finer, start, covered))
            .sum();
        at_ends + if covered { outside } else { inside }
    }

    /// Returns the finer buckets inside of a bucket that are cut: none, one or two.
    fn cut_below(&self, level: usize, start: i64) -> Vec<i64> {
        let (finer, width) = (level + 1, self.widths[level + 1]);
        let mut ends: Vec<i64> = [self.from, self.until - 1]
            .map(|ts| ts.div_euclid(width) * width)
            .into_iter()
            .filter(|ts| (start..start + self.widths[level]).contains(ts))
            .filter(|&ts| self.position(finer, ts) == Position::Cut)
            .collect();
        ends.dedup();
        ends
    }

    /// Appends the fewest reads of a bucket and of the finer buckets inside of it, each bucket
    /// before its finer ones.
    fn choose(&self, level: usize, start: i64, covered: bool, reads: &mut Vec<Bucket>) {
        let mut read = |minus| {
            reads.push(Bucket {
                level,
                start,
                minus,
            });
        };
        match self.position(level, start) {
            Position::Inside if !covered => read(false),
            Position::Outside if covered => read(true),
            Position::Inside | Position::Outside => {}
            Position::Cut => {
                let mut covered = covered;
                // Read the bucket itself only if that saves a read.
                let read_it = self.minus
                    && 1 + self.below(level, start, !covered) < self.below(level, start, covered);
                if read_it {
                    read(covered);
                    covered = !covered;
                }
                let width = self.widths[level + 1];
                for part in 0..self.widths[level] / width {
                    self.choose(level + 1, start + part * width, covered, reads);
                }
            }
        }
    }
}
