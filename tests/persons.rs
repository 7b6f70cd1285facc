//! The laws of persons.
use lambda_workbook::batch::{self, persons::*};
use lambda_workbook::calendar::{Granularity, Plan, Span};
use lambda_workbook::dataset::{self, Population};
use lambda_workbook::datum::{DataUnit, Equiv, PersonId, PersonId::UserId};
use lambda_workbook::polars;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

fn edges(pairs: &[(i64, i64)]) -> Vec<Equiv> {
    let edge = |&(one, other): &(i64, i64)| Equiv {
        id1: UserId(one),
        id2: UserId(other),
    };
    pairs.iter().map(edge).collect()
}

fn counts(pairs: &[(i64, i64)]) -> Vec<usize> {
    let counts = rounds(&edges(pairs));
    counts.iter().map(|round| round.edges.len()).collect()
}

const FIGURE: [(i64, i64); 5] = [(1, 4), (3, 4), (4, 5), (5, 11), (5, 2)];

#[test]
fn the_rounds_of_figure_9_3_end_in_a_star_on_1() {
    assert_eq!(counts(&FIGURE), [5, 8, 8, 5, 5]);
    assert_eq!(counts(&[(7, 6), (7, 9)]), [2, 3, 2, 2]);
    let both = [&FIGURE[..], &[(7, 6), (7, 9)]].concat();
    assert_eq!(counts(&both), [7, 11, 10, 7, 7]);
    let last = rounds(&edges(&FIGURE)).pop().unwrap();
    let star = [2, 3, 4, 5, 11].map(|other| (UserId(1), UserId(other)));
    assert_eq!(last.edges, star);
}

#[test]
fn an_equiv_with_oneself_says_nothing() {
    let own = edges(&[(3, 3)]);
    assert_eq!(components(&own), [[UserId(3)]]);
    assert_eq!(rounds::settled(&own).0, components(&own));
    let index = PersonIndex::of(&own);
    assert!(index.is_empty());
    assert_eq!(index.person(&UserId(3)), &UserId(3));
    assert!(components(&[]).is_empty() && rounds(&[])[0].edges.is_empty());
}

#[test]
fn the_components_of_a_population_are_its_persons() {
    let people = Population::new(2_000, 3);
    let mut equivs = Vec::new();
    for person in 0..people.len() {
        let ids = people.identifiers(person);
        equivs.extend(ids.windows(2).map(|pair| Equiv {
            id1: pair[1].clone(),
            id2: pair[0].clone(),
        }));
    }
    let mut sizes: BTreeMap<usize, usize> = BTreeMap::new();
    for component in components(&equivs) {
        *sizes.entry(component.len()).or_default() += 1;
    }
    let mut known = people.component_sizes();
    known.remove(&1);
    assert_eq!(sizes, known);
}

#[test]
fn a_million_identifiers_take_seconds_not_minutes() {
    // The deepest component, and the one with the busiest identifier.
    let chain: Vec<(i64, i64)> = (0..1_000_000).map(|i| (i, i + 1)).collect();
    let star: Vec<(i64, i64)> = (1..1_000_001).map(|i| (i, 0)).collect();
    for equivs in [edges(&chain), edges(&star)] {
        let started = Instant::now();
        let found = components(&equivs);
        let (settled, rounds) = rounds::settled(&equivs);
        assert_eq!((found.len(), found[0].len()), (1, 1_000_001));
        assert!(settled == found && rounds <= 40, "{rounds} rounds");
        let index = PersonIndex::of(&equivs);
        assert_eq!(index.person(&UserId(1_000_000)), &UserId(0));
        assert!(started.elapsed().as_secs() < 120, "{:?}", started.elapsed());
    }
}

fn some_edges() -> impl Strategy<Value = Vec<(i64, i64)>> {
    prop::collection::vec((0..30i64, 0..30i64), 0..40)
}

