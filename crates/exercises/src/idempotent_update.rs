//! Exercise 5.1: an update that may come twice.
//!
//! The view's rows are atomic, a write of several rows is not. So each row keeps, for each partition
//! of the log, the offset up to which it has counted, and an update that comes again, whole or
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
        "An event is new to a row if its offset is not before the row's offset *of that partition*. Offsets of \
         two partitions have nothing to do with each other, and another row may have seen later ones.",
        "`speed::rows_of(view)?` is the view as a map from URL to (count, [offset, offset]), and `speed::events_of(events)?` \
         the events as a list of (partition, offset, URL). `speed::view_of(&rows)` makes the answer of a map, sorted by URL.",
        "Take the events as they come. With `let row = rows.entry(url).or_insert((0, [0, 0]));`, the row's offset of the \
         event's partition is `row.1[partition]`. Only if it is not after the event's own offset, the count and this offset \
         become larger.",
    ],
    vocabulary: &["lessons::speed_layer::page_rows"],
    cases,
    reference,
    idle: &[],
    trial: None,
};

fn reference(inputs: &Inputs) -> PolarsResult<Value> {
    let (view, events) = (inputs.frame("view")?, inputs.frame("events")?);
    let mut rows: BTreeMap<String, (i64, [i64; 2])> = BTreeMap::new();
    let (urls, counts) = (view.column("url")?.str()?, view.column("count")?.i64()?);
    let offsets = [
        view.column("offset_0")?.i64()?,
        view.column("offset_1")?.i64()?,
    ];
    for row in 0..view.height() {
        let (Some(url), Some(count), Some(first), Some(second)) = (
            urls.get(row),
            counts.get(row),
            offsets[0].get(row),
            offsets[1].get(row),
        ) else {
            polars_bail!(ComputeError: "row {row} of the view lacks a value");
        };
        if rows
            .insert(url.to_owned(), (count, [first, second]))
            .is_some()
        {
            polars_bail!(ComputeError: "a URL has one row");
        }
    }
    let mut sorted = BTreeSet::new();
    for row in 0..events.height() {
        let partition = events.column("partition")?.i64()?.get(row);
        let offset = events.column("offset")?.i64()?.get(row);
        let url = events.column("url")?.str()?.get(row);
        let (Some(partition @ 0..=1), Some(offset), Some(url)) = (partition, offset, url) else {
            polars_bail!(ComputeError: "event {row} lacks a value");
        };
        sorted.insert((partition as usize, offset, url));
    }
    for (partition, offset, url) in sorted {
        let (count, offsets) = rows.entry(url.to_owned()).or_insert((0, [0, 0]));
        if offset >= offsets[partition] {
            *count += 1;
            offsets[partition] = offset + 1;
        }
    }
    let rows = rows.into_iter();
    let rows: Vec<_> = rows
        .map(|(url, (count, offsets))| (url, count, offsets))
        .collect();
    Ok(Value::Frame(frame(&rows)?))
}

fn frame(rows: &[(String, i64, [i64; 2])]) -> PolarsResult<DataFrame> {
    df!(
        "url" => rows.iter().map(|row| row.0.as_str()).collect::<Vec<_>>(),
        "count" => rows.iter().map(|row| row.1).collect::<Vec<_>>(),
        "offset_0" => rows.iter().map(|row| row.2[0]).collect::<Vec<_>>(),
        "offset_1" => rows.iter().map(|row| row.2[1]).collect::<Vec<_>>(),
    )
}

/// A row of the view: URL, count, and for each partition the offset after its start, or `None` if
/// no event of it was ever counted.
type Row<'a> = (&'a str, i64, [Option<i64>; 2]);
/// An event: partition, offset after the partition's start, URL.
type Event<'a> = (usize, i64, &'a str);

