//! Converts the dates, times and instants of a data frame to text.
//!
//! The conversion of polars panics on an instant outside of chrono's calendar, which occurs for
//! example if milliseconds were read as seconds. Here such an instant is shown as its number.
use chrono::{DateTime, NaiveTime, Utc};
use chrono_tz::Tz;
use polars::prelude::{AnyValue, TimeUnit};

/// Returns the date of a number of days since 1970-01-01.
pub fn date(days: i32) -> String {
    match DateTime::from_timestamp(i64::from(days) * 86_400, 0) {
        Some(instant) => instant.date_naive().to_string(),
        None => format!("{days} d"),
    }
}

/// Returns a time of day, given in nanoseconds since midnight.
pub fn time(nanos: i64) -> String {
    let (secs, nanos_of) = (
        nanos.div_euclid(1_000_000_000),
        nanos.rem_euclid(1_000_000_000),
    );
    let time = u32::try_from(secs)
        .ok()
        .and_then(|secs| NaiveTime::from_num_seconds_from_midnight_opt(secs, nanos_of as u32));
    time.map_or_else(|| format!("{nanos} ns"), |time| time.to_string())
}

/// Returns the texts of the instants of a column, all with the same number of decimals, so that
/// the abbreviations of the zones are aligned. What is no instant is `None`.
pub fn datetimes(values: &[AnyValue]) -> Vec<Option<String>> {
    let parts: Vec<Option<Parts>> = values.iter().map(Parts::of).collect();
    let decimals = parts.iter().flatten().map(Parts::decimals).max();
    let text = |parts: Option<Parts>| Some(parts?.text(decimals.unwrap_or(0)));
    parts.into_iter().map(text).collect()
}

/// The parts of an instant in polars: a number, its unit, and a zone if it has one.
struct Parts<'a> {
    number: i64,
    unit: TimeUnit,
    zone: Option<&'a str>,
}

impl<'a> Parts<'a> {
    fn of(value: &'a AnyValue) -> Option<Self> {
        let (number, unit, zone) = match value {
            AnyValue::Datetime(number, unit, zone) => (*number, *unit, *zone),
            AnyValue::DatetimeOwned(number, unit, zone) => (*number, *unit, zone.as_deref()),
            _ => return None,
        };
        let zone = zone.map(|zone| zone.as_str());
        Some(Parts { number, unit, zone })
    }

    /// Returns the number of units in a second.
    fn per_second(&self) -> i64 {
        match self.unit {
            TimeUnit::Nanoseconds => 1_000_000_000,
            TimeUnit::Microseconds => 1_000_000,
            TimeUnit::Milliseconds => 1_000,
        }
    }

    /// Returns the nanoseconds after the full second.
    fn nanos(&self) -> u32 {
        let per_second = self.per_second();
        (self.number.rem_euclid(per_second) * (1_000_000_000 / per_second)) as u32
    }

    /// Returns the instant; `None` outside of chrono's calendar.
    fn instant(&self) -> Option<DateTime<Utc>> {
        DateTime::from_timestamp(self.number.div_euclid(self.per_second()), self.nanos())
    }

    /// Returns the number of decimals of the second that it needs: 0, 3, 6 or 9.
    fn decimals(&self) -> usize {
        match self.nanos() {
            0 => 0,
            nanos if nanos % 1_000_000 == 0 => 3,
            nanos if nanos % 1_000 == 0 => 6,
            _ => 9,
        }
    }

    /// Returns the text in the instant's zone, with this number of decimals of the second.
    fn text(&self, decimals: usize) -> String {
        let Some(instant) = self.instant() else {
            return format!("{} {}", self.number, self.unit);
        };
        let pattern = match decimals {
            0 => "%Y-%m-%d %H:%M:%S",
            3 => "%Y-%m-%d %H:%M:%S%.3f",
            6 => "%Y-%m-%d %H:%M:%S%.6f",
            _ => "%Y-%m-%d %H:%M:%S%.9f",
        };
        match self.zone.map(str::parse::<Tz>) {
            None => instant.format(pattern).to_string(),
            Some(Ok(zone)) => instant
                .with_timezone(&zone)
                .format(&format!("{pattern} %Z"))
                .to_string(),
            // chrono does not know the zone, which the head of the column shows. The text is in
            // UTC and says so.
            Some(Err(_)) => instant.format(&format!("{pattern} UTC")).to_string(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Grid, TableCell};
    use polars::prelude::*;

    fn column(dtype: DataType, numbers: &[i64]) -> Vec<String> {
        let series = Series::new("t".into(), numbers).cast(&dtype).unwrap();
        let rows = Grid::of_series(&series).rows;
        let text = |cell: &TableCell| cell.text().to_owned();
        rows.iter().map(|row| text(&row[0])).collect()
    }

    #[test]
    fn an_instant_reads_on_the_clock_of_its_zone() {
        let pacific = TimeZone::opt_try_new(Some("America/Los_Angeles")).unwrap();
        let dtype = DataType::Datetime(TimeUnit::Milliseconds, pacific);
        assert_eq!(
            column(dtype, &[1_438_912_800_000, 1_438_912_800_250]),
            ["2015-08-06 19:00:00.000 PDT", "2015-08-06 19:00:00.250 PDT"]
        );
        let plain = DataType::Datetime(TimeUnit::Microseconds, None);
        assert_eq!(column(plain, &[-1_000_000]), ["1969-12-31 23:59:59"]);
    }

    #[test]
    fn dates_and_times_of_day_read_as_such() {
        let dates = Series::new("t".into(), [16_654i32]).cast(&DataType::Date);
        assert_eq!(
            Grid::of_series(&dates.unwrap()).rows[0][0].text(),
            "2015-08-07"
        );
        assert_eq!(
            column(DataType::Time, &[7_200_500_000_000]),
            ["02:00:00.500"]
        );
        let span = DataType::Duration(TimeUnit::Milliseconds);
        assert_eq!(column(span, &[5_400_000]), ["1h 30m"]);
    }

    #[test]
    fn what_no_calendar_holds_reads_as_its_number() {
        let dtype = DataType::Datetime(
            TimeUnit::Milliseconds,
            TimeZone::opt_try_new(Some("Asia/Tokyo")).unwrap(),
        );
        for number in [i64::MAX, i64::MIN + 1] {
            assert_eq!(column(dtype.clone(), &[number]), [format!("{number} ms")]);
        }
        // The last instants that chrono knows.
        let edges = [8_210_266_876_799_999, -8_334_601_228_800_000];
        assert_eq!(column(dtype, &edges).len(), 2);
        assert_eq!(super::date(i32::MAX), "2147483647 d");
        assert_eq!(super::time(-1), "-1 ns");
    }
}
