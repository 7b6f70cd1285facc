//! Exercise 5.1: an update that may come twice.
//!
//! The view's rows are atomic, a write of several rows is not. So each row keeps
//! the offset up to which it has counted, and an update that comes again, whole or
//! in part, adds to a row only what that row has not seen.
//!
//! An event that is *read* again has its offset still. One that is *sent* again, because its producer
//! saw no acknowledgement, has a new one: to this function it is another event (exercise 5.4).
use super::draw::Draw;
use super::exercise::{Case, Exercise};
use super::value::{Inputs, Value};
use polars::prelude::{DataFrame, PolarsResult, df, polars_bail};
use std::collections::{BTreeMap, BTreeSet};

/// The reader's function.
pub type Function = fn(&DataFrame, &DataFrame) -> PolarsResult<DataFrame>;

/// Feeds the reader's function.
pub fn answer(function: Function, inputs: &Inputs) -> PolarsResult<Value> {
    Ok(Value::Frame(function(
        inputs.frame("view")?,
        inputs.frame("events")?,
    )?))
}

/// Exercise 5.1.
pub static EXERCISE: Exercise = Exercise {
    id: "05_1_idempotent_update",
    name: "idempotent_update",
    title: "Exercise 5.1, an update that may come twice",
    signature: "fn update(view: &DataFrame, events: &DataFrame) -> PolarsResult<DataFrame>",
    hints: &[
        "An event is new to a row if its offset is not before the row's `offset`. Another row may have seen \
         later ones: look at the row's own number, not at the largest of the view.",
        "`speed::rows_of(view)?` is the view as a map from URL to (count, offset), and `speed::events_of(events)?` the \
         events as a list of (offset, URL). `speed::view_of(&rows)` makes the answer of a map, sorted by URL.",
        "Take the events as they come. With `let row = rows.entry(url).or_insert((0, 0));`, \
         `if offset >= row.1 { *row = (row.0 + 1, offset + 1); }` counts an event once, however often it is read.",
    ],
    vocabulary: &["lessons::speed_layer::page_rows"],
    cases,
    reference,
    idle: &[],
    trial: None,
};

fn reference(inputs: &Inputs) -> PolarsResult<Value> {
    let (view, events) = (inputs.frame("view")?, inputs.frame("events")?);
    let mut rows: BTreeMap<String, (i64, i64)> = BTreeMap::new();
    let (urls, counts) = (view.column("url")?.str()?, view.column("count")?.i64()?);
    let offsets = view.column("offset")?.i64()?;
    for row in 0..view.height() {
        let (Some(url), Some(count), Some(offset)) =
            (urls.get(row), counts.get(row), offsets.get(row))
        else {
            polars_bail!(ComputeError: "row {row} of the view lacks a value");
        };
        if rows.insert(url.to_owned(), (count, offset)).is_some() {
            polars_bail!(ComputeError: "a URL has one row");
        }
    }
    let mut sorted = BTreeSet::new();
    for row in 0..events.height() {
        let offset = events.column("offset")?.i64()?.get(row);
        let url = events.column("url")?.str()?.get(row);
        let (Some(offset), Some(url)) = (offset, url) else {
            polars_bail!(ComputeError: "event {row} lacks a value");
        };
        sorted.insert((offset, url));
    }
    for (offset, url) in sorted {
        let row = rows.entry(url.to_owned()).or_insert((0, 0));
        if offset >= row.1 {
            *row = (row.0 + 1, offset + 1);
        }
    }
    Ok(Value::Frame(frame(
        &rows
            .into_iter()
            .map(|(url, (count, offset))| (url, count, offset))
            .collect::<Vec<_>>(),
    )?))
}

fn frame(rows: &[(String, i64, i64)]) -> PolarsResult<DataFrame> {
    df!(
        "url" => rows.iter().map(|row| row.0.as_str()).collect::<Vec<_>>(),
        "count" => rows.iter().map(|row| row.1).collect::<Vec<_>>(),
        "offset" => rows.iter().map(|row| row.2).collect::<Vec<_>>(),
    )
}

/// A row of the view: URL, count, offset.
type Row<'a> = (&'a str, i64, i64);
/// An event: offset, URL.
type Event<'a> = (i64, &'a str);

