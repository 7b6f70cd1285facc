//! The calendar days of a place, as stretches of the time line.
//!
//! # What a local day is
//!
//! Day D begins at the first instant at which the clock on the wall has
//! reached midnight of D, and ends where day D+1 begins. So:
//!
//! 1. Every instant lies in exactly one local day, and days follow one another
//!    without gap or overlap.
//! 2. Where midnight does not exist (the clock is put forward from 00:00 to
//!    01:00) the day begins at the instant of the change.
//! 3. A day that the place skipped (Samoa had no December 30 in 2011) does not
//!    occur.
//! 4. A clock that is put *back* over midnight does not reopen the day before:
//!    the day turns once. This was so in Newfoundland until 2011, where Sunday
//!    was one minute old when the clock showed Saturday, 23:01, again.
//!
//! # Quirks
//!
//! Zones follow the rules known to chrono-tz, which it spells out up to the
//! year 2100. Beyond the years chrono can write (about 262,000 either way) the
//! offset of the last such instant is used, so no timestamp panics.
use super::Granularity;
use chrono::{DateTime, Offset, TimeZone};
use chrono_tz::Tz;

const HOUR: i64 = Granularity::Hour.secs();
const DAY: i64 = Granularity::Day.secs();

/// Two days and some: a local day lasts at most 48 hours (Alaska lived through
/// one Friday twice in 1867, when it came from Russian hands).
const WINDOW: i64 = 2 * DAY + 2 * HOUR;

/// One local day: `start..end`, epoch seconds, UTC.
///
/// ```
/// use lambda_workbook::calendar::{local_day, parse_zone};
///
/// let pacific = parse_zone("America/Los_Angeles")?;
/// let spring = local_day(1_425_844_800, pacific); // 2015-03-08 20:00 UTC
/// let autumn = local_day(1_446_408_000, pacific); // 2015-11-01 20:00 UTC
/// assert_eq!((spring.hours().count(), autumn.hours().count()), (23, 25));
/// # Ok::<(), lambda_workbook::calendar::UnknownZone>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LocalDay {
    pub start: i64,
    /// The start of the next day: not in this one.
    pub end: i64,
}

impl LocalDay {
    pub fn secs(self) -> i64 {
        self.end - self.start
    }

    pub fn contains(self, ts: i64) -> bool {
        (self.start..self.end).contains(&ts)
    }

    /// The hour buckets that this day touches, by their first second.
    ///
    /// If [`is_whole_hours`](Self::is_whole_hours) they are the day. If not,
    /// the first or the last is shared with a neighbouring day, and hourly
    /// counts cannot give daily ones.
    pub fn hours(self) -> impl Iterator<Item = i64> {
        (Granularity::Hour.bucket(self.start)..self.end).step_by(HOUR as usize)
    }

    /// Whether the day begins and ends with an hour bucket.
    ///
    /// ```
    /// use lambda_workbook::calendar::{local_day, parse_zone};
    ///
    /// let kolkata = local_day(1_438_912_800, parse_zone("Asia/Kolkata")?);
    /// assert_eq!(kolkata.start.rem_euclid(86_400), 18 * 3600 + 30 * 60); // 18:30 UTC
    /// assert!(!kolkata.is_whole_hours());
    /// # Ok::<(), lambda_workbook::calendar::UnknownZone>(())
    /// ```
    pub fn is_whole_hours(self) -> bool {
        self.start.rem_euclid(HOUR) == 0 && self.end.rem_euclid(HOUR) == 0
    }
}

/// The instant at which the local calendar day that holds `ts` began.
///
/// The lesson's four rows: two hours, their UTC days and their Pacific days.
///
/// ```
/// use lambda_workbook::calendar::{Granularity, local_day_start, parse_zone};
///
/// let pacific = parse_zone("America/Los_Angeles")?;
/// for (hour, utc_day, pacific_day) in [
///     (1_438_624_800, 1_438_560_000, 1_438_585_200), // Aug 3, Aug 3
///     (1_438_912_800, 1_438_905_600, 1_438_844_400), // Aug 7, but Aug 6
/// ] {
///     assert_eq!(Granularity::Day.bucket(hour), utc_day);
///     assert_eq!(local_day_start(hour, pacific), pacific_day);
/// }
/// # Ok::<(), lambda_workbook::calendar::UnknownZone>(())
/// ```
///
/// It costs some microseconds; for a column of timestamps use [`LocalDays`].
pub fn local_day_start(ts: i64, zone: Tz) -> i64 {
    let past = pieces(ts.saturating_sub(WINDOW), ts.saturating_add(1), zone);
    let midnight = midnight_reached(&past);
    first_instant_at(midnight, &past).unwrap_or(ts)
}

