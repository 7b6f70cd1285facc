// found by after_the_mistake: row
// Begins with the newest snapshot, though it is wrong.
use microbatch::by_hand::{LoggedView, ViewSnapshot, page_of};
use std::collections::BTreeMap;

fn rebuild(snapshots: &[ViewSnapshot], log: &[LoggedView], wrong_from: i64) -> Result<BTreeMap<String, i64>, String> {
    let _ = wrong_from;
    let newest = snapshots.iter().max_by_key(|s| s.next);
    let ViewSnapshot { next, mut counts } = newest.cloned().unwrap_or_default();
    if log.first().is_some_and(|record| record.offset > next) {
        return Err("gone".to_owned());
    }
    for record in log.iter().filter(|record| record.offset >= next) {
        if let Some(page) = page_of(&record.url) {
            *counts.entry(page).or_insert(0) += 1;
        }
    }
    Ok(counts)
}
