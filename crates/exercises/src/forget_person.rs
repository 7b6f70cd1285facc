//! Exercise 12.2: the keys of a person who asks to be forgotten.
use super::draw::Draw;
use super::exercise::{Case, Exercise};
use super::value::{Inputs, Value};
use lambda::batch::persons;
use lambda::datum::{Equiv, PersonId};
use polars::prelude::{DataFrame, PolarsResult, df, polars_bail};
use std::collections::BTreeSet;

/// The reader's function.
pub type Function = fn(i64, &[(i64, i64)], &BTreeSet<i64>) -> BTreeSet<i64>;

/// Feeds the reader's function: when the person asks, and again whenever equivs came since. Each
/// call gets the equivs that can be read then, and the identifiers whose keys are destroyed.
pub fn answer(function: Function, inputs: &Inputs) -> PolarsResult<Value> {
    let asked = *inputs.int("asked")?;
    let mut destroyed: BTreeSet<i64> = BTreeSet::new();
    let mut readable: Vec<(i64, i64)> = Vec::new();
    let mut rows = Rows::default();
    for (call, came) in (1..).zip(arrivals(inputs)?) {
        // An equiv is sealed under the key of its first identifier, so destroying the key takes it.
        readable.retain(|(owner, _)| !destroyed.contains(owner));
        readable.extend(came);
        let now = function(asked, &readable, &destroyed);
        rows.push(call, &now);
        destroyed.extend(now);
    }
    rows.frame()
}

/// What each call answered: a row for each identifier, or one without an identifier.
#[derive(Default)]
struct Rows {
    calls: Vec<i64>,
    identifiers: Vec<Option<i64>>,
}

impl Rows {
    fn push(&mut self, call: i64, identifiers: &BTreeSet<i64>) {
        let before = self.identifiers.len();
        self.identifiers
            .extend(identifiers.iter().copied().map(Some));
        if identifiers.is_empty() {
            self.identifiers.push(None);
        }
        self.calls
            .resize(self.calls.len() + self.identifiers.len() - before, call);
    }

    fn frame(self) -> PolarsResult<Value> {
        Ok(Value::Frame(df!(
            "call" => self.calls,
            "identifier" => self.identifiers,
        )?))
    }
}

/// Returns the equivs that came before each call, and since the call before it. There is a call even
/// if no equiv came at all.
fn arrivals(inputs: &Inputs) -> PolarsResult<Vec<Vec<(i64, i64)>>> {
    let rows = inputs.frame("equivs")?;
    let (calls, ones) = (rows.column("call")?.i64()?, rows.column("id1")?.i64()?);
    let others = rows.column("id2")?.i64()?;
    let mut arrivals = vec![Vec::new()];
    for ((call, one), other) in calls.iter().zip(ones.iter()).zip(others.iter()) {
        let (Some(call @ 1..=100), Some(one), Some(other)) = (call, one, other) else {
            polars_bail!(ComputeError: "an equiv has a call from 1 to 100 and two identifiers");
        };
        let call = call as usize;
        arrivals.resize(arrivals.len().max(call), Vec::new());
        arrivals[call - 1].push((one, other));
    }
    Ok(arrivals)
}

/// Exercise 12.2.
pub static EXERCISE: Exercise = Exercise {
    id: "12_2_forget_person",
    name: "forget_person",
    title: "Exercise 12.2, the keys of one person",
    signature: "fn keys_to_destroy(asked: i64, equivs: &[(i64, i64)], destroyed: &BTreeSet<i64>) -> BTreeSet<i64>",
    hints: &[
        "Keep a set of the identifiers that are known to be the person's. With which identifiers does it begin, in the \
         first call and in a later one? What does an equiv say of which one end is in the set?",
        "It begins with `asked` and all of `destroyed`. An equiv with one end in the set adds the other end, whichever \
         of the two it is. That may make an equiv useful that was looked at before, so go over all equivs until the set \
         has stopped growing.",
        "`let mut person = destroyed.clone(); person.insert(asked);`, then in a `loop`: remember `person.len()`, for each \
         equiv `if person.contains(one) || person.contains(other) { person.extend([*one, *other]); }`, and end when the \
         length is the same. The answer is `person.difference(destroyed).copied().collect()`.",
    ],
    vocabulary: &[],
    cases,
    reference,
    idle: &[
        |inputs| answer(|_, _, _| BTreeSet::new(), inputs),
        |inputs| answer(|asked, _, _| BTreeSet::from([asked]), inputs),
        |inputs| answer(|_, _, destroyed| destroyed.clone(), inputs),
    ],
    trial: None,
};

