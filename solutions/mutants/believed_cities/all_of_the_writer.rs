// found by moved_by_another: 
// Takes back what accounts told of themselves, too.
use std::collections::BTreeMap;
use systems::{CityFact, CityRetraction};

fn cities(facts: &[CityFact], retractions: &[CityRetraction]) -> BTreeMap<i64, String> {
    let names = |retraction: &CityRetraction, fact: &CityFact| {
        retraction.writer == fact.writer
            && retraction.arrived.contains(&fact.arrived)
    };
    let mut last: BTreeMap<i64, &CityFact> = BTreeMap::new();
    for fact in facts {
        if !retractions.iter().any(|retraction| names(retraction, fact)) {
            let known = last.entry(fact.account).or_insert(fact);
            if known.true_as_of <= fact.true_as_of {
                *known = fact;
            }
        }
    }
    last.into_iter().map(|(account, fact)| (account, fact.city.clone())).collect()
}
