use super::*;

fn small() -> Deployment {
    Deployment {
        users: 1_500,
        one_in: 6,
        ..Deployment::lesson()
    }
}

fn at(after: &Aftermath, hour: i64, design: &str) -> i64 {
    let hours = after.hours.column("hour").unwrap().i64().unwrap();
    let designs = after.hours.column("design").unwrap().str().unwrap();
    let wrong = after.hours.column("wrong").unwrap().i64().unwrap();
    let row = (0..after.hours.height())
        .find(|row| hours.get(*row) == Some(hour) && designs.get(*row) == Some(design));
    wrong.get(row.unwrap()).unwrap()
}

#[test]
fn a_bug_spoils_a_mutable_store_for_good_and_only_delays_an_immutable_one() {
    let folder = tempfile::tempdir().unwrap();
    let after = deploy(folder.path(), &small()).unwrap();
    // Before it, and in the hours in which nobody knew, both say the same.
    assert_eq!((at(&after, 10, MUTABLE), at(&after, 10, IMMUTABLE)), (0, 0));
    assert_eq!(at(&after, 16, MUTABLE), at(&after, 16, IMMUTABLE));
    assert!(at(&after, 16, MUTABLE) > 300, "{after:?}");
    // Repaired, and at the end of the day.
    assert_eq!(
        (at(&after, 17, IMMUTABLE), at(&after, 24, IMMUTABLE)),
        (0, 0)
    );
    assert!(at(&after, 24, MUTABLE) > 100, "{after:?}");
    assert!(at(&after, 24, RESTORED) > 10, "{after:?}");
}

/// Rule: a city that is wrong in place was overwritten, so its fact is lost; the backup has nothing
/// that was told since; and the retraction takes no fact that a person told of themselves.
#[test]
fn facts_are_lost_in_a_store_that_is_overwritten_and_in_a_backup_and_not_where_they_are_appended() {
    let folder = tempfile::tempdir().unwrap();
    let after = deploy(folder.path(), &small()).unwrap();
    let [in_place, restored, appended] = &after.repairs[..] else {
        panic!("three repairs");
    };
    // Of those who were overwritten, a few were moved to the right city by chance.
    assert!(
        in_place.lost >= in_place.wrong && in_place.wrong > 300,
        "{after:?}"
    );
    assert!(in_place.lost <= after.bad, "{after:?}");
    assert!(
        restored.lost >= restored.wrong && restored.wrong > 300,
        "{after:?}"
    );
    assert_eq!((appended.wrong, appended.lost), (0, 0));
}

#[test]
fn the_pedigree_names_every_wrong_row_and_no_right_one() {
    let folder = tempfile::tempdir().unwrap();
    let after = deploy(folder.path(), &small()).unwrap();
    assert!(after.bad > 500, "{after:?}");
    // A request that does harm moves several people.
    assert!(0 < after.harmful && after.harmful < after.bad, "{after:?}");
    assert_eq!(after.retracted, after.bad);
    let set = MasterSet::open(folder.path().join("master")).unwrap();
    let all = set.read(FactKind::Location).unwrap().height() as i64;
    assert_eq!(all, after.facts + after.bad); // nothing was deleted
}

#[test]
fn hours_out_of_order_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let plan = Deployment {
        backup: 12,
        ..small()
    };
    let error = deploy(folder.path(), &plan).unwrap_err().to_string();
    assert!(error.contains("follow each other"), "{error}");
}
