// found by chain: 
// Takes the identifiers that an equiv joins with the person, and not those behind them.
use std::collections::BTreeSet;

fn keys_to_destroy(asked: i64, equivs: &[(i64, i64)], destroyed: &BTreeSet<i64>) -> BTreeSet<i64> {
    let mut person = destroyed.clone();
    person.insert(asked);
    let known = person.clone();
    for (one, other) in equivs {
        if known.contains(one) || known.contains(other) {
            person.extend([*one, *other]);
        }
    }
    person.difference(destroyed).copied().collect()
}
