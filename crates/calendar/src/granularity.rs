//! The four granularities of a batch view: hour, day, week and month.
use std::fmt;
use std::str::FromStr;

/// The width of a bucket. All buckets are aligned to the epoch, in UTC: they start at a multiple
/// of their width.
///
/// A week begins on a Thursday, because the epoch did. A month is 28 days, which is four such
/// weeks, and not a month of the calendar. So every bucket consists of whole buckets of each
/// finer granularity, and their counts add up to its count.
///
/// ```
/// use lambda_workbook::calendar::Granularity::{Day, Hour, Month, Week};
///
/// let ts = 1_438_913_491; // 2015-08-07 02:11:31 UTC, a Friday
/// assert_eq!(Hour.bucket(ts), 1_438_912_800); // 02:00
/// assert_eq!(Day.bucket(ts), 1_438_905_600); // Aug 7
/// assert_eq!(Week.bucket(ts), 1_438_819_200); // Thursday, Aug 6
/// assert_eq!(Month.bucket(ts), 1_437_004_800); // Jul 16
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Granularity {
    /// 3,600 seconds.
    Hour,
    /// 86,400 seconds, beginning at midnight UTC.
    Day,
    /// 7 days, beginning on a Thursday.
    Week,
    /// 28 days.
    Month,
}

impl Granularity {
    /// All granularities, from the finest to the coarsest.
    pub const ALL: [Self; 4] = [Self::Hour, Self::Day, Self::Week, Self::Month];

    /// Returns the code: the value in the column `granularity` of a view.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Hour => "h",
            Self::Day => "d",
            Self::Week => "w",
            Self::Month => "m",
        }
    }

    /// Returns the name: "hour", "day", "week" or "month".
    ///
    /// ```
    /// # use lambda_workbook::calendar::Granularity;
    /// assert_eq!(Granularity::Week.name(), "week");
    /// ```
    pub const fn name(self) -> &'static str {
        match self {
            Self::Hour => "hour",
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
        }
    }

    /// Returns the width in seconds.
    pub const fn secs(self) -> i64 {
        match self {
            Self::Hour => 3_600,
            Self::Day => 86_400,
            Self::Week => 604_800,
            Self::Month => 2_419_200,
        }
    }

    /// Returns the first second of the bucket that contains `ts`, in epoch seconds, UTC.
    ///
    /// It rounds down, also before 1970. The `ts - ts % secs` of the lesson would round up there
    /// in a language whose remainder has the sign of `ts`, such as Rust. Near the smallest
    /// `i64`, where the first second would not fit, it returns `i64::MIN`.
    ///
    /// ```
    /// # use lambda_workbook::calendar::Granularity;
    /// assert_eq!(Granularity::Hour.bucket(-1), -3600);
    /// ```
    pub const fn bucket(self, ts: i64) -> i64 {
        ts.saturating_sub(ts.rem_euclid(self.secs()))
    }
}

impl fmt::Display for Granularity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// The error for a code other than h, d, w and m. It holds that code.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no granularity {0:?}; use h (hour), d (day), w (week) or m (28 days)")]
pub struct UnknownGranularity(pub String);

impl FromStr for Granularity {
    type Err = UnknownGranularity;

    fn from_str(code: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|g| g.code() == code)
            .ok_or_else(|| UnknownGranularity(code.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_lessons_hours_fall_into_the_lessons_buckets() {
        use Granularity::*;
        for (ts, day, week, month) in [
            (1_438_624_800, 1_438_560_000, 1_438_214_400, 1_437_004_800),
            (1_438_912_800, 1_438_905_600, 1_438_819_200, 1_437_004_800),
        ] {
            assert_eq!(
                [Hour, Day, Week, Month].map(|g| g.bucket(ts)),
                [ts, day, week, month]
            );
        }
    }

    #[test]
    fn codes_parse_back_and_others_say_what_is_allowed() {
        for g in Granularity::ALL {
            assert_eq!(g.code().parse(), Ok(g));
            assert_eq!(g.to_string(), g.code());
        }
        let error = "y".parse::<Granularity>().unwrap_err();
        assert!(error.to_string().contains("h (hour)"));
    }

    #[test]
    fn the_first_seconds_of_the_clock_do_not_overflow() {
        for g in Granularity::ALL {
            assert_eq!(g.bucket(i64::MIN), i64::MIN);
            assert!(g.bucket(i64::MAX) > i64::MAX - g.secs());
        }
    }

    proptest! {
        #[test]
        fn a_bucket_holds_its_timestamp(ts in -1_000_000_000_000i64..1_000_000_000_000) {
            for g in Granularity::ALL {
                let start = g.bucket(ts);
                prop_assert!(start <= ts && ts < start + g.secs());
                prop_assert_eq!(start.rem_euclid(g.secs()), 0);
            }
        }

        #[test]
        fn a_finer_bucket_lies_within_one_coarser(ts in -1_000_000_000_000i64..1_000_000_000_000) {
            for pair in Granularity::ALL.windows(2) {
                prop_assert_eq!(pair[1].bucket(pair[0].bucket(ts)), pair[1].bucket(ts));
            }
        }
    }
}
