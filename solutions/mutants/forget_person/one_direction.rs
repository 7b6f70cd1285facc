// found by either_side: 
// Follows an equiv from its first identifier to its second alone.
use std::collections::BTreeSet;

fn keys_to_destroy(asked: i64, equivs: &[(i64, i64)], destroyed: &BTreeSet<i64>) -> BTreeSet<i64> {
    let mut person = destroyed.clone();
    person.insert(asked);
    loop {
        let before = person.len();
        for (one, other) in equivs {
            if person.contains(one) {
                person.extend([*one, *other]);
            }
        }
        if person.len() == before {
            return person.difference(destroyed).copied().collect();
        }
    }
}
