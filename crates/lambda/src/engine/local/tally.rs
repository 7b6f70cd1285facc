//! Page views and persons of each hour, and page views by local day.

use super::person::Key;
use super::record;
use super::urls::Folded;
use crate::batch::rejected::TIMESTAMPS;
use crate::batch::sketch::{Gather, Precision};
use calendar::{self, Granularity, LocalDay};
use chrono_tz::Tz;
use rayon::prelude::*;
use std::collections::{BTreeMap, HashMap};

/// URL number and start of bucket to count.
pub type Buckets = HashMap<(u32, i64), i64, Folded>;

const HOUR: i64 = Granularity::Hour.secs();

/// An hour since year 1 (high 32 bits) and a URL number.
type HourKey = u64;

fn hour_key(secs: i64, url: u32) -> HourKey {
    let hour = (secs - TIMESTAMPS.start()) as u64 / HOUR as u64;
    hour << 32 | u64::from(url)
}

/// The URL number and the first second of an hour.
pub fn hour_of(key: HourKey) -> (u32, i64) {
    let secs = (key >> 32) as i64 * HOUR + TIMESTAMPS.start();
    (key as u32, secs)
}

/// A URL's hour while it is counted.
pub struct Hour {
    count: i64,
    persons: Gather,
}

/// A URL's hour when all of it was counted.
pub struct Done {
    pub count: i64,
    /// A sketch, as bytes.
    pub persons: Vec<u8>,
}

/// What one thread has counted.
pub struct Tally {
    precision: Precision,
    hours: HashMap<HourKey, Hour, Folded>,
    pub days: Vec<LocalDays>,
    pub distinct: u64,
    pub duplicates: u64,
}

impl Tally {
    pub fn new(zones: &[Tz], precision: Precision) -> Self {
        Tally {
            precision,
            hours: HashMap::default(),
            days: zones.iter().map(|&zone| LocalDays::new(zone)).collect(),
            distinct: 0,
            duplicates: 0,
        }
    }

    /// Counts a record that is new, and its person if there is a view of persons.
    #[inline]
    pub fn count(&mut self, record: &[u64], person: Option<Key>) {
        let (secs, url) = (record::secs(record), record::url(record));
        let precision = self.precision;
        let hour = self
            .hours
            .entry(hour_key(secs, url))
            .or_insert_with(|| Hour {
                count: 0,
                persons: Gather::new(precision),
            });
        hour.count += 1;
        if let Some((hash, _)) = person {
            hour.persons.add(hash);
        }
        for days in &mut self.days {
            days.count(url, secs);
        }
        self.distinct += 1;
    }

    /// Adds what another thread counted, but for the hours: see [`Hours`].
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

/// The hours that are counted: no record of theirs is still to come.
///
/// Days, weeks and months of UTC are made of these, as all four are aligned to
/// the epoch.
#[derive(Default)]
pub struct Hours {
    done: HashMap<HourKey, Done, Folded>,
}

impl Hours {
    /// Takes the hours that end by `secs` out of the threads' tallies. A hour's
    /// sketch is then a tenth of the codes that it was gathered in.
    pub fn close<'a>(&mut self, secs: i64, tallies: impl Iterator<Item = &'a mut Tally>) {
        let mut parts: HashMap<HourKey, Vec<Hour>, Folded> = HashMap::default();
        for tally in tallies {
            let ended = |key: &HourKey, _: &mut Hour| hour_of(*key).1.saturating_add(HOUR) <= secs;
            for (key, hour) in tally.hours.extract_if(ended) {
                parts.entry(key).or_default().push(hour);
            }
        }
        let parts: Vec<(HourKey, Vec<Hour>)> = parts.into_iter().collect();
        let done = parts.into_par_iter().map(|(key, parts)| {
            let mut parts = parts.into_iter();
            let mut hour = parts.next().expect("each was pushed once at least");
            for part in parts {
                hour.count += part.count;
                let merged = hour.persons.merge(&part.persons);
                merged.expect("one run has one precision");
            }
            let persons = hour.persons.finish();
            (
                key,
                Done {
                    count: hour.count,
                    persons,
                },
            )
        });
        self.done.par_extend(done);
    }

    /// The page views at one granularity.
    pub fn buckets(&self, granularity: Granularity) -> Buckets {
        let mut buckets = Buckets::default();
        for (key, hour) in &self.done {
            let (url, secs) = hour_of(*key);
            *buckets.entry((url, granularity.bucket(secs))).or_insert(0) += hour.count;
        }
        buckets
    }

    /// Each URL number, hour and sketch, in no order.
    pub fn sketches(&self) -> impl Iterator<Item = (u32, i64, &[u8])> {
        self.done.iter().map(|(key, hour)| {
            let (url, secs) = hour_of(*key);
            (url, secs, &hour.persons[..])
        })
    }
}

/// Page views by local day of one zone.
pub struct LocalDays {
    pub zone: Tz,
    pub counts: Buckets,
    /// The days met so far, by start: the records of a partition hop about in
    /// time, and working a day out is slow.
    days: BTreeMap<i64, LocalDay>,
    last: Option<LocalDay>,
}

impl LocalDays {
    fn new(zone: Tz) -> Self {
        LocalDays {
            zone,
            counts: Buckets::default(),
            days: BTreeMap::new(),
            last: None,
        }
    }

    #[inline]
    fn count(&mut self, url: u32, secs: i64) {
        let day = match self.last {
            Some(day) if day.contains(secs) => day,
            _ => self.find(secs),
        };
        *self.counts.entry((url, day.start)).or_insert(0) += 1;
    }

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