fn reference(inputs: &Inputs) -> PolarsResult<Value> {
    let asked = PersonId::UserId(*inputs.int("asked")?);
    // All equivs that ever came, whether they can be read now or not.
    let mut came: Vec<Equiv> = Vec::new();
    let mut destroyed: BTreeSet<i64> = BTreeSet::new();
    let mut rows = Rows::default();
    for (call, new) in (1..).zip(arrivals(inputs)?) {
        came.extend(new.into_iter().map(|(one, other)| Equiv {
            id1: PersonId::UserId(one),
            id2: PersonId::UserId(other),
        }));
        let mut components = persons::components(&came).into_iter();
        let person = components.find(|ids| ids.contains(&asked));
        let person = person.unwrap_or_else(|| vec![asked.clone()]);
        let numbers = person.iter().filter_map(|id| match id {
            PersonId::UserId(number) => Some(*number),
            PersonId::Cookie(_) => None,
        });
        let now: BTreeSet<i64> = numbers.filter(|id| !destroyed.contains(id)).collect();
        rows.push(call, &now);
        destroyed.extend(now);
    }
    rows.frame()
}

/// Returns the table of equivs, of which each inner slice came before one call.
fn frame(calls: &[&[(i64, i64)]]) -> DataFrame {
    let rows = || {
        (1i64..)
            .zip(calls)
            .flat_map(|(call, equivs)| equivs.iter().map(move |equiv| (call, *equiv)))
    };
    df!(
        "call" => rows().map(|row| row.0).collect::<Vec<_>>(),
        "id1" => rows().map(|row| row.1.0).collect::<Vec<_>>(),
        "id2" => rows().map(|row| row.1.1).collect::<Vec<_>>(),
    )
    .expect("columns of one length")
}

