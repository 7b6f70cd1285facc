//! Exercise 2.3: page views and visitors in one table, at four granularities.
//!
//! The days are those of a zone. As in exercise 2.2, its days are made of whole hours.
use super::daily_uniques::{ZONES, page_views};
use super::draw::Draw;
use super::exercise::{Case, Exercise};
use super::value::{Inputs, Value};
use calendar::Granularity;
use chrono_tz::Tz;
use lambda::batch;
use polars::prelude::*;

/// The reader's function.
pub type Function = fn(&DataFrame, &DataFrame, Tz) -> PolarsResult<DataFrame>;

/// Feeds the reader's function.
pub fn answer(function: Function, inputs: &Inputs) -> PolarsResult<Value> {
    let (page_views, uniques) = (inputs.frame("page_views")?, inputs.frame("uniques")?);
    let visits = function(page_views, uniques, *inputs.zone("zone")?)?;
    Ok(Value::Frame(visits))
}

/// Exercise 2.3.
pub static EXERCISE: Exercise = Exercise {
    id: "02_3_visits",
    name: "visits",
    title: "Exercise 2.3, page views and visitors together",
    signature: "fn visits(page_views: &DataFrame, uniques: &DataFrame, zone: Tz) -> PolarsResult<DataFrame>",
    hints: &[
        "Both views can be rolled up from hours: page views by adding, visitors by merging. Do it for each of \
         `Granularity::ALL`, join the two on URL and `ts`, and put the four tables below one another.",
        "The start of a bucket is `calendar::local_day_start(ts, zone)` for days and `g.bucket(ts)` for the others: \
         a month is 28 days, and weeks start on Thursday. The visitors of days are \
         `batch::uniques_by_local_day(uniques, zone)?`, and the others `batch::uniques::rolled_up(uniques, g)?`.",
        "`let starts = page_views.column(\"ts\")?.i64()?.apply_values(start).into_series();` gives the starts, and \
         `.group_by([col(\"url\"), starts.lit().alias(\"ts\")]).agg([col(\"count\").sum()])` adds up. Join as the card \
         says; `concat(tables, UnionArgs::default())?`; then select the five columns and sort by the first three.",
    ],
    vocabulary: &[
        "calendar",
        "lambda::batch::uniques::rolled_up",
        "lambda::batch::uniques::uniques_by_local_day",
    ],
    cases,
    reference,
    idle: &[],
    trial: None,
};

fn reference(inputs: &Inputs) -> PolarsResult<Value> {
    let (counts, uniques) = (inputs.frame("page_views")?, inputs.frame("uniques")?);
    let zone = *inputs.zone("zone")?;
    // Both views come from the same page views: an hour of one is one of the other.
    let hours = |view: &DataFrame| view.select(["url", "ts"]);
    if !hours(counts)?.equals(&hours(uniques)?) {
        polars_bail!(InvalidOperation: "the two views are of different hours");
    }
    let mut tables = Vec::new();
    for granularity in Granularity::ALL {
        let is_day = granularity == Granularity::Day;
        let start = |ts| match is_day {
            true => calendar::local_day_start(ts, zone),
            false => granularity.bucket(ts),
        };
        let starts = counts.column("ts")?.i64()?.apply_values(start);
        let key = [col("url"), col("ts")];
        let counts = counts
            .clone()
            .lazy()
            .group_by([col("url"), starts.into_series().lit().alias("ts")])
            .agg([col("count").sum()]);
        let uniques = match is_day {
            true => batch::uniques_by_local_day(uniques, zone)?,
            false => batch::rolled_up(uniques, granularity)?,
        };
        let uniques = uniques.lazy();
        tables.push(uniques.join(counts, key.clone(), key, JoinArgs::new(JoinType::Inner)));
    }
    let columns = ["url", "granularity", "ts", "count", "uniques"].map(col);
    let visits = concat(tables, UnionArgs::default())?.select(columns);
    let visits = visits
        .sort(["url", "granularity", "ts"], Default::default())
        .collect()?;
    Ok(Value::Frame(visits))
}

const HOME: &str = "mysite.com/";
const BLOG: &str = "mysite.com/blog";
const PACIFIC: Tz = Tz::America__Los_Angeles;
const DAY: i64 = Granularity::Day.secs();
const HOUR: i64 = Granularity::Hour.secs();
const AUG_3: i64 = 1_438_624_800;
const AUG_7: i64 = 1_438_912_800;

