//! The forms of dates, instants and spans of time.
use crate::table::{Grid, Head};
use crate::{Render, Rich};
use chrono::{DateTime, MappedLocalTime, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, TimeZone};
use chrono_tz::Tz;
use std::fmt::Display;
use std::time::Duration;

/// The local time, and the epoch seconds by which data name the instant.
impl<Z: TimeZone> Render for DateTime<Z>
where
    Z::Offset: Display,
{
    fn render(&self) -> Rich {
        Rich::text(format!("{}, epoch {}", reading(self), self.timestamp()))
    }

    fn render_all(items: &[Self]) -> Rich {
        let row = |place: usize| vec![reading(&items[place]), items[place].timestamp().to_string()];
        let heads = vec![Head::text("time"), Head::number("epoch seconds")];
        Grid::of_list(heads, items.len(), row).render()
    }
}

/// Formats an instant: weekday, date, time and the zone's abbreviation.
fn reading<Z: TimeZone>(instant: &DateTime<Z>) -> String
where
    Z::Offset: Display,
{
    instant.format("%a %Y-%m-%d %H:%M:%S%.f %Z").to_string()
}

/// The instants of a local time. There are two when clocks go back, and none when they go
/// forward.
impl<T: Render> Render for MappedLocalTime<T> {
    fn render(&self) -> Rich {
        match self {
            MappedLocalTime::Single(instant) => instant.render(),
            MappedLocalTime::Ambiguous(first, second) => Rich::stack(&[
                Rich::text("ambiguous: this local time occurs twice, because clocks go back:"),
                first.render(),
                second.render(),
            ]),
            MappedLocalTime::None => {
                Rich::text("does not exist: clocks skip this local time, because they go forward")
            }
        }
    }
}

macro_rules! one_line {
    ($($type:ty, $head:literal, $text:expr;)*) => {$(
        impl Render for $type {
            fn render(&self) -> Rich {
                let text: fn(&$type) -> String = $text;
                Rich::text(text(self))
            }

            fn render_all(items: &[Self]) -> Rich {
                let text: fn(&$type) -> String = $text;
                let row = |place: usize| vec![text(&items[place])];
                Grid::of_list(vec![Head::text($head)], items.len(), row).render()
            }
        }
    )*};
}

one_line! {
    NaiveDate, "date", |date| date.format("%a %Y-%m-%d").to_string();
    NaiveDateTime, "local time", |time| time.format("%a %Y-%m-%d %H:%M:%S%.f").to_string();
    NaiveTime, "time of day", |time| time.to_string();
    Tz, "time zone", |zone| zone.name().to_owned();
    TimeDelta, "span", |span| signed(*span);
    Duration, "span", |span| units(span.as_nanos());
}

/// Formats a span that may be negative.
fn signed(span: TimeDelta) -> String {
    let nanos = i128::from(span.num_seconds()) * 1_000_000_000 + i128::from(span.subsec_nanos());
    let sign = if nanos < 0 { "-" } else { "" };
    format!("{sign}{}", units(nanos.unsigned_abs()))
}

/// Formats a span of nanoseconds exactly, in days, hours, minutes and seconds, or in one smaller
/// unit if it is shorter than a second.
pub fn units(nanos: u128) -> String {
    const SECOND: u128 = 1_000_000_000;
    let parts = match nanos {
        0 => return "0 s".to_owned(),
        1..1_000 => return format!("{nanos} ns"),
        1_000..1_000_000 => return fraction(nanos, 1_000, "µs"),
        1_000_000..SECOND => return fraction(nanos, 1_000_000, "ms"),
        _ => [
            (nanos / SECOND / 86_400, "d"),
            (nanos / SECOND / 3_600 % 24, "h"),
            (nanos / SECOND / 60 % 60, "min"),
        ],
    };
    let mut text: Vec<String> = parts
        .into_iter()
        .filter(|(n, _)| *n > 0)
        .map(|(n, unit)| format!("{n} {unit}"))
        .collect();
    if !nanos.is_multiple_of(60 * SECOND) {
        text.push(fraction(nanos % (60 * SECOND), SECOND, "s"));
    }
    text.join(" ")
}

/// Formats a span as a decimal fraction of a unit.
fn fraction(nanos: u128, unit: u128, name: &str) -> String {
    let places = unit.ilog10() as usize;
    let text = format!("{}.{:0places$}", nanos / unit, nanos % unit);
    let text = text.trim_end_matches('0').trim_end_matches('.');
    format!("{text} {name}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::Utc;
    use chrono_tz::America::Los_Angeles;

    fn text(value: &dyn Render) -> String {
        value.render().get("text/plain").unwrap().to_owned()
    }

    #[test]
    fn an_instant_reads_on_its_clock_and_as_epoch_seconds() {
        let instant: DateTime<Utc> = DateTime::from_timestamp(1_438_912_800, 0).unwrap();
        assert_eq!(
            text(&instant),
            "Fri 2015-08-07 02:00:00 UTC, epoch 1438912800"
        );
        let local = instant.with_timezone(&Los_Angeles);
        assert_eq!(
            text(&local),
            "Thu 2015-08-06 19:00:00 PDT, epoch 1438912800"
        );
        assert_eq!(
            text(&vec![instant]),
            "1 item\ntime                         epoch seconds\n\
             ──────────────────────────────────────────\n\
             Fri 2015-08-07 02:00:00 UTC     1438912800"
        );
    }

    #[test]
    fn a_reading_may_come_twice_or_never() {
        let at = |month, day| Los_Angeles.with_ymd_and_hms(2015, month, day, 1, 30, 0);
        assert!(
            text(&at(11, 1))
                .starts_with("ambiguous: this local time occurs twice, because clocks go back:\n\nSun 2015-11-01 01:30:00 PDT")
        );
        let never = Los_Angeles.with_ymd_and_hms(2015, 3, 8, 2, 30, 0);
        assert!(text(&never).starts_with("does not exist: clocks skip this local time"));
        assert!(text(&at(8, 6)).starts_with("Thu 2015-08-06 01:30:00 PDT"));
    }

    #[test]
    fn dates_have_their_weekday() {
        let date = NaiveDate::from_ymd_opt(2015, 8, 7).unwrap();
        assert_eq!(text(&date), "Fri 2015-08-07");
        assert_eq!(
            text(&date.and_hms_opt(2, 0, 0).unwrap()),
            "Fri 2015-08-07 02:00:00"
        );
        assert_eq!(text(&Los_Angeles), "America/Los_Angeles");
        let week: Vec<NaiveDate> = date.iter_days().take(30).collect();
        assert!(text(&week).contains("\n⋮ 18 rows more\n"));
    }

    #[test]
    fn spans_read_in_units_of_people_exactly() {
        assert_eq!(text(&TimeDelta::hours(25)), "1 d 1 h");
        assert_eq!(text(&TimeDelta::seconds(-90)), "-1 min 30 s");
        assert_eq!(text(&TimeDelta::milliseconds(-1_500)), "-1.5 s");
        assert_eq!(text(&TimeDelta::zero()), "0 s");
        assert_eq!(text(&Duration::from_micros(12_345)), "12.345 ms");
        assert_eq!(text(&Duration::from_nanos(1_000_000_001)), "1.000000001 s");
        assert_eq!(text(&Duration::from_nanos(450)), "450 ns");
        assert_eq!(text(&Duration::MAX), "213503982334601 d 7 h 15.999999999 s");
    }
}