/// The instant at which the local day after that of `ts` begins.
///
/// ```
/// use lambda_workbook::calendar::{local_day_start, next_local_day, parse_zone};
///
/// // Samoa went from December 29 straight to December 31, 2011.
/// let apia = parse_zone("Pacific/Apia")?;
/// let dec_29 = local_day_start(1_325_200_000, apia);
/// let dec_31 = next_local_day(dec_29, apia);
/// assert_eq!(dec_31 - dec_29, 86_400);
/// # Ok::<(), lambda_workbook::calendar::UnknownZone>(())
/// ```
pub fn next_local_day(ts: i64, zone: Tz) -> i64 {
    let past = pieces(ts.saturating_sub(WINDOW), ts.saturating_add(1), zone);
    let midnight = midnight_reached(&past).saturating_add(DAY);
    let future = pieces(ts, ts.saturating_add(WINDOW), zone);
    first_instant_at(midnight, &future).unwrap_or(i64::MAX)
}

/// The local day that holds `ts`.
pub fn local_day(ts: i64, zone: Tz) -> LocalDay {
    LocalDay {
        start: local_day_start(ts, zone),
        end: next_local_day(ts, zone),
    }
}

/// Local days for many timestamps: remembers the last day it found.
///
/// ```
/// use lambda_workbook::calendar::{LocalDays, local_day_start, parse_zone};
///
/// let zone = parse_zone("Australia/Lord_Howe")?; // changes its clock by half an hour
/// let mut days = LocalDays::new(zone);
/// for ts in (1_428_000_000..1_429_000_000).step_by(1000) {
///     assert_eq!(days.start_of(ts), local_day_start(ts, zone));
/// }
/// # Ok::<(), lambda_workbook::calendar::UnknownZone>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct LocalDays {
    zone: Tz,
    last: LocalDay,
}

impl LocalDays {
    pub fn new(zone: Tz) -> Self {
        Self {
            zone,
            last: LocalDay { start: 0, end: 0 },
        }
    }

    /// As [`local_day`].
    pub fn day_of(&mut self, ts: i64) -> LocalDay {
        if !self.last.contains(ts) {
            self.last = local_day(ts, self.zone);
        }
        self.last
    }

    /// As [`local_day_start`].
    pub fn start_of(&mut self, ts: i64) -> i64 {
        self.day_of(ts).start
    }
}

/// A stretch of time with one offset between local time and UTC.
#[derive(Clone, Copy, Debug)]
struct Piece {
    begin: i64,
    end: i64,
    offset: i64,
}

/// Cuts `begin..end` where the offset changes.
///
/// The zone database is only asked for offsets, at every hour: no place has
/// changed its clock twice within one.
fn pieces(begin: i64, end: i64, zone: Tz) -> Vec<Piece> {
    let mut found = vec![Piece {
        begin,
        end,
        offset: offset_at(begin, zone),
    }];
    let mut before = begin;
    while before < end - 1 {
        let after = before.saturating_add(HOUR).min(end - 1);
        let offset = offset_at(after, zone);
        let last = found.len() - 1;
        if offset != found[last].offset {
            let (mut old, mut new) = (before, after);
            while new - old > 1 {
                let middle = old + (new - old) / 2;
                if offset_at(middle, zone) == found[last].offset {
                    old = middle
                } else {
                    new = middle
                }
            }
            found[last].end = new;
            found.push(Piece {
                begin: new,
                end,
                offset,
            });
        }
        before = after;
    }
    found
}

/// The last local midnight that the clock has reached by the end of `past`, in
/// local seconds. A clock put back does not take it back.
fn midnight_reached(past: &[Piece]) -> i64 {
    let furthest = past
        .iter()
        .map(|p| (p.end - 1).saturating_add(p.offset))
        .max()
        .unwrap_or(0);
    Granularity::Day.bucket(furthest)
}

/// The first instant whose local time is `local` or later.
fn first_instant_at(local: i64, pieces: &[Piece]) -> Option<i64> {
    pieces.iter().find_map(|p| {
        let instant = local.saturating_sub(p.offset).max(p.begin);
        (instant < p.end).then_some(instant)
    })
}

/// Local time minus UTC, in seconds.
fn offset_at(ts: i64, zone: Tz) -> i64 {
    let last = if ts < 0 {
        DateTime::<chrono::Utc>::MIN_UTC
    } else {
        DateTime::<chrono::Utc>::MAX_UTC
    };
    let utc = DateTime::from_timestamp(ts, 0).unwrap_or(last).naive_utc();
    i64::from(zone.offset_from_utc_datetime(&utc).fix().local_minus_utc())
}

#[cfg(test)]
#[path = "local_day_tests.rs"]
mod tests;
