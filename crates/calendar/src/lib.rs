//! Buckets of time: the lesson's four granularities, and the days of a place.
//!
//! A timestamp is epoch seconds, UTC. A *bucket* is named by its first second.
//! [`Granularity`] cuts the epoch into equal buckets, which is what a batch
//! view stores. A *local* day is not one of them: it begins when the clock on
//! the wall says so, and it may last 23, 24 or 25 hours, or some other time.
//! [`local_day_start`] finds it.
//!
//! The lesson's trap, in two lines: 02:00 UTC on August 7 is still August 6 in
//! California, and that day began at 07:00 UTC.
//!
//! ```
//! use lambda_workbook::calendar::{Granularity, local_day_start, parse_zone};
//!
//! let hour = 1_438_912_800; // 2015-08-07 02:00 UTC
//! assert_eq!(Granularity::Day.bucket(hour), 1_438_905_600); // Aug 7, UTC
//! assert_eq!(local_day_start(hour, parse_zone("America/Los_Angeles")?), 1_438_844_400); // Aug 6
//! # Ok::<(), lambda_workbook::calendar::UnknownZone>(())
//! ```
mod forms;
mod granularity;
mod local_day;
mod plan;
mod zone;

pub use granularity::{Granularity, UnknownGranularity};
pub use local_day::{LocalDay, LocalDays, local_day, local_day_start, next_local_day};
pub use plan::{Plan, Read, Span, SpanError};
pub use zone::{UnknownZone, parse_zone};

/// The timestamps that data may have: years 1 to 9999, in epoch seconds, UTC.
///
/// Seconds before 1970 are negative and valid. A timestamp outside is nearly always a
/// clock in milliseconds (1438913491000 would be the year 47567), and buckets made of it
/// would be wrong without a sign.
pub const TIMESTAMPS: std::ops::RangeInclusive<i64> = -62_135_596_800..=253_402_300_799;
