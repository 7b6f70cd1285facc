//! Exercise 3.2: visits and bounces, with the mistakes that implementations make.
use super::draw::Draw;
use super::exercise::{Case, Exercise};
use super::value::{Inputs, Value};
use lambda::batch;
use polars::prelude::*;

/// The reader's function.
pub type Function = fn(&DataFrame) -> PolarsResult<DataFrame>;

/// Feeds the reader's function.
pub fn answer(function: Function, inputs: &Inputs) -> PolarsResult<Value> {
    Ok(Value::Frame(function(inputs.frame("views")?)?))
}

/// Exercise 3.2.
pub static EXERCISE: Exercise = Exercise {
    id: "03_2_bounce_rate",
    name: "bounce_rate",
    title: "Exercise 3.2, visits, bounces and their rate",
    signature: "fn visits_and_bounces(views: &DataFrame) -> PolarsResult<DataFrame>",
    hints: &[
        "Whether a view begins a visit depends on the view before it, of the same person and the same domain. So \
         collect the times of each person and domain first, and sort them.",
        "A `BTreeMap` with the key `(domain, (cookie, user_id))` and a `Vec<i64>` of times collects them; \
         `url.split('/').next()` is the domain. Then walk along each list: more than 1,800 seconds after the view \
         before, a visit begins.",
        "`times.chunk_by(|one, next| next - one <= 1_800)` cuts a sorted list into visits; one of length 1 is a \
         bounce. Sum both by domain in another `BTreeMap`, whose keys come out sorted, and make the table by `df!`. \
         `bounces as f64 / visits as f64` is the rate.",
    ],
    vocabulary: &[],
    cases,
    reference,
    idle: &[],
    trial: None,
};

fn reference(inputs: &Inputs) -> PolarsResult<Value> {
    let counted = batch::bounces(inputs.frame("views")?)?;
    let number = |name| col(name).cast(DataType::Float64);
    let rate = (number("bounces") / number("visits")).alias("rate");
    Ok(Value::Frame(counted.lazy().with_column(rate).collect()?))
}

/// A domain's page, a second, and who: below zero a cookie.
type View<'a> = (&'a str, i64, i64);

fn cases(seed: u64) -> Vec<Case> {
    let mut draw = Draw::of(seed);
    // Domains, not pages: a number before the dot, where the readers' have none.
    let number = draw.number(0, 1..1_000_000_000);
    let name = |name: &str| {
        if number == 0 {
            name.to_owned()
        } else {
            format!("{name}{number}")
        }
    };
    let (site, another) = (name("foo") + ".com", name("bar") + ".com");
    let (home, post, other) = (
        format!("{site}/"),
        format!("{site}/post"),
        format!("{another}/"),
    );
    let (home, post, other) = (home.as_str(), post.as_str(), other.as_str());
    let start = draw.number(60, -100_000_000..1_500_000_000);
    let user = draw.number(0, 0..1_000_000);
    let case = |name, about, why, views: &[View]| case(name, about, why, start, user, views);
    let soon = draw.number(60, 1..400);
    let minutes = draw.number(1_200, 901..1_799);
    let more = draw.number(1_801, 1_801..3_600);
    let evening = draw.number(4_000, 3_000..30_000);
    let long: Vec<View> = (0..draw.number(4, 4..9))
        .map(|n| (home, n * minutes, 1))
        .collect();
    let random = random(&mut draw, [home, post, other]);
    vec![
        case(
            "one_view",
            "one view is a visit and a bounce",
            "the rate is bounces by visits: both must count it",
            &[(home, 0, 1)],
        ),
        case(
            "one_visit",
            "two views within a minute are one visit, and no bounce",
            "where the last-seen time is not moved on, every view is a visit",
            &[(home, 0, 1), (home, soon, 1)],
        ),
        case(
            "pages",
            "two pages of a domain are seen in one visit",
            "a visit is to a site; by page, every click to the next would be a bounce",
            &[(home, 0, 1), (post, soon, 1)],
        ),
        case(
            "two_people",
            "two people look at the same time",
            "with everybody as one person nobody bounces on a busy site",
            &[(home, 0, 1), (home, soon, 2)],
        ),
        case(
            "rate",
            "one of two people looks at two pages, the other at one",
            "the rate is a share of the visits, not of the views, and neither 0 nor 1",
            &[(home, 0, 1), (post, soon, 1), (home, 0, 2)],
        ),
        case(
            "cookies",
            "persons are known by a number or by a cookie",
            "an anonymous visitor is still a visitor, and two of them are two",
            &[(home, 0, -1), (home, soon, -2), (home, 2 * soon, 3)],
        ),
        case(
            "two_domains",
            "one person looks at two sites",
            "a visit is charged to its own domain",
            &[(home, 0, 1), (other, soon, 1), (home, 2 * soon, 1)],
        ),
        case(
            "silence",
            "twenty minutes of silence do not end a visit",
            "a visit of this course ends after more than half an hour of silence: an earlier end makes two visits of one",
            &[(home, 0, 1), (home, minutes, 1)],
        ),
        case(
            "half_an_hour",
            "half an hour to the second does not end a visit",
            "the silence must be longer than 1,800 seconds: two layers that differ here cannot be added up",
            &[(home, 0, 1), (home, 1_800, 1)],
        ),
        case(
            "an_end",
            "more than half an hour of silence ends a visit",
            "who comes back in the evening has come twice",
            &[(home, 0, 1), (home, more, 1)],
        ),
        case(
            "long_visit",
            "a visit may last for hours",
            "measured from its first view, a long visit falls apart into many",
            &long,
        ),
        case(
            "same_second",
            "two views in one second are no bounce",
            "page views are distinct already: equal times are two views",
            &[(home, 0, 1), (post, 0, 1)],
        ),
        case(
            "later_first",
            "the later of two visits stands first in the table",
            "unsorted, the second of them seems to begin before the first, and a negative silence is not a long one",
            &[(home, evening, 1), (home, 60, 1)],
        ),
        case(
            "order",
            "views come in any order",
            "files are read in parallel, and nothing sorts them by time",
            &[(home, 2 * minutes, 1), (home, 0, 1), (home, minutes, 1)],
        ),
        case(
            "empty",
            "no views give an empty table with the right columns",
            "a site without traffic must not stop the batch run",
            &[],
        ),
        case(
            "random",
            "two hundred views by few people",
            "what holds for chosen views must hold for all",
            &random,
        ),
    ]
}

