//! Exercise: build a counter that grows and falls.
use super::exercise::{Case, Exercise};
use super::value::{Inputs, Value};
use crate::crdt::{Crdt, CrdtError, PnCounter, ReplicaId};
use crate::dataset::random::Random;
use polars::prelude::{DataFrame, PolarsResult, df};

/// A step of a history. Replicas are numbered from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// A replica adds to the counter; a negative number takes away.
    Add(usize, i64),
    /// A replica sends its state to another, which merges it.
    Send(usize, usize),
}

/// The reader's function.
pub type Function = fn(usize, &[Step]) -> Vec<i64>;

/// Feeds the reader's function.
pub fn answer(function: Function, inputs: &Inputs) -> PolarsResult<Value> {
    let values = function(REPLICAS, &steps(inputs.frame("steps")?)?);
    Ok(Value::Frame(frame(values)?))
}

/// Exercise 8.
pub static EXERCISE: Exercise = Exercise {
    id: "32_pn_counter",
    name: "pn_counter",
    title: "Exercise 8, a counter that grows and falls",
    signature: "fn pn_counter(replicas: usize, steps: &[Step]) -> Vec<i64>",
    hints: &[
        "One number for each replica, merged by maximum, loses what was taken away: after 5 - 1 the older copy, 5, is the larger. \
         Which two numbers only ever grow?",
        "A state is two G-counters: `vec![[0u64; 2]; replicas]`, what each replica has added and what it has taken away. \
         Merge both by maximum at each replica.",
        "`let mut states = vec![vec![[0u64; 2]; replicas]; replicas];` and for each step: `Step::Add(at, by)` raises \
         `states[at][at][usize::from(by < 0)]` by `by.unsigned_abs()`; `Step::Send(from, to)` takes the maximum of each pair. \
         A value is all that was added less all that was taken.",
    ],
    cases,
    reference,
};

const REPLICAS: usize = 3;

fn reference(inputs: &Inputs) -> PolarsResult<Value> {
    let mut states = vec![PnCounter::default(); REPLICAS];
    for step in steps(inputs.frame("steps")?)? {
        run(&mut states, step)?;
    }
    Ok(Value::Frame(frame(states.iter().map(|state| state.value() as i64).collect())?))
}

fn run(states: &mut [PnCounter], step: Step) -> Result<(), CrdtError> {
    match step {
        Step::Add(at, by) if by < 0 => states[at].take(ReplicaId(at as u32), by.unsigned_abs()).map(|_| ()),
        Step::Add(at, by) => states[at].add(ReplicaId(at as u32), by.unsigned_abs()).map(|_| ()),
        Step::Send(from, to) => {
            let sent = states[from].clone();
            states[to].merge(&sent)
        }
    }
}

fn frame(values: Vec<i64>) -> PolarsResult<DataFrame> {
    df!("replica" => (0..values.len() as u32).collect::<Vec<_>>(), "value" => values)
}

/// `add` is 0 where `to` says that a state is sent.
fn steps(frame: &DataFrame) -> PolarsResult<Vec<Step>> {
    let (at, add, to) = (frame.column("at")?.i64()?, frame.column("add")?.i64()?, frame.column("send_to")?.i64()?);
    let step = |row: usize| match (at.get(row)?, add.get(row), to.get(row)) {
        (at, _, Some(to)) => Some(Step::Send(at as usize, to as usize)),
        (at, by, None) => Some(Step::Add(at as usize, by.unwrap_or(0))),
    };
    Ok((0..frame.height()).filter_map(step).collect())
}

fn table(steps: &[Step]) -> Value {
    let at = steps.iter().map(|step| match step {
        Step::Add(at, _) | Step::Send(at, _) => *at as i64,
    });
    let add = steps.iter().map(|step| match step {
        Step::Add(_, by) => Some(*by),
        Step::Send(..) => None,
    });
    let to = steps.iter().map(|step| match step {
        Step::Add(..) => None,
        Step::Send(_, to) => Some(*to as i64),
    });
    let frame = df!("at" => at.collect::<Vec<_>>(), "add" => add.collect::<Vec<_>>(), "send_to" => to.collect::<Vec<_>>());
    Value::Frame(frame.expect("columns of one length"))
}

fn cases(seed: u64) -> Vec<Case> {
    use Step::{Add, Send};
    let case = |name, about, why, steps: &[Step]| {
        let inputs = Inputs::new().with("replicas", Value::Int(REPLICAS as i64)).with("steps", table(steps));
        Case { name, about, why, inputs }
    };
    let mut random = Random::new(&[seed, 32]);
    let drawn: Vec<Step> = (0..60)
        .map(|_| {
            let (at, to) = (random.below(3) as usize, random.below(3) as usize);
            match random.below(2) {
                0 => Add(at, random.below(21) as i64 - 10),
                _ => Send(at, to),
            }
        })
        .collect();
    vec![
        case("alone", "one replica adds and takes away", "a counter that cannot fall is no PN-counter", &[Add(0, 5), Add(0, -2)]),
        case("falls", "an older state, with more in it, comes late", "a maximum of values undoes every fall", &[Add(0, 5), Send(0, 1), Add(0, -3), Send(1, 0)]),
        case("both", "two replicas change at once", "what was done on both sides of a partition counts", &[Add(0, 5), Add(1, 7), Add(1, -2), Send(0, 1), Send(1, 0)]),
        case("twice", "a state comes twice", "networks deliver twice: adding would count it again", &[Add(0, 5), Send(0, 1), Send(0, 1)]),
        case("through", "a state reaches the third replica through the second", "gossip is passed on, and not all speak to all", &[Add(0, 4), Send(0, 1), Send(1, 2)]),
        case("nothing", "nothing happens", "a new counter says 0", &[]),
        case("random", "sixty steps drawn by lot", "what holds for chosen histories must hold for all", &drawn),
    ]
}

#[cfg(test)]
#[path = "pn_counter_tests.rs"]
mod tests;
