// found by written_late: 
// Goes by the time that a fact speaks of, and not by when it was written.
use std::collections::BTreeMap;
use systems::{CityFact, CityRetraction};

fn cities(facts: &[CityFact], retractions: &[CityRetraction]) -> BTreeMap<i64, String> {
    let names = |retraction: &CityRetraction, fact: &CityFact| {
        retraction.writer == fact.writer
            && retraction.arrived.contains(&fact.true_as_of)
            && (!retraction.only_about_others || fact.said_by.is_some_and(|by| by != fact.account))
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