fn case(
    name: &'static str,
    about: &'static str,
    why: &'static str,
    start: i64,
    user: i64,
    views: &[View],
) -> Case {
    let cookie = |view: &View| (view.2 < 0).then(|| format!("C{}", user - view.2));
    let views = df!(
        "url" => views.iter().map(|view| view.0).collect::<Vec<_>>(),
        "true_as_of_secs" => views.iter().map(|view| start + view.1).collect::<Vec<_>>(),
        "cookie" => views.iter().map(cookie).collect::<Vec<_>>(),
        "user_id" => views.iter().map(|view| (view.2 >= 0).then_some(user + view.2)).collect::<Vec<_>>(),
    );
    let inputs = Inputs::new().with("views", Value::Frame(views.expect("columns of one length")));
    Case {
        name,
        about,
        why,
        inputs,
    }
}

fn random<'a>(draw: &mut Draw, pages: [&'a str; 3]) -> Vec<View<'a>> {
    let views = (0..200).map(|_| {
        (
            pages[draw.below(3) as usize],
            draw.below(86_400),
            draw.below(9) - 3,
        )
    });
    let mut views: Vec<View> = views.collect();
    // The edges of a visit: half an hour to the second, and twice in one second.
    for at in 0..10 {
        let (page, secs, person) = views[at];
        views.push((page, secs + 1_800 * (at as i64 % 2), person));
    }
    views
}

#[cfg(test)]
mod tests {
    use super::*;

    crate::mutants::tests! {
        bounce_rate::visits_and_bounces, stub: |_| todo!(), mutants:
        all_of_one_domain, an_hour, by_page, everybody_is_one, fifteen_minutes, from_the_first_view,
        half_an_hour_ends_it, never_moves_on, never_sorts, per_cent, per_view, same_second_is_none, trusts_the_order,
        users_only, whole_numbers,
    }
    #[test]
    fn each_mistake_of_the_handout_is_explained() {
        let why = |function| verdict(function).failed.unwrap().case.why;
        for (function, words) in [
            (never_moves_on::FUNCTION, "last-seen time is not moved on"),
            (
                fifteen_minutes::FUNCTION,
                "more than half an hour of silence",
            ),
            (by_page::FUNCTION, "a visit is to a site"),
            (never_sorts::FUNCTION, "a negative silence"),
        ] {
            assert!(why(function).contains(words), "{words}: {}", why(function));
        }
    }
}
