// found by cookie: 
// Destroys the key of the identifier that asks, and no other.
use std::collections::BTreeSet;

fn keys_to_destroy(asked: i64, equivs: &[(i64, i64)], destroyed: &BTreeSet<i64>) -> BTreeSet<i64> {
    let person = BTreeSet::from([asked]);
    let _ = equivs;
    person.difference(destroyed).copied().collect()
}
