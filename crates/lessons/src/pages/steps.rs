//! Small steps of the chapter on page views, each with its own check: two towards exercise 1.1, and
//! one about local days and hours of UTC.
use crate::checked_step::{CheckedStep, StepCase};
use calendar::{LocalDay, local_day};
use chrono::NaiveDate;
use chrono_tz::Tz;
use show::table::grouped;

/// Returns the local day of a date.
fn day_of(date: NaiveDate, zone: Tz) -> LocalDay {
    // The afternoon is in every day.
    let afternoon = date.and_hms_opt(15, 0, 0).unwrap_or_default();
    let inside = afternoon.and_local_timezone(zone).earliest();
    local_day(inside.map_or(0, |inside| inside.timestamp()), zone)
}

/// Checks whether the page views of a local day may be added up from hours of UTC. The closure gets
/// the first second of the day and the first of the next.
///
/// ```
/// use lambda_workbook::pages;
/// assert!(!pages::step_whole_hours(|from, until| (until - from) % 3_600 == 0).passed);
/// assert!(pages::step_whole_hours(|from, until| from % 3_600 == 0 && until % 3_600 == 0).passed);
/// ```
pub fn step_whole_hours(answer: impl Fn(i64, i64) -> bool) -> CheckedStep {
    let days = [
        (
            Tz::America__Los_Angeles,
            (2015, 8, 6),
            "it begins and ends at a full hour of UTC",
        ),
        (
            Tz::America__Los_Angeles,
            (2015, 11, 1),
            "25 full hours of UTC are whole hours, too",
        ),
        (
            Tz::Asia__Kolkata,
            (2015, 8, 6),
            "it has 24 hours, but they begin at half past",
        ),
        (
            Tz::Australia__Lord_Howe,
            (2015, 10, 4),
            "it ends at a full hour, but begins at half past",
        ),
        (
            Tz::Australia__Lord_Howe,
            (2016, 4, 3),
            "it begins at a full hour, but ends at half past",
        ),
    ];
    CheckedStep::of(
        "whole hours",
        days.map(|(zone, (year, month, day), why)| {
            let date = NaiveDate::from_ymd_opt(year, month, day).unwrap_or_default();
            let day = day_of(date, zone);
            let whole = day.start % 3_600 == 0 && day.end % 3_600 == 0;
            StepCase {
                about: format!("{date} in {zone}, from {} until {}", day.start, day.end),
                why,
                expected: whole.to_string(),
                actual: answer(day.start, day.end).to_string(),
            }
        }),
    )
}

/// Checks step 1: from a second to the date that the clocks of a zone show.
///
/// ```
/// use lambda_workbook::prelude::*;
/// let utc = |secs, _: Tz| DateTime::from_timestamp(secs, 0).unwrap().date_naive();
/// assert!(!pages::step_date(utc).passed);
/// let there = |secs, zone| DateTime::from_timestamp(secs, 0).unwrap().with_timezone(&zone).date_naive();
/// assert!(pages::step_date(there).passed);
/// ```
pub fn step_date(answer: impl Fn(i64, Tz) -> NaiveDate) -> CheckedStep {
    let date = |day| NaiveDate::from_ymd_opt(2015, 8, day).unwrap_or_default();
    let evening = "an evening in California is the next day in UTC, and the customer asks for hers";
    let cases = [
        (Tz::UTC, 7, "in UTC the date is that of the instant itself"),
        (Tz::America__Los_Angeles, 6, evening),
        (
            Tz::Asia__Tokyo,
            7,
            "east of Greenwich the date may be later, here it is the same",
        ),
    ];
    let secs = 1_438_912_800;
    CheckedStep::of(
        "step 1, the date",
        cases.map(|(zone, day, why)| StepCase {
            about: format!("second {secs} in {zone}"),
            why,
            expected: date(day).to_string(),
            actual: answer(secs, zone).to_string(),
        }),
    )
}

/// Checks step 2: from a date to the second at which it began in a zone.
///
/// ```
/// use lambda_workbook::prelude::*;
/// let midnight = |date: NaiveDate, zone: Tz| {
///     zone.from_local_datetime(&date.and_time(NaiveTime::MIN)).earliest().map_or(0, |at| at.timestamp())
/// };
/// assert!(!pages::step_first_moment(midnight).passed); // not where clocks skip midnight
/// let first = |date: NaiveDate, zone: Tz| {
///     let mut times = (0..48).map(|n| date.and_time(NaiveTime::MIN) + TimeDelta::minutes(30 * n));
///     times.find_map(|time| zone.from_local_datetime(&time).earliest()).map_or(0, |at| at.timestamp())
/// };
/// assert!(pages::step_first_moment(first).passed);
/// ```
pub fn step_first_moment(answer: impl Fn(NaiveDate, Tz) -> i64) -> CheckedStep {
    let cases = [
        (
            Tz::America__Los_Angeles,
            (2015, 8, 6),
            "an ordinary day begins at 0:00",
        ),
        (
            Tz::America__Havana,
            (2015, 11, 1),
            "the clocks show 0:00 twice, and the day begins the first time",
        ),
        (
            Tz::America__Sao_Paulo,
            (2018, 11, 4),
            "the clocks jump from 23:59 to 1:00, so the day begins at 1:00",
        ),
    ];
    CheckedStep::of(
        "step 2, the first moment",
        cases.map(|(zone, (year, month, day), why)| {
            let date = NaiveDate::from_ymd_opt(year, month, day).unwrap_or_default();
            StepCase {
                about: format!("{date} in {zone}"),
                why,
                expected: grouped(day_of(date, zone).start),
                actual: grouped(answer(date, zone)),
            }
        }),
    )
}
