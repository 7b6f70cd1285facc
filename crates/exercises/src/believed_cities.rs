//! Exercise 9.2: the view after a retraction.
use super::draw::Draw;
use super::exercise::{Case, Exercise};
use super::value::{Inputs, Value};
use lessons::systems::{CityFact, CityRetraction, FactKind, Retraction, Scope, homes};
use polars::prelude::{DataFrame, PolarsResult, df, polars_bail, polars_err};
use std::collections::BTreeMap;

/// The reader's function.
pub type Function = fn(&[CityFact], &[CityRetraction]) -> BTreeMap<i64, String>;

/// Feeds the reader's function: all facts and all retractions, once.
pub fn answer(function: Function, inputs: &Inputs) -> PolarsResult<Value> {
    let cities = function(&facts(inputs)?, &retractions(inputs)?);
    frame(cities)
}

fn frame(cities: BTreeMap<i64, String>) -> PolarsResult<Value> {
    let (accounts, cities): (Vec<i64>, Vec<String>) = cities.into_iter().unzip();
    Ok(Value::Frame(df!("account" => accounts, "city" => cities)?))
}

fn facts(inputs: &Inputs) -> PolarsResult<Vec<CityFact>> {
    let table = inputs.frame("facts")?;
    let [secs, arrived, said_by, accounts] =
        ["true_as_of_secs", "arrived_secs", "said_by", "user_id"]
            .map(|name| table.column(name)?.i64());
    let (secs, arrived, said_by, accounts) = (secs?, arrived?, said_by?, accounts?);
    let (writers, cities) = (table.column("writer")?.str()?, table.column("city")?.str()?);
    let fact = |row: usize| {
        Some(CityFact {
            true_as_of: secs.get(row)?,
            arrived: arrived.get(row)?,
            writer: writers.get(row)?.to_owned(),
            said_by: said_by.get(row),
            account: accounts.get(row)?,
            city: cities.get(row)?.to_owned(),
        })
    };
    let facts = (0..table.height()).map(|row| {
        fact(row).ok_or_else(
            || polars_err!(ComputeError: "a fact has a time, an arrival, a writer, an account and a city"),
        )
    });
    facts.collect()
}

fn retractions(inputs: &Inputs) -> PolarsResult<Vec<CityRetraction>> {
    let table = inputs.frame("retractions")?;
    let [from, until] = ["from", "until"].map(|name| table.column(name)?.i64());
    let (from, until, writers) = (from?, until?, table.column("writer")?.str()?);
    let others = table.column("only_about_others")?.bool()?;
    let mut retractions = Vec::new();
    for row in 0..table.height() {
        let (Some(from), Some(until), Some(writer), Some(only_about_others)) = (
            from.get(row),
            until.get(row),
            writers.get(row),
            others.get(row),
        ) else {
            polars_bail!(ComputeError: "a retraction has a writer, two times and a scope");
        };
        retractions.push(CityRetraction {
            writer: writer.to_owned(),
            arrived: from..until,
            only_about_others,
        });
    }
    Ok(retractions)
}

/// Exercise 9.2.
pub static EXERCISE: Exercise = Exercise {
    id: "09_2_believed_cities",
    name: "believed_cities",
    title: "Exercise 9.2, the view after a retraction",
    signature: "fn cities(facts: &[CityFact], retractions: &[CityRetraction]) -> BTreeMap<i64, String>",
    hints: &[
        "Two steps: which facts are believed, and what the believed ones say of each account. Three conditions make a \
         retraction name a fact: on its writer, on one of its two times, and, if `only_about_others`, on `said_by`.",
        "A fact is named if `fact.writer == retraction.writer`, `retraction.arrived.contains(&fact.arrived)`, and either \
         `!retraction.only_about_others` or `fact.said_by.is_some_and(|by| by != fact.account)`. It is believed if no retraction \
         names it. Then the fact with the largest `true_as_of` decides: is it always the one that came last?",
        "Keep `let mut last: BTreeMap<i64, &CityFact> = BTreeMap::new();`. For each believed fact: \
         `let known = last.entry(fact.account).or_insert(fact); if known.true_as_of <= fact.true_as_of { *known = fact; }`. \
         The `<=` lets the later of two facts of one second win. At the end \
         `last.into_iter().map(|(account, fact)| (account, fact.city.clone())).collect()`.",
    ],
    vocabulary: &["lessons::systems::by_hand"],
    cases,
    reference,
    idle: &[
        |inputs| answer(|_, _| BTreeMap::new(), inputs),
        |inputs| {
            let last = |facts: &[CityFact], _: &[CityRetraction]| {
                let cities = facts.iter().map(|fact| (fact.account, fact.city.clone()));
                cities.collect()
            };
            answer(last, inputs)
        },
    ],
    trial: None,
};

