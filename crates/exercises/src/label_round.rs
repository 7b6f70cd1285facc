//! Exercise 3.1: one round of labels, which finds the people behind identifiers on a cluster.
use super::draw::Draw;
use super::exercise::{Case, Exercise};
use super::value::{Inputs, Value};
use lambda::batch::persons;
use lambda::datum::{Equiv, PersonId};
use polars::prelude::{DataFrame, PolarsResult, df, polars_bail};
use std::collections::BTreeSet;

/// The reader's function.
pub type Function = fn(&[(i64, i64)]) -> Vec<(i64, i64)>;

/// Feeds the reader's function.
pub fn answer(function: Function, inputs: &Inputs) -> PolarsResult<Value> {
    let edges = edges(inputs.frame("edges")?)?;
    Ok(Value::Frame(frame(&function(&edges))?))
}

/// Exercise 3.1.
pub static EXERCISE: Exercise = Exercise {
    id: "03_1_label_round",
    name: "label_round",
    title: "Exercise 3.1, one round of labels",
    signature: "fn label_round(edges: &[(i64, i64)]) -> Vec<(i64, i64)>",
    hints: &[
        "Three steps, as in the chapter. First collect the neighbours of every identifier: an edge is a message in \
         both directions. Then let each identifier act on its own neighbours. At the end sort, and keep every edge \
         once.",
        "`BTreeMap<i64, Vec<i64>>` holds the neighbours; `map.entry(a).or_default().push(b)` adds one. The smallest \
         is looked for among the neighbours *and* the identifier itself, and the identifier itself is one of those \
         that get an edge to it.",
        "For each `(id, mut group)` of the map: `group.push(id)`, then \
         `let smallest = *group.iter().min().unwrap();`, then for each `other` of the group that is not the smallest \
         insert `(smallest, other)` into a `BTreeSet`. A set keeps each edge once and in order: \
         `made.into_iter().collect()`.",
    ],
    vocabulary: &[],
    cases,
    reference,
    idle: &[],
    trial: None,
};

fn reference(inputs: &Inputs) -> PolarsResult<Value> {
    let equivs: Vec<Equiv> = { edges(inputs.frame("edges")?)?.into_iter() }
        .map(|(a, b)| Equiv {
            id1: PersonId::UserId(a),
            id2: PersonId::UserId(b),
        })
        .collect();
    let rounds = persons::rounds(&equivs);
    let mut after = Vec::new();
    for edge in &rounds[1].edges {
        let (PersonId::UserId(a), PersonId::UserId(b)) = edge else {
            polars_bail!(InvalidOperation: "an identifier is a number");
        };
        after.push((*a, *b));
    }
    Ok(Value::Frame(frame(&after)?))
}

fn frame(edges: &[(i64, i64)]) -> PolarsResult<DataFrame> {
    df!(
        "a" => edges.iter().map(|edge| edge.0).collect::<Vec<_>>(),
        "b" => edges.iter().map(|edge| edge.1).collect::<Vec<_>>(),
    )
}

fn edges(frame: &DataFrame) -> PolarsResult<Vec<(i64, i64)>> {
    let (a, b) = (frame.column("a")?.i64()?, frame.column("b")?.i64()?);
    Ok(a.iter().flatten().zip(b.iter().flatten()).collect())
}

fn case(
    name: &'static str,
    about: &'static str,
    why: &'static str,
    first: i64,
    edges: &[(i64, i64)],
) -> Case {
    let edges: Vec<(i64, i64)> = edges.iter().map(|(a, b)| (first + a, first + b)).collect();
    let edges = frame(&edges).expect("columns of one length");
    Case {
        name,
        about,
        why,
        inputs: Inputs::new().with("edges", Value::Frame(edges)),
    }
}

fn cases(seed: u64) -> Vec<Case> {
    let mut draw = Draw::of(seed);
    // What is added to every label of a case.
    let first = draw.number(0, 1..1_000_000);
    let large = draw.number(1 << 40, (1 << 33)..(1 << 60));
    let random = random(&mut draw);
    vec![
        case(
            "pair",
            "one edge between 4 and 1",
            "1 is the smallest that either end knows, itself included: an end that forgets itself makes the edge 4-1. \
             Both ends make 1-4: it is kept once, with the smaller end first",
            first,
            &[(4, 1)],
        ),
        case(
            "star",
            "1 has edges to 3, 4 and 5, and no other is there",
            "1 itself is the smallest of its group: an identifier that forgets itself takes its star apart, and the \
             rounds never end",
            first,
            &[(3, 1), (1, 4), (5, 1)],
        ),
        case(
            "path",
            "4 hears of 1 and of 3",
            "4 makes the edge 1-3: this is how a label gets further than one step",
            first,
            &[(1, 4), (4, 3)],
        ),
        case(
            "lesson",
            "the five edges of the chapter become eight",
            "an edge is lost, and a person falls apart, if an identifier joins its neighbours and not itself",
            first,
            &[(1, 4), (3, 4), (4, 5), (5, 11), (5, 2)],
        ),
        case(
            "large_labels",
            "the identifiers are numbers beyond 32 bits",
            "two people whose numbers end in the same bits would become one",
            large,
            &[(7, 6), (7, 9)],
        ),
        case(
            "empty",
            "no edges",
            "a day without logins must not stop the batch run",
            first,
            &[],
        ),
        case(
            "random",
            "sixty edges drawn by lot",
            "what holds for small graphs must hold for all",
            first,
            &random,
        ),
    ]
}

/// Returns edges between forty identifiers, each once, with either end first.
fn random(draw: &mut Draw) -> Vec<(i64, i64)> {
    let mut seen = BTreeSet::new();
    let mut edges = Vec::new();
    for _ in 0..60 {
        let (a, b) = (draw.below(40), draw.below(40));
        if a != b && seen.insert((a.min(b), a.max(b))) {
            edges.push((a, b));
        }
    }
    edges
}

#[cfg(test)]
mod tests {
    use super::*;

    crate::mutants::tests! {
        label_round::label_round, stub: |_| todo!(), mutants:
        adds_to_the_old, bigger_first, forgets_itself, forgets_itself_as_asked, forgets_the_sender, goes_to_the_end, hears_one_way,
        keeps_duplicates, links_itself_only, narrow_labels, smallest_of_all, unsorted,
    }

    #[test]
    fn an_identifier_that_forgets_itself_is_told_so() {
        for function in [forgets_itself::FUNCTION, forgets_itself_as_asked::FUNCTION] {
            let failed = verdict(function).failed.unwrap();
            assert!(
                failed.case.why.contains("forgets itself"),
                "{}",
                failed.case.why
            );
        }
    }

    #[test]
    fn rounds_end_in_a_star() {
        let mut edges = vec![(1, 4), (2, 5), (3, 4), (4, 5), (5, 11)];
        let mut counts = vec![edges.len()];
        for _ in 0..4 {
            let inputs = Inputs::new().with("edges", Value::Frame(frame(&edges).unwrap()));
            let Value::Frame(after) = reference(&inputs).unwrap() else {
                panic!("edges are a table");
            };
            edges = super::edges(&after).unwrap();
            counts.push(edges.len());
        }
        assert_eq!(counts, [5, 8, 8, 5, 5]);
        assert_eq!(edges, [2, 3, 4, 5, 11].map(|other| (1, other)));
    }
}
