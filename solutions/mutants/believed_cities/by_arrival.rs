// found by late_fact: 
// Takes the fact that came last for the newest.
use std::collections::BTreeMap;
use systems::{CityFact, CityRetraction};

fn cities(facts: &[CityFact], retractions: &[CityRetraction]) -> BTreeMap<i64, String> {
    let names = |retraction: &CityRetraction, fact: &CityFact| {
        retraction.writer == fact.writer
            && retraction.arrived.contains(&fact.arrived)
            && (!retraction.only_about_others || fact.said_by.is_some_and(|by| by != fact.account))
    };
    let mut last: BTreeMap<i64, &CityFact> = BTreeMap::new();
    for fact in facts {
        if !retractions.iter().any(|retraction| names(retraction, fact)) {
            let known = last.entry(fact.account).or_insert(fact);
            if known.arrived <= fact.arrived {
                *known = fact;
            }
        }
    }
    last.into_iter().map(|(account, fact)| (account, fact.city.clone())).collect()
}
