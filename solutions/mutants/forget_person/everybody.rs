// found by others: 
// Takes every identifier that is in an equiv.
use std::collections::BTreeSet;

fn keys_to_destroy(asked: i64, equivs: &[(i64, i64)], destroyed: &BTreeSet<i64>) -> BTreeSet<i64> {
    let mut person = destroyed.clone();
    person.insert(asked);
    person.extend(equivs.iter().flat_map(|(one, other)| [*one, *other]));
    person.difference(destroyed).copied().collect()
}
