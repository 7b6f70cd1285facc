//! Buckets of time: the four granularities of the lesson, local days, and query plans.
//!
//! A timestamp is a number of seconds since the epoch (1970-01-01 00:00 UTC). A *bucket* is a
//! range of time, and is named by its first second. [`Granularity`] divides time into buckets
//! of equal length, for which a batch view stores values. A *local day* is not such a bucket:
//! it begins when the local clock reaches midnight, and it may last 23, 24 or 25 hours, or
//! another time. [`local_day_start`] finds it. A [`Plan`] is the fewest buckets that answer for
//! a range of time, which is a [`Span`].
//!
//! The following is easy to get wrong: 02:00 UTC on August 7 is still August 6 in California,
//! and that local day began at 07:00 UTC.
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

/// The timestamps that data may have: the years 1 to 9999, in epoch seconds, UTC.
///
/// Seconds before 1970 are negative and valid. A timestamp outside of this range is nearly
/// always one in milliseconds (1438913491000 would be in the year 47567), and if it were
/// accepted, its buckets would be wrong without any error.
pub const TIMESTAMPS: std::ops::RangeInclusive<i64> = -62_135_596_800..=253_402_300_799;
