//! Exercise 1.1: the daily view of a place whose days are not UTC's.
//!
//! The input is page views with their second, not the view by hour: where the
//! offset from UTC is no whole number of hours, a local midnight falls inside an
//! hour bucket, and no sum of hours can be split there.
use super::draw::{Draw, at, day, sunday};
use super::exercise::{Case, Exercise};
use super::value::{Inputs, Value};
use chrono::{DateTime, Offset, TimeZone};
use chrono_tz::Tz;
use lambda::batch;
use polars::prelude::{DataFrame, PolarsResult, df};

/// The reader's function.
pub type Function = fn(&DataFrame, Tz) -> PolarsResult<DataFrame>;

/// Feeds the reader's function.
pub fn answer(function: Function, inputs: &Inputs) -> PolarsResult<Value> {
    let views = function(inputs.frame("views")?, *inputs.zone("zone")?)?;
    Ok(Value::Frame(views))
}

/// Exercise 1.1.
pub static EXERCISE: Exercise = Exercise {
    id: "01_1_pacific_days",
    name: "pacific_days",
    title: "Exercise 1.1, page views by local day",
    signature: "fn daily_page_views(views: &DataFrame, zone: Tz) -> PolarsResult<DataFrame>",
    hints: &[
        "A day begins at an instant, and which instant depends on the date and the zone. Find that \
         instant for each view, then count by URL and instant.",
        "`DateTime::from_timestamp(ts, 0)` and `.with_timezone(&zone)` give the wall clock of a view; \
         `.date_naive()` its date. `zone.from_local_datetime(&midnight)` leads back. It may find two \
         instants, and the day begins at the first. It may find none, where the clocks skip midnight, as in Sao \
         Paulo: then the day begins at the first later time of this date that the clocks show.",
        "`.earliest()` takes the first of two instants. Where midnight is skipped, try the half hours after it: \
         `(0..48).map(|n| date.and_time(NaiveTime::MIN) + TimeDelta::minutes(30 * n))` are the times of a day, and \
         `.filter_map(|time| zone.from_local_datetime(&time).earliest()).next()` is the first that exists. \
         `apply_values` maps a column; `len().cast(DataType::Int64)` counts.",
    ],
    vocabulary: &[],
    cases,
    reference,
    idle: &[],
    trial: None,
};

fn reference(inputs: &Inputs) -> PolarsResult<Value> {
    let days = batch::page_views_by_local_day(inputs.frame("views")?, *inputs.zone("zone")?)?;
    Ok(Value::Frame(days))
}

const HOME: &str = "mysite.com/";
const BLOG: &str = "mysite.com/blog";
const PACIFIC: Tz = Tz::America__Los_Angeles;