/// The chapter's own retraction and view, on the table of facts.
fn reference(inputs: &Inputs) -> PolarsResult<Value> {
    facts(inputs)?;
    let mut believed = inputs.frame("facts")?.clone();
    for retraction in retractions(inputs)? {
        let named = Retraction {
            kind: FactKind::Location,
            writer: retraction.writer,
            arrived: retraction.arrived,
            scope: match retraction.only_about_others {
                true => Scope::AboutOthers,
                false => Scope::Everything,
            },
            why: String::new(),
        };
        believed = believed.filter(&!named.of_rows(&believed)?)?;
    }
    let cities = homes(&believed).map_err(|error| polars_err!(ComputeError: "{error}"))?;
    frame(cities.into_iter().collect())
}

const CITIES: [&str; 5] = ["Portland", "Toronto", "Chicago", "Tokyo", "New York"];

/// A fact of a case: true as of, arrived, version of the writer, who asked, account, place of the city.
type Row = (i64, i64, i64, Option<i64>, i64, usize);

/// A retraction of a case: version of the writer, from, until, whether only about others.
type Named = (i64, i64, i64, bool);

fn inputs(rows: &[Row], named: &[Named], first: i64) -> Inputs {
    let version = |version: i64| format!("profiles {version}");
    let facts = df!(
        "true_as_of_secs" => rows.iter().map(|row| row.0).collect::<Vec<_>>(),
        "arrived_secs" => rows.iter().map(|row| row.1).collect::<Vec<_>>(),
        "writer" => rows.iter().map(|row| version(row.2)).collect::<Vec<_>>(),
        "said_by" => rows.iter().map(|row| row.3.map(|by| first + by)).collect::<Vec<_>>(),
        "user_id" => rows.iter().map(|row| first + row.4).collect::<Vec<_>>(),
        "city" => rows.iter().map(|row| CITIES[row.5]).collect::<Vec<_>>(),
    );
    let retractions = df!(
        "writer" => named.iter().map(|one| version(one.0)).collect::<Vec<_>>(),
        "from" => named.iter().map(|one| one.1).collect::<Vec<_>>(),
        "until" => named.iter().map(|one| one.2).collect::<Vec<_>>(),
        "only_about_others" => named.iter().map(|one| one.3).collect::<Vec<_>>(),
    );
    let of = |table: PolarsResult<DataFrame>| Value::Frame(table.expect("columns of one length"));
    Inputs::new()
        .with("facts", of(facts))
        .with("retractions", of(retractions))
}

/// When version 2 is deployed and when it is taken back, in the cases that are written out.
const TEN: i64 = 36_000;
const TWO: i64 = 50_400;

