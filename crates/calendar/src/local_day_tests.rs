//! The rules of local days, in zones that are difficult and in random ones.
use super::*;
use chrono::{NaiveDate, NaiveDateTime};
use chrono_tz::TZ_VARIANTS;
use proptest::prelude::*;

fn utc(text: &str) -> i64 {
    NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M")
        .unwrap()
        .and_utc()
        .timestamp()
}

/// Returns the date that the local clock shows.
fn date(ts: i64, zone: Tz) -> NaiveDate {
    zone.timestamp_opt(ts, 0).unwrap().date_naive()
}

/// Checks the start and the length in seconds of the local day of an instant.
fn assert_day(at: &str, zone: Tz, start: &str, secs: i64) {
    let day = local_day(utc(at), zone);
    assert_eq!(day.start, utc(start), "{zone} at {at}");
    assert_eq!(day.secs(), secs, "{zone} at {at}");
}

#[test]
fn pacific_days_have_23_and_25_hours_when_the_clock_changes() {
    let zone = Tz::America__Los_Angeles;
    assert_day("2015-03-07 20:00", zone, "2015-03-07 08:00", 24 * HOUR);
    assert_day("2015-03-08 20:00", zone, "2015-03-08 08:00", 23 * HOUR);
    assert_day("2015-03-09 20:00", zone, "2015-03-09 07:00", 24 * HOUR);
    assert_day("2015-10-31 20:00", zone, "2015-10-31 07:00", 24 * HOUR);
    assert_day("2015-11-01 20:00", zone, "2015-11-01 07:00", 25 * HOUR);
    assert_day("2015-11-02 20:00", zone, "2015-11-02 08:00", 24 * HOUR);
    // 01:30 local time occurs twice. Both instants are in the same day.
    assert_day("2015-11-01 08:30", zone, "2015-11-01 07:00", 25 * HOUR);
    assert_day("2015-11-01 09:30", zone, "2015-11-01 07:00", 25 * HOUR);
}

#[test]
fn half_hour_zones_begin_their_day_within_an_hour_bucket() {
    assert_day(
        "2015-08-07 02:00",
        Tz::Asia__Kolkata,
        "2015-08-06 18:30",
        DAY,
    );
    assert_day(
        "2015-08-06 18:29",
        Tz::Asia__Kolkata,
        "2015-08-05 18:30",
        DAY,
    );
    assert_day(
        "2015-08-07 02:00",
        Tz::Asia__Kathmandu,
        "2015-08-06 18:15",
        DAY,
    );
}

#[test]
fn where_midnight_does_not_exist_the_day_begins_at_the_change() {
    assert_day(
        "2015-10-18 12:00",
        Tz::America__Sao_Paulo,
        "2015-10-18 03:00",
        23 * HOUR,
    );
    assert_day(
        "2015-02-21 12:00",
        Tz::America__Sao_Paulo,
        "2015-02-21 02:00",
        25 * HOUR,
    );
    assert_day(
        "2014-05-16 12:00",
        Tz::Africa__Cairo,
        "2014-05-15 22:00",
        23 * HOUR,
    );
    assert_day(
        "2015-03-08 12:00",
        Tz::America__Havana,
        "2015-03-08 05:00",
        23 * HOUR,
    );
    assert_day(
        "2015-11-01 12:00",
        Tz::America__Havana,
        "2015-11-01 04:00",
        25 * HOUR,
    );
}

#[test]
fn a_clock_may_change_by_half_an_hour() {
    assert_day(
        "2015-04-05 03:00",
        Tz::Australia__Lord_Howe,
        "2015-04-04 13:00",
        24 * HOUR + HOUR / 2,
    );
    assert_day(
        "2015-10-04 03:00",
        Tz::Australia__Lord_Howe,
        "2015-10-03 13:30",
        24 * HOUR - HOUR / 2,
    );
}

#[test]
fn samoa_had_no_december_30_in_2011() {
    let zone = Tz::Pacific__Apia;
    assert_day("2011-12-30 09:59", zone, "2011-12-29 10:00", DAY);
    assert_day("2011-12-30 10:00", zone, "2011-12-30 10:00", DAY);
    assert_eq!(
        date(utc("2011-12-30 09:59"), zone).to_string(),
        "2011-12-29"
    );
    assert_eq!(
        date(utc("2011-12-30 10:00"), zone).to_string(),
        "2011-12-31"
    );
}

