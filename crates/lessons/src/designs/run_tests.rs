use super::*;
use crate::designs::{Fault, Kept, Recovery};
use crate::systems::traffic::ReceivedDatum;

#[test]
fn the_day_of_the_crashes_has_thirteen_and_every_other_day_none() {
    for trial in [Scenario::day, Scenario::four_days] {
        for fault in Fault::ALL {
            let crashes = if fault == Fault::Crash { 13 } else { 0 };
            assert_eq!(trial(fault).crashes().remaining(), crashes, "{fault:?}");
        }
        // The last of them is within the traffic.
        let trial = trial(Fault::Crash);
        let last = 200 + 12 * trial.crash_every;
        assert!((trial.traffic.arrivals().len() as u64) > last);
    }
}

#[test]
fn a_copy_that_was_counted_is_wrong_until_the_next_batch_run_so_more_runs_are_fewer_wrong_hours() {
    let folder = tempfile::tempdir().unwrap();
    let [often, seldom] = [3, 12].map(|batch_every| {
        let trial = Scenario {
            batch_every,
            ..Scenario::day(Fault::LateCopies)
        };
        let home = folder.path().join(batch_every.to_string());
        inject(&home, &trial, Design::Lambda).unwrap()
    });
    assert_eq!((often.left(), seldom.left()), (0, 0));
    let wrong = [&often, &seldom].map(Outcome::hours_wrong);
    assert!(wrong[0] > 0 && wrong[0] < wrong[1], "{wrong:?}");
    // A batch run has just ended at these hours.
    for hour in [3, 6, 9, 12, 15, 18, 21, 24] {
        assert_eq!(often.hours[hour - 1].all(), 0, "hour {hour}");
    }
}

#[test]
fn the_table_of_ends_says_what_was_done_what_stays_and_who_was_never_wrong() {
    let all = [Fault::None, Fault::LateCopies, Fault::LostStore].map(outcomes);
    let ends = Outcome::ends(&all.concat()).unwrap();
    let of = |design: Design| -> Vec<String> {
        let column = ends.column(design.name()).unwrap().str().unwrap();
        column.iter().flatten().map(str::to_owned).collect()
    };
    assert_eq!(
        of(Design::Lambda),
        ["a batch run", "a batch run", "compute the views again"]
    );
    let kappa = of(Design::Kappa);
    assert_eq!((&*kappa[0], &*kappa[2]), ("never wrong", "replay the log"));
    assert!(kappa[1].ends_with(" stay"), "{kappa:?}");
    assert!(of(Design::OneStore)[2].ends_with(" stay"));
    assert!(Outcome::ends(&[]).unwrap().height() == 0);
}

fn outcomes(fault: Fault) -> [Outcome; 4] {
    let folder = tempfile::tempdir().unwrap();
    Design::STORES.map(|design| {
        let home = folder.path().join(design.name());
        inject(&home, &Scenario::day(fault), design).unwrap()
    })
}

#[test]
fn without_a_fault_only_the_speed_layer_is_wrong_and_only_between_batches() {
    let [row, one, kappa, lambda] = outcomes(Fault::None);
    assert_eq!((row.worst(), one.worst(), kappa.worst()), (0, 0, 0));
    // It takes identifiers for persons until a batch run.
    assert!(lambda.worst() > 0);
    assert_eq!((lambda.hours[5].all(), lambda.left()), (0, 0));
}

#[test]
fn late_copies_and_late_equivs_stay_in_the_one_and_leave_the_other_at_the_next_batch() {
    for fault in [Fault::LateCopies, Fault::LateEquivs] {
        let [row, one, kappa, lambda] = outcomes(fault);
        assert!(row.left() > 10, "{row:?}");
        assert_eq!((row.left(), row.left()), (one.left(), kappa.left()));
        assert!(lambda.worst() > 0);
        assert_eq!(lambda.left(), 0, "{lambda:?}");
    }
}

#[test]
fn a_crash_between_two_writes_doubles_unless_they_are_atomic() {
    let [row, one, kappa, lambda] = outcomes(Fault::Crash);
    assert!(row.left() > 5, "{row:?}");
    assert_eq!((one.left(), kappa.left(), lambda.left()), (0, 0, 0));
}

