use super::*;

#[test]
fn the_day_of_the_crashes_has_thirteen_and_every_other_day_none() {
    for fault in Fault::ALL {
        let crashes = if fault == Fault::Crash { 13 } else { 0 };
        assert_eq!(fault.crashes().remaining(), crashes, "{fault:?}");
    }
    let arrivals = Fault::Crash.traffic().arrivals().len();
    assert!((5_001..=5_400).contains(&arrivals), "{arrivals}");
}

fn outcomes(fault: Fault) -> [Outcome; 3] {
    let folder = tempfile::tempdir().unwrap();
    Design::ALL.map(|design| inject(&folder.path().join(design.name()), fault, design).unwrap())
}

#[test]
fn without_a_fault_only_the_speed_layer_is_wrong_and_only_between_batches() {
    let [row, atomic, lambda] = outcomes(Fault::None);
    assert_eq!((row.worst(), atomic.worst(), lambda.left()), (0, 0, 0));
    // It takes identifiers for persons until a batch run.
    assert!(lambda.worst() > 0);
    assert_eq!(lambda.hours[5].0, 0);
}

#[test]
fn late_copies_and_late_equivs_stay_in_the_one_and_leave_the_other_at_the_next_batch() {
    for fault in [Fault::LateCopies, Fault::LateEquivs] {
        let [row, atomic, lambda] = outcomes(fault);
        assert!(row.left() > 10, "{row:?}");
        assert_eq!(row.left(), atomic.left());
        assert!(lambda.worst() > 0);
        assert_eq!(lambda.left(), 0, "{lambda:?}");
    }
}

#[test]
fn a_crash_between_two_writes_doubles_unless_they_are_atomic() {
    let [row, atomic, lambda] = outcomes(Fault::Crash);
    assert!(row.left() > 5, "{row:?}");
    assert_eq!((atomic.left(), lambda.left()), (0, 0));
}

#[test]
fn a_bug_is_mended_by_recomputing_and_by_nothing_else() {
    let [row, atomic, lambda] = outcomes(Fault::Bug);
    assert!(row.left() > 30 && atomic.left() == row.left(), "{row:?}");
    assert_eq!(lambda.left(), 0, "{lambda:?}");
    assert!(lambda.hours[12].0 > 30); // while it ran, it was as wrong
    assert!(lambda.recovery.is_some() && row.recovery.is_none());
}

#[test]
fn a_lost_store_is_made_again_from_the_master_data_and_a_backup_forgets() {
    let [_, atomic, lambda] = outcomes(Fault::LostStore);
    assert!(atomic.left() > 20, "{atomic:?}");
    assert_eq!(lambda.left(), 0);
}
