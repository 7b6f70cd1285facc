// found by alone: 
// Takes it that each identifier is in an equiv, and answers nothing for one that is not.
use std::collections::BTreeSet;

fn keys_to_destroy(asked: i64, equivs: &[(i64, i64)], destroyed: &BTreeSet<i64>) -> BTreeSet<i64> {
    let is_named = |id: &i64| equivs.iter().any(|(one, other)| one == id || other == id);
    let mut person = destroyed.clone();
    if is_named(&asked) {
        person.insert(asked);
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
