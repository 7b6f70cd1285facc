//! How many page views of which page fall into which hour: decided before any
//! row is drawn, so that a data set's answers are known.
use super::error::Result;
use super::random::{Random, Spread, hash};
use super::site::{LESSON_PAGES, Site};
use super::spec::{PAGE_VIEWS, Spec};
use calendar::Granularity;
use chrono::{DateTime, Datelike, Timelike};
use chrono_tz::America::Los_Angeles;
use std::ops::Range;
use std::sync::Arc;

/// The lesson's counts, page by page, for each of its hours.
const LESSON_COUNTS: [[u64; LESSON_PAGES]; 2] = [[101_212, 101_732], [300_054, 899_778]];

/// Distinct rows drawn at one go: what one thread does before it takes another.
const BLOCK: u64 = 16_384;

/// Page views by hour of day, Pacific time: the readers of the site live there,
/// so their rhythm follows the clock on their wall through both DST changes.
const RHYTHM: [u64; 24] = [
    22, 14, 10, 8, 9, 14, 28, 52, 78, 92, 98, 100, 94, 90, 92, 94, 92, 88, 84, 88, 92, 86, 66, 40,
];

/// One hour of a data set.
pub(super) struct HourPlan {
    pub start: i64,
    /// Position among the hours of the set.
    pub index: u64,
    /// One of the lesson's: its two pages, and persons drawn alike.
    pub lesson: bool,
    /// Distinct page views up to and with each page: `bounds[p - 1]..bounds[p]`
    /// are those of page p. The last is the hour's.
    pub bounds: Vec<u64>,
    /// How many of them come twice.
    pub duplicates: u64,
    /// Views of each page since the set began, this hour's among them.
    pub so_far: Vec<u64>,
    pub by_page: Spread,
    pub by_copy: Spread,
}

impl HourPlan {
    pub fn distinct(&self) -> u64 {
        self.bounds.last().copied().unwrap_or(0)
    }

    pub fn page_of(&self, rank: u64) -> usize {
        self.bounds.partition_point(|&bound| bound <= rank)
    }

    pub fn views_of(&self, page: usize) -> u64 {
        self.bounds[page] - if page == 0 { 0 } else { self.bounds[page - 1] }
    }
}

/// A stretch of one hour: what one thread draws at one go.
pub(super) struct Block {
    pub hour: Arc<HourPlan>,
    /// Number within the hour.
    pub number: u64,
    /// Distinct page views, numbered within the hour.
    pub rows: Range<u64>,
    /// Seconds of the hour, to place the other kinds.
    pub secs: Range<i64>,
}

/// All hours of a data set, in the order of time.
pub(super) struct DatasetPlan {
    spec: Spec,
    starts: Vec<(i64, bool)>,
    /// Views of all hours but the lesson's.
    views: u64,
    weights: u64,
    launch: Option<Launch>,
}

/// A day, by Pacific time, with so many times the page views of another.
#[derive(Clone, Copy)]
pub(super) struct Launch {
    /// An epoch second of the day.
    pub at: i64,
    pub times: u64,
}

impl DatasetPlan {
    pub fn new(spec: &Spec) -> Result<Self> {
        Self::of_views(spec, PAGE_VIEWS * spec.scale)
    }

    /// Fewer views than a scale of 1 has, for samples.
    pub fn of_views(spec: &Spec, views: u64) -> Result<Self> {
        spec.check()?;
        let starts = spec.hours.starts();
        let mut plan = Self {
            spec: spec.clone(),
            starts,
            views,
            weights: 0,
            launch: None,
        };
        plan.weights = plan.sum_of_weights();
        Ok(plan)
    }

    /// The same page views, more of them on one day.
    pub fn with(mut self, launch: Launch) -> Self {
        self.launch = Some(launch);
        self.weights = self.sum_of_weights();
        self
    }

    fn sum_of_weights(&self) -> u64 {
        let drawn = self.starts.iter().filter(|(_, lesson)| !lesson);
        drawn.map(|(start, _)| self.weight(*start)).sum()
    }

    /// How busy an hour is.
    fn weight(&self, start: i64) -> u64 {
        let day = |secs| local(secs).date_naive();
        let times = self.launch.filter(|launch| day(launch.at) == day(start));
        weight(start) * times.map_or(1, |launch| launch.times)
    }

    pub fn starts(&self) -> &[(i64, bool)] {
        &self.starts
    }

    /// The hours, one after another. Each builds on the counts of those before.
    pub fn hours<'a>(&'a self, site: &'a Site) -> impl Iterator<Item = Arc<HourPlan>> + 'a {
        let mut so_far = vec![0u64; site.pages().len()];
        let (mut weight_done, mut distinct_done, mut copies_done) = (0u64, 0u64, 0u64);
        let mut lessons = LESSON_COUNTS.iter();
        self.starts
            .iter()
            .enumerate()
            .map(move |(index, &(start, lesson))| {
                let mut counts = if lesson {
                    // The filter of `starts` yields the lesson's hours in order.
                    lessons
                        .next()
                        .map_or(vec![], |c| c.iter().map(|n| n * self.spec.scale).collect())
                } else {
                    let total = self.views;
                    let before = part(total, weight_done, self.weights);
                    weight_done += self.weight(start);
                    let here = part(total, weight_done, self.weights) - before;
                    share_among_pages(here, site.pages().len(), &[self.spec.seed, start as u64])
                };
                so_far
                    .iter_mut()
                    .zip(&counts)
                    .for_each(|(sum, n)| *sum += n);
                if !self.spec.kinds.page_view {
                    counts.clear();
                }
                let bounds: Vec<u64> = counts
                    .iter()
                    .scan(0, |sum, n| {
                        *sum += n;
                        Some(*sum)
                    })
                    .collect();
                let distinct = bounds.last().copied().unwrap_or(0);
                distinct_done += distinct;
                let copies = (distinct_done as f64 * self.spec.duplicates).round() as u64;
                let duplicates = copies - copies_done;
                copies_done = copies;
                let label = |what: u64| hash(&[self.spec.seed, start as u64, what]);
                Arc::new(HourPlan {
                    start,
                    index: index as u64,
                    lesson,
                    duplicates: duplicates.min(distinct),
                    by_page: Spread::new(distinct, label(1)),
                    by_copy: Spread::new(distinct, label(2)),
                    so_far: so_far.clone(),
                    bounds,
                })
            })
    }

