use super::super::run::{inject, standing};
use super::*;

/// Returns whether the program of a design is built. If not, it says so, and fails where no test may
/// leave itself out.
fn runs_here(design: Design) -> bool {
    if is_built(design) {
        return true;
    }
    let why = format!(
        "{design:?}: its program is not built; `cargo workbook up dataflow` and `up lakehouse` build both"
    );
    assert!(crate::extent::may_leave_out(), "{why}");
    eprintln!("left out: {why}");
    false
}

#[test]
fn the_record_is_what_the_programs_do_where_they_are_built() {
    for design in [Design::Lakehouse, Design::Maintained] {
        for fault in Fault::ALL {
            let trial = Scenario::four_days(fault);
            let stored = recorded(&trial, design).expect("every fault is recorded");
            assert!(stored.recorded && stored.hours.len() as i64 == trial.hours());
            if !runs_here(design) {
                continue;
            }
            let folder = tempfile::tempdir().unwrap();
            let now = inject(folder.path(), &trial, design).unwrap();
            assert_eq!(now.hours, stored.hours, "{design:?} {fault:?}");
            let counts = |outcome: &Outcome| outcome.recovery.map(|r| (r.how, r.records));
            assert_eq!(counts(&now), counts(&stored), "{design:?} {fault:?}");
        }
    }
}

#[test]
fn the_recorded_standings_are_what_the_programs_answer_where_they_are_built() {
    let trial = Scenario::four_days(Fault::None);
    for design in [Design::Lakehouse, Design::Maintained] {
        let stored = recorded_standing(&trial, design, Scenario::ASKED).expect("both are recorded");
        assert_eq!(recorded_standing(&trial, design, 0), None);
        if !runs_here(design) {
            continue;
        }
        let folder = tempfile::tempdir().unwrap();
        let now = standing(folder.path(), &trial, design, Scenario::ASKED).unwrap();
        assert_eq!((now.behind, now.rows), (stored.behind, stored.rows));
        // The record has thousands of bytes, as the table of the chapter.
        let kilobytes = |standing: &Standing| standing.kept.raw_bytes / 1_000;
        assert_eq!(kilobytes(&now), kilobytes(&stored), "{design:?}");
    }
}