fn cases(seed: u64) -> Vec<Case> {
    let mut draw = Draw::of(seed);
    // What is added to every identifier of a case.
    let first = draw.number(0, 1..1_000_000);
    let random = drawn(&mut draw);
    let random: Vec<&[(i64, i64)]> = random.iter().map(Vec::as_slice).collect();
    let case = |name, about, why, calls: &[&[(i64, i64)]]| {
        let moved = |equivs: &&[(i64, i64)]| -> Vec<(i64, i64)> {
            let moved = |(one, other): &(i64, i64)| (first + one, first + other);
            equivs.iter().map(moved).collect()
        };
        let calls: Vec<Vec<(i64, i64)>> = calls.iter().map(moved).collect();
        let calls: Vec<&[(i64, i64)]> = calls.iter().map(Vec::as_slice).collect();
        Case {
            name,
            about,
            why,
            inputs: Inputs::new()
                .with("asked", Value::Int(first + ASKED))
                .with("equivs", Value::Frame(frame(&calls))),
        }
    };
    vec![
        case(
            "cookie",
            "the person has a user id and a cookie",
            "the law speaks of a person: as long as the key of the cookie is kept, the rows under it can be read",
            &[&[(ASKED, 900)]],
        ),
        case(
            "either_side",
            "the identifier that asks is the second one of its equiv",
            "an equiv says that two identifiers are one person, and has no direction",
            &[&[(900, ASKED)]],
        ),
        case(
            "chain",
            "four identifiers, of which each is joined with the next",
            "a cookie of a second account is the same person, though no equiv names it together with the first",
            &[&[(ASKED, 900), (900, 5), (5, 901)]],
        ),
        case(
            "any_order",
            "the equiv that reaches the person comes after the one that goes on from there",
            "equivs come in any order, so one walk over them is not enough",
            &[&[(900, 5), (ASKED, 900)]],
        ),
        case(
            "others",
            "the equivs of another person are in the table, too",
            "a key that is destroyed cannot be made again: the rows of somebody who did not ask would be lost",
            &[&[(ASKED, 900), (7, 901)]],
        ),
        case(
            "alone",
            "no equiv has the identifier that asks",
            "a visitor who never logged in has one identifier, and the same right",
            &[&[(7, 901)]],
        ),
        case(
            "later",
            "another cookie of the person comes after the request",
            "the list of destroyed keys is a record of what was done when: a key is destroyed once",
            &[&[(ASKED, 900)], &[(ASKED, 901)]],
        ),
        case(
            "later_elsewhere",
            "an equiv that comes after the request names a cookie whose key is destroyed",
            "the old equiv was sealed under a destroyed key and cannot be read, so only the list of destroyed keys still \
             says that this cookie is the person's",
            &[&[(ASKED, 900)], &[(900, 902)]],
        ),
        case(
            "later_others",
            "an equiv that comes after the request is about another person",
            "a request is no reason to destroy whatever comes after it",
            &[&[(ASKED, 900)], &[(7, 901)]],
        ),
        case(
            "random",
            "equivs of several persons before four calls; in the last one, two of them turn out to be one",
            "what holds for chosen equivs must hold for all",
            &random,
        ),
    ]
}

/// The identifier that asks, before `first` is added.
const ASKED: i64 = 4;

/// Draws the equivs of four calls, in a drawn order and either way round. Before the first call only
/// others have equivs. Before the second come those of the person, as a chain, and before the third
/// one that names the first cookie of the chain and not the identifier that asked.
fn drawn(draw: &mut Draw) -> Vec<Vec<(i64, i64)>> {
    let mut ids: Vec<i64> = (10..30).collect();
    draw.shuffle(&mut ids);
    let [a, b, c, d, e, f, g, h, i, j, k, l] = std::array::from_fn(|place| ids[place]);
    let mut calls = vec![
        vec![(g, h), (h, i), (j, k)],
        vec![(ASKED, a), (a, b), (b, c), (c, d)],
        vec![(a, e), (e, f), (i, l)],
        vec![(k, d)],
    ];
    for equivs in &mut calls {
        draw.shuffle(equivs);
        for (one, other) in equivs {
            if draw.below(2) == 1 {
                std::mem::swap(one, other);
            }
        }
    }
    calls
}

#[cfg(test)]
mod tests {
    use super::*;

    crate::mutants::tests! {
        forget_person::keys_to_destroy, stub: |_, _, _| todo!(), mutants:
        all_that_comes_later, asked_alone, asked_is_in_no_equiv, begins_with_asked_alone, destroys_again, everybody,
        neighbours_alone, one_direction, one_walk,
    }

    #[test]
    fn an_equiv_that_comes_after_the_request_adds_its_identifiers_and_no_others() {
        let identifiers = |name: &str| -> Vec<Option<i64>> {
            let mut cases = cases(READERS_SEED).into_iter();
            let case = cases.find(|case| case.name == name).unwrap();
            let Value::Frame(answer) = reference(&case.inputs).unwrap() else {
                panic!("identifiers are a table");
            };
            let column = answer.column("identifier").unwrap();
            column.i64().unwrap().iter().collect()
        };
        assert_eq!(identifiers("later"), [Some(4), Some(900), Some(901)]);
        assert_eq!(
            identifiers("later_elsewhere"),
            [Some(4), Some(900), Some(902)]
        );
        assert_eq!(identifiers("later_others"), [Some(4), Some(900), None]);
    }
}