fn case(
    name: &'static str,
    about: &'static str,
    why: &'static str,
    start: i64,
    view: &[Row],
    events: &[Event],
) -> Case {
    let rows: Vec<_> = view
        .iter()
        .map(|(url, count, offset)| ((*url).to_owned(), *count, start + *offset))
        .collect();
    let events = df!(
        "offset" => events.iter().map(|event| start + event.0).collect::<Vec<_>>(),
        "url" => events.iter().map(|event| event.1).collect::<Vec<_>>(),
    );
    let inputs = Inputs::new()
        .with("view", Value::Frame(frame(&rows).expect("three columns")))
        .with("events", Value::Frame(events.expect("two columns")));
    Case {
        name,
        about,
        why,
        inputs,
    }
}

fn cases(seed: u64) -> Vec<Case> {
    let mut draw = Draw::of(seed);
    let (home, blog) = (draw.page("mysite.com/"), draw.page("mysite.com/blog"));
    let (home, blog) = (home.as_str(), blog.as_str());
    // All of a partition's log but its end may have been forgotten.
    let start = draw.number(0, 1..1_000_000);
    let case = |name, about, why, view: &[Row], events: &[Event]| {
        case(name, about, why, start, view, events)
    };
    let (view, events) = random(&mut draw, [home, blog, "mysite.com/x", "mysite.com/y"]);
    vec![
        // At offset 0, where a log begins: `>` for `>=` would lose that event.
        self::case(
            "first",
            "two events come to an empty view",
            "a page that was never seen needs a row",
            0,
            &[],
            &[(0, home), (1, blog)],
        ),
        case(
            "next",
            "events go on where the row stands",
            "the count before must not be lost, nor the next event",
            &[(home, 5, 8)],
            &[(8, home), (9, home)],
        ),
        case(
            "again",
            "an update comes a second time, after a crash before its acknowledgement",
            "an update that adds without looking at the row counts every event of it twice",
            &[(home, 2, 2)],
            &[(0, home), (1, home)],
        ),
        case(
            "half",
            "an update was written for one row, and the crash came before the other",
            "the row that was written must not count again, the other must not be passed over",
            &[(home, 3, 5), (blog, 1, 1)],
            &[(2, blog), (3, home), (4, home)],
        ),
        case(
            "overlap",
            "an update begins before the row's offset and ends after it",
            "offsets are compared event by event, not update by update",
            &[(home, 4, 4)],
            &[(2, home), (3, home), (4, home), (5, home)],
        ),
        case(
            "twice_within",
            "the reader was restarted while it read, and has read two events a second time",
            "a restart goes back to the last stored offset; an offset is counted once, also within one update",
            &[],
            &[(0, home), (1, home), (0, home), (1, home)],
        ),
        case(
            "nothing",
            "no events come",
            "the view must stay as it is",
            &[(home, 7, 9)],
            &[],
        ),
        case(
            "random",
            "many updates over four pages, some of them old",
            "what holds for chosen offsets must hold for all",
            &view,
            &events,
        ),
    ]
}

fn random<'a>(draw: &mut Draw, urls: [&'a str; 4]) -> (Vec<Row<'a>>, Vec<Event<'a>>) {
    let view = urls[..3]
        .iter()
        .map(|url| (*url, draw.below(50), draw.below(30)))
        .collect();
    let log: Vec<&str> = (0..40).map(|_| urls[draw.below(4) as usize]).collect();
    // A reader that is restarted now and then, and then goes some offsets back.
    let (mut events, mut offset) = (Vec::new(), 0);
    while let Some(url) = log.get(offset as usize) {
        events.push((offset, *url));
        offset = match draw.below(4) {
            0 => (offset - draw.below(3)).max(0),
            _ => offset + 1,
        };
    }
    (view, events)
}

#[cfg(test)]
mod tests {
    use super::*;

    crate::mutants::tests! {
        idempotent_update::update, stub: |_, _| todo!(), mutants:
        adds_always, counts_anew, drops_repeats, known_pages_only, offset_of_the_view, offset_stays, one_too_late, smallest_offset, twice_within_an_update, update_by_update,
    }
}