fn cases(seed: u64) -> Vec<Case> {
    let mut draw = Draw::of(seed);
    let (home, blog) = (draw.page(HOME), draw.page(BLOG));
    let (home, blog) = (home.as_str(), blog.as_str());
    // Every case is of a year in which the rule that it needs was in force.
    let year = draw.number(2015, 2013..2018);
    let summer = day(year, draw.number(8, 5..9) as u32, draw.number(6, 1..29));
    let winter = day(year, 1, draw.number(15, 2..29));
    let july = day(year, 7, draw.number(15, 2..29));
    let shift = draw.number(0, -900..900) * 86_400;
    let (spring, autumn) = (sunday(year, 3, 2), sunday(year, 11, 1));
    let evening = at(PACIFIC, summer, 19, 0);
    let night = at(Tz::Asia__Kolkata, summer, 23, 45);
    let same_second = 1_438_624_805 + shift + draw.number(0, 0..80_000);
    let same_second = vec![(home, same_second); draw.number(2, 2..6) as usize];
    let old = [
        draw.number(1, 1..86_400),
        draw.number(100_000, 90_000..2_000_000),
    ];
    let (random_zone, random_views) = random(&mut draw, [home, blog]);
    vec![
        case(
            "utc",
            "in UTC a local day is the UTC day",
            "other views are joined with this one by column, by type and by order",
            Tz::UTC,
            &[
                (blog, 1_438_624_805 + shift),
                (home, 1_438_912_800 + shift),
                (blog, 1_438_625_000 + shift),
            ],
        ),
        case(
            "same_second",
            "two people view a page in the same second",
            "the page views are distinct already: equal rows here are different people",
            Tz::UTC,
            &same_second,
        ),
        case(
            "evening",
            "the hour from Aug 7 02:00 UTC is still the evening of Aug 6 in California",
            "a report by Pacific day would credit a Thursday evening to Friday",
            PACIFIC,
            &[
                (home, evening - 287_970),
                (blog, evening - 287_799),
                (home, evening + 11),
                (blog, evening + 691),
                (blog, evening + 3_599),
            ],
        ),
        case(
            "seasons",
            "the offset is -8 hours in January and -7 in July",
            "a fixed offset is wrong for about four months of every year",
            PACIFIC,
            &[
                (home, at(Tz::UTC, winter, 12, 0)),
                (home, at(Tz::UTC, july, 12, 0)),
            ],
        ),
        case(
            "spring",
            "2015-03-08 has 23 hours in California, and is one day",
            "a day cut out as 86,400 seconds starts an hour early, and one day becomes two",
            PACIFIC,
            // Before and after the clock change.
            &[
                (home, at(PACIFIC, spring, 0, 30)),
                (home, at(PACIFIC, spring, 23, 30)),
            ],
        ),
        case(
            "autumn",
            "2015-11-01 has 25 hours in California, and 01:30 comes twice",
            "both hours belong to the day, and its last hour is not the next day's first",
            PACIFIC,
            // 01:30 PDT, 01:30 PST and 23:30 PST.
            &[
                (home, at(PACIFIC, autumn, 1, 30)),
                (home, at(PACIFIC, autumn, 1, 30) + 3_600),
                (home, at(PACIFIC, autumn, 23, 30)),
            ],
        ),
        case(
            "half_hour",
            "in Kolkata midnight falls at 18:30 UTC, inside an hour",
            "hours cannot be summed to local days everywhere: the hour of 18:00 UTC belongs to two days",
            Tz::Asia__Kolkata,
            // 23:45, and 00:15 of the next day.
            &[(home, night), (home, night + 1_800)],
        ),
        case(
            "no_midnight",
            "2015-10-18 begins at 01:00 in Sao Paulo: clocks jumped over midnight",
            "a date has a first moment even where 00:00 does not exist",
            Tz::America__Sao_Paulo,
            &[(home, at(Tz::America__Sao_Paulo, sunday(year, 10, 3), 13, 0))],
        ),
        case(
            "two_midnights",
            "2015-11-01 00:00 comes twice in Havana, and the day begins at the first",
            "with the second, the day's first hour would come before its own day",
            Tz::America__Havana,
            // The first 00:30, and noon.
            &[
                (home, at(Tz::America__Havana, autumn, 0, 30)),
                (home, at(Tz::America__Havana, autumn, 12, 0)),
            ],
        ),
        case(
            "before_1970",
            "a view before 1970 has a negative timestamp",
            "division that rounds towards zero puts it a day late",
            PACIFIC,
            &[(home, -old[0]), (home, -old[1])],
        ),
        case(
            "empty",
            "no views give an empty view with the right columns",
            "an hour without traffic must not stop the batch run",
            PACIFIC,
            &[],
        ),
        case(
            "random",
            "two hundred views of three years and before 1970, in a zone drawn by lot",
            "what holds for chosen days must hold for all",
            random_zone,
            &random_views,
        ),
    ]
}

fn case(
    name: &'static str,
    about: &'static str,
    why: &'static str,
    zone: Tz,
    views: &[(&str, i64)],
) -> Case {
    let (urls, secs): (Vec<&str>, Vec<i64>) = views.iter().copied().unzip();
    let views = df!("url" => urls, "true_as_of_secs" => secs).expect("columns of one length");
    let inputs = Inputs::new()
        .with("views", Value::Frame(views))
        .with("zone", Value::Zone(zone));
    Case {
        name,
        about,
        why,
        inputs,
    }
}

/// Zones with whole, half and quarter hours, northern and southern summers, and days without
/// a midnight or with two.
const ZONES: [Tz; 8] = [
    PACIFIC,
    Tz::Asia__Kathmandu,
    Tz::Australia__Lord_Howe,
    Tz::Australia__Sydney,
    Tz::America__St_Johns,
    Tz::Europe__Dublin,
    Tz::America__Sao_Paulo,
    Tz::America__Havana,
];

fn random<'a>(draw: &mut Draw, pages: [&'a str; 2]) -> (Tz, Vec<(&'a str, i64)>) {
    let zone = ZONES[draw.below(ZONES.len() as i64) as usize];
    // 2014-01-01 to 2016-12-31.
    let (from, secs) = (1_388_534_400, 3 * 365 * 86_400);
    let mut times: Vec<i64> = (0..160).map(|_| from + draw.below(secs)).collect();
    // What each of the small cases is about, so that no rule of thumb is right here: days on
    // which the clock changes, times before 1970, and equal seconds.
    let offset = |ts: i64| {
        let utc = DateTime::from_timestamp(ts, 0).expect("a time of these years");
        zone.offset_from_utc_datetime(&utc.naive_utc()).fix()
    };
    for day in (from..from + secs).step_by(86_400) {
        if offset(day) != offset(day + 86_400) {
            times.extend((0..4).map(|_| day - 43_200 + draw.below(2 * 86_400)));
        }
    }
    times.extend((0..20).map(|_| -draw.below(secs)));
    times.extend_from_within(..10);
    let views = times.into_iter();
    let views = views
        .map(|at| (pages[draw.below(2) as usize], at))
        .collect::<Vec<_>>();
    // Two people on one page in one second.
    let twice = views[..10].to_vec();
    (zone, [views, twice].concat())
}

#[cfg(test)]
#[path = "pacific_days_tests.rs"]
mod tests;
