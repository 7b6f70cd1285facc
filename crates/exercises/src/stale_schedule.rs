//! Exercise: find a schedule that makes a read stale. The check runs it.
use super::attempt::AttemptError;
use super::draw::Draw;
use super::exercise::{Case, Exercise};
use super::respondent::Ask;
use super::value::{Inputs, Value};
use lessons::cap::quorum_model::{Event, Op, QuorumStore};
use polars::prelude::{PolarsResult, df, polars_bail};

/// The reader's function.
pub type Function = fn(usize, usize, usize) -> Vec<Event>;

/// Feeds the reader's function: the schedule that it gives, an event a row. It is run
/// where it is judged.
pub fn answer(function: Function, inputs: &Inputs) -> PolarsResult<Value> {
    let (n, r, w) = asked(inputs)?;
    let rows: Vec<(&str, i64, i64)> = { function(n, r, w).into_iter() }
        .map(|event| match event {
            Event::Write => (WRITE, 0, 0),
            Event::Read => (READ, 0, 0),
            Event::Deliver(from, to) => (DELIVER, from as i64, to as i64),
        })
        .collect();
    let frame = df!(
        "event" => rows.iter().map(|row| row.0).collect::<Vec<_>>(),
        "from" => rows.iter().map(|row| row.1).collect::<Vec<_>>(),
        "to" => rows.iter().map(|row| row.2).collect::<Vec<_>>(),
    );
    Ok(Value::Frame(frame?))
}

const WRITE: &str = "write";
const READ: &str = "read";
const DELIVER: &str = "deliver";

/// N, R and W.
fn asked(inputs: &Inputs) -> PolarsResult<(usize, usize, usize)> {
    let asked = |name| -> PolarsResult<usize> { Ok(*inputs.int(name)? as usize) };
    Ok((asked("n")?, asked("r")?, asked("w")?))
}

/// Asks for a schedule and runs it.
fn trial(inputs: &Inputs, ask: Ask) -> Result<Value, AttemptError> {
    let schedule = ask.ask(inputs)?;
    Ok(played(inputs, &schedule)?)
}

/// Returns what comes of a schedule: the events, as [`answer`] gives them, are run.
fn played(inputs: &Inputs, answer: &Value) -> PolarsResult<Value> {
    /// A run of five replicas takes some thirty.
    const MOST: usize = 10_000;
    let Value::Frame(frame) = answer else {
        polars_bail!(ComputeError: "a schedule is a table of events");
    };
    if frame.height() > MOST {
        polars_bail!(ComputeError: "{} events, more than {MOST}", frame.height());
    }
    let (n, r, w) = asked(inputs)?;
    if frame.height() == 0 {
        return Ok(about((n, r, w), NONE));
    }
    let (events, from, to) = (
        frame.column("event")?.str()?.iter(),
        frame.column("from")?.i64()?.iter(),
        frame.column("to")?.i64()?.iter(),
    );
    let replica = |place: Option<i64>| place.and_then(|place| usize::try_from(place).ok());
    let event =
        |((event, from), to): ((Option<&str>, _), _)| match (event, replica(from), replica(to)) {
            (Some(WRITE), ..) => Some(Event::Write),
            (Some(READ), ..) => Some(Event::Read),
            (Some(DELIVER), Some(from), Some(to)) => Some(Event::Deliver(from, to)),
            _ => None,
        };
    let events: Option<Vec<Event>> = events.zip(from).zip(to).map(event).collect();
    let Some(events) = events else {
        polars_bail!(ComputeError: "an event is neither a write, a read nor a delivery");
    };
    Ok(about((n, r, w), &told(&store(n, r, w), &events)))
}

/// Exercise 7.3.
pub static EXERCISE: Exercise = Exercise {
    id: "07_3_stale_schedule",
    name: "stale_schedule",
    title: "Exercise 7.3, a stale read where R + W <= N",
    signature: "fn stale_schedule(n: usize, r: usize, w: usize) -> Vec<Event>",
    hints: &[
        "The write is asked at replica 0 and the read at replica N - 1. The write must be done before the read is asked. Let it reach \
         W replicas as far away from the reader as can be.",
        "The write's own copy counts: it needs `Event::Deliver(0, to)` and the answer, `Event::Deliver(to, 0)`, for W - 1 others. \
         The read likewise for R - 1 others, from the other end.",
        "No message in vain: two requests, and two messages for each copy of another replica. \
         `[Event::Write]`, then for `to` in `1..w` both deliveries, then `Event::Read`, then for `to` in `n - r..n - 1` \
         both deliveries between `n - 1` and `to`. They are different replicas exactly if R + W <= N; else answer `vec![]`.",
    ],
    vocabulary: &["lessons::cap::quorum_model::Event"],
    cases,
    reference,
    idle: &[|inputs| answer(|_, _, _| Vec::new(), inputs)],
    trial: Some(trial),
};

