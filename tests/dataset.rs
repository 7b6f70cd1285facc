//! The data sets keep what they promise: known answers, the same bytes for the
//! same arguments, the same datums in both formats, whole or not at all.
use lambda_workbook::dataset::*;
use lambda_workbook::datum::*;
use polars::prelude::DataFrame;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::fs;
use std::path::Path;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

fn make(spec: &Spec, out: &Path, format: Format) -> Made {
    generate(spec, out, format, &|_, _| ()).unwrap()
}

fn jsonl(made: &Made) -> Vec<Datum> {
    let file = fs::File::open(made.jsonl()).unwrap();
    read_jsonl(std::io::BufReader::new(file))
        .collect::<Result<_>>()
        .unwrap()
}

/// A day of all kinds: the two formats and all kinds take part.
fn all_kinds() -> Spec {
    Spec {
        hours: "2015-11-01T06..2015-11-01T12".parse().unwrap(),
        kinds: Kinds::ALL,
        users: 2_000,
        pages: 7,
        ..Spec::lesson()
    }
}

/// What normalising must do to a raw URL, by the shortest way for these.
fn normalised(raw: &str) -> String {
    let rest = raw.strip_prefix("http://").expect("an http URL");
    let rest = &rest[..rest.find(['?', '#']).unwrap_or(rest.len())];
    let (host, path) = rest.split_at(rest.find('/').expect("a path"));
    let host = host.rsplit('@').next().unwrap();
    format!("{}{path}", host.split(':').next().unwrap().to_lowercase())
}

/// (normalised url, hour) -> distinct views, and the distinct persons seen.
type ByHour = BTreeMap<(String, i64), (u64, HashSet<PersonId>)>;

fn by_hour(datums: &[Datum]) -> ByHour {
    let mut seen = HashSet::new();
    let mut found = ByHour::new();
    for datum in datums {
        if let DataUnit::PageView(view) = &datum.dataunit
            && seen.insert(datum)
        {
            let hour = datum.pedigree.true_as_of_secs.div_euclid(3600) * 3600;
            let (views, persons) = found.entry((normalised(&view.page.url), hour)).or_default();
            *views += 1;
            persons.insert(view.person.clone());
        }
    }
    found
}

fn known(spec: &Spec) -> BTreeMap<(String, i64), u64> {
    let frame: DataFrame = known_page_views(spec).unwrap();
    let urls = frame.column("url").unwrap().str().unwrap().clone();
    let hours = frame.column("ts").unwrap().i64().unwrap().clone();
    let counts = frame.column("count").unwrap().i64().unwrap().clone();
    (0..frame.height())
        .map(|i| {
            let url = urls.get(i).unwrap().to_owned();
            ((url, hours.get(i).unwrap()), counts.get(i).unwrap() as u64)
        })
        .collect()
}

#[test]
fn the_lessons_file_gives_the_lessons_table() {
    let out = tempfile::tempdir().unwrap();
    let made = make(&Spec::lesson(), &out.path().join("lesson"), Format::Both);
    let datums = jsonl(&made);
    assert_eq!(datums.len(), 1_409_422);
    assert!(
        datums.is_sorted_by_key(|d| d.pedigree.true_as_of_secs),
        "a log is in order"
    );

    let found = by_hour(&datums);
    let table: Vec<(&str, i64, u64)> = found
        .iter()
        .map(|((url, hour), (views, _))| (url.as_str(), *hour, *views))
        .collect();
    assert_eq!(
        table,
        [
            ("mysite.com/", 1_438_624_800, 101_212),
            ("mysite.com/", 1_438_912_800, 300_054),
            ("mysite.com/blog", 1_438_624_800, 101_732),
            ("mysite.com/blog", 1_438_912_800, 899_778),
        ]
    );
    for (cell, (_, persons)) in &found {
        assert!(
            (9_990..=10_005).contains(&persons.len()),
            "{cell:?}: {}",
            persons.len()
        );
    }
    let ids: BTreeSet<&PersonId> = found.values().flat_map(|(_, persons)| persons).collect();
    assert_eq!(ids.len(), 10_005);
    assert!(ids.contains(&PersonId::UserId(0)) && ids.contains(&PersonId::UserId(9_999)));
    for cookie in LESSON_COOKIES {
        assert!(ids.contains(&PersonId::Cookie(cookie.to_owned())));
    }

    let distinct: HashSet<&Datum> = datums.iter().collect();
    assert_eq!(datums.len() - distinct.len(), 6_646);
    let plain = ["http://mysite.com/", "http://mysite.com/blog"];
    let odd = datums.iter().filter(|d| match &d.dataunit {
        DataUnit::PageView(view) => !plain.contains(&view.page.url.as_str()),
        _ => panic!("the lesson's file holds page views only"),
    });
    assert!(
        odd.count() > 200_000,
        "many URLs need more than the dropping of http://"
    );

    // The Parquet file says the same, in six columns and whole row groups.
    let frame = read_parquet(made.parquet(), &[]).unwrap();
    let names: Vec<&str> = frame
        .get_column_names()
        .iter()
        .map(|n| n.as_str())
        .collect();
    assert_eq!(
        names,
        [
            "true_as_of_secs",
            "kind",
            "url",
            "cookie",
            "user_id",
            "nonce"
        ]
    );
    assert_eq!(read_parquet_datums(made.parquet()).unwrap(), datums);
}

