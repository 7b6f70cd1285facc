//! Exercise: the merge of the G-counter, and what the other replica lacks.
use super::draw::Draw;
use super::exercise::{Case, Exercise};
use super::value::{Inputs, Value};
use lessons::crdt::by_hand::ReplicaCounts;
use lessons::crdt::{Crdt, GCounter, ReplicaId};
use polars::prelude::{DataFrame, PolarsResult, df};

/// The reader's function.
pub type Function = fn(&ReplicaCounts, &ReplicaCounts) -> (ReplicaCounts, ReplicaCounts);

/// Feeds the reader's function.
pub fn answer(function: Function, inputs: &Inputs) -> PolarsResult<Value> {
    let (merged, reply) = function(
        &counts(inputs.frame("mine")?)?,
        &counts(inputs.frame("theirs")?)?,
    );
    Ok(Value::Frame(both(&merged, &reply)?))
}

/// Exercise 7.1.
pub static EXERCISE: Exercise = Exercise {
    id: "07_1_counter_merge",
    name: "counter_merge",
    title: "Exercise 7.1, merge two G-counters, and say what the other lacks",
    signature: "fn counter_merge(mine: &ReplicaCounts, theirs: &ReplicaCounts) -> (ReplicaCounts, ReplicaCounts)",
    hints: &[
        "Only replica 3 ever raises the count of replica 3. Of two copies of that count, which is the newer one? And of which          counts does the other replica have no copy, or an older one?",
        "A replica that one side has never heard of stands at 0 there. It must be in the merged state all the same, and in the          reply if the other side has never heard of it.",
        "Start with `let mut merged = mine.clone();` and for each `(id, count)` of `theirs` take          `let kept = merged.entry(*id).or_insert(0); *kept = (*kept).max(*count);`. For the reply keep each `(id, count)` of          `mine` for which `theirs.get(id)` is `None` or smaller.",
    ],
    vocabulary: &[],
    cases,
    reference,
    idle: &[
        |inputs| answer(|mine, _| (mine.clone(), ReplicaCounts::new()), inputs),
        |inputs| answer(|_, theirs| (theirs.clone(), ReplicaCounts::new()), inputs),
    ],
    trial: None,
};

fn reference(inputs: &Inputs) -> PolarsResult<Value> {
    let state = |name| -> PolarsResult<GCounter> {
        let counts = counts(inputs.frame(name)?)?;
        let counts = counts.into_iter().map(|(id, n)| (ReplicaId(id), n));
        Ok(GCounter::from_counts(counts)?)
    };
    let (mine, theirs) = (state("mine")?, state("theirs")?);
    let plain = |counter: &GCounter| counter.iter().map(|(id, n)| (id.0, n)).collect();
    let merged = mine.merged(&theirs)?;
    let reply = mine.since(&theirs);
    Ok(Value::Frame(both(&plain(&merged), &plain(&reply))?))
}

/// The answer as a table: the rows of the merged state, then those of the reply.
fn both(merged: &ReplicaCounts, reply: &ReplicaCounts) -> PolarsResult<DataFrame> {
    let parts = [("merged", merged), ("reply", reply)];
    // A count of 0 is no count.
    let rows = || {
        let of = |(part, counts): (&'static str, &ReplicaCounts)| {
            let kept = counts.iter().filter(|entry| *entry.1 > 0);
            kept.map(|(id, n)| (part, *id, *n)).collect::<Vec<_>>()
        };
        parts.into_iter().flat_map(of)
    };
    df!(
        "part" => rows().map(|row| row.0).collect::<Vec<_>>(),
        "replica" => rows().map(|row| row.1).collect::<Vec<_>>(),
        "count" => rows().map(|row| row.2).collect::<Vec<_>>(),
    )
}

fn counts(frame: &DataFrame) -> PolarsResult<ReplicaCounts> {
    let (ids, counts) = (
        frame.column("replica")?.u32()?,
        frame.column("count")?.u64()?,
    );
    Ok(ids.iter().flatten().zip(counts.iter().flatten()).collect())
}

fn frame(counts: &ReplicaCounts) -> PolarsResult<DataFrame> {
    // A count of 0 is no count.
    let kept = || counts.iter().filter(|entry| *entry.1 > 0);
    df!(
        "replica" => kept().map(|entry| *entry.0).collect::<Vec<_>>(),
        "count" => kept().map(|entry| *entry.1).collect::<Vec<_>>(),
    )
}

fn cases(seed: u64) -> Vec<Case> {
    let case = |name, about, why, mine: &[(u32, u64)], theirs: &[(u32, u64)]| {
        let value = |counts: &[(u32, u64)]| {
            Value::Frame(frame(&counts.iter().copied().collect()).expect("two columns"))
        };
        let inputs = Inputs::new()
            .with("mine", value(mine))
            .with("theirs", value(theirs));
        Case {
            name,
            about,
            why,
            inputs,
        }
    };
    let mut draw = Draw::of(seed);
    // Added to every count of a case.
    let mut more = || draw.number(0, 1..1_000) as u64;
    let [a, b, c, d] = [more(), more(), more(), more()];
    let mut some = || -> Vec<(u32, u64)> {
        let count = |_| (draw.below(30) as u32, 1 + draw.below(99) as u64);
        (0..20).map(count).collect()
    };
    let drawn = (some(), some());
    vec![
        case(
            "twice",
            "the same state comes twice",
            "networks deliver twice: a merge that adds counts those page views again, and replicas that agree have nothing to say",
            &[(1, 10 + a), (2, 7 + a)],
            &[(1, 10 + a), (2, 7 + a)],
        ),
        case(
            "lesson",
            "(11, 7, 21) and (10, 13, 18) after a partition",
            "each side is newer for some replicas and older for others",
            &[(1, 11 + b), (2, 7 + b), (3, 21 + b)],
            &[(1, 10 + b), (2, 13 + b), (3, 18 + b)],
        ),
        case(
            "newcomer",
            "they know a replica that I have never heard of",
            "its page views would be missing until it is heard of directly",
            &[(1, 4 + c)],
            &[(1, 4 + c), (9, 5 + c)],
        ),
        case(
            "forgotten",
            "I know a replica that they have never heard of",
            "a message of another must not erase what is known, and they lack it",
            &[(1, 4 + d), (2, 6 + d)],
            &[(1, 5 + d)],
        ),
        case(
            "nothing",
            "two replicas that have counted nothing",
            "a new replica merges before its first page view",
            &[],
            &[],
        ),
        case(
            "random",
            "twenty replicas each, drawn at random",
            "what holds for three replicas must hold for all",
            &drawn.0,
            &drawn.1,
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    crate::mutants::tests! {
        counter_merge::counter_merge, stub: |_, _| todo!(), mutants:
        adds, known_only, replies_all, replies_known_only, replies_news, takes_theirs, theirs_only,
    }
}
