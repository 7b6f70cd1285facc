//! Exercise 5.3: the worker of an event, so that no row has two.
//!
//! Any choice is right that keeps its promise, whatever worker it gives to a row. So the judging
//! process looks at the workers of all events: do they exist, has every row one of them, does another
//! process choose the same, and do all workers have some of the rows. Where a row has two workers, it
//! says which addition is lost when both read the row before either writes it.
use super::attempt::AttemptError;
use super::draw::Draw;
use super::exercise::{Case, Exercise};
use super::respondent::Ask;
use super::value::{Inputs, Value, counted};
use lambda::datum::normalise_url;
use polars::prelude::{DataFrame, PolarsResult, df, polars_bail};
use std::collections::{BTreeMap, BTreeSet};

/// The reader's function.
pub type Function = fn(&str, &str, &str, u64, u32) -> u32;

/// Feeds the reader's function: the worker of each event, in the order of the events.
pub fn answer(function: Function, inputs: &Inputs) -> PolarsResult<Value> {
    let workers = *inputs.int("workers")? as u32;
    let chosen = events(inputs.frame("events")?)?.into_iter().map(|event| {
        let worker = function(
            &event.stage,
            &event.url,
            &event.person,
            event.number,
            workers,
        );
        i64::from(worker)
    });
    Ok(Value::Frame(df!("worker" => chosen.collect::<Vec<_>>())?))
}

/// Asks for the workers of all events, and says what is wrong with them, if anything is. Then asks a
/// new process for the same events, the last one first: an event that is delivered again must come to
/// the worker that had it.
fn trial(inputs: &Inputs, ask: Ask) -> Result<Value, AttemptError> {
    let frame = inputs.frame("events")?;
    let workers = *inputs.int("workers")?;
    let events = events(frame)?;
    let chosen = workers_of(frame, workers, ask)?;
    let mut wrong = found(&events, &chosen, workers);
    if wrong.is_none() {
        ask.forget();
        let mut again = workers_of(&frame.reverse(), workers, ask)?;
        again.reverse();
        let mut other = events.iter().zip(chosen.iter().zip(&again));
        wrong = other.find(|(_, (first, second))| first != second).map(|(event, (first, second))| {
            format!(
                "event {} goes to worker {first}, and when it is delivered again, to worker {second}",
                event.number
            )
        });
    }
    let wrong = wrong.or_else(|| idle(&events, &chosen, workers));
    Ok(about(inputs, wrong.as_deref().unwrap_or(RIGHT))?)
}

/// Asks for the worker of each event of a table.
fn workers_of(events: &DataFrame, workers: i64, ask: Ask) -> Result<Vec<i64>, AttemptError> {
    let asked = Inputs::new()
        .with("events", Value::Frame(events.clone()))
        .with("workers", Value::Int(workers));
    let Value::Frame(chosen) = ask.ask(&asked)? else {
        return Err(AttemptError::Error("workers are a table".to_owned()));
    };
    let chosen: Vec<i64> = chosen.column("worker")?.i64()?.iter().flatten().collect();
    match chosen.len() == events.height() {
        true => Ok(chosen),
        false => Err(AttemptError::Error(format!(
            "{} for {}",
            counted(chosen.len(), "worker"),
            counted(events.height(), "event")
        ))),
    }
}

/// Exercise 5.3.
pub static EXERCISE: Exercise = Exercise {
    id: "05_3_fields_grouping",
    name: "fields_grouping",
    title: "Exercise 5.3, the worker of an event",
    signature: "fn worker_of(stage: &str, url: &str, person: &str, number: u64, workers: u32) -> u32",
    hints: &[
        "Two workers must never write one row. Which row does the stage \"pages\" change for an event, and which one \
         the stage \"people\"? The choice may depend on that row, and on nothing else.",
        "The row of the stage \"pages\" is the page, and a page is written in several ways: its row has the \
         normalised URL, `batch::normalise_url(url)`. The row of \"people\" is the person.",
        "`speed::partition_of(key.as_bytes(), workers)` is the hash of a key by the number of workers. The key is \
         `person.to_owned()` if `stage == \"people\"`, and else \
         `batch::normalise_url(url).map_or(String::new(), |url| url.into_owned())`.",
    ],
    vocabulary: &["lambda::speed::log::partition_of"],
    cases,
    reference,
    idle: &[|inputs| answer(|_, _, _, _, _| 0, inputs)],
    trial: Some(trial),
};

