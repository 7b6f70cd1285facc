// found by taken_back: row 1
// Counts page views only.
use microbatch::by_hand::{PageFact, PageFacts};

fn apply(view: &mut PageFacts, fact: &PageFact) {
    if fact.takes_back.is_none() && view.came.insert(fact.id, fact.page.clone()).is_none() {
        *view.counts.entry(fact.page.clone()).or_insert(0) += 1;
    }
}
