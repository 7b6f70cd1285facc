//! Exercise 4.1: the shard of a row, so that a query of a URL asks one server.
//!
//! Any choice is right that keeps its promise, whatever number it gives to a page. So the judging
//! process looks at the shards of all rows: do they exist, is every page on one of them, and have
//! all of them some of the pages.
use super::attempt::AttemptError;
use super::draw::Draw;
use super::exercise::{Case, Exercise};
use super::respondent::Ask;
use super::value::{Inputs, Value, counted};
use polars::prelude::{DataFrame, PolarsResult, df, polars_bail};
use std::collections::BTreeMap;

/// The reader's function.
pub type Function = fn(&str, i64, &str, i64, i64) -> i64;

/// Feeds the reader's function: the shard of each row, in the order of the rows.
pub fn answer(function: Function, inputs: &Inputs) -> PolarsResult<Value> {
    let shards = *inputs.int("shards")?;
    let rows = rows(inputs.frame("rows")?)?;
    let chosen = rows.iter().map(|row| {
        let (granularity, ts) = (&row.granularity, row.ts);
        function(&row.url, row.url_hash, granularity, ts, shards)
    });
    let chosen = df!("shard" => chosen.collect::<Vec<_>>());
    Ok(Value::Frame(chosen?))
}

/// Asks for the shards of all rows, and says what is wrong with them, if anything is. Then asks a new
/// process for the same rows, the last one first: the writer of a view and its readers are different
/// processes, and must agree.
fn trial(inputs: &Inputs, ask: Ask) -> Result<Value, AttemptError> {
    let frame = inputs.frame("rows")?;
    let shards = *inputs.int("shards")?;
    let rows = rows(frame)?;
    let chosen = shards_of(frame, shards, ask)?;
    let mut found = found(&rows, &chosen, shards);
    if found.is_none() {
        ask.forget();
        let mut again = shards_of(&frame.reverse(), shards, ask)?;
        again.reverse();
        let other = (rows.iter().zip(&chosen)).zip(&again);
        found = other
            .filter(|((_, first), second)| first != second)
            .map(|((row, first), second)| {
                let url = &row.url;
                format!("one process puts {url} on shard {first}, another on shard {second}")
            })
            .next();
    }
    Ok(about(inputs, found.as_deref().unwrap_or(RIGHT))?)
}

/// Asks for the shard of each row of a table.
fn shards_of(rows: &DataFrame, shards: i64, ask: Ask) -> Result<Vec<i64>, AttemptError> {
    let asked = Inputs::new()
        .with("rows", Value::Frame(rows.clone()))
        .with("shards", Value::Int(shards));
    let Value::Frame(chosen) = ask.ask(&asked)? else {
        return Err(AttemptError::Error("shards are a table".to_owned()));
    };
    let chosen: Vec<i64> = chosen.column("shard")?.i64()?.iter().flatten().collect();
    match chosen.len() == rows.height() {
        true => Ok(chosen),
        false => Err(AttemptError::Error(format!(
            "{} shards of {} rows",
            chosen.len(),
            rows.height()
        ))),
    }
}

/// Exercise 4.1.
pub static EXERCISE: Exercise = Exercise {
    id: "04_1_shard_choice",
    name: "shard_choice",
    title: "Exercise 4.1, choose the shard",
    signature: "fn shard_choice(url: &str, url_hash: i64, granularity: &str, ts: i64, shards: i64) -> i64",
    hints: &[
        "A query asks for one URL, over a range of time and at several granularities. Which of the arguments must \
         the choice not depend on, so that all rows of the query are on one server?",
        "The hash spreads the URLs evenly, and its remainder by the number of shards is a shard. But in Rust, as in \
         Java, `-3 % 4` is -3.",
        "`url_hash.rem_euclid(shards)` is the remainder that is never negative: with a hash of -3 and 4 shards it \
         is 1.",
    ],
    vocabulary: &[],
    cases,
    reference,
    idle: &[|inputs| answer(|_, _, _, _, _| 0, inputs)],
    trial: Some(trial),
};

const RIGHT: &str =
    "every page is on one shard that exists, and the pages are spread over all shards";

fn reference(inputs: &Inputs) -> PolarsResult<Value> {
    about(inputs, RIGHT)
}

