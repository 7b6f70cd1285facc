// found by later: 
// Answers all identifiers of the person in each call, with those whose keys are destroyed.
use std::collections::BTreeSet;

fn keys_to_destroy(asked: i64, equivs: &[(i64, i64)], destroyed: &BTreeSet<i64>) -> BTreeSet<i64> {
    let mut person = destroyed.clone();
    person.insert(asked);
    loop {
        let before = person.len();
        for (one, other) in equivs {
            if person.contains(one) || person.contains(other) {
                person.extend([*one, *other]);
            }
        }
        if person.len() == before {
            return person;
        }
    }
}