#[test]
fn other_kinds_come_in_between_and_both_formats_say_the_same() {
    let out = tempfile::tempdir().unwrap();
    let spec = all_kinds();
    let made = make(&spec, &out.path().join("all"), Format::Both);
    let datums = jsonl(&made);
    assert!(datums.is_sorted_by_key(|d| d.pedigree.true_as_of_secs));
    assert_eq!(read_parquet_datums(made.parquet()).unwrap(), datums);

    let counts = made.manifest.counts;
    assert_eq!((counts.page_views, counts.duplicates), (1_409_422, 6_646));
    assert_eq!(counts.person_properties, 8 * 2_000);
    assert_eq!(counts.page_properties, 6 * 7);
    assert!(counts.equivs > 1_500);
    let mut kinds: HashMap<&str, u64> = HashMap::new();
    datums
        .iter()
        .for_each(|d| *kinds.entry(d.dataunit.kind()).or_default() += 1);
    assert_eq!(kinds["page_view"], counts.page_views);
    assert_eq!(kinds["equiv"], counts.equivs);
    assert_eq!(kinds["person_property"], counts.person_properties);
    assert_eq!(kinds["page_property"], counts.page_properties);

    let found = by_hour(&datums);
    let counted: BTreeMap<_, u64> = found.iter().map(|(k, v)| (k.clone(), v.0)).collect();
    assert_eq!(counted, known(&spec), "the plan knows the answer");
    the_counters_of_pages_add_up(&datums, &counted);
    components_are_persons(&spec, &datums);
    facts_hold_together(&datums);
}

/// Each page property is the sum of the page's hours so far.
fn the_counters_of_pages_add_up(datums: &[Datum], counted: &BTreeMap<(String, i64), u64>) {
    for datum in datums {
        if let DataUnit::PageProperty(PageProperty { id, property }) = &datum.dataunit {
            let PagePropertyValue::PageViews(views) = property;
            let (url, until) = (normalised(&id.url), datum.pedigree.true_as_of_secs);
            let before = counted
                .iter()
                .filter(|((u, hour), _)| *u == url && *hour <= until);
            assert_eq!(
                *views as u64,
                before.map(|(_, n)| n).sum::<u64>(),
                "{url} at {until}"
            );
        }
    }
}

/// Components of the equivs, found by a search, are the persons as planned.
fn components_are_persons(spec: &Spec, datums: &[Datum]) {
    let people = Population::new(spec.users, spec.seed);
    let mut joined: HashMap<&PersonId, Vec<&PersonId>> = HashMap::new();
    for datum in datums {
        if let DataUnit::Equiv(Equiv { id1, id2 }) = &datum.dataunit {
            joined.entry(id1).or_default().push(id2);
            joined.entry(id2).or_default().push(id1);
        }
    }
    let mut sizes: BTreeMap<usize, usize> = BTreeMap::new();
    for person in 0..people.len() {
        let ids: HashSet<PersonId> = people.identifiers(person).into_iter().collect();
        *sizes.entry(ids.len()).or_default() += 1;
        let first = ids.iter().next().unwrap();
        let (mut reached, mut next) = (HashSet::from([first]), vec![first]);
        while let Some(id) = next.pop() {
            for &other in joined.get(id).into_iter().flatten() {
                if reached.insert(other) {
                    next.push(other);
                }
            }
        }
        assert_eq!(reached.into_iter().cloned().collect::<HashSet<_>>(), ids);
    }
    assert_eq!(sizes, people.component_sizes());
}