fn about(inputs: &Inputs, found: &str) -> PolarsResult<Value> {
    let rows = rows(inputs.frame("rows")?)?;
    let text = format!(
        "{} of {} on {}: {found}",
        counted(rows.len(), "row"),
        counted(of_pages(&rows).len(), "page"),
        counted(*inputs.int("shards")? as usize, "shard"),
    );
    Ok(Value::Text(text))
}

/// A row of a view, as far as its shard may depend on it.
struct Row {
    url: String,
    url_hash: i64,
    granularity: String,
    ts: i64,
}

fn rows(frame: &DataFrame) -> PolarsResult<Vec<Row>> {
    let (urls, hashes) = (
        frame.column("url")?.str()?,
        frame.column("url_hash")?.i64()?,
    );
    let (codes, starts) = (
        frame.column("granularity")?.str()?,
        frame.column("ts")?.i64()?,
    );
    let row = |place| {
        Some(Row {
            url: urls.get(place)?.to_owned(),
            url_hash: hashes.get(place)?,
            granularity: codes.get(place)?.to_owned(),
            ts: starts.get(place)?,
        })
    };
    match (0..frame.height()).map(row).collect() {
        Some(rows) => Ok(rows),
        None => polars_bail!(InvalidOperation: "a row has no URL, hash, granularity or time"),
    }
}

/// Returns the places of the rows of each page.
fn of_pages(rows: &[Row]) -> BTreeMap<&str, Vec<usize>> {
    let mut pages: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (place, row) in rows.iter().enumerate() {
        pages.entry(&row.url).or_default().push(place);
    }
    pages
}

/// A shard's even share of the pages, from which on the spread is judged: below it, chance alone
/// may leave a shard empty.
const JUDGED_SHARE: usize = 40;

/// Returns the first thing that is wrong, in words.
fn found(rows: &[Row], chosen: &[i64], shards: i64) -> Option<String> {
    // Every shard must exist.
    for (row, shard) in rows.iter().zip(chosen) {
        if !(0..shards).contains(shard) {
            let last = shards - 1;
            return Some(format!(
                "there is no shard {shard}, as the shards are 0 to {last}, but a row of {} with the hash {} is on it",
                row.url, row.url_hash
            ));
        }
    }
    // Every page must be on one of them.
    let pages = of_pages(rows);
    for (url, places) in &pages {
        let first = chosen[places[0]];
        if let Some(other) = places
            .iter()
            .map(|&place| chosen[place])
            .find(|shard| *shard != first)
        {
            return Some(format!(
                "a query of {url} asks two servers, as its rows are on the shards {first} and {other}"
            ));
        }
    }
    // No shard may have far more than the others, or nothing.
    let share = pages.len() / shards as usize;
    if share < JUDGED_SHARE {
        return None;
    }
    let mut on = vec![0; shards as usize];
    for places in pages.values() {
        on[chosen[places[0]] as usize] += 1;
    }
    let fullest = on.iter().copied().max().unwrap_or(0);
    if fullest > 2 * share {
        return Some(format!(
            "the fullest shard has {fullest} pages, where {share} would be even"
        ));
    }
    let idle = on.iter().position(|pages| *pages == 0)?;
    Some(format!(
        "shard {idle} has no page at all, where {share} would be even"
    ))
}

fn cases(seed: u64) -> Vec<Case> {
    let mut draw = Draw::of(seed);
    let site = draw.page("mysite.com/page/");
    let start = 1_438_560_000 + draw.number(0, -300..300) * DAY;
    let more = draw.number(0, 1..60);
    let random = draw.number(11, 9..16);
    let mut case = |name, about, why, shards, signed, rows, special| {
        let pages = shards * JUDGED_SHARE as i64 + more;
        let rows = drawn(&mut draw, &site, start, pages, signed, rows, special);
        let inputs = Inputs::new()
            .with("rows", Value::Frame(rows))
            .with("shards", Value::Int(shards));
        Case {
            name,
            about,
            why,
            inputs,
        }
    };
    vec![
        case(
            "pages",
            "some hundred pages with a row each, on four shards",
            "the fullest server decides how long a batch of queries takes, and an idle one is paid for nothing",
            4,
            false,
            1,
            None,
        ),
        case(
            "buckets",
            "each page has rows of several hours and granularities",
            "a query of one page over a range of time waits for the slowest of all servers that it asks",
            4,
            false,
            4,
            None,
        ),
        case(
            "negative",
            "half of the hashes are negative",
            "the remainder has the sign of the hash: 37.5 % of all pages get a shard that does not exist, nearly half \
             with more shards",
            4,
            true,
            1,
            None,
        ),
        case(
            "six_shards",
            "the number of shards is no power of two",
            "taking the lowest bits of the hash leaves some of the servers without a page",
            6,
            true,
            1,
            None,
        ),
        case(
            "smallest_hash",
            "one hash is the smallest number of 64 bits",
            "it has no positive counterpart, so its absolute value is an overflow, once in a very long time",
            7,
            true,
            1,
            Some(i64::MIN),
        ),
        case(
            "random",
            "another number of shards, and four rows for each page",
            "what holds for chosen numbers must hold for all",
            random,
            true,
            4,
            None,
        ),
    ]
}

