// found by later_others: 
// After the first call, takes every identifier that comes for one of the person.
use std::collections::BTreeSet;

fn keys_to_destroy(asked: i64, equivs: &[(i64, i64)], destroyed: &BTreeSet<i64>) -> BTreeSet<i64> {
    let mut person = destroyed.clone();
    person.insert(asked);
    if !destroyed.is_empty() {
        person.extend(equivs.iter().flat_map(|(one, other)| [*one, *other]));
    }
    loop {
        let before = person.len();
        for (one, other) in equivs {
            if person.contains(one) || person.contains(other) {
                person.extend([*one, *other]);
            }
        }
        if person.len() == before {
            return person.difference(destroyed).copied().collect();
        }
    }
}