#[test]
fn a_clock_put_back_over_midnight_does_not_reopen_the_day_before() {
    // Newfoundland, 2010-11-07 00:01 -> 2010-11-06 23:01.
    let zone = Tz::America__St_Johns;
    let change = utc("2010-11-07 02:31");
    assert_eq!(date(change - 60, zone).to_string(), "2010-11-07");
    assert_eq!(date(change, zone).to_string(), "2010-11-06");
    assert_day("2010-11-07 03:00", zone, "2010-11-07 02:30", 25 * HOUR);
}

#[test]
fn alaska_lived_through_one_day_twice() {
    let zone = Tz::America__Juneau;
    let longest = (utc("1867-10-15 00:00")..utc("1867-10-22 00:00"))
        .step_by(HOUR as usize)
        .map(|ts| local_day(ts, zone).secs())
        .max();
    assert!(longest > Some(47 * HOUR), "{longest:?}");
}

#[test]
fn no_timestamp_panics() {
    for zone in [Tz::UTC, Tz::America__Los_Angeles, Tz::Pacific__Apia] {
        for ts in [
            i64::MIN,
            i64::MIN + 1,
            -1 << 50,
            -1,
            0,
            1 << 40,
            1 << 50,
            i64::MAX - 1,
            i64::MAX,
        ] {
            let day = local_day(ts, zone);
            assert!(day.start <= ts, "{zone} {ts} {day:?}");
        }
    }
}

#[test]
fn days_tile_a_century_in_every_zone() {
    for zone in TZ_VARIANTS {
        // Each zone starts at another time, so that different years are tested in little time.
        let mut ts = -2_000_000_000 + (zone.name().len() as i64) * 97 * DAY;
        for _ in 0..40 {
            let day = local_day(ts, zone);
            assert!(day.contains(ts), "{zone} {ts} {day:?}");
            assert_eq!(local_day_start(day.start, zone), day.start, "{zone} {ts}");
            assert_eq!(local_day(day.end - 1, zone), day, "{zone} {ts}");
            assert_eq!(local_day(day.end, zone).start, day.end, "{zone} {ts}");
            ts = day.end + 2 * 365 * DAY;
        }
    }
}

fn zones() -> impl Strategy<Value = Tz> {
    (0..TZ_VARIANTS.len()).prop_map(|i| TZ_VARIANTS[i])
}

proptest! {
    #[test]
    fn every_instant_lies_in_its_local_day(ts in -4_000_000_000i64..5_000_000_000, zone in zones()) {
        let day = local_day(ts, zone);
        prop_assert!(day.contains(ts));
        prop_assert!(day.secs() > 0 && day.secs() <= 2 * DAY + HOUR);
        prop_assert_eq!(local_day(day.start, zone), day);
        prop_assert_eq!(local_day(day.end - 1, zone), day);
    }

    #[test]
    fn days_follow_one_another(ts in -4_000_000_000i64..5_000_000_000, zone in zones()) {
        let day = local_day(ts, zone);
        prop_assert_eq!(local_day(day.end, zone).start, day.end);
        prop_assert_eq!(local_day(day.start - 1, zone).end, day.start);
    }

    #[test]
    fn a_day_begins_at_the_first_instant_of_its_date(ts in 1_300_000_000i64..4_000_000_000, zone in zones()) {
        // In this range of time no clock is put back over midnight, except in Newfoundland (see
        // above), so the date that the local clock shows is the expected answer.
        let start = local_day_start(ts, zone);
        prop_assert_eq!(date(start, zone), date(ts, zone));
        prop_assert!(date(start - 1, zone) < date(ts, zone));
    }

    #[test]
    fn a_cursor_finds_what_the_function_finds(start in 0i64..4_000_000_000, steps in proptest::collection::vec(-DAY..DAY, 1..40), zone in zones()) {
        let mut days = LocalDays::new(zone);
        let mut ts = start;
        for step in steps {
            ts += step;
            prop_assert_eq!(days.start_of(ts), local_day_start(ts, zone));
        }
    }
}