const RIGHT: &str = "each row has one worker, and every worker has rows";

fn reference(inputs: &Inputs) -> PolarsResult<Value> {
    about(inputs, RIGHT)
}

fn about(inputs: &Inputs, found: &str) -> PolarsResult<Value> {
    let events = events(inputs.frame("events")?)?;
    let workers = *inputs.int("workers")? as usize;
    let text = format!(
        "{} of {} for {}: {found}",
        counted(events.len(), "event"),
        counted(rows(&events).len(), "row"),
        counted(workers, "worker"),
    );
    Ok(Value::Text(text))
}

/// An event on its way to a stage.
struct Event {
    stage: String,
    url: String,
    person: String,
    number: u64,
}

impl Event {
    /// Returns the row that the stage changes: the stage, and the page or the person.
    fn row(&self) -> String {
        match self.stage.as_str() {
            "people" => format!("the row of {} in the stage \"people\"", self.person),
            stage => format!(
                "the row of {} in the stage {stage:?}",
                normalise_url(&self.url).unwrap_or_default()
            ),
        }
    }
}

fn events(frame: &DataFrame) -> PolarsResult<Vec<Event>> {
    let (stages, urls) = (frame.column("stage")?.str()?, frame.column("url")?.str()?);
    let (people, numbers) = (
        frame.column("person")?.str()?,
        frame.column("number")?.i64()?,
    );
    let event = |place| {
        Some(Event {
            stage: stages.get(place)?.to_owned(),
            url: urls.get(place)?.to_owned(),
            person: people.get(place)?.to_owned(),
            number: numbers.get(place)? as u64,
        })
    };
    match (0..frame.height()).map(event).collect() {
        Some(events) => Ok(events),
        None => polars_bail!(InvalidOperation: "an event has no stage, URL, person or number"),
    }
}

/// The rows that events change.
fn rows(events: &[Event]) -> BTreeSet<String> {
    events.iter().map(Event::row).collect()
}

/// Returns what is wrong with the workers of some events: one that does not exist, or two of one row.
fn found(events: &[Event], chosen: &[i64], workers: i64) -> Option<String> {
    let mut of_rows: BTreeMap<String, (u64, i64)> = BTreeMap::new();
    for (event, worker) in events.iter().zip(chosen) {
        if *worker >= workers {
            return Some(format!(
                "event {} goes to worker {worker}, but the workers are 0 to {}",
                event.number,
                workers - 1
            ));
        }
        let row = event.row();
        let (first, other) = *of_rows
            .entry(row.clone())
            .or_insert((event.number, *worker));
        if other != *worker {
            return Some(format!(
                "events {first} and {} both change {row}, but go to the workers {other} and {worker}: \
                 if both read the row before either writes it, one addition is lost",
                event.number
            ));
        }
    }
    None
}

/// Rows for each worker from which on none of them may be idle.
const ROWS_EACH: usize = 12;

/// Returns the stage in which a worker has no row, although there are many rows, or in which one worker
/// has most of them.
fn idle(events: &[Event], chosen: &[i64], workers: i64) -> Option<String> {
    for stage in ["pages", "people"] {
        let of_stage = events
            .iter()
            .zip(chosen)
            .filter(|(event, _)| event.stage == stage);
        let placed: BTreeMap<String, i64> = of_stage
            .map(|(event, worker)| (event.row(), *worker))
            .collect();
        if placed.len() < ROWS_EACH * workers as usize {
            continue;
        }
        let on = |worker: i64| placed.values().filter(|place| **place == worker).count();
        let (most, least) = (0..workers)
            .map(on)
            .fold((0, usize::MAX), |(most, least), n| {
                (most.max(n), least.min(n))
            });
        if least == 0 || most * workers as usize > 3 * placed.len() {
            return Some(format!(
                "of {} in the stage {stage:?}, the busiest of {workers} workers has {most} and the idlest {least}: spread them",
                counted(placed.len(), "row")
            ));
        }
    }
    None
}