#[test]
fn a_bug_is_fixed_by_recomputing_or_replaying_and_by_nothing_else() {
    let [row, one, kappa, lambda] = outcomes(Fault::Bug);
    assert!(row.left() > 30 && one.left() == row.left(), "{row:?}");
    assert_eq!(
        (kappa.left(), lambda.left()),
        (0, 0),
        "{kappa:?} {lambda:?}"
    );
    assert!(lambda.hours[12].all() > 30); // while it ran, it was as wrong
    assert!(lambda.recovery.is_some() && row.recovery.is_none());
    // Each read everything that had come by then.
    let read = |outcome: &Outcome| outcome.recovery.unwrap().records;
    assert!(read(&kappa) > 2_600 && read(&lambda) > read(&kappa));
}

#[test]
fn a_lost_store_is_made_again_from_raw_data_and_a_backup_forgets() {
    let [_, one, kappa, lambda] = outcomes(Fault::LostStore);
    assert!(one.left() > 20, "{one:?}");
    assert_eq!((kappa.left(), lambda.left()), (0, 0));
}

#[test]
fn a_replay_of_a_program_that_depends_on_the_order_repeats_its_errors() {
    let folder = tempfile::tempdir().unwrap();
    let late = Scenario::day(Fault::LateCopies).traffic;
    let without = Scenario {
        traffic: late,
        ..Scenario::day(Fault::None)
    };
    let lost = Scenario {
        traffic: late,
        ..Scenario::day(Fault::LostStore)
    };
    let once = inject(&folder.path().join("once"), &without, Design::Kappa).unwrap();
    let replayed = inject(&folder.path().join("replayed"), &lost, Design::Kappa).unwrap();
    assert!(once.left() > 10 && replayed.recovery.is_some());
    assert_eq!(once.hours, replayed.hours);
}

#[test]
fn a_stream_program_that_remembers_for_longer_finds_the_late_copies() {
    let folder = tempfile::tempdir().unwrap();
    let mut trial = Scenario::day(Fault::LateCopies);
    trial.remembered = 7 * 3_600;
    for design in [Design::Kappa, Design::OneStore] {
        let home = folder.path().join(design.name());
        assert_eq!(inject(&home, &trial, design).unwrap().worst(), 0);
    }
}

#[test]
fn the_judge_compares_by_identity_so_a_lost_page_view_does_not_make_up_for_a_copy() {
    /// A system that has lost one page view and counted another twice, in another hour.
    struct Swapped(TrafficTruth);
    impl System for Swapped {
        fn take(&mut self, _: &Arrived<'_>) -> Result<()> {
            Ok(())
        }
        fn by_hour(&self, url: &str, hours: std::ops::Range<i64>) -> Result<Vec<(i64, i64)>> {
            let page = url
                .chars()
                .last()
                .and_then(|page| page.to_digit(10))
                .unwrap();
            let answer = |hour: i64| {
                let secs = hour * HOUR..(hour + 1) * HOUR;
                let off = [1, -1].get(hour as usize).copied().unwrap_or(0);
                let off = if page == 0 { off } else { 0 };
                (
                    self.0.page_views(page, secs.clone()) + off,
                    self.0.uniques(page, secs),
                )
            };
            Ok(hours.map(answer).collect())
        }
        fn bounces(&self, _: &str) -> Result<(i64, i64)> {
            Ok((0, 0))
        }
        fn seen(&self) -> Result<i64> {
            Ok(0)
        }
        fn rows_for(&self, _: &str, _: std::ops::Range<i64>) -> Result<i64> {
            Ok(0)
        }
        fn kept(&self) -> Result<Kept> {
            Ok(Kept::default())
        }
        fn recovery(&self) -> Option<Recovery> {
            None
        }
    }
    let trial = Scenario::day(Fault::None);
    let mut truth = TrafficTruth::default();
    let early = |arrival: &ReceivedDatum| arrival.at < 2 * HOUR;
    let arrivals = trial.traffic.arrivals();
    arrivals
        .iter()
        .filter(|arrival| early(arrival))
        .for_each(|arrival| truth.take(arrival));
    let wrong = judged(&Swapped(truth.clone()), &trial, &truth, 1).unwrap();
    assert_eq!((wrong.page_views, wrong.uniques, wrong.asked), (2, 0, 24));
}
