//! A range of time, for which a query asks.

use crate::Granularity;
use chrono::{DateTime, NaiveDateTime, TimeZone};
use chrono_tz::Tz;

/// A range of time in epoch seconds, UTC, from the second `from` to before the second `until`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Span {
    from: i64,
    until: i64,
}

/// The seconds that a span may have: the years 1 to 9999, which can be written as a date.
const SECONDS: std::ops::RangeInclusive<i64> = crate::TIMESTAMPS;

impl Span {
    /// Creates the span from the second `from` to before the second `until`. It is empty if they are
    /// equal.
    ///
    /// # Errors
    /// A range that ends before it starts, or that is not within the years 1 to 9999.
    ///
    /// ```
    /// use lambda_workbook::calendar::Span;
    /// assert_eq!(Span::new(0, 7_200)?.hours(), 2);
    /// let error = Span::new(7_200, 0).unwrap_err();
    /// assert!(error.to_string().starts_with("the range ends before it starts"));
    /// # Ok::<(), lambda_workbook::calendar::SpanError>(())
    /// ```
    pub fn new(from: i64, until: i64) -> Result<Span, SpanError> {
        for secs in [from, until] {
            if !SECONDS.contains(&secs) {
                return Err(SpanError::Outside(secs));
            }
        }
        if until < from {
            return Err(SpanError::Backwards { from, until });
        }
        Ok(Span { from, until })
    }

    /// Returns the span of the hours that begin in a range of epoch seconds, limited to the years 1
    /// to 9999. It is empty if no hour begins in the range.
    ///
    /// ```
    /// use lambda_workbook::calendar::Span;
    /// assert_eq!(Span::of_hours_in(&(-10..7_200)), Span::new(0, 7_200)?);
    /// assert_eq!(Span::of_hours_in(&(1..3_599)).hours(), 0);
    /// # Ok::<(), lambda_workbook::calendar::SpanError>(())
    /// ```
    pub fn of_hours_in(range: &std::ops::Range<i64>) -> Span {
        let hour = Granularity::Hour.secs();
        // The first hour that begins at a second or after it, in the range of years.
        let next = |secs: i64| {
            let secs = secs.clamp(*SECONDS.start(), SECONDS.end() - hour);
            secs + (-secs).rem_euclid(hour)
        };
        let from = next(range.start);
        Span {
            from,
            until: next(range.end).max(from),
        }
    }

    /// Creates the span from one local time to before another.
    ///
    /// If a local time occurs twice, because clocks were put back, the first instant is taken. If
    /// it does not occur, because clocks were put forward, the instant of the change is taken. So a
    /// span from 03:00 to 03:00 is not always a multiple of 24 hours long.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    ///
    /// ```
    /// use lambda_workbook::calendar::Span;
    /// use chrono::NaiveDate;
    /// use chrono_tz::America::Los_Angeles;
    ///
    /// let three = |day| NaiveDate::from_ymd_opt(2015, 8, day).unwrap().and_hms_opt(3, 0, 0).unwrap();
    /// let span = Span::local(three(3), three(6), Los_Angeles)?;
    /// assert_eq!((span.from(), span.hours()), (1_438_596_000, 72));
    /// # Ok::<(), lambda_workbook::calendar::SpanError>(())
    /// ```
    pub fn local(from: NaiveDateTime, until: NaiveDateTime, zone: Tz) -> Result<Span, SpanError> {
        Span::new(instant(from, zone), instant(until, zone))
    }

    /// Returns the first second, in epoch seconds, UTC.
    pub fn from(self) -> i64 {
        self.from
    }

    /// Returns the second after the last, in epoch seconds, UTC.
    pub fn until(self) -> i64 {
        self.until
    }

    /// Returns the length in seconds.
    pub fn secs(self) -> i64 {
        self.until - self.from
    }

    /// Returns the length in whole hours, which is the number of reads from hour buckets alone.
    pub fn hours(self) -> i64 {
        self.secs() / Granularity::Hour.secs()
    }

    /// Returns whether a second is in the span.
    pub fn contains(self, ts: i64) -> bool {
        (self.from..self.until).contains(&ts)
    }

    /// Checks that the span begins and ends at the bounds of buckets of a granularity.
    ///
    /// # Errors
    /// [`SpanError::NotABound`] for the first end that is not such a bound.
    pub(super) fn must_be_made_of(self, finest: Granularity) -> Result<(), SpanError> {
        for ts in [self.from, self.until] {
            if finest.bucket(ts) != ts {
                return Err(SpanError::NotABound { ts, finest });
            }
        }
        Ok(())
    }
}

/// Returns the instant of a local time in a zone, in epoch seconds, UTC; see [`Span::local`] for
/// local times that occur twice or not at all.
fn instant(wall: NaiveDateTime, zone: Tz) -> i64 {
    let utc = wall.and_utc().timestamp();
    if let Some(first) = zone.from_local_datetime(&wall).earliest() {
        return first.timestamp();
    }
    // The local time does not occur. Search for the change of clocks, which is the first instant
    // with a later local time.
    let reads =
        |ts: i64| DateTime::from_timestamp(ts, 0).map(|utc| utc.with_timezone(&zone).naive_local());
    let (mut before, mut after) = (utc - 36 * 3_600, utc + 36 * 3_600);
    while after - before > 1 {
        let middle = before + (after - before) / 2;
        if reads(middle) < Some(wall) {
            before = middle;
        } else {
            after = middle;
        }
    }
    after
}

/// Why a range cannot be answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SpanError {
    /// The range ends before it starts.
    #[error(
        "the range ends before it starts: from {} to {} UTC; exchange the two",
        stamp(*from),
        stamp(*until)
    )]
    Backwards {
        /// Its start in epoch seconds, UTC.
        from: i64,
        /// Its end in epoch seconds, UTC.
        until: i64,
    },
    /// This second is not within the years 1 to 9999.
    #[error("second {} is outside the years 1 to 9999{}", .0, ask_about_milliseconds(*.0))]
    Outside(i64),
    /// An end of the range is inside of a bucket of the finest granularity.
    #[error(
        "{ts} ({} UTC) lies inside a bucket of one {}, and a view cannot be read \
         in parts; use {} or {}, or count the page views themselves",
        stamp(*ts),
        finest.name(),
        finest.bucket(*ts),
        finest.bucket(*ts) + finest.secs()
    )]
    NotABound {
        /// That end in epoch seconds, UTC.
        ts: i64,
        /// The finest granularity.
        finest: Granularity,
    },
    /// No granularity was given.
    #[error("no granularity to read; name one or more of h, d, w and m")]
    NoGranularity,
}

/// Returns a second as date and time in UTC.
pub(super) fn stamp(ts: i64) -> String {
    match DateTime::from_timestamp(ts, 0) {
        Some(utc) => utc.format("%Y-%m-%d %H:%M").to_string(),
        None => ts.to_string(),
    }
}

/// Returns the end of a message about a second outside the years 1 to 9999: a question, if the
/// number would be inside of them as milliseconds.
fn ask_about_milliseconds(secs: i64) -> &'static str {
    if SECONDS.contains(&(secs / 1000)) {
        "; are these milliseconds? seconds are wanted"
    } else {
        ""
    }
}

impl From<SpanError> for polars::error::PolarsError {
    fn from(error: SpanError) -> Self {
        polars::error::PolarsError::InvalidOperation(error.to_string().into())
    }
}
