//! Counts of distinct page views, by hour and by local day.

use super::record;
use super::urls::Folded;
use crate::batch::rejected::TIMESTAMPS;
use crate::calendar::{self, Granularity, LocalDay};
use chrono_tz::Tz;
use std::collections::{BTreeMap, HashMap};

/// URL number and start of bucket to count.
pub type Buckets = HashMap<(u32, i64), i64, Folded>;

/// What one thread has counted.
pub struct Tally {
    /// Page views by URL number and hour. Days, weeks and months of UTC are
    /// sums of these, as all four are aligned to the epoch.
    pub hours: HashMap<u64, i64, Folded>,
    pub days: Vec<LocalDays>,
    pub distinct: u64,
    pub duplicates: u64,
}

impl Tally {
    pub fn new(zones: &[Tz]) -> Self {
        Tally {
            hours: HashMap::default(),
            days: zones.iter().map(|&zone| LocalDays::new(zone)).collect(),
            distinct: 0,
            duplicates: 0,
        }
    }

    /// Counts a record that is new.
    #[inline]
    pub fn count(&mut self, record: &[u64]) {
        let (secs, url) = (record::secs(record), record::url(record));
        // Hours since year 1 fit in 32 bits beside the URL.
        let hour = (secs - TIMESTAMPS.start()) as u64 / 3600;
        *self.hours.entry(hour << 32 | u64::from(url)).or_insert(0) += 1;
        for days in &mut self.days {
            days.count(url, secs);
        }
        self.distinct += 1;
    }

    /// Adds what another thread counted.
    pub fn add(&mut self, other: Tally) {
        for (key, count) in other.hours {
            *self.hours.entry(key).or_insert(0) += count;
        }
        for (mine, theirs) in self.days.iter_mut().zip(other.days) {
            for (key, count) in theirs.counts {
                *mine.counts.entry(key).or_insert(0) += count;
            }
        }
        self.distinct += other.distinct;
        self.duplicates += other.duplicates;
    }

    /// The view at one granularity.
    pub fn buckets(&self, granularity: Granularity) -> Buckets {
        let mut buckets = Buckets::default();
        for (key, count) in &self.hours {
            let secs = (key >> 32) as i64 * 3600 + TIMESTAMPS.start();
            *buckets
                .entry((*key as u32, granularity.bucket(secs)))
                .or_insert(0) += count;
        }
        buckets
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
