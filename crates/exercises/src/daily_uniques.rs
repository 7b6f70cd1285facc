//! Exercise 2.2: visitors by day, from visitors by hour.
//!
//! The input holds sketches, as the stored view does, so the answer is found by
//! merging and not by adding. Zones have whole hours: where a day begins inside
//! an hour, no view by hour can answer, and the reference says so.
use super::draw::{Draw, at, day, sunday};
use super::exercise::{Case, Exercise};
use super::value::{Inputs, Value};
use calendar::Granularity;
use chrono_tz::Tz;
use lambda::batch;
use polars::prelude::{DataFrame, IntoLazy, PolarsResult, col, df, lit};

/// The reader's function.
pub type Function = fn(&DataFrame, Tz) -> PolarsResult<DataFrame>;

/// Feeds the reader's function.
pub fn answer(function: Function, inputs: &Inputs) -> PolarsResult<Value> {
    let days = function(inputs.frame("view")?, *inputs.zone("zone")?)?;
    Ok(Value::Frame(days))
}

/// Exercise 2.2.
pub static EXERCISE: Exercise = Exercise {
    id: "02_2_daily_uniques",
    name: "daily_uniques",
    title: "Exercise 2.2, visitors by local day",
    signature: "fn daily_uniques(view: &DataFrame, zone: Tz) -> PolarsResult<DataFrame>",
    hints: &[
        "A visitor of 9 o'clock who comes again at 10 is one visitor of the day. So do not add the column `uniques`: \
         merge the sketches of each day's hours, and let the merged sketch count.",
        "`batch::uniques::rows(view)?` gives the rows with their sketches read. Keep those of granularity \
         \"h\", and collect them in a map from URL and `calendar::local_day_start(row.ts, zone)` to a sketch.",
        "`sketch.merge(&row.sketch)?` merges; a sketch merged with itself stays as it is, so \
         `.entry(key).or_insert(row.sketch.clone()).merge(&row.sketch)?` needs no case for the first hour. \
         `batch::uniques::frame(&rows)` makes the table, with `uniques` and the order as they must be.",
    ],
    vocabulary: &["calendar"],
    cases,
    reference,
    idle: &[],
    trial: None,
};

fn reference(inputs: &Inputs) -> PolarsResult<Value> {
    let days = batch::uniques_by_local_day(inputs.frame("view")?, *inputs.zone("zone")?)?;
    Ok(Value::Frame(days))
}

const HOME: &str = "mysite.com/";
const BLOG: &str = "mysite.com/blog";
const PACIFIC: Tz = Tz::America__Los_Angeles;
const HOUR: i64 = Granularity::Hour.secs();

/// 2015-08-03 18:00 and 2015-08-07 02:00 UTC: the lesson's hours.
const AUG_3: i64 = 1_438_624_800;
const AUG_7: i64 = 1_438_912_800;

/// URL, second, user.
type View<'a> = (&'a str, i64, i64);

fn cases(seed: u64) -> Vec<Case> {
    let mut draw = Draw::of(seed);
    let (home, blog) = (draw.page(HOME), draw.page(BLOG));
    let (home, blog) = (home.as_str(), blog.as_str());
    // Whole days, within summer time.
    let shift = draw.number(0, -80..50) * 86_400;
    let (first, last) = (AUG_3 + shift, AUG_7 + shift);
    let user = draw.number(0, 0..1_000_000);
    let year = draw.number(2015, 2009..2023);
    let (winter, summer) = (
        day(year, 1, draw.number(15, 2..29)),
        day(year, 7, draw.number(15, 2..29)),
    );
    let autumn = sunday(year, 11, 1);
    let old = [draw.number(1, 1..9), draw.number(30, 25..33)];
    let crowd = crowd(home, user, draw.number(8_000, 6_000..9_000));
    let months = draw.number(0, -3..9);
    let (zone, random_views) = random(&mut draw, [home, blog], user);
    vec![
        case(
            "two_visitors",
            "two visitors come in two hours of a day",
            "the day has the visitors of all its hours, not of the busiest",
            Tz::UTC,
            &[(home, first, user + 1), (home, first + HOUR, user + 2)],
        ),
        case(
            "same_visitor",
            "one visitor comes in two hours of a day",
            "uniques do not add up: a visitor of every hour would count 24 times",
            Tz::UTC,
            &[
                (blog, first, user + 7),
                (blog, first + HOUR, user + 7),
                (blog, first + HOUR, user + 8),
            ],
        ),
        case(
            "evening",
            "Aug 7 02:00 UTC is still the evening of Aug 6 in California",
            "a visitor of Thursday evening would be one of Friday's",
            PACIFIC,
            &[
                (blog, last, user + 1),
                (blog, last - 6 * HOUR, user + 2),
                (blog, last - 6 * HOUR, user + 3),
            ],
        ),
        case(
            "seasons",
            "the offset is -8 hours in January and -7 in July",
            "a fixed offset is wrong for about four months of every year",
            PACIFIC,
            &[
                (home, at(Tz::UTC, winter, 7, 0), user + 1),
                (home, at(Tz::UTC, summer, 7, 0), user + 1),
            ],
        ),
        case(
            "autumn",
            "2015-11-01 has 25 hours in California, and is one day",
            "a day cut out as 86,400 seconds loses its last hour to the next",
            PACIFIC,
            &[
                (home, at(PACIFIC, autumn, 0, 0), user + 1),
                (home, at(PACIFIC, autumn, 23, 0), user + 1),
            ],
        ),
        all_granularities(home, user, AUG_3 + months * 28 * 86_400),
        case(
            "crowd",
            "thousands of visitors, half of whom come again",
            "a sketch of thousands holds registers, and merging must keep the larger of each two",
            Tz::UTC,
            &crowd,
        ),
        case(
            "before_1970",
            "hours before 1970 have negative timestamps",
            "division that rounds towards zero puts them a day late",
            PACIFIC,
            &[
                (home, -old[0] * HOUR, user + 1),
                (home, -old[1] * HOUR, user + 1),
            ],
        ),
        case(
            "empty",
            "no hours give an empty view with the right columns",
            "a site without traffic must not stop the batch run",
            PACIFIC,
            &[],
        ),
        case(
            "random",
            "a hundred views of two years, in a zone drawn by lot",
            "what holds for chosen days must hold for all",
            zone,
            &random_views,
        ),
    ]
}

