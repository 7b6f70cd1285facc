//! Counts page views and visitors by hour, and page views by local day.
//!
//! Counts and sketches of parts can be added up. So what a thread has counted may be spilled to disk
//! at any time, and parts of the same row meet again when the runs are merged ([`Runs`]).

use super::person::PersonKey;
use super::record;
use super::runs::{MergedRows, Runs, RunsState, ViewRow};
use super::scratch::Scratch;
use super::urls::{Folded, Urls};
use crate::batch::sketch::Precision;
use crate::batch::url_hour::UrlHour;
use crate::engine::EngineError;
use calendar::TIMESTAMPS;
use calendar::{self, Granularity, LocalDay};
use chrono_tz::Tz;
use rayon::prelude::*;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// Page views by (URL number, epoch second at which the local day begins).
type Buckets = HashMap<(u32, i64), i64, Folded>;

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

/// Bytes that an hour takes in memory before its first visitor, and a local day: keys, numbers, and
/// room in their tables.
const HOUR_BYTES: usize = 160;
const DAY_BYTES: usize = 48;
/// Bytes that a further page view may add to a sketch, and the number of page views after which it
/// grows no more.
const VISITOR_BYTES: usize = 8;
const SKETCH_IS_FULL: i64 = 4_096;

/// The counts of one thread.
pub struct Tally {
    precision: Precision,
    hours: HashMap<HourKey, UrlHour, Folded>,
    /// Page views by local day, for each zone of the job.
    days: Vec<LocalDayCounts>,
    /// The memory that hours and days take, at most.
    bytes: usize,
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
            bytes: 0,
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
        self.bytes += match hour.count {
            1 => HOUR_BYTES,
            2..SKETCH_IS_FULL => VISITOR_BYTES,
            _ => 0,
        };
        for days in &mut self.days {
            self.bytes += if days.count(url, secs) { DAY_BYTES } else { 0 };
        }
        self.distinct += 1;
    }

    /// Returns the memory that the counts take, at most, in bytes.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Takes the hours of which `is_wanted` says so, as rows, with their sketches encoded.
    fn take_hours(&mut self, is_wanted: impl Fn(&HourKey) -> bool) -> Vec<(HourKey, UrlHour)> {
        let taken = self.hours.extract_if(|key, _| is_wanted(key));
        let taken: Vec<(HourKey, UrlHour)> = taken.collect();
        let bytes_of = |hour: &UrlHour| {
            let visitors = hour.count.min(SKETCH_IS_FULL) as usize - 1;
            HOUR_BYTES + visitors * VISITOR_BYTES
        };
        let bytes: usize = taken.iter().map(|(_, hour)| bytes_of(hour)).sum();
        self.bytes = self.bytes.saturating_sub(bytes);
        taken
    }

    /// Takes the local days, as rows.
    fn take_days(&mut self) -> Vec<ViewRow> {
        let mut rows = Vec::new();
        for (zone, days) in self.days.iter_mut().enumerate() {
            self.bytes = self.bytes.saturating_sub(days.counts.len() * DAY_BYTES);
            rows.extend(days.take(zone));
        }
        rows
    }
}

/// Returns the row of an hour.
fn row_of(key: HourKey, hour: &UrlHour) -> ViewRow {
    let (url, ts) = hour_of(key);
    ViewRow {
        url,
        label: 0,
        ts,
        count: hour.count,
        sketch: hour.persons.to_bytes(),
    }
}

/// The hours and local days that are counted, in memory and in runs on disk.
///
/// Days, weeks and months in UTC are computed from the hours, because every one of them consists of
/// whole hours.
#[derive(Default)]
pub struct CountedRows {
    hours: Vec<ViewRow>,
    hour_runs: Runs,
    /// Local days; the label is the position of the zone.
    days: Vec<ViewRow>,
    day_runs: Runs,
    /// The memory that hours and days take, at most, in bytes.
    bytes: usize,
}

impl CountedRows {
    /// Creates rows without any, which are spilled into temporary files.
    pub fn new(scratch: &Scratch) -> Self {
        Self {
            hour_runs: Runs::new(scratch, "hours"),
            day_runs: Runs::new(scratch, "days"),
            ..Self::default()
        }
    }

    /// Spills all rows in memory, and returns where the runs of hours and of days are.
    ///
    /// # Errors
    /// If the disk refuses.
    pub fn save(&mut self, urls: &Urls) -> Result<(RunsState, RunsState), EngineError> {
        self.spill(urls)?;
        Ok((self.hour_runs.save(), self.day_runs.save()))
    }

    /// Takes up the runs that [`save`](Self::save) has told of.
    ///
    /// # Errors
    /// If the disk refuses.
    pub fn restore(&mut self, hours: RunsState, days: RunsState) -> Result<(), EngineError> {
        self.hour_runs.restore(hours)?;
        self.day_runs.restore(days)
    }

