//! Exercise: find a schedule that makes a read stale. The check runs it.
use super::exercise::{Case, Exercise};
use super::value::{Inputs, Value};
use crate::cap::quorum_model::{Event, Op, Store};
use polars::prelude::PolarsResult;

/// The reader's function.
pub type Function = fn(usize, usize, usize) -> Vec<Event>;

/// Feeds the reader's function, and runs the schedule that it gives.
pub fn answer(function: Function, inputs: &Inputs) -> PolarsResult<Value> {
    let asked = |name| -> PolarsResult<usize> { Ok(*inputs.int(name)? as usize) };
    let (n, r, w) = (asked("n")?, asked("r")?, asked("w")?);
    let events = function(n, r, w);
    if events.is_empty() {
        return Ok(Value::Text(NONE.to_owned()));
    }
    Ok(Value::Text(told(&store(n, r, w), &events)))
}

/// Exercise 9.
pub static EXERCISE: Exercise = Exercise {
    id: "33_stale_schedule",
    name: "stale_schedule",
    title: "Exercise 9, a schedule that breaks R + W <= N",
    signature: "fn stale_schedule(n: usize, r: usize, w: usize) -> Vec<Event>",
    hints: &[
        "The write is asked at replica 0 and the read at replica N - 1. The write must be done before the read is asked. Let it reach \
         W replicas as far away from the reader as can be.",
        "The write's own copy counts: it needs `Event::Deliver(0, to)` and the answer, `Event::Deliver(to, 0)`, for W - 1 others. \
         The read likewise for R - 1 others, from the other end.",
        "`[Event::Write]`, then for `to` in `1..w` both deliveries, then `Event::Read`, then for `to` in `n - r..n - 1` \
         both deliveries between `n - 1` and `to`. They are different replicas exactly if R + W <= N; else answer `vec![]`.",
    ],
    cases,
    reference,
};

const STALE: &str = "the read is done and misses the write";
const NONE: &str = "no schedule: every read meets every write";

fn store(n: usize, r: usize, w: usize) -> Store {
    let mut clients = vec![Vec::new(); n];
    clients[0].push(Op::Write(1));
    clients[n - 1].push(Op::Read);
    Store { replicas: n, r, w, write_back: false, clients }
}

/// What comes of a schedule, in words.
fn told(store: &Store, events: &[Event]) -> String {
    match store.play(events) {
        Err(step) => format!("step {}, {:?}, is impossible: there is no such message or request", step + 1, events[step]),
        Ok(run) => {
            let answers: Vec<_> = run.iter().filter_map(|(state, _)| state.answered).collect();
            match answers[..] {
                [(_, None), (_, Some(0))] => STALE.to_owned(),
                [(_, None), (_, Some(_))] => "the read is done and sees the write".to_owned(),
                [(_, None)] => "the write is done, the read is not".to_owned(),
                [(_, Some(_)), ..] => "the read is done before the write, so it need not see it".to_owned(),
                _ => "the write is not done".to_owned(),
            }
        }
    }
}

fn reference(inputs: &Inputs) -> PolarsResult<Value> {
    let asked = |name| -> PolarsResult<usize> { Ok(*inputs.int(name)? as usize) };
    let meets = asked("r")? + asked("w")? > asked("n")?;
    Ok(Value::Text(if meets { NONE } else { STALE }.to_owned()))
}

fn cases(seed: u64) -> Vec<Case> {
    let case = |name, about, why, n: usize, r: usize, w: usize| {
        let int = |value: usize| Value::Int(value as i64);
        let inputs = Inputs::new().with("n", int(n)).with("r", int(r)).with("w", int(w));
        Case { name, about, why, inputs }
    };
    let n = 4 + (seed % 5) as usize;
    vec![
        case("two", "two replicas, one copy each", "this is the run in the proof of the CAP theorem", 2, 1, 1),
        case("write_two", "a write of two copies of three, a read of one", "a majority of writes alone does not help a read of one copy", 3, 1, 2),
        case("read_two", "a write of one copy of three, a read of two", "a majority of reads alone does not help a write of one copy", 3, 2, 1),
        case("majorities", "majorities of three", "two majorities share a replica, whatever the schedule", 3, 2, 2),
        case("all", "a write of all copies", "whoever is read has it", 3, 1, 3),
        case("larger", "a larger store, just not enough", "what holds for three replicas must hold for all", n, n / 2, n - n / 2),
    ]
}

#[cfg(test)]
#[path = "stale_schedule_tests.rs"]
mod tests;
