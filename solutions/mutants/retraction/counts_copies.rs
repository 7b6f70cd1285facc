// found by view_twice: row 1
// Counts a page view as often as it comes.
use microbatch::by_hand::{PageFact, PageFacts};

fn apply(view: &mut PageFacts, fact: &PageFact) {
    match fact.takes_back {
        None => {
            view.came.insert(fact.id, fact.page.clone());
            if !view.taken_back.contains(&fact.id) {
                *view.counts.entry(fact.page.clone()).or_insert(0) += 1;
            }
        }
        Some(id) => {
            if view.taken_back.insert(id) && let Some(page) = view.came.get(&id) {
                *view.counts.entry(page.clone()).or_insert(0) -= 1;
            }
        }
    }
}