const HOUR: i64 = 3_600;
const DAY: i64 = 24 * HOUR;

/// Returns rows of pages with hashes drawn by lot. `special` is the hash of one of the pages.
fn drawn(
    draw: &mut Draw,
    site: &str,
    start: i64,
    pages: i64,
    signed: bool,
    rows: i64,
    special: Option<i64>,
) -> DataFrame {
    let mut table: Vec<(String, i64, &str, i64)> = Vec::new();
    for page in 0..pages {
        let size = draw.below(i64::MAX);
        let hash = if signed && draw.below(2) == 0 {
            -size
        } else {
            size
        };
        let hash = match special {
            Some(special) if page == pages / 2 => special,
            _ => hash,
        };
        // Hours that differ from page to page, and days.
        for row in 0..rows {
            let (code, ts) = match row % 2 {
                0 => ("h", start + (page % 50 + row) * HOUR),
                _ => ("d", start + row * DAY),
            };
            table.push((format!("{site}{page}"), hash, code, ts));
        }
    }
    df!(
        "url" => table.iter().map(|row| row.0.as_str()).collect::<Vec<_>>(),
        "url_hash" => table.iter().map(|row| row.1).collect::<Vec<_>>(),
        "granularity" => table.iter().map(|row| row.2).collect::<Vec<_>>(),
        "ts" => table.iter().map(|row| row.3).collect::<Vec<_>>(),
    )
    .expect("columns of one length")
}

#[cfg(test)]
mod tests {
    use super::*;
    use lambda::serving::{shard_of, signed_shard_of};

    crate::mutants::tests! {
        shard_choice::shard_choice, stub: |_, _, _, _, _| todo!(), mutants:
        absolute_value, by_granularity, by_time, first_letter, from_one, hash_and_bucket, length_of_the_url,
        low_bits, one_shard, random_hasher, signed_remainder,
    }

    fn found_of(shard: impl Fn(&str) -> i64) -> Option<String> {
        let row = |page| Row {
            url: format!("mysite.com/{page}"),
            url_hash: 0,
            granularity: "h".to_owned(),
            ts: 0,
        };
        let rows: Vec<Row> = (0..1_000).map(row).collect();
        let chosen: Vec<i64> = rows.iter().map(|row| shard(&row.url)).collect();
        found(&rows, &chosen, 7)
    }

    #[test]
    fn the_stores_own_choice_is_right_and_that_of_the_book_is_not() {
        assert_eq!(found_of(|url| i64::from(shard_of(url, 7))), None);
        let signed = found_of(|url| signed_shard_of(url, 7)).unwrap();
        assert!(signed.starts_with("there is no shard -"), "{signed}");
    }

    #[test]
    fn the_verdict_begins_with_what_is_wrong_and_says_it_once() {
        let text = verdict(signed_remainder::FUNCTION).render();
        let text = text.get("text/plain").unwrap();
        let second = text.lines().nth(1).unwrap();
        assert!(second.starts_with("there is no shard -"), "{text}");
        assert_eq!(text.matches("there is no shard").count(), 1, "{text}");
        assert_eq!(text.matches(RIGHT).count(), 1, "{text}");
        assert!(text.contains(&format!("expected: {RIGHT}")), "{text}");
    }

    #[test]
    fn the_share_of_pages_without_a_shard_is_the_one_in_the_text() {
        let hashes = (-4_000_000_000_i64..4_000_000_000).step_by(99_991);
        let (all, lost) = (
            hashes.clone().count(),
            hashes.filter(|hash| hash % 4 < 0).count(),
        );
        let share = lost as f64 / all as f64;
        assert!((share - 0.375).abs() < 0.01, "{share}");
    }
}
