// found by before: row 1
// Does not remember a retraction of a page view that has not come yet.
use microbatch::by_hand::{PageFact, PageFacts};

fn apply(view: &mut PageFacts, fact: &PageFact) {
    match fact.takes_back {
        None => {
            let first = view.came.insert(fact.id, fact.page.clone()).is_none();
            if first && !view.taken_back.contains(&fact.id) {
                *view.counts.entry(fact.page.clone()).or_insert(0) += 1;
            }
        }
        Some(id) => {
            if let Some(page) = view.came.get(&id) && view.taken_back.insert(id) {
                *view.counts.entry(page.clone()).or_insert(0) -= 1;
            }
        }
    }
}
