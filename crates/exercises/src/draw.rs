//! What a case is drawn from: fixed for readers, by lot for a grader.
//!
//! A reader's case is the most telling one, with the dates of the text. With any
//! other seed each case asks the same on other days, of other pages, so that an
//! answer which knows the reader's cases by heart knows nothing.
use super::READERS_SEED;
use chrono::{NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, TimeZone as _, Weekday};
use chrono_tz::Tz;
use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::{Rng as _, SeedableRng};
use std::ops::Range;

/// Draws what a case leaves open.
///
/// ```
/// use lambda_workbook::exercises::{READERS_SEED, draw::Draw};
/// assert_eq!(Draw::of(READERS_SEED).number(2015, 2009..2018), 2015);
/// assert!((2009..2018).contains(&Draw::of(1).number(2015, 2009..2018)));
/// ```
#[derive(Clone, Debug)]
pub struct Draw {
    random: Xoshiro256PlusPlus,
    readers: bool,
}

impl Draw {
    /// Same seed, same draws.
    pub fn of(seed: u64) -> Self {
        Draw {
            random: Xoshiro256PlusPlus::seed_from_u64(seed),
            readers: seed == READERS_SEED,
        }
    }

    /// A number below `n`, for readers too.
    pub fn below(&mut self, n: i64) -> i64 {
        (self.random.next_u64() % n.max(1) as u64) as i64
    }

    /// Puts items into a drawn order, for readers too.
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for place in (1..items.len()).rev() {
            items.swap(place, self.below(place as i64 + 1) as usize);
        }
    }

    /// The readers' number, or one of the range.
    pub fn number(&mut self, readers: i64, range: Range<i64>) -> i64 {
        let drawn = range.start + self.below(range.end - range.start);
        if self.readers { readers } else { drawn }
    }

    /// The readers' page, or one of a longer name that nobody foresees.
    pub fn page(&mut self, readers: &str) -> String {
        // Digits come before letters: the pages keep their order.
        let drawn = format!("{readers}{:09}", self.below(1_000_000_000));
        if self.readers {
            readers.to_owned()
        } else {
            drawn
        }
    }
}

/// The first instant at which clocks in `zone` show this; where they never do, the
/// first after.
pub fn at(zone: Tz, date: NaiveDate, hour: i64, minute: i64) -> i64 {
    let clock = date.and_time(NaiveTime::MIN) + TimeDelta::minutes(60 * hour + minute);
    let times = (0..48).map(|n| clock + TimeDelta::minutes(30 * n));
    let instant = |time: NaiveDateTime| zone.from_local_datetime(&time).earliest();
    let mut instants = times.filter_map(instant);
    instants.next().map_or(0, |instant| instant.timestamp())
}

/// The `n`th Sunday of a month: when clocks change.
pub fn sunday(year: i64, month: u32, n: u8) -> NaiveDate {
    let date = NaiveDate::from_weekday_of_month_opt(year as i32, month, Weekday::Sun, n);
    date.unwrap_or_default()
}

/// A day of a month.
pub fn day(year: i64, month: u32, day: i64) -> NaiveDate {
    NaiveDate::from_ymd_opt(year as i32, month, day as u32).unwrap_or_default()
}
