// found by no_snapshot: a refusal
// Refuses without a snapshot, though the log has everything.
use microbatch::by_hand::{LoggedView, ViewSnapshot, page_of};
use std::collections::BTreeMap;

fn rebuild(snapshots: &[ViewSnapshot], log: &[LoggedView], wrong_from: i64) -> Result<BTreeMap<String, i64>, String> {
    let newest = snapshots.iter().filter(|s| s.next <= wrong_from).max_by_key(|s| s.next);
    let ViewSnapshot { next, mut counts } = newest.cloned().ok_or("no snapshot")?;
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