    /// The stretches of every hour, in the order of time.
    pub fn blocks<'a>(&'a self, site: &'a Site) -> impl Iterator<Item = Block> + 'a {
        self.hours(site).flat_map(|hour| {
            let distinct = hour.distinct();
            let blocks = distinct.div_ceil(BLOCK).max(1);
            let begin = move |number: u64| (number * BLOCK).min(distinct);
            let second = move |number: u64| match number {
                0 => 0,
                n if n == blocks => Granularity::Hour.secs(),
                n => (begin(n) * 3600 / distinct) as i64,
            };
            (0..blocks).map(move |number| Block {
                hour: hour.clone(),
                number,
                rows: begin(number)..begin(number + 1),
                secs: second(number)..second(number + 1),
            })
        })
    }
}

/// `total * done / all`, rounded down: differences of it add up to `total`.
fn part(total: u64, done: u64, all: u64) -> u64 {
    (u128::from(total) * u128::from(done) / u128::from(all.max(1))) as u64
}

/// The readers' clock.
fn local(secs: i64) -> DateTime<chrono_tz::Tz> {
    let utc = DateTime::from_timestamp(secs, 0).unwrap_or_default();
    utc.with_timezone(&Los_Angeles)
}

/// How busy an hour is, by the readers' clock.
fn weight(start: i64) -> u64 {
    let local = local(start);
    let weekend = local.weekday().number_from_monday() > 5;
    RHYTHM[local.hour() as usize] * if weekend { 70 } else { 100 }
}

/// Few pages are viewed often and many seldom: the n-th gets 1/n of the
/// first's, give or take a quarter, each hour anew.
fn share_among_pages(views: u64, pages: usize, labels: &[u64]) -> Vec<u64> {
    let mut random = Random::new(labels);
    let weights: Vec<u64> = (0..pages as u64)
        .map(|p| (75 + random.below(51)) * 1_000_000 / (p + 1))
        .collect();
    let all: u64 = weights.iter().sum();
    let mut done = 0;
    weights
        .iter()
        .map(|weight| {
            let before = part(views, done, all);
            done += weight;
            part(views, done, all) - before
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hours(spec: &Spec) -> Vec<Arc<HourPlan>> {
        let site = Site::new(spec.pages as usize);
        DatasetPlan::new(spec).unwrap().hours(&site).collect()
    }

    #[test]
    fn the_lessons_hours_have_the_lessons_counts_at_every_scale() {
        for scale in [1, 10] {
            let hours = hours(&Spec {
                scale,
                ..Spec::lesson()
            });
            assert_eq!(hours[0].bounds, [101_212 * scale, 202_944 * scale]);
            assert_eq!(hours[1].bounds, [300_054 * scale, 1_199_832 * scale]);
            let copies: u64 = hours.iter().map(|h| h.duplicates).sum();
            assert_eq!(copies, 6_646 * scale);
        }
    }

    #[test]
    fn every_span_has_the_same_number_of_views() {
        for span in [
            "2015-08-01",
            "2015-03-01..2015-03-15",
            "2015-08-01..2015-08-29",
        ] {
            let hours = hours(&Spec {
                hours: span.parse().unwrap(),
                ..Spec::lesson()
            });
            assert_eq!(
                hours.iter().map(|h| h.distinct()).sum::<u64>(),
                PAGE_VIEWS,
                "{span}"
            );
            assert_eq!(
                hours.iter().map(|h| h.duplicates).sum::<u64>(),
                6_646,
                "{span}"
            );
        }
    }

    #[test]
    fn nights_and_weekends_are_quiet() {
        let hours = hours(&Spec {
            hours: "2015-08-03..2015-08-10".parse().unwrap(),
            ..Spec::lesson()
        });
        let at = |day: usize, utc: usize| hours[day * 24 + utc].distinct();
        assert!(
            at(0, 19) > 8 * at(0, 10),
            "noon and three at night, Pacific"
        );
        assert!(at(0, 19) * 3 > at(5, 19) * 4, "Monday and Saturday");
    }

    #[test]
    fn the_rhythm_follows_the_clock_through_a_dst_change() {
        // 20:00 UTC is noon before March 8, 2015, and one in the afternoon after.
        assert_eq!(weight(1_425_585_600), RHYTHM[12] * 100); // Thursday, Mar 5
        assert_eq!(weight(1_426_190_400), RHYTHM[13] * 100); // Thursday, Mar 12
    }

    #[test]
    fn blocks_tile_their_hours() {
        let spec = Spec::lesson();
        let (site, plan) = (Site::new(100), DatasetPlan::new(&spec).unwrap());
        let (mut row, mut sec, mut hour) = (0, 0, None);
        for block in plan.blocks(&site) {
            if hour.replace(block.hour.index) != Some(block.hour.index) {
                (row, sec) = (0, 0);
            }
            assert_eq!((block.rows.start, block.secs.start), (row, sec));
            (row, sec) = (block.rows.end, block.secs.end);
            assert_eq!(row == block.hour.distinct(), sec == 3600);
        }
    }
}
