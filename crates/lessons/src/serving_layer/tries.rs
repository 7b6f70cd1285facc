//! Three small tasks of the chapter, each checked at once: choose a shard, choose the order of
//! rows, publish a version. A task is a closure or a list of a few words that the reader changes.
//!
//! A check reports the first thing that is wrong, with numbers, and what to think of next.
use super::index_layout::block_runs;
use crate::checked_step::CheckedStep;
use lambda::serving::shard_of;
use std::collections::BTreeMap;

/// Checks a function from a hash of a URL and the number of shards to a shard. It must give a
/// shard that exists, and spread 1,000 URLs over 7 shards.
///
/// ```
/// use lambda_workbook::serving::tries::choose_shard;
/// assert!(!choose_shard(|_hash, _shards| 0).passed);
/// assert!(choose_shard(|hash, shards| hash.rem_euclid(shards)).passed);
/// ```
pub fn choose_shard(shard: impl Fn(i64, i64) -> i64) -> CheckedStep {
    const SHARDS: i64 = 7;
    let mut rows = BTreeMap::new();
    for page in 0..1_000 {
        // A hash with a sign, as the `hashCode` of Java has.
        let name = format!("mysite.com/{page}");
        let hash = i64::from(shard_of(&name, u32::MAX)) - i64::from(u32::MAX / 2);
        let chosen = shard(hash, SHARDS);
        if !(0..SHARDS).contains(&chosen) {
            return CheckedStep::wrong(format!(
                "{name} has hash {hash} and was sent to shard {chosen}, but the shards are 0 to {}; \
                 what sign has the remainder of a negative number?",
                SHARDS - 1
            ));
        }
        *rows.entry(chosen).or_insert(0) += 1;
    }
    let fullest = rows.values().max().copied().unwrap_or(0);
    if fullest > 200 {
        return CheckedStep::wrong(format!(
            "the fullest of {SHARDS} shards holds {fullest} of 1,000 pages, where 143 would be even; \
             use the hash"
        ));
    }
    CheckedStep::right(format!(
        "1,000 pages on {SHARDS} shards, {fullest} on the fullest"
    ))
}

/// Checks a function from the number of a URL and an hour to the key by which rows are sorted.
/// Reading 300 hours of one of 600 URLs must take one seek.
///
/// ```
/// use lambda_workbook::serving::tries::sort_rows;
/// assert!(!sort_rows(|url, hour| (hour, url)).passed);
/// assert!(sort_rows(|url, hour| (url, hour)).passed);
/// ```
pub fn sort_rows(key: impl Fn(u64, u64) -> (u64, u64)) -> CheckedStep {
    let all = (0..300).flat_map(|hour| (0..600).map(move |url| (url, hour)));
    judge_order(
        all.map(|(url, hour)| (key(url, hour), (url, hour)))
            .collect(),
    )
}

/// Judges rows of (key, (URL, hour)). It is not generic, so a cell does not compile it.
fn judge_order(mut keyed: Vec<((u64, u64), (u64, u64))>) -> CheckedStep {
    keyed.sort_by_key(|(key, _)| *key);
    let rows: Vec<(u64, u64)> = keyed.into_iter().map(|(_, row)| row).collect();
    let of_url = (0..).zip(&rows).filter(|(_, row)| row.0 == 77);
    let (positions, hours): (Vec<u64>, Vec<u64>) =
        of_url.map(|(position, row)| (position, row.1)).unzip();
    let seeks = block_runs(&positions, super::ROWS_PER_BLOCK).len();
    if seeks > 1 {
        return CheckedStep::wrong(format!(
            "300 hours of page 77 take {seeks} seeks, where 1 is enough; which rows must be neighbours?"
        ));
    }
    if !hours.is_sorted() {
        return CheckedStep::wrong(format!(
            "the rows of page 77 are together, but begin with hour {}; a range of hours must be \
             neighbours too",
            hours[0]
        ));
    }
    CheckedStep::right("300 hours of page 77 take 1 seek".to_owned())
}

/// Checks an order of the steps of a publication: "write files", "sync files", "rename CURRENT".
/// `CURRENT` is the small file that names the version that is served. A crash after any step, in
/// which all that was not synced is lost, must leave a complete version served.
///
/// ```
/// use lambda_workbook::serving::tries::order_steps;
/// assert!(!order_steps(["write files", "rename CURRENT", "sync files"]).passed);
/// assert!(order_steps(["write files", "sync files", "rename CURRENT"]).passed);
/// ```
pub fn order_steps(steps: [&str; 3]) -> CheckedStep {
    let place = |name| steps.iter().position(|step| *step == name);
    let (Some(write), Some(sync), Some(rename)) = (
        place("write files"),
        place("sync files"),
        place("rename CURRENT"),
    ) else {
        return CheckedStep::wrong(format!(
            "the steps are \"write files\", \"sync files\" and \"rename CURRENT\", each once, but \
             these were given: {steps:?}"
        ));
    };
    if sync < write {
        return CheckedStep::wrong(
            "step \"sync files\" has nothing to sync, because no file is written yet".to_owned(),
        );
    }
    if rename < sync {
        let lost = if rename < write {
            "do not exist yet"
        } else {
            "may be lost"
        };
        return CheckedStep::wrong(format!(
            "after a crash behind step {}, \"rename CURRENT\", the version that is served has files \
             that {lost}",
            rename + 1
        ));
    }
    CheckedStep::right("after a crash at any step, a complete version is served".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_wrong_shard_function_is_refused_for_its_own_reason() {
        let signed = choose_shard(|hash, shards| hash % shards);
        assert!(
            !signed.passed && signed.text.contains("negative"),
            "{signed:?}"
        );
        let one = choose_shard(|_, _| 3);
        assert!(!one.passed && one.text.contains("1000 of 1,000"), "{one:?}");
        assert!(choose_shard(|hash, shards| hash.abs() % shards).passed);
    }

    #[test]
    fn rows_must_be_sorted_by_url_and_then_by_hour() {
        let by_time = sort_rows(|url, hour| (hour, url));
        assert!(by_time.text.contains("300 seeks"), "{by_time:?}");
        let backwards = sort_rows(|url, hour| (url, 1_000 - hour));
        assert!(!backwards.passed, "{backwards:?}");
    }

    #[test]
    fn a_version_is_served_only_when_its_files_are_safe() {
        let orders = [
            ["rename CURRENT", "write files", "sync files"],
            ["write files", "rename CURRENT", "sync files"],
            ["sync files", "write files", "rename CURRENT"],
            ["write files", "write files", "rename CURRENT"],
        ];
        let texts = orders.map(|order| order_steps(order).text);
        let distinct: std::collections::BTreeSet<_> = texts.iter().collect();
        assert_eq!(distinct.len(), 4, "{texts:?}");
        assert!(texts.iter().all(|text| text.starts_with("NOT YET")));
    }
}