fn case(
    name: &'static str,
    about: &'static str,
    why: &'static str,
    starts: [i64; 2],
    view: &[Row],
    events: &[Event],
) -> Case {
    let rows: Vec<_> = view
        .iter()
        .map(|(url, count, offsets)| {
            let at = |partition: usize| offsets[partition].map_or(0, |at| starts[partition] + at);
            ((*url).to_owned(), *count, [at(0), at(1)])
        })
        .collect();
    let events = df!(
        "partition" => events.iter().map(|event| event.0 as i64).collect::<Vec<_>>(),
        "offset" => events.iter().map(|event| starts[event.0] + event.1).collect::<Vec<_>>(),
        "url" => events.iter().map(|event| event.2).collect::<Vec<_>>(),
    );
    let inputs = Inputs::new()
        .with("view", Value::Frame(frame(&rows).expect("four columns")))
        .with("events", Value::Frame(events.expect("three columns")));
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
    let starts = [draw.number(0, 1..1_000_000), draw.number(0, 1..1_000_000)];
    let case = |name, about, why, view: &[Row], events: &[Event]| {
        case(name, about, why, starts, view, events)
    };
    // A row of which only events of partition 0 were counted.
    let seen = |at: i64| [Some(at), None];
    let (view, events) = random(&mut draw, [home, blog, "mysite.com/x", "mysite.com/y"]);
    vec![
        // At offset 0, where a log begins: `>` for `>=` would lose that event.
        self::case(
            "first",
            "two events come to an empty view",
            "a page that was never seen needs a row",
            [0, 0],
            &[],
            &[(0, 0, home), (0, 1, blog)],
        ),
        case(
            "next",
            "events go on where the row stands",
            "the count before must not be lost, nor the next event",
            &[(home, 5, seen(8))],
            &[(0, 8, home), (0, 9, home)],
        ),
        case(
            "again",
            "an update comes a second time, after a crash before its acknowledgement",
            "an update that adds without looking at the row counts every event of it twice",
            &[(home, 2, seen(2))],
            &[(0, 0, home), (0, 1, home)],
        ),
        case(
            "half",
            "an update was written for one row, and the crash came before the other",
            "the row that was written must not count again, the other must not be passed over",
            &[(home, 3, seen(5)), (blog, 1, seen(1))],
            &[(0, 2, blog), (0, 3, home), (0, 4, home)],
        ),
        case(
            "overlap",
            "an update begins before the row's offset and ends after it",
            "offsets are compared event by event, not update by update",
            &[(home, 4, seen(4))],
            &[(0, 2, home), (0, 3, home), (0, 4, home), (0, 5, home)],
        ),
        case(
            "twice_within",
            "the reader was restarted while it read, and has read two events a second time",
            "a restart goes back to the last stored offset; an offset is counted once, also within one update",
            &[],
            &[(0, 0, home), (0, 1, home), (0, 0, home), (0, 1, home)],
        ),
        case(
            "partitions",
            "events of one page come from both partitions, some of them a second time",
            "offsets of two partitions have nothing to do with each other, so a row needs one of each",
            &[(home, 7, [Some(6), Some(1)])],
            &[
                (1, 0, home),
                (1, 1, home),
                (0, 5, home),
                (1, 2, home),
                (0, 6, home),
            ],
        ),
        case(
            "nothing",
            "no events come",
            "the view must stay as it is",
            &[(home, 7, seen(9))],
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
        .map(|url| {
            let offsets = [Some(draw.below(20)), Some(draw.below(20))];
            (*url, draw.below(50), offsets)
        })
        .collect();
    let mut log = || -> Vec<&str> { (0..30).map(|_| urls[draw.below(4) as usize]).collect() };
    let logs = [log(), log()];
    // A reader takes events of both partitions. Now and then it is restarted, and then goes some
    // offsets back.
    let (mut events, mut offsets) = (Vec::new(), [0i64; 2]);
    while offsets.iter().any(|offset| *offset < 30) {
        let partition = draw.below(2) as usize;
        let offset = &mut offsets[partition];
        let Some(url) = logs[partition].get(*offset as usize) else {
            continue;
        };
        events.push((partition, *offset, *url));
        *offset = match draw.below(4) {
            0 => (*offset - draw.below(3)).max(0),
            _ => *offset + 1,
        };
    }
    (view, events)
}

#[cfg(test)]
mod tests {
    use super::*;

    crate::mutants::tests! {
        idempotent_update::update, stub: |_, _| todo!(), mutants:
        adds_always, counts_anew, drops_repeats, known_pages_only, largest_of_the_row, offset_of_the_view,
        offset_stays, one_offset, one_too_late, smallest_offset, twice_within_an_update, update_by_update,
    }
}
