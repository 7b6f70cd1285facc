// found by gone: expected a refusal
// Takes what the log still has.
use microbatch::by_hand::{LoggedView, ViewSnapshot, page_of};
use std::collections::BTreeMap;

fn rebuild(snapshots: &[ViewSnapshot], log: &[LoggedView], wrong_from: i64) -> Result<BTreeMap<String, i64>, String> {
    let newest = snapshots.iter().filter(|s| s.next <= wrong_from).max_by_key(|s| s.next);
    let ViewSnapshot { next, mut counts } = newest.cloned().unwrap_or_default();
    for record in log.iter().filter(|record| record.offset >= next) {
        if let Some(page) = page_of(&record.url) {
            *counts.entry(page).or_insert(0) += 1;
        }
    }
    Ok(counts)
}