fn cases(seed: u64) -> Vec<Case> {
    let mut draw = Draw::of(seed);
    // What is added to every account of a case.
    let first = draw.number(0, 1..1_000_000);
    let (random, random_named) = drawn(&mut draw);
    let bug: &[Named] = &[(2, TEN, TWO, true)];
    let case = |name, about, why, rows: &[Row], named: &[Named]| Case {
        name,
        about,
        why,
        inputs: inputs(rows, named, first),
    };
    let noon = 43_200;
    vec![
        case(
            "no_retraction",
            "an account moves, and nothing is retracted",
            "the view is a function of all facts: the newest decides",
            &[(100, 100, 1, Some(1), 1, 0), (noon, noon, 1, Some(1), 1, 1)],
            &[],
        ),
        case(
            "moved_by_another",
            "version 2 moves account 2 when account 1 asks",
            "a retracted fact decides nothing, so the one before it is the newest again",
            &[
                (100, 100, 1, Some(1), 1, 0),
                (200, 200, 1, Some(2), 2, 0),
                (noon, noon, 2, Some(1), 1, 1),
                (noon, noon, 2, Some(1), 2, 1),
            ],
            bug,
        ),
        case(
            "other_version",
            "version 1 writes at noon about another account, as a family account may ask",
            "the bug is in version 2: what version 1 wrote in the same hours is right",
            &[(100, 100, 1, Some(2), 2, 0), (noon, noon, 1, Some(1), 2, 1)],
            bug,
        ),
        case(
            "no_request",
            "version 2 writes a fact to which no request led",
            "the retraction names facts at the request of another account; here no account asked",
            &[(100, 100, 1, Some(2), 2, 0), (noon, noon, 2, None, 2, 1)],
            bug,
        ),
        case(
            "written_late",
            "a request of nine o'clock is written by version 2 at eleven",
            "what a program did is known by when it wrote: a fact may be true since long before",
            &[
                (100, 100, 1, Some(2), 2, 0),
                (TEN - 3_600, TEN + 3_600, 2, Some(1), 2, 1),
            ],
            bug,
        ),
        case(
            "written_after",
            "a request of noon is written by version 2 at three, when it is right again",
            "what a program did is known by when it wrote, and not by the time that a fact speaks of",
            &[
                (100, 100, 1, Some(2), 2, 0),
                (noon, TWO + 3_600, 2, Some(1), 2, 1),
            ],
            bug,
        ),
        case(
            "edges",
            "version 2 writes in the first second of the retraction, and in the first one after it",
            "a range of time has its start and not its end, so that two that meet share no second",
            &[
                (100, 100, 1, Some(2), 2, 0),
                (TEN, TEN, 2, Some(1), 2, 1),
                (200, 200, 1, Some(3), 3, 0),
                (TWO, TWO, 2, Some(1), 3, 1),
            ],
            bug,
        ),
        case(
            "nothing_left",
            "all facts about an account are retracted",
            "the account is not in the view: no answer in place of a wrong one",
            &[(100, 100, 1, Some(1), 1, 0), (noon, noon, 2, Some(1), 2, 1)],
            bug,
        ),
        case(
            "everything",
            "a retraction of all that version 2 wrote, and an account that version 2 moved at its own request",
            "where `only_about_others` is not set, facts that accounts told of themselves go, too",
            &[(100, 100, 1, Some(1), 1, 0), (noon, noon, 2, Some(1), 1, 1)],
            &[(2, TEN, TWO, false)],
        ),
        case(
            "two_retractions",
            "two versions were wrong, and each has its retraction",
            "a fact is believed if no retraction names it, and not if some retraction does not",
            &[
                (100, 100, 1, Some(1), 1, 0),
                (noon, noon, 2, Some(3), 1, 1),
                (noon + 60, noon + 60, 3, Some(3), 1, 2),
            ],
            &[(2, TEN, TWO, true), (3, TEN, TWO, true)],
        ),
        case(
            "late_fact",
            "a fact of the morning comes after one of noon",
            "the newest fact is the one that is true since the latest time, whenever it came",
            &[
                (noon, noon, 1, Some(1), 1, 1),
                (500, noon + 60, 1, Some(1), 1, 0),
            ],
            &[],
        ),
        case(
            "same_second",
            "two facts about one account are true since the same second",
            "of two facts of one second the one that came later decides, so that every run answers the same",
            &[
                (noon, noon, 1, Some(1), 1, 1),
                (noon, noon, 1, Some(1), 1, 0),
            ],
            &[],
        ),
        case(
            "random",
            "two hundred facts by three versions about sixty accounts, and three retractions",
            "what holds for chosen facts must hold for all",
            &random,
            &random_named,
        ),
    ]
}

/// Draws two hundred facts in the order in which they came, ten in a second, and three retractions.
fn drawn(draw: &mut Draw) -> (Vec<Row>, Vec<Named>) {
    const ACCOUNTS: i64 = 60;
    let rows = (0..200).map(|n| {
        let (arrived, account) = (n / 10, draw.below(ACCOUNTS));
        let said_by = match draw.below(6) {
            0 => None,
            1 | 2 => Some(draw.below(ACCOUNTS)),
            _ => Some(account),
        };
        let true_as_of = arrived - draw.below(2) * draw.below(8);
        let (version, city) = (1 + draw.below(3), draw.below(5) as usize);
        (true_as_of, arrived, version, said_by, account, city)
    });
    let rows = rows.collect();
    let named = vec![(2, 3, 12, true), (3, 8, 16, false), (1, 14, 20, true)];
    (rows, named)
}

#[cfg(test)]
mod tests {
    use super::*;

    crate::mutants::tests! {
        believed_cities::cities, stub: |_, _| todo!(), mutants:
        all_of_the_writer, always_only_others, by_arrival, by_true_time, drops_the_account, end_too, first_of_a_second,
        keeps_all, keeps_the_last_city, no_request_is_another, one_does_not_name_it, without_writer,
    }

    #[test]
    fn a_retraction_gives_back_the_city_of_before_and_names_no_fact_that_an_account_told_of_itself()
    {
        let cities = |name: &str| -> Vec<Option<String>> {
            let mut cases = cases(crate::READERS_SEED).into_iter();
            let case = cases.find(|case| case.name == name).unwrap();
            let Value::Frame(answer) = reference(&case.inputs).unwrap() else {
                panic!("cities are a table");
            };
            let column = answer.column("city").unwrap().str().unwrap().clone();
            column.iter().map(|city| city.map(str::to_owned)).collect()
        };
        let some = |cities: &[&str]| {
            cities
                .iter()
                .map(|city| Some((*city).to_owned()))
                .collect::<Vec<_>>()
        };
        // Account 1 asked for its move, and account 2 did not.
        assert_eq!(cities("moved_by_another"), some(&["Toronto", "Portland"]));
        assert_eq!(cities("nothing_left"), some(&["Portland"]));
        assert_eq!(cities("edges"), some(&["Portland", "Toronto"]));
    }
}
