use super::*;
use crate::systems::pedigree::Scope;
use lambda::datum::*;
use proptest::prelude::*;

fn lives(user: i64, city: &str, secs: i64) -> Datum {
    let place = Location {
        city: Some(city.to_owned()),
        ..Location::default()
    };
    Datum {
        dataunit: DataUnit::PersonProperty(PersonProperty {
            id: PersonId::UserId(user),
            property: PersonPropertyValue::Location(place),
        }),
        pedigree: Pedigree {
            true_as_of_secs: secs,
        },
    }
}

fn person() -> impl Strategy<Value = PersonId> {
    prop_oneof![
        any::<i64>().prop_map(PersonId::UserId),
        "[A-Z]{0,5}".prop_map(PersonId::Cookie),
    ]
}

fn unit() -> impl Strategy<Value = DataUnit> {
    use PersonPropertyValue::{Age, FullName, Gender, Location as Lives};
    let property = prop_oneof![
        ".{0,8}".prop_map(FullName),
        prop_oneof![
            Just(lambda::datum::Gender::Male),
            Just(lambda::datum::Gender::Female)
        ]
        .prop_map(Gender),
        (
            proptest::option::of(".{1,4}"),
            proptest::option::of("[A-Z]{2}")
        )
            .prop_map(|(city, country)| Lives(Location {
                city,
                country,
                state: None,
            })),
        any::<i64>().prop_map(Age),
    ];
    prop_oneof![
        (person(), ".{0,9}", any::<i64>()).prop_map(|(person, url, nonce)| DataUnit::PageView(
            PageView {
                nonce,
                page: PageId { url },
                person,
            }
        )),
        (person(), person()).prop_map(|(id1, id2)| DataUnit::Equiv(Equiv { id1, id2 })),
        (person(), property)
            .prop_map(|(id, property)| DataUnit::PersonProperty(PersonProperty { id, property })),
        (".{0,9}", any::<i64>()).prop_map(|(url, views)| DataUnit::PageProperty(PageProperty {
            id: PageId { url },
            property: PagePropertyValue::PageViews(views),
        })),
    ]
}

fn datum() -> impl Strategy<Value = Datum> {
    (unit(), -300_000..300_000i64).prop_map(|(dataunit, true_as_of_secs)| Datum {
        dataunit,
        pedigree: Pedigree { true_as_of_secs },
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(crate::extent::rounds(24, 1_000)))]

    #[test]
    fn what_was_appended_is_read_each_fact_once_and_of_its_kind(
        appends in proptest::collection::vec(proptest::collection::vec(datum(), 0..12), 0..4)
    ) {
        let folder = tempfile::tempdir().unwrap();
        let set = MasterSet::open(folder.path()).unwrap();
        for datums in &appends {
            let facts: Vec<_> = datums.iter().cloned().map(Recorded::on_time).collect();
            set.append("test", &facts).unwrap();
        }
        for kind in FactKind::ALL {
            let mut wanted: Vec<_> = appends.concat();
            wanted.retain(|datum| FactKind::of(&datum.dataunit) == kind);
            let mut found = set.datums(kind).unwrap();
            let text = |datum: &Datum| serde_json::to_string(datum).unwrap();
            wanted.sort_by_key(text);
            found.sort_by_key(text);
            prop_assert_eq!(found, wanted);
        }
    }
}

#[test]
fn an_append_that_was_not_described_is_not_read() {
    let folder = tempfile::tempdir().unwrap();
    let set = MasterSet::open(folder.path()).unwrap();
    let facts = [Recorded::on_time(lives(1, "Chicago", 60))];
    set.append("a", &facts).unwrap();
    // A process that crashes between the parts and the description.
    set.append("b", &facts).unwrap();
    let described = folder.path().join("appends/000002/description.json");
    fs::remove_file(described).unwrap();
    assert_eq!(set.read(FactKind::Location).unwrap().height(), 1);
    // Its number is not given again, so its parts are never taken for others.
    set.append("c", &facts).unwrap();
    assert_eq!(set.read(FactKind::Location).unwrap().height(), 2);
    assert_eq!(set.appends().unwrap().last().unwrap().0, 3);
}

#[test]
fn a_part_that_was_changed_behind_our_back_is_refused_and_the_others_are_read() {
    let folder = tempfile::tempdir().unwrap();
    let set = MasterSet::open(folder.path()).unwrap();
    let facts = [
        Recorded::on_time(lives(1, "Chicago", 60)),
        Recorded::on_time(lives(1, "Oslo", 90_000)),
    ];
    set.append("a", &facts).unwrap();
    let home = folder.path().join("person_property.location/1970-01-01");
    let part = home.join("000001.parquet");
    assert!(fs::metadata(&part).unwrap().permissions().readonly());
    let mut bytes = fs::read(&part).unwrap();
    bytes[20] ^= 1;
    // Whoever may write the folder can put another file in its place.
    fs::remove_file(&part).unwrap();
    fs::write(&part, bytes).unwrap();
    let error = set.read(FactKind::Location).unwrap_err().to_string();
    assert!(
        error.contains("000001.parquet is not as it was appended"),
        "{error}"
    );
    let second = set.read_days(FactKind::Location, 86_400..172_800).unwrap();
    assert_eq!(second.height(), 1);
}

#[test]
fn a_retraction_takes_out_what_its_pedigree_names_and_nothing_is_deleted() {
    let folder = tempfile::tempdir().unwrap();
    let set = MasterSet::open(folder.path()).unwrap();
    let said = |about, by, at| Recorded {
        datum: lives(about, "Oslo", at),
        arrived_secs: at,
        said_by: Some(by),
    };
    set.append("good", &[said(1, 1, 10), said(2, 1, 20)])
        .unwrap();
    let bad = [
        said(1, 1, 10),
        said(2, 1, 20),
        said(3, 1, 30),
        said(4, 1, 99),
    ];
    set.append("bad", &bad).unwrap();
    set.retract(&Retraction {
        kind: FactKind::Location,
        writer: "bad".into(),
        arrived: 0..50,
        scope: Scope::AboutOthers,
        why: "it wrote about others than who asked".into(),
    })
    .unwrap();
    let left = set.believed(FactKind::Location).unwrap();
    let arrived = left.column("arrived_secs").unwrap().i64().unwrap();
    assert_eq!(arrived.to_vec(), [10, 20, 10, 99].map(Some));
    assert_eq!(set.read(FactKind::Location).unwrap().height(), 6);
    assert_eq!(set.retractions().unwrap().len(), 1);
}

#[test]
fn two_writers_at_once_lose_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let set = MasterSet::open(folder.path()).unwrap();
    std::thread::scope(|scope| {
        for writer in 0..4 {
            let set = &set;
            scope.spawn(move || {
                for n in 0..5 {
                    let fact = Recorded::on_time(lives(writer * 10 + n, "Oslo", n));
                    set.append("test", &[fact]).unwrap();
                }
            });
        }
    });
    let rows = set.read(FactKind::Location).unwrap();
    let users = rows.column("user_id").unwrap().n_unique().unwrap();
    assert_eq!((rows.height(), users), (20, 20));
}
