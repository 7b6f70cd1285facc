//! Exercise: repair an OR-set that loses concurrent additions.
use super::draw::Draw;
use super::exercise::{Case, Exercise};
use super::value::{Inputs, Value};
use lessons::crdt::by_hand::OrSetState;
use lessons::crdt::{Crdt, CrdtError, OrSet, ReplicaId};
use polars::prelude::{DataFrame, PolarsResult, df};
use std::collections::BTreeSet;

/// The reader's function.
pub type Function = fn(&OrSetState, &OrSetState) -> OrSetState;

/// Feeds the reader's function: runs a history with it.
pub fn answer(function: Function, inputs: &Inputs) -> PolarsResult<Value> {
    let mut states = vec![OrSetState::default(); REPLICAS];
    for step in steps(inputs.frame("steps")?)? {
        match step {
            Step::Add(at, element) => states[at].add(at as u32, &element),
            Step::Remove(at, element) => states[at].remove(&element),
            Step::Send(from, to) => states[to] = function(&states[to], &states[from]),
        }
    }
    Ok(Value::Frame(frame(
        states.iter().map(OrSetState::elements),
    )?))
}

/// Exercise 7.4.
pub static EXERCISE: Exercise = Exercise {
    id: "07_4_or_set_merge",
    name: "or_set_merge",
    title: "Exercise 7.4, an OR-set that loses additions",
    signature: "fn or_set_merge(mine: &OrSetState, theirs: &OrSetState) -> OrSetState",
    hints: &[
        "An addition that I hold and they do not: either they have never seen it, or they have seen it and removed it. \
         `theirs.seen` tells which.",
        "Keep an addition `(replica, n, element)` if both hold it, or if the side that does not hold it has not seen it: \
         its `seen` for that replica is less than `n`. And take the maximum of `seen` at each replica.",
        "`let saw = |state: &OrSetState, a: &(u32, u64, String)| state.seen.get(&a.0).is_some_and(|n| a.1 <= *n);` and then \
         `mine.live.iter().filter(|a| theirs.live.contains(*a) || !saw(theirs, a))`, chained with the same the other way round.",
    ],
    vocabulary: &["lessons::crdt::by_hand::OrSetState"],
    cases,
    reference,
    idle: &[
        |inputs| answer(|mine, _| mine.clone(), inputs),
        |inputs| answer(|_, theirs| theirs.clone(), inputs),
    ],
    trial: None,
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
    let sets: Vec<String> = sets
        .map(|set| set.into_iter().collect::<Vec<_>>().join(" "))
        .collect();
    df!("replica" => (0..sets.len() as u32).collect::<Vec<_>>(), "elements" => sets)
}

fn steps(frame: &DataFrame) -> PolarsResult<Vec<Step>> {
    let (at, does, what) = (
        frame.column("at")?.i64()?,
        frame.column("does")?.str()?,
        frame.column("what")?.str()?,
    );
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

type Row<'a> = (i64, &'static str, &'a str);

fn cases(seed: u64) -> Vec<Case> {
    let case = |name, about, why, rows: &[Row<'_>]| {
        let frame = df!(
            "at" => rows.iter().map(|row| row.0).collect::<Vec<_>>(),
            "does" => rows.iter().map(|row| row.1).collect::<Vec<_>>(),
            "what" => rows.iter().map(|row| row.2).collect::<Vec<_>>(),
        );
        let inputs =
            Inputs::new().with("steps", Value::Frame(frame.expect("columns of one length")));
        Case {
            name,
            about,
            why,
            inputs,
        }
    };
    let mut draw = Draw::of(seed);
    let names: Vec<[String; 2]> = (0..7)
        .map(|_| [draw.page("Tokyo"), draw.page("Osaka")])
        .collect();
    let city = |case: usize| [names[case][0].as_str(), names[case][1].as_str()];
    let [first, second, third, fourth, fifth, any, sixth] = [0, 1, 2, 3, 4, 5, 6].map(city);
    let mut drawn: Vec<Row<'_>> = (0..80)
        .map(|_| {
            let (at, city) = (draw.below(3), any[draw.below(2) as usize]);
            match draw.below(4) {
                0 => (at, "add", city),
                1 => (at, "remove", city),
                _ => (at, "send", ["0", "1", "2"][draw.below(3) as usize]),
            }
        })
        .collect();
    // Whatever was drawn, an element that both have is removed at one of them at the end,
    // so that a union is never right.
    drawn.extend([
        (0, "add", any[0]),
        (0, "send", "1"),
        (1, "remove", any[0]),
        (1, "send", "0"),
    ]);
    vec![
        case(
            "concurrent_adds",
            "two replicas add at once",
            "an addition that the other has not seen yet is no removed one",
            &[
                (0, "add", first[0]),
                (1, "add", first[1]),
                (0, "send", "1"),
                (1, "send", "0"),
            ],
        ),
        case(
            "removed",
            "an element is removed where it was seen",
            "a union brings back what was removed",
            &[
                (0, "add", second[0]),
                (0, "send", "1"),
                (1, "remove", second[0]),
                (1, "send", "0"),
                (2, "add", second[1]),
            ],
        ),
        case(
            "earlier",
            "an element is removed that was added before another",
            "additions are seen in their order: a replica that has seen the second has seen the first",
            &[
                (0, "add", sixth[0]),
                (0, "add", sixth[1]),
                (0, "send", "1"),
                (1, "remove", sixth[0]),
                (1, "send", "0"),
            ],
        ),
        case(
            "add_wins",
            "one adds again what another removes at once",
            "the removal cannot have meant an addition that it had not seen",
            &[
                (0, "add", third[0]),
                (0, "send", "1"),
                (0, "remove", third[0]),
                (1, "add", third[0]),
                (0, "send", "1"),
                (1, "send", "0"),
            ],
        ),
        case(
            "late",
            "an old state comes after the removal",
            "messages overtake each other, and what is dead stays dead",
            &[
                (0, "add", fourth[0]),
                (0, "send", "1"),
                (0, "remove", fourth[0]),
                (1, "send", "0"),
                (1, "send", "2"),
                (0, "send", "2"),
                (1, "send", "2"),
            ],
        ),
        case(
            "newcomer",
            "a replica that knows nothing sends its state",
            "a new replica merges before its first addition",
            &[(2, "add", fifth[0]), (1, "send", "2"), (2, "send", "0")],
        ),
        case(
            "random",
            "eighty steps drawn at random, and a removal",
            "what holds for chosen histories must hold for all",
            &drawn,
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    crate::mutants::tests! {
        or_set_merge::or_set_merge, stub: |_, _| todo!(), mutants:
        forgets_what_was_seen, intersects, one_too_few, remove_wins, saw_the_last_only, unites,
    }
}
