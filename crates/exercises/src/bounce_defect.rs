//! Exercise 10.4: a visit analysis with six defects, to be found and fixed.
//!
//! Exercise 3.2 computes bounces from all views at once. This is the other way of
//! writing it, event by event with open visits in shards, as a stream processor
//! does; the defective code stands in the notebook.
use super::draw::Draw;
use super::exercise::{Case, Exercise};
use super::value::{Inputs, Value};
use lambda::batch::bounces::{Stretch, join};
use polars::prelude::*;
use std::collections::BTreeMap;

/// The reader's function: domain, person and second of views, in the order of time;
/// visits and bounces of each domain.
pub type Function = fn(&[(&str, i64, i64)]) -> BTreeMap<String, (i64, i64)>;

/// Feeds the reader's function.
pub fn answer(function: Function, inputs: &Inputs) -> PolarsResult<Value> {
    frame(function(&views(inputs.frame("views")?)?))
}

/// Exercise 10.4.
pub static EXERCISE: Exercise = Exercise {
    id: "10_4_bounce_defect",
    name: "bounce_defect",
    title: "Exercise 10.4, a visit analysis with six defects",
    signature: "fn visits_and_bounces(views: &[(&str, i64, i64)]) -> BTreeMap<String, (i64, i64)>",
    hints: &[
        "Go through the code by what it must keep of a visit: when it was last seen, how many views it had, whose and where. Which of \
         them is never brought up to date? And what becomes of visits that are open when the views end?",
        "The last-seen time must move with every view; half an hour of silence ends a visit, as everywhere in this project; a visit is \
         charged to the domain of its own key, not to that of the view that came by; one view is a bounce, not one second.",
        "`visit.last = Some(secs)` after each view, `30 * 60`, `|(domain, _), visit|` in `retain`, `visit.views == 1`, \
         `person.rem_euclid(SHARDS)`, and after the loop the bounces among the visits still open.",
    ],
    vocabulary: &[],
    cases,
    reference,
    idle: &[],
    trial: None,
};

fn views(frame: &DataFrame) -> PolarsResult<Vec<(&str, i64, i64)>> {
    let (domains, people) = (
        frame.column("domain")?.str()?,
        frame.column("person")?.i64()?,
    );
    let times = frame.column("true_as_of_secs")?.i64()?;
    let rows = domains
        .iter()
        .flatten()
        .zip(people.into_no_null_iter())
        .zip(times.into_no_null_iter());
    Ok(rows
        .map(|((domain, person), secs)| (domain, person, secs))
        .collect())
}

fn frame(domains: BTreeMap<String, (i64, i64)>) -> PolarsResult<Value> {
    let columns = df!(
        "domain" => domains.keys().cloned().collect::<Vec<_>>(),
        "visits" => domains.values().map(|counts| counts.0).collect::<Vec<_>>(),
        "bounces" => domains.values().map(|counts| counts.1).collect::<Vec<_>>(),
    );
    Ok(Value::Frame(columns?))
}

fn reference(inputs: &Inputs) -> PolarsResult<Value> {
    let mut visits: BTreeMap<(&str, i64), Vec<Stretch>> = BTreeMap::new();
    for (domain, person, secs) in views(inputs.frame("views")?)? {
        visits
            .entry((domain, person))
            .or_default()
            .push(Stretch::of(secs));
    }
    let mut domains: BTreeMap<String, (i64, i64)> = BTreeMap::new();
    for ((domain, _), mut stretches) in visits {
        join(&mut stretches);
        let (visits, bounces) = domains.entry(domain.to_owned()).or_default();
        *visits += stretches.len() as i64;
        *bounces += stretches.iter().filter(|visit| !visit.many).count() as i64;
    }
    frame(domains)
}

fn cases(seed: u64) -> Vec<Case> {
    let mut draw = Draw::of(seed);
    let number = draw.number(0, 1..1_000_000_000);
    let name = |name: &str| {
        if number == 0 {
            format!("{name}.com")
        } else {
            format!("{name}{number}.com")
        }
    };
    let [here, there] = ["foo", "bar"].map(name);
    let (here, there) = (here.as_str(), there.as_str());
    let start = draw.number(0, 0..1_400_000_000);
    let user = draw.number(1, 1..1_000_000);
    let case = |name, about, why, views: &[(&str, i64, i64)]| {
        let columns = df!(
            "domain" => views.iter().map(|view| view.0).collect::<Vec<_>>(),
            "person" => views.iter().map(|view| view.1).collect::<Vec<_>>(),
            "true_as_of_secs" => views.iter().map(|view| start + view.2).collect::<Vec<_>>(),
        );
        let inputs = Inputs::new().with(
            "views",
            Value::Frame(columns.expect("columns of one length")),
        );
        Case {
            name,
            about,
            why,
            inputs,
        }
    };
    let other = user + 1;
    let golden = [
        (user, 60),
        (other, 60),
        (user, 62),
        (other, 62),
        (user, 4_000),
        (user, 4_000),
        (user, 10_000),
        (user, 10_600),
    ];
    let golden = golden.map(|(person, secs)| (here, person, secs));
    let quiet = draw.number(1_200, 901..1_799);
    let away = draw.number(4_000, 1_801..9_000);
    let drawn: Vec<(i64, i64, i64)> = (0..150)
        .map(|_| (draw.below(2), draw.below(9) - 4, draw.below(40_000)))
        .collect();
    let mut drawn: Vec<(&str, i64, i64)> = drawn
        .into_iter()
        .map(|(site, person, secs)| ([here, there][site as usize], person, secs))
        .collect();
    drawn.sort_by_key(|view| view.2);
    vec![
        case(
            "golden",
            "the eight page views of the golden example",
            "the answer is four visits and no bounce; a last-seen time that never moves makes eight of each",
            &golden,
        ),
        case(
            "one_view",
            "one view, and then nothing",
            "a visit that is still open when the views end has been a visit",
            &[(here, user, 0)],
        ),
        case(
            "silence",
            "a quarter of an hour and more passes between two views",
            "the speed layer ends visits after half an hour: two lengths cannot be merged",
            &[(here, user, 0), (here, user, quiet)],
        ),
        case(
            "half_an_hour",
            "half an hour to the second does not end a visit",
            "at the edge, two layers must agree",
            &[(here, user, 0), (here, user, 1_800)],
        ),
        case(
            "another_domain",
            "a visit ends while somebody looks at another site",
            "a bounce is charged to the site where it happened",
            &[
                (here, user, 0),
                (there, other, away),
                (there, other, away + 60),
            ],
        ),
        case(
            "cookie",
            "a person's number is below zero, as half of all hashes are",
            "a remainder has the sign of what is divided, and no shard has the number -3",
            &[
                (here, -user, 0),
                (here, -user - 1, 0),
                (here, -user - 2, 0),
                (here, -user - 3, 0),
            ],
        ),
        case(
            "random",
            "a hundred and fifty views drawn by lot",
            "what holds for chosen views must hold for all",
            &drawn,
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    crate::mutants::tests! {
        bounce_defect::visits_and_bounces, stub: |_| todo!(), mutants:
        charges_who_comes_by, fifteen_minutes, forgets_the_open, half_an_hour_ends_it, never_moves_on,
        same_second_bounces, signed_shard, still_open,
    }
}
