//! Exercise 8.7: a fact that takes back another.
use super::draw::Draw;
use super::exercise::{Case, Exercise};
use super::value::{Inputs, Value};
use lessons::microbatch::by_hand::{PageFact, PageFacts};
use polars::prelude::{DataFrame, PolarsResult, df, polars_bail};
use std::collections::BTreeMap;

/// The reader's function.
pub type Function = fn(&mut PageFacts, &PageFact);

/// Feeds the reader's function: fact after fact.
pub fn answer(function: Function, inputs: &Inputs) -> PolarsResult<Value> {
    let mut view = PageFacts::default();
    for fact in facts(inputs)? {
        function(&mut view, &fact);
    }
    // A page that was never viewed and one whose views were all taken back are the same.
    let rows: Vec<_> = view
        .counts
        .iter()
        .filter(|(_, count)| **count != 0)
        .collect();
    Ok(Value::Frame(df!(
        "page" => rows.iter().map(|row| row.0.as_str()).collect::<Vec<_>>(),
        "count" => rows.iter().map(|row| *row.1).collect::<Vec<_>>(),
    )?))
}

fn facts(inputs: &Inputs) -> PolarsResult<Vec<PageFact>> {
    let rows = inputs.frame("facts")?;
    let (ids, pages) = (rows.column("id")?.i64()?, rows.column("page")?.str()?);
    let takes_back = rows.column("takes_back")?.i64()?;
    let mut facts = Vec::new();
    for row in 0..rows.height() {
        let Some(id) = ids.get(row) else {
            polars_bail!(ComputeError: "a fact has an id");
        };
        facts.push(PageFact {
            id,
            page: pages.get(row).unwrap_or_default().to_owned(),
            takes_back: takes_back.get(row),
        });
    }
    Ok(facts)
}

/// Exercise 8.7.
pub static EXERCISE: Exercise = Exercise {
    id: "08_7_retraction",
    name: "retraction",
    title: "Exercise 8.7, a fact that takes back another",
    signature: "fn apply(view: &mut PageFacts, fact: &PageFact)",
    hints: &[
        "A page view counts if it came and is not taken back. Which two things can make that true or false: when a \
         page view comes, and when a retraction comes?",
        "`view.came.insert(..)` and `view.taken_back.insert(..)` say whether this is the first time: the first returns \
         `None` then, the second `true`. A copy changes nothing.",
        "For a page view that comes for the first time: add 1 unless `view.taken_back.contains(&fact.id)`. For a retraction \
         that comes for the first time: if `view.came.get(&id)` has a page, take 1 from it: \
         `*view.counts.entry(page.clone()).or_insert(0) -= 1;`.",
    ],
    vocabulary: &[
        "lessons::microbatch::by_hand::PageFact",
        "lessons::microbatch::by_hand::PageFacts",
    ],
    cases,
    reference,
    idle: &[|inputs| answer(|_, _| (), inputs)],
    trial: None,
};

fn reference(inputs: &Inputs) -> PolarsResult<Value> {
    // All facts at once: the order cannot matter.
    let facts = facts(inputs)?;
    let mut views: BTreeMap<i64, &str> = BTreeMap::new();
    for fact in facts.iter().filter(|fact| fact.takes_back.is_none()) {
        if fact.page.is_empty() {
            polars_bail!(ComputeError: "a page view has a page");
        }
        if views
            .insert(fact.id, &fact.page)
            .is_some_and(|page| page != fact.page)
        {
            polars_bail!(ComputeError: "a copy of a fact says the same");
        }
    }
    if facts
        .iter()
        .any(|fact| fact.takes_back.is_some() && views.contains_key(&fact.id))
    {
        polars_bail!(ComputeError: "no two facts have one id");
    }
    for fact in &facts {
        if let Some(id) = fact.takes_back {
            views.remove(&id);
        }
    }
    let mut counts: BTreeMap<&str, i64> = BTreeMap::new();
    for page in views.into_values() {
        *counts.entry(page).or_insert(0) += 1;
    }
    Ok(Value::Frame(df!(
        "page" => counts.keys().copied().collect::<Vec<_>>(),
        "count" => counts.values().copied().collect::<Vec<_>>(),
    )?))
}

