//! Exercise 4.2: the order of the rows on a disk, so that a query takes one seek.
//!
//! The judging process lays the rows out in the order that an answer gives, and counts the seeks
//! of all queries with the chapter's own code. Every order that takes the fewest is right.
use super::attempt::AttemptError;
use super::draw::Draw;
use super::exercise::{Case, Exercise};
use super::respondent::Ask;
use super::value::{Inputs, Value};
use calendar::Granularity;
use lessons::serving_layer::{DRAWN_ROWS_PER_BLOCK, block_runs};
use polars::prelude::{DataFrame, PolarsResult, df, polars_bail};
use std::collections::{BTreeMap, BTreeSet};

/// The reader's function.
pub type Function = fn(&DataFrame) -> PolarsResult<DataFrame>;

/// Feeds the reader's function.
pub fn answer(function: Function, inputs: &Inputs) -> PolarsResult<Value> {
    Ok(Value::Frame(function(inputs.frame("rows")?)?))
}

/// Asks for the rows in an order, and returns what each query finds and what it costs.
fn trial(inputs: &Inputs, ask: Ask) -> Result<Value, AttemptError> {
    let Value::Frame(laid_out) = ask.ask(inputs)? else {
        return Err(AttemptError::Error("rows are a table".to_owned()));
    };
    let given = rows(inputs.frame("rows")?)?;
    // Every query looks at all rows. Twice as many are enough to show duplicates.
    if laid_out.height() > 2 * given.len() {
        let (more, rows) = (laid_out.height(), given.len());
        let error = format!("{more} rows, where {rows} were given");
        return Err(AttemptError::Error(error));
    }
    let laid_out = rows(&laid_out)?;
    let known: BTreeSet<&Row> = given.iter().collect();
    if let Some(place) = laid_out.iter().position(|row| !known.contains(row)) {
        let (url, code, ts, count) = &laid_out[place];
        let nth = place + 1;
        return Err(AttemptError::Error(format!(
            "row {nth} of the answer, ({url}, {code}, {ts}, {count}), is none of the rows that were given"
        )));
    }
    let cost = |query: &Query| {
        let places = (0..).zip(&laid_out).filter(|(_, row)| query.wants(row));
        let places: Vec<u64> = places.map(|(place, _)| place).collect();
        let seeks = block_runs(&places, DRAWN_ROWS_PER_BLOCK).len();
        (places.len(), seeks)
    };
    let queries = queries(&given);
    let costs: Vec<(usize, usize)> = queries.iter().map(cost).collect();
    Ok(Value::Frame(frame(&queries, &costs)?))
}

/// Exercise 4.2.
pub static EXERCISE: Exercise = Exercise {
    id: "04_2_index_layout",
    name: "index_layout",
    title: "Exercise 4.2, lay out the index and pay its seeks",
    signature: "fn index_layout(rows: &DataFrame) -> PolarsResult<DataFrame>",
    hints: &[
        "A query takes one seek if all rows that it wants are neighbours. What have the rows of one query in common? \
         Sort by that first.",
        "All queries want rows of one page. Some of them want one granularity only, and of these some want a range \
         of time. From the outermost to the innermost, these are the three columns of the key.",
        "`rows.sort([\"url\", ..], Default::default())` sorts by several columns, the first one first. Time comes \
         last: within a page and a granularity.",
    ],
    vocabulary: &[],
    cases,
    reference,
    idle: &[],
    trial: Some(trial),
};

fn reference(inputs: &Inputs) -> PolarsResult<Value> {
    let rows = rows(inputs.frame("rows")?)?;
    let queries = queries(&rows);
    let wanted = |query: &Query| rows.iter().filter(|row| query.wants(row)).count();
    let costs: Vec<(usize, usize)> = queries.iter().map(|query| (wanted(query), 1)).collect();
    Ok(Value::Frame(frame(&queries, &costs)?))
}

/// A row of a view: URL, granularity, start of the bucket, count.
type Row = (String, String, i64, i64);

