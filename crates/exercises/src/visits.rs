//! Exercise 2.3: page views and visitors in one table, at four granularities.
use super::daily_uniques::page_views;
use super::draw::Draw;
use super::exercise::{Case, Exercise};
use super::value::{Inputs, Value};
use calendar::Granularity;
use lambda::batch;
use polars::prelude::*;

/// The reader's function.
pub type Function = fn(&DataFrame, &DataFrame) -> PolarsResult<DataFrame>;

/// Feeds the reader's function.
pub fn answer(function: Function, inputs: &Inputs) -> PolarsResult<Value> {
    let visits = function(inputs.frame("page_views")?, inputs.frame("uniques")?)?;
    Ok(Value::Frame(visits))
}

/// Exercise 2.3.
pub static EXERCISE: Exercise = Exercise {
    id: "02_3_visits",
    name: "visits",
    title: "Exercise 2.3, page views and visitors together",
    signature: "fn visits(page_views: &DataFrame, uniques: &DataFrame) -> PolarsResult<DataFrame>",
    hints: &[
        "Both views can be rolled up from hours: page views by adding, visitors by merging. Do it for each of \
         `Granularity::ALL`, join the two on URL and `ts`, and put the four tables below one another.",
        "The start of a bucket is `col(\"ts\").floor_div(length.clone()) * length` with `let length = lit(g.secs())`: \
         a month is 28 days, and weeks start on Thursday. `batch::rolled_up(uniques, g)?` merges the sketches.",
        "`.lazy().join(other.lazy(), key.clone(), key, JoinArgs::new(JoinType::Inner))` with \
         `let key = [col(\"url\"), col(\"ts\")]`; `concat(tables, UnionArgs::default())?`; then select the five columns \
         and sort by the first three.",
    ],
    vocabulary: &["lambda::batch::uniques::rolled_up"],
    cases,
    reference,
    trial: None,
};

fn reference(inputs: &Inputs) -> PolarsResult<Value> {
    let (counts, uniques) = (inputs.frame("page_views")?, inputs.frame("uniques")?);
    // Both views come from the same page views: an hour of one is one of the other.
    let hours = |view: &DataFrame| view.select(["url", "ts"]);
    if !hours(counts)?.equals(&hours(uniques)?) {
        polars_bail!(InvalidOperation: "the two views are of different hours");
    }
    let mut tables = Vec::new();
    for granularity in Granularity::ALL {
        let length = lit(granularity.secs());
        let start = col("ts").floor_div(length.clone()) * length;
        let key = [col("url"), col("ts")];
        let counts = counts
            .clone()
            .lazy()
            .group_by([col("url"), start.alias("ts")])
            .agg([col("count").sum()]);
        let uniques = batch::rolled_up(uniques, granularity)?.lazy();
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
    let random = random(&mut draw, [home, blog], user);
    vec![
        case(
            "one_view",
            "one view is one row at each granularity",
            "the serving layer looks a range up by URL, granularity and time, in this order",
            &[(home, first, user + 1)],
        ),
        case(
            "same_visitor",
            "one person comes in two hours of a day",
            "page views add up and visitors do not: each has its own way from hours to days",
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
            &[(home, -HOUR, user + 1), (home, -old * DAY, user + 1)],
        ),
        case(
            "empty",
            "no hours give an empty table with the right columns",
            "a site without traffic must not stop the batch run",
            &[],
        ),
        case(
            "random",
            "a hundred views of half a year",
            "what holds for chosen days must hold for all",
            &random,
        ),
    ]
}

fn case(
    name: &'static str,
    about: &'static str,
    why: &'static str,
    views: &[(&str, i64, i64)],
) -> Case {
    let views = page_views(views);
    let counts = batch::page_views(&views, Granularity::Hour).expect("a sound view");
    let uniques = batch::uniques(&views, Granularity::Hour).expect("a sound view");
    let inputs = Inputs::new()
        .with("page_views", Value::Frame(counts))
        .with("uniques", Value::Frame(uniques));
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
        visits::visits, stub: |_, _| todo!(), mutants:
        calendar_month, counts_rows, hours_and_days_only, joins_on_url_alone, monday_weeks, summed_uniques, truncates,
    }
}
