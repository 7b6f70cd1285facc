// found by later_elsewhere: 
// Begins with the identifier that asks in later calls too, and so misses what is joined with the others.
use std::collections::BTreeSet;

fn keys_to_destroy(asked: i64, equivs: &[(i64, i64)], destroyed: &BTreeSet<i64>) -> BTreeSet<i64> {
    let mut person = BTreeSet::from([asked]);
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