/// A query of one page, for its graph or for a part of it.
struct Query {
    url: String,
    /// The granularity of the wanted rows, and the first time; `None` for all rows of the page.
    range: Option<(String, i64)>,
}

impl Query {
    fn wants(&self, (url, granularity, ts, _): &Row) -> bool {
        let in_range = match &self.range {
            None => true,
            Some((code, from)) => granularity == code && ts >= from,
        };
        *url == self.url && in_range
    }
}

/// Returns the queries of the rows' pages: for each page all of its rows; for each page and
/// granularity all rows, and the later half of them.
fn queries(rows: &[Row]) -> Vec<Query> {
    let mut starts: BTreeMap<&str, BTreeMap<&str, BTreeSet<i64>>> = BTreeMap::new();
    for (url, granularity, ts, _) in rows {
        let of_page = starts.entry(url).or_default();
        of_page.entry(granularity).or_default().insert(*ts);
    }
    let mut queries = Vec::new();
    for (url, granularities) in starts {
        let url = url.to_owned();
        queries.push(Query {
            url: url.clone(),
            range: None,
        });
        for (code, starts) in granularities {
            // Of a single row, both are the same query.
            let firsts = starts.iter().next().into_iter();
            let middles = starts.iter().nth(starts.len() / 2).into_iter();
            let froms: BTreeSet<&i64> = firsts.chain(middles).collect();
            queries.extend(froms.into_iter().map(|from| Query {
                url: url.clone(),
                range: Some((code.to_owned(), *from)),
            }));
        }
    }
    queries
}

/// Returns a row for each query: what it asks, the rows that it finds, and its seeks.
fn frame(queries: &[Query], costs: &[(usize, usize)]) -> PolarsResult<DataFrame> {
    let range = |query: &Query| query.range.clone().unzip();
    let (codes, froms): (Vec<_>, Vec<_>) = queries.iter().map(range).unzip();
    df!(
        "url" => queries.iter().map(|query| query.url.as_str()).collect::<Vec<_>>(),
        "granularity" => codes.into_iter().map(|code| code.unwrap_or("all".to_owned())).collect::<Vec<_>>(),
        "from" => froms,
        "rows" => costs.iter().map(|cost| cost.0 as i64).collect::<Vec<_>>(),
        "seeks" => costs.iter().map(|cost| cost.1 as i64).collect::<Vec<_>>(),
    )
}

fn rows(frame: &DataFrame) -> PolarsResult<Vec<Row>> {
    let (urls, codes) = (
        frame.column("url")?.str()?,
        frame.column("granularity")?.str()?,
    );
    let (starts, counts) = (frame.column("ts")?.i64()?, frame.column("count")?.i64()?);
    let row = |place| {
        let (url, code) = (urls.get(place)?.to_owned(), codes.get(place)?.to_owned());
        Some((url, code, starts.get(place)?, counts.get(place)?))
    };
    match (0..frame.height()).map(row).collect() {
        Some(rows) => Ok(rows),
        None => polars_bail!(InvalidOperation: "a row has no URL, granularity, time or count"),
    }
}

fn case(name: &'static str, about: &'static str, why: &'static str, rows: &[Row]) -> Case {
    let rows = df!(
        "url" => rows.iter().map(|row| row.0.as_str()).collect::<Vec<_>>(),
        "granularity" => rows.iter().map(|row| row.1.as_str()).collect::<Vec<_>>(),
        "ts" => rows.iter().map(|row| row.2).collect::<Vec<_>>(),
        "count" => rows.iter().map(|row| row.3).collect::<Vec<_>>(),
    );
    let inputs = Inputs::new().with("rows", Value::Frame(rows.expect("columns of one length")));
    Case {
        name,
        about,
        why,
        inputs,
    }
}

const HOUR: i64 = Granularity::Hour.secs();

/// 2015-08-05 00:00 UTC, a Wednesday: a week begins on the day after.
const AUG_5: i64 = 1_438_732_800;

