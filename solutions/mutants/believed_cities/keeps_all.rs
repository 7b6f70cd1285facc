// found by moved_by_another: 
// Takes every fact for believed.
use std::collections::BTreeMap;
use systems::{CityFact, CityRetraction};

fn cities(facts: &[CityFact], retractions: &[CityRetraction]) -> BTreeMap<i64, String> {
    let _ = retractions;
    let mut last: BTreeMap<i64, &CityFact> = BTreeMap::new();
    for fact in facts {
        let known = last.entry(fact.account).or_insert(fact);
        if known.true_as_of <= fact.true_as_of {
            *known = fact;
        }
    }
    last.into_iter().map(|(account, fact)| (account, fact.city.clone())).collect()
}