/// A fact: its id, and the page that was viewed or the id that is taken back.
#[derive(Clone, Copy)]
enum Told<'a> {
    Viewed(i64, &'a str),
    TakesBack(i64, i64),
}

fn frame(facts: &[Told]) -> DataFrame {
    let (mut ids, mut pages, mut takes_back) = (Vec::new(), Vec::new(), Vec::new());
    for fact in facts {
        let (id, page, id_of_other) = match *fact {
            Told::Viewed(id, page) => (id, page, None),
            Told::TakesBack(id, other) => (id, "", Some(other)),
        };
        ids.push(id);
        pages.push(page);
        takes_back.push(id_of_other);
    }
    df!("id" => ids, "page" => pages, "takes_back" => takes_back).expect("columns of one length")
}

fn cases(seed: u64) -> Vec<Case> {
    use Told::{TakesBack, Viewed};
    let mut draw = Draw::of(seed);
    let (home, blog) = (draw.page("foo.com/"), draw.page("foo.com/blog"));
    let (home, blog) = (home.as_str(), blog.as_str());
    let n = draw.number(0, 1..1_000_000);
    let random = drawn(&mut draw, n, home, blog);
    let case = |name, about, why, facts: &[Told]| Case {
        name,
        about,
        why,
        inputs: Inputs::new().with("facts", Value::Frame(frame(facts))),
    };
    vec![
        case(
            "viewed",
            "three page views, and nothing is taken back",
            "every page view counts",
            &[
                Viewed(n + 1, home),
                Viewed(n + 2, blog),
                Viewed(n + 3, home),
            ],
        ),
        case(
            "taken_back",
            "the page view of a robot is taken back",
            "what is taken back counts no longer; the other views of the page still count",
            &[
                Viewed(n + 1, home),
                Viewed(n + 2, home),
                TakesBack(n + 3, n + 1),
            ],
        ),
        case(
            "before",
            "the retraction comes before the page view",
            "partitions are read side by side, so a fact may come after the one that takes it back",
            &[
                Viewed(n + 2, home),
                TakesBack(n + 3, n + 1),
                Viewed(n + 1, home),
            ],
        ),
        case(
            "retraction_twice",
            "a copy of the retraction comes, too",
            "a producer that got no answer sends again",
            &[
                Viewed(n + 1, home),
                Viewed(n + 2, home),
                Viewed(n + 4, home),
                TakesBack(n + 3, n + 1),
                TakesBack(n + 3, n + 1),
            ],
        ),
        case(
            "view_twice",
            "a copy of a page view comes",
            "a copy says nothing new, so it changes nothing",
            &[
                Viewed(n + 1, home),
                Viewed(n + 1, home),
                Viewed(n + 2, blog),
            ],
        ),
        case(
            "copy_at_the_end",
            "a copy of a page view comes after it was taken back",
            "what is taken back stays so, whatever comes after it",
            &[
                Viewed(n + 1, home),
                Viewed(n + 2, home),
                TakesBack(n + 3, n + 1),
                Viewed(n + 1, home),
            ],
        ),
        case(
            "random",
            "some facts and their copies, in any order",
            "what holds for chosen orders must hold for all",
            &random,
        ),
    ]
}

/// Page views, retractions of some, and copies of both, in a drawn order.
fn drawn<'a>(draw: &mut Draw, n: i64, home: &'a str, blog: &'a str) -> Vec<Told<'a>> {
    let mut facts = Vec::new();
    for id in n + 1..=n + 12 {
        let view = Told::Viewed(id, [home, blog][draw.below(2) as usize]);
        facts.push(view);
        if draw.below(3) == 0 {
            facts.push(view);
        }
        if draw.below(2) == 0 {
            let retraction = Told::TakesBack(id + 100, id);
            facts.push(retraction);
            if draw.below(2) == 0 {
                facts.push(retraction);
            }
        }
    }
    draw.shuffle(&mut facts);
    facts
}

#[cfg(test)]
mod tests {
    use super::*;

    crate::mutants::tests! {
        retraction::apply, stub: |_, _| todo!(), mutants:
        adds_always, counts_copies, forgets_after_it, ignores_retractions, only_what_came,
        takes_all, takes_each_time,
    }
}
