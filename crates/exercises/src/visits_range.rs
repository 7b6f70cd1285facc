//! Exercise 2.4, a range of local time, in the fewest reads.
use super::daily_uniques::page_views;
use super::draw::{Draw, at, sunday};
use super::exercise::{Case, Exercise};
use super::value::{Inputs, Value};
use calendar::{Granularity, Plan, Span};
use chrono::NaiveDateTime;
use chrono_tz::Tz;
use lambda::batch::{self, Sketch};
use polars::prelude::*;
use std::collections::BTreeMap;

/// The reader's function.
pub type Function = fn(&DataFrame, &str, &str, Tz) -> PolarsResult<DataFrame>;

/// Feeds the reader's function.
pub fn answer(function: Function, inputs: &Inputs) -> PolarsResult<Value> {
    let (from, until) = (inputs.text("from")?, inputs.text("until")?);
    let range = function(inputs.frame("visits")?, from, until, *inputs.zone("zone")?)?;
    Ok(Value::Frame(range))
}

/// Exercise 2.4.
pub static EXERCISE: Exercise = Exercise {
    id: "02_4_visits_range",
    name: "visits_range",
    title: "Exercise 2.4, a range in the fewest reads",
    signature: "fn visits_range(visits: &DataFrame, from: &str, until: &str, zone: Tz) -> PolarsResult<DataFrame>",
    hints: &[
        "Three steps: the clock readings become a span of UTC, the span becomes a plan of buckets, and only the rows \
         of the plan's buckets are read. The last hour of the range is the one that ends at `until`.",
        "`NaiveDateTime::parse_from_str(from, \"%Y-%m-%d %H:%M\")` reads a clock, `Span::local(from, until, zone)?` \
         asks the zone, `Plan::additive(span, &Granularity::ALL)?` chooses the buckets; `plan.reads()` lists them, \
         each with `granularity` and `ts`.",
        "Go through `batch::uniques::rows(visits)?` with the column `count` beside it, and for a row that is in the \
         plan add the count and merge the sketch, in a map by URL. `sketch.uniques()` counts at the end. URLs \
         without a row in the range stand there with 0 and 0.",
    ],
    vocabulary: &["calendar"],
    cases,
    reference,
    idle: &[],
    trial: None,
};

fn reference(inputs: &Inputs) -> PolarsResult<Value> {
    let clock = |name| -> PolarsResult<NaiveDateTime> {
        let read = NaiveDateTime::parse_from_str(inputs.text(name)?, "%Y-%m-%d %H:%M");
        read.map_err(|error| polars_err!(InvalidOperation: "{name}: {error}"))
    };
    let span = Span::local(clock("from")?, clock("until")?, *inputs.zone("zone")?)?;
    let plan = Plan::additive(span, &Granularity::ALL)?;
    let visits = inputs.frame("visits")?;
    let counts = visits.column("count")?.i64()?;
    let mut urls: BTreeMap<String, (i64, Sketch)> = BTreeMap::new();
    for (row, count) in batch::uniques::rows(visits)?.into_iter().zip(counts.iter()) {
        let (sum, sketch) = urls.entry(row.url).or_default();
        let read = plan
            .reads()
            .iter()
            .any(|read| read.ts == row.ts && read.granularity.code() == row.granularity);
        if read {
            *sum += count.unwrap_or(0);
            sketch.merge(&row.sketch)?;
        }
    }
    let range = df!(
        "url" => urls.keys().map(String::as_str).collect::<Vec<_>>(),
        "reads" => vec![plan.reads().len() as i64; urls.len()],
        "count" => urls.values().map(|url| url.0).collect::<Vec<_>>(),
        "uniques" => urls.values().map(|url| url.1.uniques()).collect::<Vec<_>>(),
    )?;
    Ok(Value::Frame(range))
}

const HOME: &str = "mysite.com/";
const BLOG: &str = "mysite.com/blog";
const PACIFIC: Tz = Tz::America__Los_Angeles;
const HOUR: i64 = Granularity::Hour.secs();
/// 2015-08-03 00:00 UTC.
const AUG_3: i64 = 1_438_560_000;

/// A visitor in every hour of two weeks, from four days before `start` on; each
/// comes for five hours. Three more come five hours after `start`: the evening
/// before, in California.
fn two_weeks(pages: [&str; 2], user: i64, start: i64) -> Vec<(&str, i64, i64)> {
    let view = |hour: i64| {
        let page = pages[hour.rem_euclid(2) as usize];
        (page, start + hour * HOUR, user + hour.div_euclid(5))
    };
    let more = (1_000..1_003).map(|id| (pages[0], start + 5 * HOUR, user + id));
    (-96..240).map(view).chain(more).collect()
}

/// What a clock shows, as the reader's function gets it.
fn clock(start: i64, hours: i64) -> String {
    let time = chrono::DateTime::from_timestamp(start + hours * HOUR, 0).unwrap_or_default();
    time.format("%Y-%m-%d %H:%M").to_string()
}

