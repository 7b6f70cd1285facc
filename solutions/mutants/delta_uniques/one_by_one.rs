// found by first: 
// Says what each change does, one after the other.
use designs::{UniquesChange, VisitChange, VisitTimes};
use std::collections::BTreeSet;

fn maintain(times: &mut VisitTimes, changes: &[VisitChange]) -> Vec<UniquesChange> {
    fn one(times: &mut VisitTimes, changes: &[VisitChange]) -> Vec<UniquesChange> {
        let persons = |times: &VisitTimes, hour: i64| times.range((hour, i64::MIN)..=(hour, i64::MAX)).count() as i64;
        let hours: BTreeSet<i64> = changes.iter().map(|change| change.hour).collect();
        let before: Vec<i64> = hours.iter().map(|hour| persons(times, *hour)).collect();
        for change in changes {
            *times.entry((change.hour, change.person)).or_insert(0) += change.change;
        }
        times.retain(|_, n| *n != 0);
        let mut told = Vec::new();
        for (hour, before) in hours.into_iter().zip(before) {
            let after = persons(times, hour);
            for (uniques, change) in [(before, -1), (after, 1)] {
                if before != after && uniques > 0 {
                    told.push(UniquesChange { hour, uniques, change });
                }
            }
        }
        told
    }
    let _: BTreeSet<i64> = BTreeSet::new();
    changes.iter().flat_map(|change| one(times, &[*change])).collect()
}