/// A person has one name and one gender, and never grows younger.
fn facts_hold_together(datums: &[Datum]) {
    let mut said: HashMap<(&PersonId, &str), PersonPropertyValue> = HashMap::new();
    let mut unknown_countries = 0;
    for datum in datums {
        let DataUnit::PersonProperty(PersonProperty { id, property }) = &datum.dataunit else {
            continue;
        };
        let kind = match property {
            PersonPropertyValue::FullName(_) => "name",
            PersonPropertyValue::Gender(_) => "gender",
            PersonPropertyValue::Age(_) => "age",
            PersonPropertyValue::Location(place) => {
                unknown_countries += usize::from(place.country.is_none());
                continue;
            }
        };
        let before = said.insert((id, kind), property.clone());
        match (before, property) {
            (None, _) => {}
            (Some(PersonPropertyValue::Age(before)), PersonPropertyValue::Age(now)) => {
                assert!((before..=before + 1).contains(now));
            }
            (Some(before), now) => assert_eq!(&before, now),
        }
    }
    assert!(unknown_countries > 100, "null occurs: {unknown_countries}");
}

#[test]
fn the_same_arguments_give_the_same_bytes_with_one_thread_or_three() {
    let out = tempfile::tempdir().unwrap();
    let spec = Spec {
        duplicates: 0.02,
        ..all_kinds()
    };
    let bytes = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap();
        let made =
            pool.install(|| make(&spec, &out.path().join(threads.to_string()), Format::Both));
        [made.jsonl(), made.parquet(), made.path.join("dataset.json")].map(|p| fs::read(p).unwrap())
    };
    let (one, three) = (bytes(1), bytes(3));
    for (a, b) in one.iter().zip(&three) {
        assert!(a == b, "same length: {}", a.len() == b.len());
    }
    let other = Spec { seed: 1, ..spec };
    let made = make(&other, &out.path().join("other"), Format::Json);
    assert!(
        fs::read(made.jsonl()).unwrap() != one[0],
        "another seed, another set"
    );
}

#[test]
fn the_lessons_hours_keep_their_counts_among_others() {
    let spec = Spec {
        hours: "lesson,2015-08-03..2015-08-08".parse().unwrap(),
        ..Spec::lesson()
    };
    let known = known(&spec);
    assert_eq!(known[&("mysite.com/".to_owned(), 1_438_912_800)], 300_054);
    assert_eq!(
        known[&("mysite.com/blog".to_owned(), 1_438_624_800)],
        101_732
    );
    assert_eq!(known.values().sum::<u64>(), 2 * PAGE_VIEWS);
    let hours: HashSet<i64> = known.keys().map(|(_, hour)| *hour).collect();
    assert_eq!(hours.len(), 5 * 24);
}

#[test]
fn the_committed_samples_are_what_the_command_makes() {
    let read = |name: &str| fs::read_to_string(Path::new(ROOT).join("data").join(name)).unwrap();
    let lines = |datums: Vec<Datum>| {
        let lines = datums
            .iter()
            .map(|d| serde_json::to_string(d).unwrap() + "\n");
        lines.collect::<String>()
    };
    // To make them again: cargo workbook data --samples data
    assert!(read("sample.jsonl") == lines(sample().unwrap()));
    assert!(read("golden.jsonl") == lines(golden()));
}

#[test]
fn the_sample_has_some_of_everything() {
    let sample = sample().unwrap();
    assert!((300..800).contains(&sample.len()), "{}", sample.len());
    let text = sample
        .iter()
        .map(|d| serde_json::to_string(d).unwrap())
        .collect::<String>();
    for part in [
        "page_view\":{",
        "equiv",
        "full_name",
        "gender",
        "location",
        "\"age\"",
        "page_views",
        "cookie",
        "user_id",
        "\"country\":null",
    ] {
        assert!(text.contains(part), "no {part}");
    }
    let distinct: HashSet<&Datum> = sample.iter().collect();
    assert_eq!(sample.len() - distinct.len(), 15, "5 % of 300 views");
}

#[test]
fn the_golden_example_has_the_known_views() {
    let found = by_hour(&golden());
    let views: Vec<(&str, i64, u64)> = found
        .iter()
        .map(|((url, hour), (n, _))| (&url[7..], hour / 3600, *n))
        .collect();
    let post = |i: i64, hour, n| ([" ", "/post1", "/post2", "/post3"][i as usize], hour, n);
    assert_eq!(
        views,
        [
            post(1, 0, 3),
            post(1, 1, 1),
            post(2, 1, 1),
            post(2, 2, 1),
            post(3, 0, 1),
            post(3, 2, 1)
        ]
    );
}
