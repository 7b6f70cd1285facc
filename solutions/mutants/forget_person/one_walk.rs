// found by any_order: 
// Looks at each equiv once, in the order in which they came.
use std::collections::BTreeSet;

fn keys_to_destroy(asked: i64, equivs: &[(i64, i64)], destroyed: &BTreeSet<i64>) -> BTreeSet<i64> {
    let mut person = destroyed.clone();
    person.insert(asked);
    for (one, other) in equivs {
        if person.contains(one) || person.contains(other) {
            person.extend([*one, *other]);
        }
    }
    person.difference(destroyed).copied().collect()
}
