//! The search: what a bucket costs, given what was read above it.
//!
//! Buckets nest: each is cut into whole buckets of the next finer level. So the
//! cheapest reads below a bucket depend on one number only: how often it is
//! covered already by coarser reads, 0 times or once. A bucket inside the range
//! or outside of it is then right or needs one read (added, or taken away). Only
//! the two buckets at the ends of the range, on each level, are cut, and for
//! these both ways are tried: cover the whole and take away what is too much, or
//! leave it and add what is in it.
//!
//! Covering a bucket twice, or below zero times, never helps: it would take a
//! read more to undo.

/// A bucket that is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bucket {
    /// Place among the widths.
    pub level: usize,
    pub start: i64,
    pub minus: bool,
}

/// The fewest buckets whose sum covers `from..until` once. `widths` are the
/// bucket widths, the coarsest first, each a multiple of the next; the ends must
/// be bounds of the finest. Buckets start at multiples of their width.
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

struct Search<'a> {
    widths: &'a [i64],
    from: i64,
    until: i64,
    minus: bool,
}

/// How a bucket lies to the range.
#[derive(PartialEq, Eq)]
enum Lies {
    Inside,
    Outside,
    Cut,
}

impl Search<'_> {
    fn lies(&self, level: usize, start: i64) -> Lies {
        let end = start + self.widths[level];
        if start >= self.from && end <= self.until {
            Lies::Inside
        } else if end <= self.from || start >= self.until {
            Lies::Outside
        } else {
            Lies::Cut
        }
    }

    /// The fewest reads of a bucket and all below it, which coarser reads cover
    /// already or not.
    fn cost(&self, level: usize, start: i64, covered: bool) -> i64 {
        match self.lies(level, start) {
            Lies::Inside => i64::from(!covered),
            Lies::Outside => i64::from(covered),
            Lies::Cut => {
                let keep = self.below(level, start, covered);
                if !self.minus {
                    return keep;
                }
                keep.min(1 + self.below(level, start, !covered))
            }
        }
    }

    /// The cost of the buckets that a cut bucket is made of: only its two ends
    /// are looked into, the others are counted.
    fn below(&self, level: usize, start: i64, covered: bool) -> i64 {
        let (finer, width) = (level + 1, self.widths[level + 1]);
        let end = start + self.widths[level];
        let (low, high) = (self.from.max(start), self.until.min(end));
        let whole_from = -(-low).div_euclid(width) * width;
        let whole_until = high.div_euclid(width) * width;
        let cut = self.cut_below(level, start);
        let inside = ((whole_until - whole_from) / width).max(0);
        let outside = (end - start) / width - inside - cut.len() as i64;
        let at_ends: i64 = cut
            .iter()
            .map(|&start| self.cost(finer, start, covered))
            .sum();
        at_ends + if covered { outside } else { inside }
    }

    /// The finer buckets of a bucket that are cut: none, one or two.
    fn cut_below(&self, level: usize, start: i64) -> Vec<i64> {
        let (finer, width) = (level + 1, self.widths[level + 1]);
        let mut ends: Vec<i64> = [self.from, self.until - 1]
            .map(|ts| ts.div_euclid(width) * width)
            .into_iter()
            .filter(|ts| (start..start + self.widths[level]).contains(ts))
            .filter(|&ts| self.lies(finer, ts) == Lies::Cut)
            .collect();
        ends.dedup();
        ends
    }

    /// Collects the reads of the cheapest way, coarse before fine.
    fn choose(&self, level: usize, start: i64, covered: bool, reads: &mut Vec<Bucket>) {
        let mut read = |minus| {
            reads.push(Bucket {
                level,
                start,
                minus,
            });
        };
        match self.lies(level, start) {
            Lies::Inside if !covered => read(false),
            Lies::Outside if covered => read(true),
            Lies::Inside | Lies::Outside => {}
            Lies::Cut => {
                let mut covered = covered;
                let turned = self.minus
                    && 1 + self.below(level, start, !covered) < self.below(level, start, covered);
                if turned {
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
