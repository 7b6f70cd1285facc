use super::*;
use crate::systems::traffic::{ReceivedDatum, TrafficTruth};

/// A person who used both identifiers.
fn somebody(arrivals: &[ReceivedDatum]) -> PersonId {
    let equiv = arrivals
        .iter()
        .find_map(|arrival| match &arrival.datum.dataunit {
            DataUnit::Equiv(equiv) => Some(equiv.id1.clone()),
            _ => None,
        });
    equiv.expect("half of all persons have a cookie")
}

#[test]
fn both_ways_leave_the_views_of_everybody_else_and_no_row_of_the_person() {
    let folder = tempfile::tempdir().unwrap();
    let traffic = Traffic::SMALL;
    let arrivals = traffic.arrivals();
    let person = somebody(&arrivals);
    let mut facts = Facts::write(folder.path(), &traffic).unwrap();
    let cookie = PersonId::Cookie(match &person {
        PersonId::UserId(user) => format!("c{user}"),
        PersonId::Cookie(_) => unreachable!(),
    });
    let is_of = |arrival: &&ReceivedDatum| {
        let id = owner(&arrival.datum);
        *id != person && *id != cookie
    };
    let mut truth = TrafficTruth::default();
    arrivals
        .iter()
        .filter(is_of)
        .for_each(|arrival| truth.take(arrival));
    let others: i64 = (0..traffic.pages)
        .map(|page| truth.page_views(page, 0..86_400))
        .sum();
    let [rewrite, one, all] = &erase(&mut facts, &person).unwrap()[..] else {
        panic!("three ways");
    };
    for way in [rewrite, all] {
        assert_eq!((way.page_views, way.readable), (others, 0), "{way:?}");
        assert_eq!(way.identifiers, 2);
    }
    assert_eq!(rewrite.persons, all.persons);
    assert!(
        rewrite.rewritten > 100_000 && all.rewritten == 0,
        "{rewrite:?}"
    );
    // The cookie is still there, and now looks like a person of its own.
    assert!(one.readable > 0 && one.page_views > others, "{one:?}");
    assert_eq!(one.persons, all.persons + 1);
}

#[test]
fn what_is_sealed_reads_as_what_is_plain() {
    let folder = tempfile::tempdir().unwrap();
    let facts = Facts::write(folder.path(), &Traffic::SMALL).unwrap();
    assert_eq!(facts.read_plain().unwrap(), facts.read_sealed().unwrap());
    let (parts, keys, plain, sealed) = facts.size().unwrap();
    assert_eq!(parts, 4);
    assert!(keys > 400 && sealed > plain, "{keys} {plain} {sealed}");
}

#[test]
fn a_small_sketch_gives_away_who_is_in_it_and_a_large_one_less() {
    let guesses = guesses(&[40, 100_000], Precision::DEFAULT, 1).unwrap();
    assert!(
        guesses.iter().all(|guess| guess.members == 1_000),
        "{guesses:?}"
    );
    assert!(guesses[0].strangers < 10, "{guesses:?}");
    assert!(guesses[1].strangers > 800, "{guesses:?}");
}

#[test]
fn a_lower_precision_hides_some_thousand_persons_and_no_sketch_hides_few() {
    let strangers = |bits: u8| {
        let precision = Precision::new(bits).unwrap();
        let guesses = guesses(&[16, 4_096], precision, 1).unwrap();
        guesses.iter().map(|g| g.strangers).collect::<Vec<_>>()
    };
    let [coarse, fine] = [10, 14].map(strangers);
    assert!(coarse[0] < 10 && fine[0] < 10, "{coarse:?} {fine:?}");
    assert!(coarse[1] > 500 && fine[1] < 10, "{coarse:?} {fine:?}");
}
