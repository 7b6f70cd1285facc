//! Counts page views and visitors by hour, and page views by local day.

use super::person::PersonKey;
use super::record;
use super::urls::Folded;
use crate::batch::sketch::Precision;
use crate::batch::url_hour::UrlHour;
use calendar::TIMESTAMPS;
use calendar::{self, Granularity, LocalDay};
use chrono_tz::Tz;
use rayon::prelude::*;
use std::collections::{BTreeMap, HashMap};

/// Page views by (URL number, epoch second at which the bucket begins).
pub type Buckets = HashMap<(u32, i64), i64, Folded>;

const HOUR: i64 = Granularity::Hour.secs();

/// A URL's hour: the hour since year 1 in the high 32 bits, and the URL number in the low ones.
type HourKey = u64;

/// Returns the key of the hour that contains `secs` (epoch seconds).
fn hour_key(secs: i64, url: u32) -> HourKey {
    let hour = (secs - TIMESTAMPS.start()) as u64 / HOUR as u64;
    hour << 32 | u64::from(url)
}

/// Returns the URL number and the epoch second at which the hour begins.
pub fn hour_of(key: HourKey) -> (u32, i64) {
    let secs = (key >> 32) as i64 * HOUR + TIMESTAMPS.start();
    (key as u32, secs)
}

/// A URL's hour that is counted completely.
pub struct FinishedHour {
    /// Number of page views.
    pub count: i64,
    /// The sketch of the visitors, encoded.
    pub persons: Vec<u8>,
}

/// The counts of one thread.
pub struct Tally {
    precision: Precision,
    hours: HashMap<HourKey, UrlHour, Folded>,
    /// Page views by local day, for each zone of the job.
    pub days: Vec<LocalDayCounts>,
    /// Number of page views counted.
    pub distinct: u64,
    /// Number of page views dropped as duplicates.
    pub duplicates: u64,
}

impl Tally {
    /// Creates an empty tally.
    pub fn new(zones: &[Tz], precision: Precision) -> Self {
        Tally {
            precision,
            hours: HashMap::default(),
            days: zones
                .iter()
                .map(|&zone| LocalDayCounts::new(zone))
                .collect(),
            distinct: 0,
            duplicates: 0,
        }
    }

    /// Counts a record that is not a duplicate, and its visitor unless `person` is `None`.
    #[inline]
    pub fn count(&mut self, record: &[u64], person: Option<PersonKey>) {
        let (secs, url) = (record::secs(record), record::url(record));
        let precision = self.precision;
        let hour = self
            .hours
            .entry(hour_key(secs, url))
            .or_insert_with(|| UrlHour::new(precision));
        hour.add(person.map(|(hash, _)| hash));
        for days in &mut self.days {
            days.count(url, secs);
        }
        self.distinct += 1;
    }

    /// Adds the counts of another thread, except for the hours, which [`FinishedHours::close`]
    /// collects.
    pub fn add(&mut self, other: Tally) {
        for (mine, theirs) in self.days.iter_mut().zip(other.days) {
            for (key, count) in theirs.counts {
                *mine.counts.entry(key).or_insert(0) += count;
            }
        }
        self.distinct += other.distinct;
        self.duplicates += other.duplicates;
    }
}

/// The hours that are counted completely.
///
/// Days, weeks and months in UTC are computed from these, because every one of them consists
/// of whole hours.
#[derive(Default)]
pub struct FinishedHours {
    finished: HashMap<HourKey, FinishedHour, Folded>,
}

impl FinishedHours {
    /// Moves the hours that end at or before `secs` (epoch seconds) out of the threads' tallies,
    /// and merges their counts. That saves memory: an encoded sketch has about a tenth of the
    /// size of the hash codes from which it is computed.
    pub fn close<'a>(&mut self, secs: i64, tallies: impl Iterator<Item = &'a mut Tally>) {
        // Collect each hour's counts from all threads.
        let mut parts: HashMap<HourKey, Vec<UrlHour>, Folded> = HashMap::default();
        for tally in tallies {
            let ended =
                |key: &HourKey, _: &mut UrlHour| hour_of(*key).1.saturating_add(HOUR) <= secs;
            for (key, hour) in tally.hours.extract_if(ended) {
                parts.entry(key).or_default().push(hour);
            }
        }
        // Merge them, and encode the sketches.
        let parts: Vec<(HourKey, Vec<UrlHour>)> = parts.into_iter().collect();
        let finished = parts.into_par_iter().map(|(key, parts)| {
            let mut parts = parts.into_iter();
            let mut hour = parts.next().expect("each key has at least one part");
            for part in parts {
                let merged = hour.merge(&part);
                merged.expect("one run has one precision");
            }
            let persons = hour.persons.to_bytes();
            (
                key,
                FinishedHour {
                    count: hour.count,
                    persons,
                },
            )
        });
        self.finished.par_extend(finished);
    }

    /// Adds a URL's hour that was counted completely elsewhere. `secs` is the epoch second at which
    /// it begins, and `persons` its encoded sketch.
    pub fn add(&mut self, url: u32, secs: i64, count: i64, persons: Vec<u8>) {
        let hour = FinishedHour { count, persons };
        self.finished.insert(hour_key(secs, url), hour);
    }

    /// Returns the page views by URL and bucket at one granularity.
    pub fn buckets(&self, granularity: Granularity) -> Buckets {
        let mut buckets = Buckets::default();
        for (key, hour) in &self.finished {
            let (url, secs) = hour_of(*key);
            *buckets.entry((url, granularity.bucket(secs))).or_insert(0) += hour.count;
        }
        buckets
    }

    /// Returns each (URL number, hour, encoded sketch), in no order. The hour is the epoch
    /// second at which it begins.
    pub fn sketches(&self) -> impl Iterator<Item = (u32, i64, &[u8])> {
        self.finished.iter().map(|(key, hour)| {
            let (url, secs) = hour_of(*key);
            (url, secs, &hour.persons[..])
        })
    }
}

/// Page views by local day in one time zone.
pub struct LocalDayCounts {
    /// The zone.
    pub zone: Tz,
    /// Page views by URL number and the epoch second at which the local day begins.
    pub counts: Buckets,
    /// A cache of the days so far, by their start. Computing a day from the rules of a zone is
    /// slow, and the records of a partition are in no order of time.
    days: BTreeMap<i64, LocalDay>,
    /// The day of the last record.
    last: Option<LocalDay>,
}

impl LocalDayCounts {
    /// Creates the counts of a zone, without any.
    pub fn new(zone: Tz) -> Self {
        LocalDayCounts {
            zone,
            counts: Buckets::default(),
            days: BTreeMap::new(),
            last: None,
        }
    }

    /// Counts a page view.
    #[inline]
    fn count(&mut self, url: u32, secs: i64) {
        let day = match self.last {
            Some(day) if day.contains(secs) => day,
            _ => self.find(secs),
        };
        *self.counts.entry((url, day.start)).or_insert(0) += 1;
    }

    /// Returns the local day that contains `secs`, from the cache if possible.
    fn find(&mut self, secs: i64) -> LocalDay {
        let known = self.days.range(..=secs).next_back().map(|(_, day)| *day);
        let day = match known {
            Some(day) if day.contains(secs) => day,
            _ => {
                let day = calendar::local_day(secs, self.zone);
                self.days.insert(day.start, day);
                day
            }
        };
        self.last = Some(day);
        day
    }
}
