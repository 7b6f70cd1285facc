//! The calendar days of a time zone, as ranges of time.
//!
//! # Definition
//!
//! The local day D begins at the first instant at which the local clock has reached midnight of
//! D, and ends where the day D+1 begins. It follows that:
//!
//! 1. Every instant is in exactly one local day, and days follow each other without gaps or
//!    overlaps.
//! 2. If midnight does not exist, because clocks are put forward from 00:00 to 01:00, the day
//!    begins at the instant of the change.
//! 3. A day that a place skipped does not occur. Samoa had no December 30 in 2011.
//! 4. If clocks are put *back* over midnight, the day before does not begin again. This
//!    happened in Newfoundland until 2011: one minute after Sunday had begun, the clocks went
//!    back to 23:01 on Saturday, and that hour belongs to Sunday.
//!
//! # Quirks
//!
//! The rules are those of chrono-tz, which lists the changes of each zone up to the year 2100.
//! For instants that chrono cannot represent (more than about 262,000 years from now), the
//! offset of the first or last instant that it can is used, so no timestamp panics.
use super::Granularity;
use chrono::{DateTime, Offset, TimeZone};
use chrono_tz::Tz;

const HOUR: i64 = Granularity::Hour.secs();
const DAY: i64 = Granularity::Day.secs();

/// How far to look before and after an instant for the bounds of its local day, in seconds. A
/// local day lasts at most 48 hours: Alaska had the same Friday twice in 1867, when it changed
/// from Russian to American dates.
const WINDOW: i64 = 2 * DAY + 2 * HOUR;

/// A local day: the range of time from `start` to before `end`.
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
    /// The instant at which it begins, in epoch seconds, UTC.
    pub start: i64,
    /// The instant at which the next day begins, in epoch seconds, UTC. It is not part of this
    /// day.
    pub end: i64,
}

impl LocalDay {
    /// Returns the length of the day in seconds.
    pub fn secs(self) -> i64 {
        self.end - self.start
    }

    /// Returns whether an instant, in epoch seconds, UTC, is in the day.
    pub fn contains(self, ts: i64) -> bool {
        (self.start..self.end).contains(&ts)
    }

    /// Returns the hour buckets that overlap with this day, by their first second.
    ///
    /// If [`is_whole_hours`](Self::is_whole_hours), they make up the day exactly. If not, the
    /// first or the last of them is shared with a neighbouring day, and the counts of the day
    /// cannot be computed from counts by hour.
    pub fn hours(self) -> impl Iterator<Item = i64> {
        (Granularity::Hour.bucket(self.start)..self.end).step_by(HOUR as usize)
    }

    /// Returns whether the day begins and ends at the bounds of hour buckets.
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

/// Returns the instant at which the local day that contains `ts` began. Both are in epoch
/// seconds, UTC.
///
/// The example shows two hours of the lesson, with their UTC days and their Pacific days.
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
/// Each call looks up about fifty offsets of the zone. For a column of timestamps use
/// [`LocalDays`].
pub fn local_day_start(ts: i64, zone: Tz) -> i64 {
    let past = pieces(ts.saturating_sub(WINDOW), ts.saturating_add(1), zone);
    let midnight = midnight_reached(&past);
    first_instant_at(midnight, &past).unwrap_or(ts)
}

/// Returns the instant at which the local day after that of `ts` begins. Both are in epoch
/// seconds, UTC.
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

/// Returns the local day that contains `ts`, in epoch seconds, UTC.
pub fn local_day(ts: i64, zone: Tz) -> LocalDay {
    LocalDay {
        start: local_day_start(ts, zone),
        end: next_local_day(ts, zone),
    }
}

/// Finds the local days of many timestamps. It remembers the last day that it found, so it is
/// fast for neighbouring timestamps.
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
    /// Creates a finder of the local days of a zone.
    pub fn new(zone: Tz) -> Self {
        Self {
            zone,
            last: LocalDay { start: 0, end: 0 },
        }
    }

    /// Returns the local day that contains `ts`, as [`local_day`] does.
    pub fn day_of(&mut self, ts: i64) -> LocalDay {
        if !self.last.contains(ts) {
            self.last = local_day(ts, self.zone);
        }
        self.last
    }

    /// Returns the start of the local day that contains `ts`, as [`local_day_start`] does.
    pub fn start_of(&mut self, ts: i64) -> i64 {
        self.day_of(ts).start
    }
}

/// A range of time during which the offset between local time and UTC does not change.
#[derive(Clone, Copy, Debug)]
struct Piece {
    /// Its first second, in epoch seconds, UTC.
    begin: i64,
    /// The second after its last.
    end: i64,
    /// Local time minus UTC, in seconds.
    offset: i64,
}

/// Divides `begin..end` at the instants at which the offset changes.
///
/// The zone database can only be asked for the offset at an instant. So this asks once for each
/// hour, and searches an hour in which the offset changes by halving. It relies on no place
/// having changed its clocks twice within an hour.
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
            // Find the first second with the new offset.
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

/// Returns the last local midnight that the clock has reached by the end of `past`, in local
/// seconds. A midnight that was reached stays reached when the clock is put back.
fn midnight_reached(past: &[Piece]) -> i64 {
    let furthest = past
        .iter()
        .map(|p| (p.end - 1).saturating_add(p.offset))
        .max()
        .unwrap_or(0);
    Granularity::Day.bucket(furthest)
}

/// Returns the first instant in `pieces` whose local time is `local` or later, in epoch seconds,
/// UTC; `None` if there is none.
fn first_instant_at(local: i64, pieces: &[Piece]) -> Option<i64> {
    pieces.iter().find_map(|p| {
        let instant = local.saturating_sub(p.offset).max(p.begin);
        (instant < p.end).then_some(instant)
    })
}

/// Returns local time minus UTC at an instant, in seconds.
fn offset_at(ts: i64, zone: Tz) -> i64 {
    // The nearest instant that chrono can represent, for those that it cannot.
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