const STALE: &str = "the read is done and misses the write";
const NONE: &str = "no schedule: every read meets every write";

fn store(n: usize, r: usize, w: usize) -> QuorumStore {
    let mut clients = vec![Vec::new(); n];
    clients[0].push(Op::Write(1));
    clients[n - 1].push(Op::Read);
    QuorumStore::new(n, r, w, clients)
}

/// What comes of a schedule, in words.
fn told(store: &QuorumStore, events: &[Event]) -> String {
    match store.play(events) {
        Err(step) => format!(
            "step {}, {:?}, is impossible: there is no such message or request",
            step + 1,
            events[step]
        ),
        Ok(run) => {
            let answers: Vec<_> = run.iter().filter_map(|(state, _)| state.answered).collect();
            // The state at a place is the one before its event.
            let written =
                { run.iter() }.position(|(state, _)| matches!(state.answered, Some((_, None))));
            let read = events.iter().position(|event| *event == Event::Read);
            // Two requests, and for each copy of another replica a message there and one back.
            let least = 2 * (store.r + store.w - 1);
            match answers[..] {
                [(_, None), (_, Some(0))] if read < written => {
                    "the read is asked before the write is done, so it may miss it".to_owned()
                }
                [(_, None), (_, Some(0))] if events.len() > least => format!(
                    "the read misses the write, after {} events, but {least} are enough",
                    events.len()
                ),
                [(_, None), (_, Some(0))] => STALE.to_owned(),
                [(_, None), (_, Some(_))] => "the read is done and sees the write".to_owned(),
                [(_, None)] => "the write is done, the read is not".to_owned(),
                [(_, Some(_)), ..] => {
                    "the read is done before the write, so it need not see it".to_owned()
                }
                _ => "the write is not done".to_owned(),
            }
        }
    }
}

fn reference(inputs: &Inputs) -> PolarsResult<Value> {
    let (n, r, w) = asked(inputs)?;
    Ok(about((n, r, w), if r + w > n { NONE } else { STALE }))
}

fn about((n, r, w): (usize, usize, usize), told: &str) -> Value {
    Value::Text(format!("N = {n}, R = {r}, W = {w}: {told}"))
}

fn cases(seed: u64) -> Vec<Case> {
    let case = |name, about, why, n: usize, r: usize, w: usize| {
        let int = |value: usize| Value::Int(value as i64);
        let inputs = Inputs::new()
            .with("n", int(n))
            .with("r", int(r))
            .with("w", int(w));
        Case {
            name,
            about,
            why,
            inputs,
        }
    };
    let mut draw = Draw::of(seed);
    let mut n = |readers: i64| draw.number(readers, readers + 1..readers + 7) as usize;
    let [one, most_writes, most_reads, all, larger] = [n(2), n(3), n(3), n(3), n(6)];
    let half = n(1);
    let roomy = n(7);
    vec![
        case(
            "one_copy",
            "one copy each",
            "of two replicas, this is the run in the proof of the CAP theorem",
            one,
            1,
            1,
        ),
        case(
            "most_writes",
            "a write of all copies but one, a read of one",
            "a majority of writes alone does not help a read of one copy",
            most_writes,
            1,
            most_writes - 1,
        ),
        case(
            "most_reads",
            "a write of one copy, a read of all but one",
            "a majority of reads alone does not help a write of one copy",
            most_reads,
            most_reads - 1,
            1,
        ),
        case(
            "majorities",
            "majorities",
            "two majorities share a replica, whatever the schedule",
            2 * half + 1,
            half + 1,
            half + 1,
        ),
        case(
            "all",
            "a write of all copies",
            "every replica that can be read has it",
            all,
            1,
            all,
        ),
        case(
            "halves",
            "half of the copies each, just not enough",
            "what holds for three replicas must hold for all",
            larger,
            larger / 2,
            larger - larger / 2,
        ),
        case(
            "room",
            "two copies each, of many",
            "what is not waited for need not arrive",
            roomy,
            2,
            2,
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    crate::mutants::tests! {
        stale_schedule::stale_schedule, stub: |_, _, _| todo!(), mutants:
        always_finds, does_not_wait, in_vain, reads_first, reads_near_the_writer, waits_for_no_answer,
    }
}
