use super::super::run::inject;
use super::super::trial::Fault;
use super::*;

#[test]
fn the_record_is_what_the_programs_do_where_they_are_built() {
    for design in [Design::Lakehouse, Design::Maintained] {
        for fault in Fault::ALL {
            let trial = Trial::four_days(fault);
            let stored = recorded(&trial, design).expect("every fault is recorded");
            assert!(stored.recorded && stored.hours.len() as i64 == trial.hours());
            if !is_built(design) {
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
