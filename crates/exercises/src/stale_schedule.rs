//! Exercise: find a schedule that makes a read stale. The check runs it.
use super::draw::Draw;
use super::exercise::{Case, Exercise};
use super::value::{Inputs, Value};
use lessons::cap::quorum_model::{Event, Op, QuorumStore};
use polars::prelude::PolarsResult;

/// The reader's function.
pub type Function = fn(usize, usize, usize) -> Vec<Event>;

/// Feeds the reader's function, and runs the schedule that it gives.
pub fn answer(function: Function, inputs: &Inputs) -> PolarsResult<Value> {
    let asked = |name| -> PolarsResult<usize> { Ok(*inputs.int(name)? as usize) };
    let (n, r, w) = (asked("n")?, asked("r")?, asked("w")?);
    let events = function(n, r, w);
    if events.is_empty() {
        return Ok(about((n, r, w), NONE));
    }
    Ok(about((n, r, w), &told(&store(n, r, w), &events)))
}

/// Exercise 10.
pub static EXERCISE: Exercise = Exercise {
    id: "10_stale_schedule",
    name: "stale_schedule",
    title: "Exercise 10, a schedule that breaks R + W <= N",
    signature: "fn stale_schedule(n: usize, r: usize, w: usize) -> Vec<Event>",
    hints: &[
        "The write is asked at replica 0 and the read at replica N - 1. The write must be done before the read is asked. Let it reach \
         W replicas as far away from the reader as can be.",
        "The write's own copy counts: it needs `Event::Deliver(0, to)` and the answer, `Event::Deliver(to, 0)`, for W - 1 others. \
         The read likewise for R - 1 others, from the other end.",
        "`[Event::Write]`, then for `to` in `1..w` both deliveries, then `Event::Read`, then for `to` in `n - r..n - 1` \
         both deliveries between `n - 1` and `to`. They are different replicas exactly if R + W <= N; else answer `vec![]`.",
    ],
    vocabulary: &["lessons::cap::quorum_model::Event"],
    cases,
    reference,
};

const STALE: &str = "the read is done and misses the write";
const NONE: &str = "no schedule: every read meets every write";

fn store(n: usize, r: usize, w: usize) -> QuorumStore {
    let mut clients = vec![Vec::new(); n];
    clients[0].push(Op::Write(1));
    clients[n - 1].push(Op::Read);
    QuorumStore {
        replicas: n,
        r,
        w,
        write_back: false,
        clients,
    }
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
            match answers[..] {
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
    let asked = |name| -> PolarsResult<usize> { Ok(*inputs.int(name)? as usize) };
    let meets = asked("r")? + asked("w")? > asked("n")?;
    let of = (asked("n")?, asked("r")?, asked("w")?);
    Ok(about(of, if meets { NONE } else { STALE }))
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
            "whoever is read has it",
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
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    crate::mutants::tests! {
        stale_schedule::stale_schedule, stub: |_, _, _| todo!(), mutants:
        always_finds, does_not_wait, reads_first, reads_near_the_writer,
    }
}
