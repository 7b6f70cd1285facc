//! Exercise 5.5: the key of a row, so that the writes of now go to all servers and the hours of a page
//! are together.
//!
//! Any key is right that keeps these promises. So the judging process sorts the keys of all rows, as a
//! store does, and looks at where they are.
use super::attempt::AttemptError;
use super::draw::Draw;
use super::exercise::{Case, Exercise};
use super::respondent::Ask;
use super::value::{Inputs, Value, counted};
use polars::prelude::{DataFrame, PolarsResult, df, polars_bail};
use std::collections::{BTreeMap, BTreeSet};

/// The reader's function: page, hash of the page, and hours since 1970.
pub type Function = fn(&str, u64, i64) -> Vec<u8>;

/// Servers, each of which has an equal part of all first bytes.
const SERVERS: usize = 8;

/// Feeds the reader's function: the key of each row, in the order of the rows, as hexadecimal text.
pub fn answer(function: Function, inputs: &Inputs) -> PolarsResult<Value> {
    let rows = rows(inputs.frame("rows")?)?;
    let keys = rows.iter().map(|row| {
        let key = function(&row.page, row.hash, row.hour);
        key.iter()
            .map(|byte| format!("{byte:02x}"))
            .collect::<String>()
    });
    Ok(Value::Frame(df!("key" => keys.collect::<Vec<_>>())?))
}

/// Asks for the keys of all rows, and says what is wrong with them, if anything is. Then asks a new
/// process for the same rows: the writer of a view and its readers are different processes.
fn trial(inputs: &Inputs, ask: Ask) -> Result<Value, AttemptError> {
    let rows = rows(inputs.frame("rows")?)?;
    let keys = keys_of(inputs, rows.len(), ask)?;
    let mut found = found(&rows, &keys);
    if found.is_none() {
        ask.forget();
        let again = keys_of(inputs, rows.len(), ask)?;
        let other = rows.iter().zip(keys.iter().zip(&again));
        found = { other }
            .find(|(_, (first, second))| first != second)
            .map(|(row, _)| {
                format!(
                    "two processes give hour {} of {} two keys",
                    row.hour, row.page
                )
            });
    }
    Ok(about(inputs, found.as_deref().unwrap_or(RIGHT))?)
}

/// Asks for the key of each row.
fn keys_of(inputs: &Inputs, rows: usize, ask: Ask) -> Result<Vec<Vec<u8>>, AttemptError> {
    let Value::Frame(keys) = ask.ask(inputs)? else {
        return Err(AttemptError::Error("keys are a table".to_owned()));
    };
    let keys = keys.column("key")?.str()?.iter();
    let bytes = |text: &str| -> Option<Vec<u8>> {
        let places = (0..text.len()).step_by(2);
        let byte = |place| u8::from_str_radix(text.get(place..place + 2)?, 16).ok();
        places.map(byte).collect()
    };
    let keys: Option<Vec<Vec<u8>>> = keys.map(|key| bytes(key?)).collect();
    match keys.filter(|keys| keys.len() == rows) {
        Some(keys) => Ok(keys),
        None => Err(AttemptError::Error(format!(
            "no key for each of {rows} rows"
        ))),
    }
}

/// Exercise 5.5.
pub static EXERCISE: Exercise = Exercise {
    id: "05_5_row_key",
    name: "row_key",
    title: "Exercise 5.5, the key of a row",
    signature: "fn row_key(page: &str, page_hash: u64, hour: i64) -> Vec<u8>",
    hints: &[
        "All rows that are written now have one hour, and all pages of a site begin alike. What of the three \
         arguments is spread evenly? And which of them must the first bytes not depend on, so that the hours of \
         a page stay together?",
        "Three parts, in this order: what spreads the pages, what tells two pages apart, and the hour. A store \
         compares keys byte by byte, so the hour needs as many bytes in each row, the largest first.",
        "`page_hash.to_be_bytes().to_vec()` is the first part. Then `key.extend(page.as_bytes());` and \
         `key.extend(hour.to_be_bytes());`.",
    ],
    vocabulary: &[],
    cases,
    reference,
    idle: &[|inputs| answer(|_, _, _| Vec::new(), inputs)],
    trial: Some(trial),
};

const RIGHT: &str = "each row has a key of its own, the hours of a page are together and in order, and the \
                     writes of an hour go to all servers";

fn reference(inputs: &Inputs) -> PolarsResult<Value> {
    about(inputs, RIGHT)
}

fn about(inputs: &Inputs, found: &str) -> PolarsResult<Value> {
    let rows = rows(inputs.frame("rows")?)?;
    let pages: BTreeSet<&str> = rows.iter().map(|row| &row.page[..]).collect();
    let text = format!(
        "{} of {}: {found}",
        counted(rows.len(), "row"),
        counted(pages.len(), "page"),
    );
    Ok(Value::Text(text))
}

struct Row {
    page: String,
    hash: u64,
    hour: i64,
}

fn rows(frame: &DataFrame) -> PolarsResult<Vec<Row>> {
    let pages = frame.column("page")?.str()?;
    let (hashes, hours) = (
        frame.column("page_hash")?.i64()?,
        frame.column("hour")?.i64()?,
    );
    let row = |place| {
        Some(Row {
            page: pages.get(place)?.to_owned(),
            hash: hashes.get(place)? as u64,
            hour: hours.get(place)?,
        })
    };
    match (0..frame.height()).map(row).collect() {
        Some(rows) => Ok(rows),
        None => polars_bail!(InvalidOperation: "a row has no page, hash or hour"),
    }
}

