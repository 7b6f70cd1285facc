// found by taken_back: row 1
// Takes back all views of the page.
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
            if view.taken_back.insert(id) && let Some(page) = view.came.get(&id) {
                view.counts.remove(page);
            }
        }
    }
}
