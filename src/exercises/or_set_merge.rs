//! Exercise: repair an OR-set that loses concurrent additions.
use super::exercise::{Case, Exercise};
use super::value::{Inputs, Value};
use crate::crdt::{Crdt, CrdtError, OrSet, ReplicaId};
use crate::dataset::random::Random;
use polars::prelude::{DataFrame, PolarsResult, df};
use std::collections::{BTreeMap, BTreeSet};

/// A replica's state: how many additions of whom it has seen, and the additions
/// that are live, each with its replica, its number from 1, and its element.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct State {
    /// Additions seen, by replica.
    pub seen: BTreeMap<u32, u64>,
    /// Additions that nobody removed, as far as is known here.
    pub live: BTreeSet<(u32, u64, String)>,
}

/// The reader's function.
pub type Function = fn(&State, &State) -> State;

/// Feeds the reader's function: runs a history with it.
pub fn answer(function: Function, inputs: &Inputs) -> PolarsResult<Value> {
    let mut states = vec![State::default(); REPLICAS];
    for step in steps(inputs.frame("steps")?)? {
        match step {
            Step::Add(at, element) => {
                let n = states[at].seen.entry(at as u32).or_insert(0);
                *n += 1;
                let n = *n;
                states[at].live.insert((at as u32, n, element));
            }
            Step::Remove(at, element) => states[at].live.retain(|addition| addition.2 != element),
            Step::Send(from, to) => states[to] = function(&states[to], &states[from]),
        }
    }
    let elements = |state: &State| -> BTreeSet<String> { state.live.iter().map(|addition| addition.2.clone()).collect() };
    Ok(Value::Frame(frame(states.iter().map(elements))?))
}

/// Exercise 10.
pub static EXERCISE: Exercise = Exercise {
    id: "34_or_set_merge",
    name: "or_set_merge",
    title: "Exercise 10, an OR-set that loses additions",
    signature: "fn or_set_merge(mine: &State, theirs: &State) -> State",
    hints: &[
        "An addition that I hold and they do not: either they have never seen it, or they have seen it and removed it. \
         `theirs.seen` tells which.",
        "Keep an addition `(replica, n, element)` if both hold it, or if the side that does not hold it has not seen it: \
         its `seen` for that replica is less than `n`. And take the maximum of `seen` at each replica.",
        "`let saw = |state: &State, a: &(u32, u64, String)| state.seen.get(&a.0).is_some_and(|n| a.1 <= *n);` and then \
         `mine.live.iter().filter(|a| theirs.live.contains(*a) || !saw(theirs, a))`, chained with the same the other way round.",
    ],
    cases,
    reference,
};

const REPLICAS: usize = 3;

enum Step {
    Add(usize, String),
    Remove(usize, String),
    Send(usize, usize),
}

fn reference(inputs: &Inputs) -> PolarsResult<Value> {
    let mut states: Vec<OrSet<String>> = vec![OrSet::default(); REPLICAS];
    for step in steps(inputs.frame("steps")?)? {
        let done: Result<(), CrdtError> = match step {
            Step::Add(at, element) => states[at].add(ReplicaId(at as u32), element),
            Step::Remove(at, element) => {
                states[at].remove(&element);
                Ok(())
            }
            Step::Send(from, to) => {
                let sent = states[from].clone();
                states[to].merge(&sent)
            }
        };
        done?;
    }
    Ok(Value::Frame(frame(states.iter().map(OrSet::value))?))
}

fn frame(sets: impl Iterator<Item = BTreeSet<String>>) -> PolarsResult<DataFrame> {
    let sets: Vec<String> = sets.map(|set| set.into_iter().collect::<Vec<_>>().join(" ")).collect();
    df!("replica" => (0..sets.len() as u32).collect::<Vec<_>>(), "elements" => sets)
}

fn steps(frame: &DataFrame) -> PolarsResult<Vec<Step>> {
    let (at, does, what) = (frame.column("at")?.i64()?, frame.column("does")?.str()?, frame.column("what")?.str()?);
    let step = |row: usize| {
        let (at, what) = (at.get(row)? as usize, what.get(row)?);
        match does.get(row)? {
            "add" => Some(Step::Add(at, what.to_owned())),
            "remove" => Some(Step::Remove(at, what.to_owned())),
            _ => Some(Step::Send(at, what.parse().ok()?)),
        }
    };
    Ok((0..frame.height()).filter_map(step).collect())
}

type Row = (i64, &'static str, &'static str);

fn cases(seed: u64) -> Vec<Case> {
    let case = |name, about, why, rows: &[Row]| {
        let frame = df!(
            "at" => rows.iter().map(|row| row.0).collect::<Vec<_>>(),
            "does" => rows.iter().map(|row| row.1).collect::<Vec<_>>(),
            "what" => rows.iter().map(|row| row.2).collect::<Vec<_>>(),
        );
        let inputs = Inputs::new().with("steps", Value::Frame(frame.expect("columns of one length")));
        Case { name, about, why, inputs }
    };
    let mut random = Random::new(&[seed, 34]);
    let drawn: Vec<Row> = (0..80)
        .map(|_| {
            let (at, city) = (random.below(3) as i64, ["Osaka", "Tokyo"][random.below(2) as usize]);
            match random.below(4) {
                0 => (at, "add", city),
                1 => (at, "remove", city),
                _ => (at, "send", ["0", "1", "2"][random.below(3) as usize]),
            }
        })
        .collect();
    vec![
        case("concurrent_adds", "two replicas add at once", "an addition that the other has not seen yet is no removed one",
            &[(0, "add", "Tokyo"), (1, "add", "Osaka"), (0, "send", "1"), (1, "send", "0")]),
        case("removed", "an element is removed where it was seen", "a union brings back what was removed",
            &[(0, "add", "Tokyo"), (0, "send", "1"), (1, "remove", "Tokyo"), (1, "send", "0")]),
        case("add_wins", "one adds again what another removes at once", "the removal cannot have meant an addition that it had not seen",
            &[(0, "add", "Tokyo"), (0, "send", "1"), (0, "remove", "Tokyo"), (1, "add", "Tokyo"), (0, "send", "1"), (1, "send", "0")]),
        case("late", "an old state comes after the removal", "messages overtake each other, and what is dead stays dead",
            &[(0, "add", "Tokyo"), (0, "send", "1"), (0, "remove", "Tokyo"), (1, "send", "0"), (1, "send", "2"), (0, "send", "2"), (1, "send", "2")]),
        case("nothing", "nothing happens but messages", "empty states merge as well", &[(0, "send", "1")]),
        case("random", "eighty steps drawn by lot", "what holds for chosen histories must hold for all", &drawn),
    ]
}

#[cfg(test)]
#[path = "or_set_merge_tests.rs"]
mod tests;
