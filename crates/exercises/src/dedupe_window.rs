//! Exercise 5.4: which page views of a log are new, with memory for a window of offsets.
//!
//! A producer's retry has a new offset, so offsets cannot tell it from another page view. The identity
//! can, as far back as the window reaches. After a restart the window is what the log says it is, and
//! if the log has forgotten a part of it, the reader must not go on.
use super::draw::Draw;
use super::exercise::{Case, Exercise};
use super::value::{Inputs, Value};
use lessons::speed_layer::Arrival;
use polars::prelude::{DataFrame, PolarsResult, df, polars_bail};

/// The reader's function: the records that the log keeps, the offset of the first of them, the
/// offset at which a reader continues, and its window.
pub type Function = fn(&[Arrival], usize, usize, usize) -> Result<Vec<bool>, String>;

/// Feeds the reader's function: which of the records from an offset on are new, or a refusal.
pub fn answer(function: Function, inputs: &Inputs) -> PolarsResult<Value> {
    let log = log(inputs.frame("log")?)?;
    let (first, from, window) = numbers(inputs)?;
    Ok(Value::Frame(match function(&log, first, from, window) {
        Ok(new) => frame(from, &new)?,
        Err(_) => Value::refusal()?,
    }))
}

fn numbers(inputs: &Inputs) -> PolarsResult<(usize, usize, usize)> {
    Ok((
        *inputs.int("first")? as usize,
        *inputs.int("from")? as usize,
        *inputs.int("window")? as usize,
    ))
}

/// Returns the answer as a table: the offset of each record, and whether it is new.
fn frame(from: usize, new: &[bool]) -> PolarsResult<DataFrame> {
    let offsets = (from as i64..).take(new.len());
    df!("offset" => offsets.collect::<Vec<_>>(), "new" => new)
}

fn log(frame: &DataFrame) -> PolarsResult<Vec<Arrival>> {
    let (secs, nonces) = (frame.column("secs")?.i64()?, frame.column("nonce")?.i64()?);
    let (urls, people) = (frame.column("url")?.str()?, frame.column("person")?.str()?);
    let arrival = |row| {
        Some(Arrival::new(
            secs.get(row)?,
            urls.get(row)?,
            people.get(row)?,
            nonces.get(row)?,
        ))
    };
    match (0..frame.height()).map(arrival).collect() {
        Some(log) => Ok(log),
        None => polars_bail!(InvalidOperation: "a record has no time, URL, person or nonce"),
    }
}

/// Exercise 5.4.
pub static EXERCISE: Exercise = Exercise {
    id: "05_4_dedupe_window",
    name: "dedupe_window",
    title: "Exercise 5.4, a page view that was sent again",
    signature: "fn new_views(log: &[speed::Arrival], first: usize, from: usize, window: usize) -> Result<Vec<bool>, String>",
    hints: &[
        "First the refusal. Which is the earliest offset that the window of the record at `from` holds? If the \
         log does not keep it any more, the answer is an `Err`. An offset below 0 was never there, so none of it is missing.",
        "A record is new if none of the `window` records before it is the same page view. These are the records at \
         the last `window` offsets, duplicates included, also those before `from`: a reader that was restarted reads \
         them again.",
        "`if first > from.saturating_sub(window) { return Err(\"the window is not kept\".to_owned()); }`. After it, \
         count in places of the list: the record at offset `from` is at the place `from - first`. Then \
         `!log[at.saturating_sub(window)..at].contains(&log[at])` says whether the record at the place `at` is new.",
    ],
    vocabulary: &["lessons::speed_layer::arrival::Arrival"],
    cases,
    reference,
    idle: &[
        |inputs| {
            answer(
                |log, first, from, _| Ok(vec![true; (first + log.len()).saturating_sub(from)]),
                inputs,
            )
        },
        |inputs| {
            answer(
                |log, first, from, _| Ok(vec![false; (first + log.len()).saturating_sub(from)]),
                inputs,
            )
        },
        |inputs| answer(|_, _, _, _| Err(String::new()), inputs),
    ],
    trial: None,
};

fn reference(inputs: &Inputs) -> PolarsResult<Value> {
    let log = log(inputs.frame("log")?)?;
    let (first, from, window) = numbers(inputs)?;
    if from > first + log.len() {
        polars_bail!(InvalidOperation: "the log ends before the offset at which the reader continues");
    }
    if first > from.saturating_sub(window) {
        return Ok(Value::Frame(Value::refusal()?));
    }
    let new = |at: usize| !log[at.saturating_sub(window)..at].contains(&log[at]);
    let new: Vec<bool> = (from - first..log.len()).map(new).collect();
    Ok(Value::Frame(frame(from, &new)?))
}

fn case(
    name: &'static str,
    about: &'static str,
    why: &'static str,
    log: &[Arrival],
    (first, from): (i64, i64),
    window: i64,
) -> Case {
    let table = df!(
        "secs" => log.iter().map(|view| view.secs).collect::<Vec<_>>(),
        "url" => log.iter().map(|view| view.url.as_str()).collect::<Vec<_>>(),
        "person" => log.iter().map(|view| view.person.as_str()).collect::<Vec<_>>(),
        "nonce" => log.iter().map(|view| view.nonce).collect::<Vec<_>>(),
    );
    let inputs = Inputs::new()
        .with("log", Value::Frame(table.expect("four columns")))
        .with("first", Value::Int(first))
        .with("from", Value::Int(from))
        .with("window", Value::Int(window));
    Case {
        name,
        about,
        why,
        inputs,
    }
}