fn cases(seed: u64) -> Vec<Case> {
    let mut draw = Draw::of(seed);
    let (home, blog) = (draw.page(HOME), draw.page(BLOG));
    let (home, blog) = (home.as_str(), blog.as_str());
    let user = draw.number(0, 0..1_000_000);
    // Whole months of 28 days: weeks and months begin where they did.
    let shift = draw.number(0, -30..60) * 28 * DAY;
    let (first, last) = (AUG_3 + shift, AUG_7 + shift);
    let old = draw.number(40, 30..300);
    let zone = ZONES[draw.below(ZONES.len() as i64) as usize];
    let random = random(&mut draw, [home, blog], user);
    vec![
        case(
            "one_view",
            "one view is one row at each granularity",
            "the serving layer looks a range up by URL, granularity and time, in this order",
            Tz::UTC,
            &[(home, first, user + 1)],
        ),
        case(
            "same_visitor",
            "one visitor comes in two hours of a day",
            "page views add up and visitors do not: each has its own way from hours to days",
            Tz::UTC,
            &[
                (home, first, user + 7),
                (home, first + HOUR, user + 7),
                (home, first + HOUR, user + 7),
            ],
        ),
        case(
            "weeks",
            "a week starts on Thursday, as the epoch did",
            "with weeks from Monday, two layers that merge their answers would cut time in different places",
            Tz::UTC,
            // Wednesday, August 5, and Thursday, August 6.
            &[
                (home, first + 2 * DAY, user + 1),
                (home, first + 3 * DAY, user + 1),
            ],
        ),
        case(
            "months",
            "a month is 28 days, four whole weeks: July 16 to August 12",
            "a calendar month is made of no whole weeks, and no sum of weeks would be one",
            Tz::UTC,
            // July 20 and August 3, then August 13.
            &[
                (home, first - 14 * DAY, user + 1),
                (home, first, user + 1),
                (home, first + 10 * DAY, user + 1),
            ],
        ),
        case(
            "lesson",
            "two pages in the lesson's two hours",
            "a page's rows must not take a neighbour's visitors",
            Tz::UTC,
            &[
                (home, first, user + 1),
                (blog, first, user + 2),
                (blog, last, user + 2),
                (blog, last + 5, user + 3),
                (home, last, user + 1),
            ],
        ),
        case(
            "before_1970",
            "hours before 1970 have negative timestamps",
            "division that rounds towards zero puts them a bucket late",
            Tz::UTC,
            &[(home, -HOUR, user + 1), (home, -old * DAY, user + 1)],
        ),
        case(
            "pacific",
            "August 7, 02:00 UTC is still the evening of August 6 in California",
            "the graph of a day would lack its evening, and begin with that of the day before",
            PACIFIC,
            &[(home, last, user + 1), (home, last - 6 * HOUR, user + 2)],
        ),
        case(
            "empty",
            "no hours give an empty table with the right columns",
            "a site without traffic must not stop the batch run",
            Tz::UTC,
            &[],
        ),
        case(
            "random",
            "a hundred views of half a year",
            "what holds for chosen days must hold for all",
            zone,
            &random,
        ),
    ]
}

fn case(
    name: &'static str,
    about: &'static str,
    why: &'static str,
    zone: Tz,
    views: &[(&str, i64, i64)],
) -> Case {
    let views = page_views(views);
    let counts = batch::page_views(&views, Granularity::Hour).expect("a sound view");
    let uniques = batch::uniques(&views, Granularity::Hour).expect("a sound view");
    let inputs = Inputs::new()
        .with("page_views", Value::Frame(counts))
        .with("uniques", Value::Frame(uniques))
        .with("zone", Value::Zone(zone));
    Case {
        name,
        about,
        why,
        inputs,
    }
}

fn random<'a>(draw: &mut Draw, pages: [&'a str; 2], user: i64) -> Vec<(&'a str, i64, i64)> {
    let views = (0..100).map(|_| {
        let at = AUG_3 + draw.below(180 * 86_400);
        (pages[draw.below(2) as usize], at, user + draw.below(9))
    });
    views.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    crate::mutants::tests! {
        visits::visits, stub: |_, _, _| todo!(), mutants:
        calendar_month, counts_rows, hours_and_days_only, joins_on_url_alone, monday_weeks, summed_uniques, truncates,
        two_calendars, utc_day,
    }
}