fn cases(seed: u64) -> Vec<Case> {
    let mut draw = Draw::of(seed);
    // Whole weeks.
    let start = AUG_5 + draw.number(0, -100..100) * 168 * HOUR;
    let pages = ["about", "blog", "docs", "faq", "news"];
    let pages: Vec<String> = { pages.iter() }
        .map(|page| draw.page(&format!("mysite.com/{page}")))
        .collect();
    let before = draw.number(16, 14..19);
    let hours = arrived(&mut draw, &pages, start, 24, &[Granularity::Hour]);
    let mut late = arrived(&mut draw, &pages, start, 24, &[Granularity::Hour]);
    // The last eight hours come first.
    late.rotate_left(pages.len() * 16);
    let all = arrived(&mut draw, &pages, start, 72, &Granularity::ALL);
    // The second in which a timestamp got its tenth digit is in an hour that begins before it.
    let digits = Granularity::Hour.bucket(1_000_000_000) + HOUR - before * HOUR;
    let digits = arrived(&mut draw, &pages, digits, 24, &[Granularity::Hour]);
    let mut random = arrived(&mut draw, &pages, start, 48, &Granularity::ALL);
    for place in (1..random.len()).rev() {
        random.swap(place, draw.below(place as i64 + 1) as usize);
    }
    vec![
        case(
            "hours",
            "24 hours of five pages, as they arrived",
            "the rows of a page are far apart, and each of them costs a seek",
            &hours,
        ),
        case(
            "late",
            "the first sixteen hours arrived last",
            "a range of time is one seek only if the rows of a page are in the order of time",
            &late,
        ),
        case(
            "granularities",
            "three days with rows of hours, days, weeks and months",
            "a graph of days must not seek over the hours between them, and that of a page is read as a whole",
            &all,
        ),
        case(
            "digits",
            "hours of September 9, 2001, when timestamps got their tenth digit",
            "as text, 1000000000 is before 999999999, and the hours of that day fall apart",
            &digits,
        ),
        case(
            "random",
            "rows of two days in an order drawn by lot",
            "what holds for chosen orders must hold for all",
            &random,
        ),
    ]
}

/// Returns the rows of pages in order of arrival: hour by hour, and at the start of a longer
/// bucket its row behind that of the hour.
fn arrived(
    draw: &mut Draw,
    pages: &[String],
    start: i64,
    hours: i64,
    granularities: &[Granularity],
) -> Vec<Row> {
    let mut rows = Vec::new();
    for hour in 0..hours {
        let ts = start + hour * HOUR;
        for granularity in granularities {
            let bucket = granularity.bucket(ts);
            if bucket == ts || hour == 0 {
                let code = granularity.code();
                let row = |page: &String| (page.clone(), code.to_owned(), bucket, draw.below(500));
                rows.extend(pages.iter().map(row));
            }
        }
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    crate::mutants::tests! {
        index_layout::index_layout, stub: |_| todo!(), mutants:
        as_they_arrived, by_count, by_granularity, by_page_alone, by_time, drops_rows, page_then_time,
        time_as_text,
    }

    #[test]
    fn the_views_own_order_takes_the_fewest_seeks() {
        let sorted = |rows: &DataFrame| rows.sort(["url", "granularity", "ts"], Default::default());
        for seed in 0..8 {
            let verdict = verdict_with(seed, sorted);
            assert_eq!(verdict.status, Status::Passed, "{}", verdict.reason());
        }
    }

    #[test]
    fn any_order_with_one_seek_a_query_is_right() {
        use polars::prelude::SortMultipleOptions;

        let downwards = SortMultipleOptions::default().with_order_descending(true);
        let key = ["url", "granularity", "ts"];
        let verdict = judge(&EXERCISE, READERS_SEED, &|inputs| {
            Ok(Value::Frame(
                inputs.frame("rows")?.sort(key, downwards.clone())?,
            ))
        });
        assert_eq!(verdict.status, Status::Passed, "{}", verdict.reason());
    }
}