fn cases(seed: u64) -> Vec<Case> {
    let mut draw = Draw::of(seed);
    let page = draw.page("mysite.com/blog");
    let start = draw.number(1_438_624_800, 1_400_000_000..1_500_000_000);
    let nonce = draw.number(7, 1..1_000_000);
    // How many other views lie before the first one of a case.
    let before = draw.number(0, 1..6);
    // The offset of the first record that is kept, in cases where older ones are gone.
    let first = draw.number(40, 30..100_000);
    // Different page views, a second apart.
    let view = |n: i64| Arrival::new(start + n, &page, &format!("user {n}"), nonce + n);
    let padded = |views: Vec<Arrival>| -> Vec<Arrival> {
        (100..100 + before).map(view).chain(views).collect()
    };
    let random: Vec<Arrival> = (0..300)
        .map(|n| {
            // One in three is a copy of a view of the last 40, and some are near copies.
            let near = |draw: &mut Draw| n - 1 - draw.below(40).min(n - 1).max(0);
            match draw.below(7) {
                0 | 1 if n > 0 => view(near(&mut draw) / 2),
                2 if n > 0 => {
                    let mut other = view(near(&mut draw) / 2);
                    other.person.push_str(" again");
                    other
                }
                3 if n > 0 => {
                    let mut other = view(near(&mut draw) / 2);
                    other.nonce += 1_000_000;
                    other
                }
                4 if n > 0 => {
                    let mut other = view(near(&mut draw) / 2);
                    other.secs += 3_600;
                    other
                }
                _ => view(n / 2),
            }
        })
        .collect();
    let mut shifted = view(1);
    shifted.secs += 3_600;
    let mut other_person = view(1);
    other_person.person = "user 99".to_owned();
    let mut reloaded = view(1);
    reloaded.nonce += 500;
    vec![
        case(
            "retry",
            "a view, another one, and the first one sent again",
            "a retry gets a new offset, so a count by offsets counts it twice",
            &padded(vec![view(1), view(2), view(1)]),
            (0, 0),
            10,
        ),
        case(
            "same_nonce",
            "another person's view of the same page and second, with the same nonce",
            "senders draw nonces by themselves; a nonce alone names no page view",
            &padded(vec![view(1), other_person]),
            (0, 0),
            10,
        ),
        case(
            "reload",
            "the same person reloads the page within a second: another nonce",
            "a view that is dropped as a duplicate is lost until the next batch run",
            &padded(vec![view(1), reloaded]),
            (0, 0),
            10,
        ),
        case(
            "an_hour_later",
            "the same person, page and nonce, an hour later",
            "a retry has the time of its original, so this is another page view",
            &padded(vec![view(1), shifted]),
            (0, 0),
            10,
        ),
        case(
            "window",
            "duplicates two, three and five offsets after their originals, with a window of three",
            "the reader's memory is bounded: what is further back counts again until the next batch run",
            &padded([1, 2, 1, 3, 2, 4, 5, 6, 3].map(view).to_vec()),
            (0, 0),
            3,
        ),
        case(
            "copies_take_places",
            "four copies between a view and its next copy, with a window of four",
            "the window is of offsets: copies take places in it, so that it can be read again from the log",
            &padded(vec![view(1), view(2), view(2), view(2), view(2), view(1)]),
            (0, 0),
            4,
        ),
        case(
            "restart",
            "the reader was restarted; the originals lie before the offset at which it continues",
            "a window that begins empty after each crash counts every duplicate of before it",
            &padded(vec![view(1), view(2), view(3), view(1), view(4), view(3)]),
            (0, before + 3),
            10,
        ),
        case(
            "kept",
            "old records are gone, and the log keeps just the window before the offset at which the reader continues",
            "offsets are not places in a list: the first record that is kept has an offset of its own",
            &[
                view(1),
                view(2),
                view(3),
                view(1),
                view(4),
                view(3),
                view(2),
            ],
            (first, first + 3),
            3,
        ),
        case(
            "forgotten",
            "one record of the window is gone",
            "its duplicate would be counted a second time, and no count would say so",
            &[view(2), view(3), view(1), view(4), view(3)],
            (first + 1, first + 3),
            3,
        ),
        case(
            "too_late",
            "the record at which the reader continues is gone as well",
            "the reader has lost records; it must say so, and not go on at what is kept",
            &[view(3), view(1), view(4)],
            (first + 5, first + 3),
            3,
        ),
        case(
            "nothing",
            "the reader continues at the end of the log",
            "nothing has come, so nothing is new",
            &padded(vec![view(1), view(1)]),
            (0, before + 2),
            10,
        ),
        case(
            "random",
            "300 views, a third of them copies and some nearly so, of which the log keeps just the window before the reader",
            "what holds for chosen views must hold for all",
            &random,
            (first, first + 20),
            20,
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    crate::mutants::tests! {
        dedupe_window::new_views, stub: |_, _, _, _| todo!(), mutants:
        begins_empty, by_nonce, by_offset, by_place, needs_more, neighbours_only, never_refuses, off_by_one,
        refuses_at_the_beginning, refuses_the_lost_only, unbounded, window_of_new_ones, without_nonce,
        without_person, without_time,
    }
}
