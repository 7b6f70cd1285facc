//! The rules of visits, and the mistakes that a test must find.
use super::*;
use proptest::prelude::*;

type Row = (&'static str, i64, i64);

fn frame(rows: &[Row]) -> DataFrame {
    df!(
        "url" => rows.iter().map(|row| format!("{}/page", row.0)).collect::<Vec<_>>(),
        "true_as_of_secs" => rows.iter().map(|row| row.1).collect::<Vec<_>>(),
        "cookie" => vec![None::<&str>; rows.len()],
        "user_id" => rows.iter().map(|row| row.2).collect::<Vec<_>>(),
    )
    .unwrap()
}

/// The rows of the view: (domain, visits, bounces).
fn view(rows: &[Row]) -> Vec<(String, i64, i64)> {
    let found = bounces(&frame(rows)).unwrap();
    let [visits, bounces] =
        ["visits", "bounces"].map(|name| found.column(name).unwrap().i64().unwrap().clone());
    let domains = found.column("domain").unwrap().str().unwrap();
    (0..found.height())
        .map(|row| {
            (
                domains.get(row).unwrap().to_owned(),
                visits.get(row).unwrap(),
                bounces.get(row).unwrap(),
            )
        })
        .collect()
}

/// The golden example as (second, person). Its users 1, 3 and 5 are one person, 1.
const GOLDEN: [(i64, i64); 8] = [
    (60, 1),
    (60, 2),
    (62, 1),
    (62, 2),
    (4_000, 1),
    (4_000, 1),
    (10_000, 1),
    (10_600, 1),
];

/// An implementation of the rules, with or without each mistake.
struct Slips {
    moves_on: bool,
    silence: i64,
    same_second_counts: bool,
}

const RIGHT: Slips = Slips {
    moves_on: true,
    silence: SILENCE,
    same_second_counts: true,
};

fn counted(rows: &[(i64, i64)], slips: &Slips) -> (i64, i64) {
    let mut last: HashMap<i64, (i64, i64)> = HashMap::new(); // person -> (time of the last view, views)
    let (mut visits, mut bounces) = (0, 0);
    let mut rows = rows.to_vec();
    rows.sort_unstable();
    for (secs, person) in rows {
        match last.get_mut(&person) {
            Some((seen, views)) if secs - *seen <= slips.silence => {
                if slips.same_second_counts || secs > *seen {
                    *views += 1;
                }
                if slips.moves_on {
                    *seen = secs;
                }
            }
            before => {
                visits += 1;
                if let Some((_, views)) = before {
                    bounces += i64::from(*views == 1);
                }
                let seen = if slips.moves_on { secs } else { i64::MIN / 2 };
                last.insert(person, (seen, 1));
            }
        }
    }
    (
        visits,
        bounces + last.values().filter(|(_, views)| *views == 1).count() as i64,
    )
}

#[test]
fn the_golden_example_has_four_visits_and_no_bounce() {
    let rows: Vec<Row> = GOLDEN
        .iter()
        .map(|&(secs, person)| ("foo.com", secs, person))
        .collect();
    assert_eq!(view(&rows), [("foo.com".to_owned(), 4, 0)]);
    assert_eq!(counted(&GOLDEN, &RIGHT), (4, 0));
}

#[test]
fn a_last_seen_time_that_stands_still_makes_every_view_a_bounce() {
    assert_eq!(
        counted(
            &GOLDEN,
            &Slips {
                moves_on: false,
                ..RIGHT
            }
        ),
        (8, 8)
    );
}

#[test]
fn two_lengths_of_silence_do_not_agree() {
    let quarter = [(0, 1), (1_000, 1)];
    assert_eq!(counted(&quarter, &RIGHT), (1, 0));
    assert_eq!(
        counted(
            &quarter,
            &Slips {
                silence: 900,
                ..RIGHT
            }
        ),
        (2, 2)
    );
}

#[test]
fn a_second_view_in_the_same_second_is_no_bounce() {
    assert_eq!(
        view(&[("foo.com", 5, 1), ("foo.com", 5, 1)]),
        [("foo.com".to_owned(), 1, 0)]
    );
    let slipped = counted(
        &[(5, 1), (5, 1)],
        &Slips {
            same_second_counts: false,
            ..RIGHT
        },
    );
    assert_eq!(slipped, (1, 1));
}

#[test]
fn a_visit_belongs_to_its_own_domain() {
    // A page view of bar.com comes after the end of the visit to foo.com.
    let rows = [
        ("foo.com", 0, 1),
        ("bar.com", 9_000, 1),
        ("bar.com", 9_001, 1),
    ];
    assert_eq!(
        view(&rows),
        [("bar.com".to_owned(), 1, 0), ("foo.com".to_owned(), 1, 1)]
    );
}

#[test]
fn a_visit_survives_thirty_minutes_and_not_a_second_more() {
    assert_eq!(
        view(&[("a.com", 0, 1), ("a.com", 1_800, 1)]),
        [("a.com".to_owned(), 1, 0)]
    );
    assert_eq!(
        view(&[("a.com", 0, 1), ("a.com", 1_801, 1)]),
        [("a.com".to_owned(), 2, 2)]
    );
    assert!(view(&[]).is_empty());
}

proptest! {
    #[test]
    fn visits_do_not_depend_on_order_or_parts(
        secs in prop::collection::vec(0..60_000i64, 1..80), cut in any::<prop::sample::Index>(), seed in any::<u64>(),
    ) {
        let mut whole: Vec<Stretch> = secs.iter().map(|secs| Stretch::of(*secs)).collect();
        let mut shuffled = whole.clone();
        join(&mut whole);
        shuffled.sort_by_key(|s| (s.first as u64 ^ seed).wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let mut parts = shuffled.split_off(cut.index(secs.len()));
        join(&mut parts);
        join(&mut shuffled);
        shuffled.extend(parts);
        join(&mut shuffled);
        prop_assert_eq!(&shuffled, &whole);
        let rows: Vec<(i64, i64)> = secs.iter().map(|secs| (*secs, 1)).collect();
        let bounces = whole.iter().filter(|visit| !visit.many).count();
        prop_assert_eq!(counted(&rows, &RIGHT), (whole.len() as i64, bounces as i64));
    }
}