fn case(
    name: &'static str,
    about: &'static str,
    why: &'static str,
    zone: Tz,
    views: &[View],
) -> Case {
    let hours = batch::uniques(&page_views(views), Granularity::Hour).expect("a sound view");
    let inputs = Inputs::new()
        .with("view", Value::Frame(hours))
        .with("zone", Value::Zone(zone));
    Case {
        name,
        about,
        why,
        inputs,
    }
}

/// The view as it is stored: coarser rows stand beside the hours.
fn all_granularities(page: &str, user: i64, at: i64) -> Case {
    let views = page_views(&[(page, at, user + 1), (page, at + 5 * 86_400, user + 2)]);
    let view = batch::uniques_all(&views).expect("a sound view");
    // A week holds visitors of other days. Its row begins on a day of its own here.
    let coarse = col("granularity").neq(lit("d"));
    let view = view.lazy().filter(coarse).collect().expect("a sound view");
    Case {
        name: "all_granularities",
        about: "the view holds weeks and months beside the hours, as it is stored",
        why: "a week's row, taken for an hour, credits the whole week to the day it begins on",
        inputs: Inputs::new()
            .with("view", Value::Frame(view))
            .with("zone", Value::Zone(Tz::UTC)),
    }
}

pub(super) fn page_views(views: &[View]) -> DataFrame {
    df!(
        "url" => views.iter().map(|view| view.0).collect::<Vec<_>>(),
        "true_as_of_secs" => views.iter().map(|view| view.1).collect::<Vec<_>>(),
        "cookie" => vec![None::<&str>; views.len()],
        "user_id" => views.iter().map(|view| view.2).collect::<Vec<_>>(),
    )
    .expect("columns of one length")
}

fn crowd(page: &str, user: i64, people: i64) -> Vec<View<'_>> {
    let hour = |start, ids: std::ops::Range<i64>| ids.map(move |id| (page, start, user + id));
    hour(AUG_3, 0..people)
        .chain(hour(AUG_3 + HOUR, people / 2..people * 3 / 2))
        .collect()
}

/// Zones of whole hours, northern and southern summers.
pub(super) const ZONES: [Tz; 4] = [
    PACIFIC,
    Tz::Australia__Sydney,
    Tz::Europe__Dublin,
    Tz::Pacific__Auckland,
];

fn random<'a>(draw: &mut Draw, pages: [&'a str; 2], user: i64) -> (Tz, Vec<View<'a>>) {
    let zone = ZONES[draw.below(ZONES.len() as i64) as usize];
    // From 2014-12-01; few people, so that they come again.
    let (from, secs) = (1_417_392_000, 2 * 365 * 86_400);
    let mut views = Vec::new();
    // Many days; then three, on which the same people come at several hours.
    for (views_of, from, secs) in [(100, from, secs), (60, from + draw.below(secs), 3 * 86_400)] {
        views.extend((0..views_of).map(|_| {
            let (url, at) = (pages[draw.below(2) as usize], from + draw.below(secs));
            (url, at, user + draw.below(9))
        }));
    }
    (zone, views)
}

#[cfg(test)]
mod tests {
    use super::*;

    crate::mutants::tests! {
        daily_uniques::daily_uniques, stub: |_, _| todo!(), mutants:
        days_of_86400, first_hour_only, fixed_offset, largest_hour, rounds_to_zero, stays_an_hour, summed_uniques, takes_all_rows, utc_day, without_sketches,
    }
}
