//! Timestamps in the local time of a zone.
use chrono::{DateTime, TimeZone};
use chrono_tz::Tz;
use polars::prelude::{Column, DataFrame, IntoColumn, NamedFrom, PolarsResult, Series};

/// Formats an instant, in epoch seconds, in the local time of a zone: weekday, date, time and the
/// zone's abbreviation.
///
/// ```
/// use chrono_tz::{America::Los_Angeles, UTC};
/// use show::time::wall_clock;
/// assert_eq!(wall_clock(1_438_912_800, UTC), "Fri 2015-08-07 02:00 UTC");
/// assert_eq!(wall_clock(1_438_912_800, Los_Angeles), "Thu 2015-08-06 19:00 PDT");
/// ```
pub fn wall_clock(ts: i64, zone: Tz) -> String {
    format(ts, zone, "%a %Y-%m-%d %H:%M %Z")
}

/// Formats an instant, in epoch seconds, in the local time of a zone by a pattern of chrono. An
/// instant outside of chrono's calendar is written as its number of seconds.
pub fn format(ts: i64, zone: Tz, pattern: &str) -> String {
    match DateTime::from_timestamp(ts, 0) {
        Some(instant) => zone
            .from_utc_datetime(&instant.naive_utc())
            .format(pattern)
            .to_string(),
        None => format!("{ts} s"),
    }
}

/// Adds two columns after the column `ts` of epoch seconds: the time in UTC and in `zone`. Adds
/// only the first if `zone` is UTC.
///
/// # Errors
/// If there is no column `ts`, or its type is not `Int64`.
///
/// ```
/// use lambda_workbook::prelude::*;
/// use show::with_time;
/// let view = df!("ts" => [1_438_912_800i64], "count" => [300_054i64])?;
/// let table = with_time(&view, "ts", chrono_tz::America::Los_Angeles)?;
/// let local = table.column("ts in America/Los_Angeles")?.str()?.get(0);
/// assert_eq!(local, Some("Thu 2015-08-06 19:00 PDT"));
/// # Ok::<(), PolarsError>(())
/// ```
pub fn with_time(frame: &DataFrame, ts: &str, zone: Tz) -> PolarsResult<DataFrame> {
    if zone == Tz::UTC {
        return with_readings(frame, ts, &[zone]);
    }
    with_readings(frame, ts, &[Tz::UTC, zone])
}

/// Adds, after the column `ts` of epoch seconds, a column with the local time for each zone.
///
/// # Errors
/// If there is no column `ts`, or its type is not `Int64`.
pub fn with_readings(frame: &DataFrame, ts: &str, zones: &[Tz]) -> PolarsResult<DataFrame> {
    let instants = frame.column(ts)?.i64()?;
    let reading = |zone: &Tz| -> Column {
        let texts: Vec<Option<String>> = instants
            .iter()
            .map(|ts| ts.map(|ts| wall_clock(ts, *zone)))
            .collect();
        Series::new(format!("{ts} in {zone}").into(), texts).into_column()
    };
    let mut columns: Vec<Column> = Vec::with_capacity(frame.width() + zones.len());
    for column in frame.columns() {
        columns.push(column.clone());
        if column.name() == ts {
            columns.extend(zones.iter().map(reading));
        }
    }
    DataFrame::new(frame.height(), columns)
}

#[cfg(test)]
mod tests {
    use super::*;
    use polars::prelude::df;

    #[test]
    fn readings_stand_right_after_the_timestamp() {
        let frame = df!("url" => ["a"], "ts" => [Some(0i64)], "count" => [1i64]).unwrap();
        let table = with_time(&frame, "ts", Tz::Asia__Kolkata).unwrap();
        let names: Vec<_> = table.get_column_names_owned();
        assert_eq!(
            names,
            ["url", "ts", "ts in UTC", "ts in Asia/Kolkata", "count"]
        );
        let local = table.column("ts in Asia/Kolkata").unwrap();
        assert_eq!(
            local.str().unwrap().get(0),
            Some("Thu 1970-01-01 05:30 IST")
        );
    }

    #[test]
    fn an_instant_out_of_range_is_told_not_lost() {
        assert_eq!(wall_clock(i64::MAX, Tz::UTC), "9223372036854775807 s");
    }

    #[test]
    fn a_missing_column_is_an_error() {
        let frame = df!("a" => [1i64]).unwrap();
        assert!(with_time(&frame, "ts", Tz::UTC).is_err());
    }
}
