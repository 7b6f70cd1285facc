//! Exercise: build a counter that grows and falls.
use super::draw::Draw;
use super::exercise::{Case, Exercise};
use super::value::{Inputs, Value};
use lessons::crdt::by_hand::CounterStep;
use lessons::crdt::{Crdt, CrdtError, PnCounter, ReplicaId};
use polars::prelude::{DataFrame, PolarsResult, df};

/// The reader's function.
pub type Function = fn(usize, &[CounterStep]) -> Vec<i64>;

/// Feeds the reader's function.
pub fn answer(function: Function, inputs: &Inputs) -> PolarsResult<Value> {
    let values = function(replicas(inputs)?, &steps(inputs.frame("steps")?)?);
    Ok(Value::Frame(frame(values)?))
}

/// Exercise 7.2.
pub static EXERCISE: Exercise = Exercise {
    id: "07_2_pn_counter",
    name: "pn_counter",
    title: "Exercise 7.2, a counter that grows and falls",
    signature: "fn pn_counter(replicas: usize, steps: &[CounterStep]) -> Vec<i64>",
    hints: &[
        "One number for each replica, merged by maximum, loses what was taken away: after 5 - 1 the older copy, 5, is the larger. \
         Which two numbers only ever grow?",
        "A state is two G-counters: `vec![[0u64; 2]; replicas]`, what each replica has added and what it has taken away. \
         Merge both by maximum at each replica.",
        "`let mut states = vec![vec![[0u64; 2]; replicas]; replicas];` and for each step: `CounterStep::Add(at, by)` raises \
         `states[at][at][usize::from(by < 0)]` by `by.unsigned_abs()`; `CounterStep::Send(from, to)` takes the maximum of each pair. \
         A value is all that was added less all that was taken.",
    ],
    vocabulary: &["lessons::crdt::by_hand::CounterStep"],
    cases,
    reference,
    idle: &[|inputs| answer(|replicas, _| vec![0; replicas], inputs)],
    trial: None,
};

fn replicas(inputs: &Inputs) -> PolarsResult<usize> {
    Ok(*inputs.int("replicas")? as usize)
}

fn reference(inputs: &Inputs) -> PolarsResult<Value> {
    let mut states = vec![PnCounter::default(); replicas(inputs)?];
    for step in steps(inputs.frame("steps")?)? {
        run(&mut states, step)?;
    }
    Ok(Value::Frame(frame(
        states.iter().map(|state| state.value() as i64).collect(),
    )?))
}

fn run(states: &mut [PnCounter], step: CounterStep) -> Result<(), CrdtError> {
    match step {
        CounterStep::Add(at, by) if by < 0 => states[at]
            .take(ReplicaId(at as u32), by.unsigned_abs())
            .map(|_| ()),
        CounterStep::Add(at, by) => states[at]
            .add(ReplicaId(at as u32), by.unsigned_abs())
            .map(|_| ()),
        CounterStep::Send(from, to) => {
            let sent = states[from].clone();
            states[to].merge(&sent)
        }
    }
}

fn frame(values: Vec<i64>) -> PolarsResult<DataFrame> {
    df!("replica" => (0..values.len() as u32).collect::<Vec<_>>(), "value" => values)
}

/// `add` is 0 where `to` says that a state is sent.
fn steps(frame: &DataFrame) -> PolarsResult<Vec<CounterStep>> {
    let (at, add, to) = (
        frame.column("at")?.i64()?,
        frame.column("add")?.i64()?,
        frame.column("send_to")?.i64()?,
    );
    let step = |row: usize| match (at.get(row)?, add.get(row), to.get(row)) {
        (at, _, Some(to)) => Some(CounterStep::Send(at as usize, to as usize)),
        (at, by, None) => Some(CounterStep::Add(at as usize, by.unwrap_or(0))),
    };
    Ok((0..frame.height()).filter_map(step).collect())
}

fn table(steps: &[CounterStep]) -> Value {
    let at = steps.iter().map(|step| match step {
        CounterStep::Add(at, _) | CounterStep::Send(at, _) => *at as i64,
    });
    let add = steps.iter().map(|step| match step {
        CounterStep::Add(_, by) => Some(*by),
        CounterStep::Send(..) => None,
    });
    let to = steps.iter().map(|step| match step {
        CounterStep::Add(..) => None,
        CounterStep::Send(_, to) => Some(*to as i64),
    });
    let frame = df!("at" => at.collect::<Vec<_>>(), "add" => add.collect::<Vec<_>>(), "send_to" => to.collect::<Vec<_>>());
    Value::Frame(frame.expect("columns of one length"))
}

fn cases(seed: u64) -> Vec<Case> {
    use CounterStep::{Add, Send};
    let case = |name, about, why, replicas: i64, steps: &[CounterStep]| {
        let inputs = Inputs::new()
            .with("replicas", Value::Int(replicas))
            .with("steps", table(steps));
        Case {
            name,
            about,
            why,
            inputs,
        }
    };
    let mut draw = Draw::of(seed);
    // Every amount of a case is multiplied with this.
    let mut times = || draw.number(1, 2..1_000);
    let [a, b, c, d, e] = [times(), times(), times(), times(), times()];
    let new = draw.number(3, 4..9);
    let drawn: Vec<CounterStep> = (0..60)
        .map(|_| {
            let (at, to) = (draw.below(3) as usize, draw.below(3) as usize);
            match draw.below(2) {
                0 => Add(at, draw.below(21) - 10),
                _ => Send(at, to),
            }
        })
        .collect();
    vec![
        case(
            "alone",
            "one replica adds and takes away",
            "a counter that cannot fall is no PN-counter",
            3,
            &[Add(0, 5 * a), Add(0, -2 * a)],
        ),
        case(
            "falls",
            "an older state, with more in it, comes late",
            "a maximum of values undoes every fall",
            3,
            &[Add(0, 5 * b), Send(0, 1), Add(0, -3 * b), Send(1, 0)],
        ),
        case(
            "both",
            "two replicas change at once",
            "what was done on both sides of a partition counts",
            3,
            &[
                Add(0, 5 * c),
                Add(1, 7 * c),
                Add(1, -2 * c),
                Send(0, 1),
                Send(1, 0),
            ],
        ),
        case(
            "twice",
            "a state comes twice",
            "networks deliver twice: adding would count it again",
            3,
            &[Add(0, 5 * d), Send(0, 1), Send(0, 1)],
        ),
        case(
            "through",
            "a state reaches the third replica through the second",
            "gossip is passed on, and not all speak to all",
            3,
            &[Add(0, 4 * e), Send(0, 1), Send(1, 2)],
        ),
        case(
            "nothing",
            "nothing happens",
            "a new counter says 0",
            new,
            &[],
        ),
        case(
            "random",
            "sixty steps drawn at random",
            "what holds for chosen histories must hold for all",
            3,
            &drawn,
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    crate::mutants::tests! {
        pn_counter::pn_counter, stub: |_, _| todo!(), mutants:
        adds_states, ignores_falls, one_number, own_only, replaces, shared_pair,
    }
}