proptest! {
    #[test]
    fn both_ways_find_the_same_components(pairs in some_edges(), seed in any::<u64>()) {
        let equivs = edges(&pairs);
        let found = components(&equivs);
        prop_assert_eq!(&rounds::settled(&equivs).0, &found);
        // By plain search: whoever can be reached.
        for component in &found {
            let mut reached = BTreeSet::from([component[0].clone()]);
            for _ in 0..30 {
                for Equiv { id1, id2 } in &equivs {
                    if reached.contains(id1) || reached.contains(id2) {
                        reached.extend([id1.clone(), id2.clone()]);
                    }
                }
            }
            prop_assert!(component.iter().eq(&reached));
        }
        // Whatever the order and the direction of the equivs.
        let mut shuffled: Vec<(i64, i64)> = pairs.iter().map(|&(a, b)| if a & 1 == 0 { (b, a) } else { (a, b) }).collect();
        shuffled.sort_by_key(|&(a, b)| (a as u64).wrapping_mul(seed | 1) ^ b as u64);
        prop_assert_eq!(components(&edges(&shuffled)), found);
        // The last round confirms, and each component is a star.
        let all = rounds(&equivs);
        prop_assert_eq!(&all[all.len() - 2], &all[all.len() - 1]);
    }

    #[test]
    fn the_index_is_idempotent_and_names_the_smallest(pairs in some_edges()) {
        let index = PersonIndex::of(&edges(&pairs));
        for id in (0..30).map(UserId) {
            let person = index.person(&id);
            prop_assert!(person <= &id);
            prop_assert_eq!(index.person(person), person);
        }
    }

    #[test]
    fn read_side_is_exact_and_write_side_agrees_on_few(
        pairs in some_edges(),
        views in prop::collection::vec((0..200_000i64, 0..30i64), 0..60),
        from in 0..50i64, hours in 0..50i64,
    ) {
        let index = PersonIndex::of(&edges(&pairs));
        let (mut reading, mut writing) = (ReadSide::new(), WriteSide::default());
        for (ts, id) in &views {
            reading.add("a.com/", *ts, &UserId(*id));
            writing.add("a.com/", *ts, &UserId(*id), &index);
        }
        let span = Span::new(from * 3_600, (from + hours) * 3_600).unwrap();
        let truth: BTreeSet<PersonId> = views.iter()
            .filter(|(ts, _)| span.contains(*ts))
            .map(|(_, id)| index.person(&UserId(*id)).clone())
            .collect();
        let plan = Plan::additive(span, &Granularity::ALL).unwrap();
        let (read, written) = (reading.query("a.com/", span, &index), writing.write().unwrap());
        prop_assert_eq!(read.uniques, truth.len() as i64);
        prop_assert_eq!(written.query("a.com/", &plan).unwrap().uniques, truth.len() as i64);
        prop_assert_eq!(written.query("b.com/", &plan).unwrap().uniques, 0);
        prop_assert_eq!(reading.query("b.com/", span, &index).uniques, 0);
    }
}

#[test]
fn sketches_take_nothing_away() {
    let span = Span::new(0, 23 * 3_600).unwrap();
    let plan = Plan::with_subtraction(span, &Granularity::ALL).unwrap();
    let error = WriteSide::default().write().unwrap().query("a.com/", &plan);
    assert!(error.unwrap_err().to_string().contains("Plan::additive"));
}

#[test]
fn read_side_pays_by_the_person_and_write_side_by_the_read() {
    let index = PersonIndex::default();
    let (mut reading, mut writing) = (ReadSide::new(), WriteSide::default());
    for hour in 0..24 {
        for user in 0..5_000 {
            reading.add("a.com/", hour * 3_600, &UserId(user));
            writing.add("a.com/", hour * 3_600, &UserId(user), &index);
        }
    }
    let span = Span::new(0, 86_400).unwrap();
    let plan = Plan::additive(span, &Granularity::ALL).unwrap();
    let read = reading.query("a.com/", span, &index);
    assert_eq!(
        (read.uniques, read.reads, read.bytes),
        (5_000, 24, 24 * 5_000 * 8)
    );
    let written = writing.write().unwrap().query("a.com/", &plan).unwrap();
    assert_eq!((written.reads, written.converted), (1, 0));
    assert!(written.bytes < 13_200 && (written.uniques - 5_000).abs() < 40);
}

#[test]
fn the_golden_uniques_by_day_are_of_persons() {
    let (mut views, mut equivs) = (Vec::new(), Vec::new());
    for datum in dataset::golden() {
        match datum.dataunit {
            DataUnit::PageView(view) => views.push((view, datum.pedigree.true_as_of_secs)),
            DataUnit::Equiv(equiv) => equivs.push(equiv),
            _ => {}
        }
    }
    let user = |id: &PersonId| match id {
        UserId(user) => Some(*user),
        PersonId::Cookie(_) => None,
    };
    let frame = polars::prelude::df!(
        "url" => views.iter().map(|(view, _)| batch::normalise_url(&view.page.url).unwrap().into_owned()).collect::<Vec<_>>(),
        "true_as_of_secs" => views.iter().map(|(_, secs)| *secs).collect::<Vec<_>>(),
        "cookie" => vec![None::<&str>; views.len()],
        "user_id" => views.iter().map(|(view, _)| user(&view.person)).collect::<Vec<_>>(),
    )
    .unwrap();
    let index = PersonIndex::of(&equivs);
    let persons = index.apply(&frame).unwrap();
    let day = batch::uniques(&persons, Granularity::Day).unwrap();
    let uniques = day.column("uniques").unwrap().i64().unwrap().to_vec();
    assert_eq!(uniques, [Some(2), Some(1), Some(2)]); // post1, post2, post3
    // Without equivs: 1, 2 and 3 are three, 2 and 5 are two.
    let raw = batch::uniques(&frame, Granularity::Day).unwrap();
    assert_eq!(
        raw.column("uniques").unwrap().i64().unwrap().to_vec(),
        [Some(3), Some(1), Some(2)]
    );
    assert_eq!(index.table().unwrap().height(), 2);
    let bounces = batch::bounces(&persons).unwrap();
    let column = |name: &str| bounces.column(name).unwrap().i64().unwrap().get(0);
    assert_eq!((column("visits"), column("bounces")), (Some(4), Some(0)));
}