fn cases(seed: u64) -> Vec<Case> {
    let mut draw = Draw::of(seed);
    let (home, blog) = (draw.page(HOME), draw.page(BLOG));
    let (home, blog) = (home.as_str(), blog.as_str());
    let user = draw.number(0, 0..1_000_000);
    // Months of 28 days, so that weeks begin where they did; all in summer time.
    let start = AUG_3 + draw.number(0, -2..2) * 28 * 24 * HOUR;
    let autumn = sunday(draw.number(2015, 2009..2023), 11, 1);
    let day_25 = at(Tz::UTC, autumn, 0, 0);
    let (from, hours) = (draw.below(150) - 96, draw.below(180));
    let of_two_weeks = two_weeks([home, blog], user, start);
    let range = |name, about, why, from, until, zone| {
        let ends = [clock(start, from), clock(start, until)];
        case(name, about, why, &of_two_weeks, ends, zone)
    };
    vec![
        case(
            "one_hour",
            "the range is one hour, and a day begins with it",
            "the plan is one read, of the hour. The row of the day begins at the same second, and only its granularity \
             tells it from that of the hour",
            &[(home, start, user + 1)],
            [clock(start, 0), clock(start, 1)],
            Tz::UTC,
        ),
        case(
            "until",
            "the hour that starts at the end of the range is not in it",
            "with the end included, two ranges that meet count their common hour twice",
            &[(home, start, user + 1), (home, start + HOUR, user + 2)],
            [clock(start, 0), clock(start, 1)],
            Tz::UTC,
        ),
        case(
            "same_visitor",
            "one visitor comes in each of three hours",
            "a sum of uniques over the reads counts this visitor three times",
            &[
                (home, start, user + 1),
                (home, start + HOUR, user + 1),
                (home, start + 2 * HOUR, user + 1),
            ],
            [clock(start, 0), clock(start, 3)],
            Tz::UTC,
        ),
        range(
            "lesson",
            "August 3, 03:00 to August 6, 03:00: 72 hours in 26 reads",
            "each read costs a query time; two days are two reads, not 48",
            3,
            75,
            Tz::UTC,
        ),
        range(
            "pacific",
            "the same readings of a clock in California are other hours",
            "in UTC the range would begin seven hours early and end seven hours early",
            3,
            75,
            PACIFIC,
        ),
        range(
            "week",
            "July 30 to August 6 is a whole week",
            "a plan that knows days but not weeks reads seven times as much",
            -96,
            72,
            Tz::UTC,
        ),
        case(
            "autumn",
            "November 1 has 25 hours in California",
            "a day of 24 hours would miss the last of them",
            &[
                (home, at(PACIFIC, autumn, 0, 0), user + 1),
                (home, at(PACIFIC, autumn, 23, 0), user + 2),
            ],
            [clock(day_25, 0), clock(day_25, 24)],
            PACIFIC,
        ),
        range(
            "nothing",
            "a range without data has zeros for every page",
            "no visitors is an answer, and not the same as no such page",
            3_624,
            3_629,
            Tz::UTC,
        ),
        range(
            "random",
            "a range drawn by lot",
            "what holds for chosen ranges must hold for all",
            from,
            from + hours,
            PACIFIC,
        ),
    ]
}

fn case(
    name: &'static str,
    about: &'static str,
    why: &'static str,
    views: &[(&str, i64, i64)],
    [from, until]: [String; 2],
    zone: Tz,
) -> Case {
    let inputs = Inputs::new()
        .with(
            "visits",
            Value::Frame(visits(&page_views(views)).expect("sound views")),
        )
        .with("from", Value::Text(from))
        .with("until", Value::Text(until))
        .with("zone", Value::Zone(zone));
    Case {
        name,
        about,
        why,
        inputs,
    }
}

/// The views as they are stored, side by side.
fn visits(views: &DataFrame) -> PolarsResult<DataFrame> {
    let mut visits = batch::page_views_all(views)?;
    // Both have the same buckets in the same order.
    let uniques = batch::uniques_all(views)?;
    for name in ["uniques", "sketch"] {
        visits.with_column(uniques.column(name)?.clone())?;
    }
    Ok(visits)
}

#[cfg(test)]
mod tests {
    use super::*;

    crate::mutants::tests! {
        visits_range::visits_range, stub: |_, _, _, _| todo!(), mutants:
        days_of_24_hours, end_included, every_row, hours_only, leaves_out_the_quiet, no_weeks, subtracts,
        summed_uniques, time_alone, utc_for_pacific,
    }
    #[test]
    fn who_forgets_the_granularity_is_told_so() {
        let failed = verdict(time_alone::FUNCTION).failed.unwrap();
        assert!(
            failed.case.why.contains("only its granularity"),
            "{}",
            failed.case.why
        );
    }
}