/// A server's even share of the writes of an hour, from which on the spread is judged: below it, chance
/// alone may make one of them busy.
const JUDGED_SHARE: usize = 20;

/// Returns the first thing that is wrong, in words.
fn found(rows: &[Row], keys: &[Vec<u8>]) -> Option<String> {
    let mut sorted: Vec<(&Vec<u8>, &Row)> = keys.iter().zip(rows).collect();
    sorted.sort_by_key(|(key, _)| *key);
    // Each row must have a key of its own.
    for pair in sorted.windows(2) {
        let [(key, one), (other_key, other)] = pair else {
            continue;
        };
        if key == other_key && (&one.page, one.hour) != (&other.page, other.hour) {
            return Some(format!(
                "hour {} of {} and hour {} of {} have one key",
                one.hour, one.page, other.hour, other.page
            ));
        }
    }
    // The hours of a page must be together, in the order of time.
    let mut pieces: BTreeMap<&str, usize> = BTreeMap::new();
    for piece in sorted.chunk_by(|a, b| a.1.page == b.1.page) {
        *pieces.entry(&piece[0].1.page).or_default() += 1;
    }
    if let Some((page, pieces)) = pieces.iter().find(|(_, pieces)| **pieces > 1) {
        return Some(format!(
            "the rows of {page} lie in {pieces} pieces, with other pages between them: a query of its hours seeks {pieces} times"
        ));
    }
    for pair in sorted.windows(2) {
        let (one, other) = (pair[0].1, pair[1].1);
        if one.page == other.page && one.hour > other.hour {
            return Some(format!(
                "hour {} of {} comes before hour {}, so a query of a range of hours cannot read from its first row to its last",
                one.hour, one.page, other.hour
            ));
        }
    }
    // The writes of an hour must go to all servers.
    let mut writes: BTreeMap<i64, [usize; SERVERS]> = BTreeMap::new();
    for (key, row) in &sorted {
        let first = usize::from(key.first().copied().unwrap_or(0));
        writes.entry(row.hour).or_default()[first * SERVERS / 256] += 1;
    }
    writes.iter().find_map(|(hour, on)| {
        let all: usize = on.iter().sum();
        let (share, busiest) = (all / SERVERS, on.iter().copied().max().unwrap_or(0));
        (share >= JUDGED_SHARE && busiest > 2 * share).then(|| {
            format!("{busiest} of {all} writes of hour {hour} go to one server, where {share} would be even")
        })
    })
}

fn cases(seed: u64) -> Vec<Case> {
    let mut draw = Draw::of(seed);
    let site = draw.page("mysite.com/page/");
    // Two days within 256 hours, of which the larger bytes are equal.
    let start = 256 * (1_561 - draw.number(0, 1..30)) + draw.number(3, 4..200);
    let more = draw.number(0, 1..60);
    // More pages than servers.
    let few = 12 + draw.number(0, 1..6);
    let mut rows = |pages: i64, hours: &[i64], twins: bool| {
        let mut table: Vec<(String, i64, i64)> = Vec::new();
        for page in 0..pages {
            let mut hash = draw.below(i64::MAX) << 1 ^ draw.below(i64::MAX);
            if twins && page % 2 == 1 {
                hash = table.last().map_or(hash, |row| row.1);
            }
            table.extend(
                hours
                    .iter()
                    .map(|hour| (format!("{site}{page}"), hash, *hour)),
            );
        }
        df!(
            "page" => table.iter().map(|row| row.0.as_str()).collect::<Vec<_>>(),
            "page_hash" => table.iter().map(|row| row.1).collect::<Vec<_>>(),
            "hour" => table.iter().map(|row| row.2).collect::<Vec<_>>(),
        )
        .expect("columns of one length")
    };
    let case = |name, about, why, rows: DataFrame| Case {
        name,
        about,
        why,
        inputs: Inputs::new().with("rows", Value::Frame(rows)),
    };
    let many = SERVERS as i64 * JUDGED_SHARE as i64 + more;
    let two_days: Vec<i64> = (start..start + 48).collect();
    // 9,984 is 39 times 256, and 10,000 has a digit more than 9,999.
    let long_ago: Vec<i64> = (9_980..10_004).collect();
    vec![
        case(
            "now",
            "more than a hundred pages, all in one hour",
            "all writes of now go to the servers that have the rows of this hour",
            rows(many, &[start], false),
        ),
        case(
            "hours",
            "48 hours of some pages",
            "a query of the hours of a page reads one row after another only if no other page is between them",
            rows(few, &two_days, false),
        ),
        case(
            "order",
            "hours of which the numbers have four and five digits",
            "a store compares keys byte by byte, and not as numbers",
            rows(few, &long_ago, false),
        ),
        case(
            "twins",
            "pages of which two have one hash",
            "a hash spreads pages, and does not tell all of them apart",
            rows(few, &two_days, true),
        ),
        case(
            "random",
            "more than a hundred pages with hours of many years, of which two pages have one hash",
            "what holds for chosen rows must hold for all",
            rows(many, &[9_983, 9_984, 9_999, 10_000, start, start + 1], true),
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    crate::mutants::tests! {
        row_key::row_key, stub: |_, _, _| todo!(), mutants:
        decimal_hour, hash_and_hour, hour_first, little_endian, page_first, salt_hour_page, salt_of_the_hour, small_salt,
    }
}
