// found by copy_at_the_end: row 1
// Forgets both when a page view and its retraction have come.
use microbatch::by_hand::{PageFact, PageFacts};

fn apply(view: &mut PageFacts, fact: &PageFact) {
    match fact.takes_back {
        None => {
            if view.taken_back.remove(&fact.id) {
                return;
            }
            if view.came.insert(fact.id, fact.page.clone()).is_none() {
                *view.counts.entry(fact.page.clone()).or_insert(0) += 1;
            }
        }
        Some(id) => match view.came.remove(&id) {
            Some(page) => *view.counts.entry(page).or_insert(0) -= 1,
            None => _ = view.taken_back.insert(id),
        },
    }
}