fn case(
    name: &'static str,
    about: &'static str,
    why: &'static str,
    workers: i64,
    events: &[(&str, &str, &str)],
) -> Case {
    let table = df!(
        "stage" => events.iter().map(|event| event.0).collect::<Vec<_>>(),
        "url" => events.iter().map(|event| event.1).collect::<Vec<_>>(),
        "person" => events.iter().map(|event| event.2).collect::<Vec<_>>(),
        "number" => (0..events.len() as i64).collect::<Vec<_>>(),
    );
    let inputs = Inputs::new()
        .with("events", Value::Frame(table.expect("four columns")))
        .with("workers", Value::Int(workers));
    Case {
        name,
        about,
        why,
        inputs,
    }
}

fn cases(seed: u64) -> Vec<Case> {
    let mut draw = Draw::of(seed);
    let page = draw.page("mysite.com/page");
    let person = draw.number(7, 1..1_000_000);
    let workers = draw.number(4, 5..9);
    let raw = format!("http://{page}");
    // Every spelling names one page.
    let spellings = [
        format!("http://{page}"),
        format!("http://MySite.com:80{}", &page["mysite.com".len()..]),
        format!("https://{page}?from=mail"),
        format!("http://{page}#top"),
    ];
    let people: Vec<String> = (0..120)
        .map(|n| format!("user {}", person + 31 * n))
        .collect();
    let pages: Vec<String> = (0..120)
        .map(|n| format!("{raw}/{}", n * 13 + person))
        .collect();

    // One page, many people; then one person, many pages.
    let one_page: Vec<_> = people[..8]
        .iter()
        .map(|person| ("pages", raw.as_str(), person.as_str()))
        .collect();
    let one_person: Vec<_> = pages[..8]
        .iter()
        .map(|page| ("people", page.as_str(), people[0].as_str()))
        .collect();
    let spelt: Vec<_> = spellings
        .iter()
        .zip(&people)
        .map(|(url, person)| ("pages", url.as_str(), person.as_str()))
        .collect();
    let many: Vec<_> = (0..120)
        .flat_map(|n| {
            let (page, person) = (pages[n].as_str(), people[n].as_str());
            [("pages", page, person), ("people", page, person)]
        })
        .collect();
    let drawn: Vec<(&str, String, String)> = (0..600)
        .map(|_| {
            let stage = ["pages", "people"][draw.below(2) as usize];
            let page = &pages[draw.below(120) as usize];
            let url = match draw.below(3) {
                0 => page.replacen("http://mysite.com", "http://MYSITE.com:8080", 1),
                1 => format!("{page}?n={}", draw.below(100)),
                _ => page.clone(),
            };
            (stage, url, people[draw.below(120) as usize].clone())
        })
        .collect();
    let drawn: Vec<_> = drawn
        .iter()
        .map(|(stage, url, person)| (*stage, url.as_str(), person.as_str()))
        .collect();
    vec![
        case(
            "one_page",
            "eight people view one page, and the stage \"pages\" counts by page",
            "a popular page is where two workers meet",
            workers,
            &one_page,
        ),
        case(
            "one_person",
            "one person views eight pages, and the stage \"people\" counts by person",
            "each stage has rows of its own, so each needs its own grouping",
            workers,
            &one_person,
        ),
        case(
            "spellings",
            "one page, written in four ways",
            "a row is named by the normalised URL; events are grouped by the key of the row, not by what was sent",
            workers,
            &spelt,
        ),
        case(
            "many",
            "120 pages and 120 people, each event once",
            "workers that have nothing to do make the others slower",
            workers,
            &many,
        ),
        case(
            "random",
            "600 events of both stages",
            "what holds for chosen events must hold for all",
            workers,
            &drawn,
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    crate::mutants::tests! {
        fields_grouping::worker_of, stub: |_, _, _, _, _| todo!(), mutants:
        by_page_always, by_person_always, first_letter, no_remainder, one_worker, page_and_person,
        random_hasher, raw_url, shuffle,
    }
}