    /// Moves the hours that end at or before `secs` (epoch seconds) out of the threads' tallies,
    /// and merges their counts. That saves memory: encoded, a code takes about two bytes, and
    /// four to eight in a sketch that is being built.
    pub fn close<'a>(&mut self, secs: i64, tallies: impl Iterator<Item = &'a mut Tally>) {
        // Collect each hour's counts from all threads.
        let mut parts: HashMap<HourKey, Vec<UrlHour>, Folded> = HashMap::default();
        for tally in tallies {
            let has_ended = |key: &HourKey| hour_of(*key).1.saturating_add(HOUR) <= secs;
            for (key, hour) in tally.take_hours(has_ended) {
                parts.entry(key).or_default().push(hour);
            }
            if secs == i64::MAX {
                let days = tally.take_days();
                self.bytes += days.len() * DAY_BYTES;
                self.days.extend(days);
            }
        }
        // Merge them, and encode the sketches.
        let parts: Vec<(HourKey, Vec<UrlHour>)> = parts.into_iter().collect();
        let merged = parts.into_par_iter().map(|(key, parts)| {
            let mut parts = parts.into_iter();
            let mut hour = parts.next().expect("each key has at least one part");
            for part in parts {
                let merged = hour.merge(&part);
                merged.expect("one run has one precision");
            }
            row_of(key, &hour)
        });
        let had = self.hours.len();
        self.hours.par_extend(merged);
        self.bytes += self.hours[had..].iter().map(bytes_of).sum::<usize>();
    }

    /// Spills what one thread has counted so far, to which later page views may add.
    ///
    /// # Errors
    /// If the disk refuses.
    pub fn spill_tally(&mut self, tally: &mut Tally, urls: &Urls) -> Result<(), EngineError> {
        let hours = tally.take_hours(|_| true);
        let hours = hours.iter().map(|(key, hour)| row_of(*key, hour)).collect();
        let rank = urls.rank();
        self.hour_runs.spill(hours, &rank)?;
        self.day_runs.spill(tally.take_days(), &rank)
    }

    /// Spills the rows in memory if they take more than `most` bytes.
    ///
    /// # Errors
    /// If the disk refuses.
    pub fn keep_to(&mut self, most: usize, urls: &Urls) -> Result<(), EngineError> {
        match self.bytes <= most || !self.hour_runs.can_spill() {
            true => Ok(()),
            false => self.spill(urls),
        }
    }

    /// Spills the rows in memory.
    fn spill(&mut self, urls: &Urls) -> Result<(), EngineError> {
        let rank = urls.rank();
        self.hour_runs
            .spill(std::mem::take(&mut self.hours), &rank)?;
        self.day_runs.spill(std::mem::take(&mut self.days), &rank)?;
        self.bytes = 0;
        Ok(())
    }

    /// Adds a URL's hour that was counted completely elsewhere. `secs` is the epoch second at which
    /// it begins, and `persons` its encoded sketch.
    pub fn add_hour(&mut self, url: u32, secs: i64, count: i64, persons: Vec<u8>) {
        self.hours.push(ViewRow {
            url,
            label: 0,
            ts: secs,
            count,
            sketch: persons,
        });
    }

    /// Adds a URL's local day that was counted elsewhere, in the zone at a position.
    pub fn add_day(&mut self, zone: usize, url: u32, secs: i64, count: i64) {
        self.days.push(day_row(zone, url, secs, count));
    }

    /// Returns the hours and the local days, each in the order of `rank`, label and time.
    pub fn sorted(self, rank: Vec<u32>) -> (MergedRows, MergedRows) {
        let rank: Arc<[u32]> = rank.into();
        (
            self.hour_runs.merged(self.hours, rank.clone()),
            self.day_runs.merged(self.days, rank),
        )
    }
}

/// Returns the memory that a row of an hour takes, at most, in bytes.
fn bytes_of(row: &ViewRow) -> usize {
    size_of::<ViewRow>() + 32 + row.sketch.len()
}

/// Returns the row of a local day.
fn day_row(zone: usize, url: u32, ts: i64, count: i64) -> ViewRow {
    ViewRow {
        url,
        label: u8::try_from(zone).expect("a job has fewer than 256 zones"),
        ts,
        count,
        sketch: Vec::new(),
    }
}

/// Page views by local day in one time zone.
struct LocalDayCounts {
    /// The zone.
    zone: Tz,
    /// Page views by URL number and the epoch second at which the local day begins.
    counts: Buckets,
    /// A cache of the days so far, by their start. Computing a day from the rules of a zone is
    /// slow, and the records of a partition are in no order of time.
    days: BTreeMap<i64, LocalDay>,
    /// The day of the last record.
    last: Option<LocalDay>,
}

impl LocalDayCounts {
    /// Creates the counts of a zone, without any.
    fn new(zone: Tz) -> Self {
        LocalDayCounts {
            zone,
            counts: Buckets::default(),
            days: BTreeMap::new(),
            last: None,
        }
    }

    /// Counts a page view, and returns whether it is the first of its URL's local day.
    #[inline]
    fn count(&mut self, url: u32, secs: i64) -> bool {
        let day = match self.last {
            Some(day) if day.contains(secs) => day,
            _ => self.find(secs),
        };
        let count = self.counts.entry((url, day.start)).or_insert(0);
        *count += 1;
        *count == 1
    }

    /// Takes all days, as rows of the zone at a position.
    fn take(&mut self, zone: usize) -> impl Iterator<Item = ViewRow> {
        let counts = std::mem::take(&mut self.counts).into_iter();
        counts.map(move |((url, start), count)| day_row(zone, url, start, count))
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
