//! Three small tasks of the chapter, each checked at once: choose a shard, choose the order of
//! rows, publish a version. A task is a closure or a list of a few words that the reader changes.
//!
//! A check reports the first thing that is wrong, with numbers, and what to think of next.
use super::index_layout::block_runs;
use crate::checked_step::CheckedStep;
use lambda::serving::shard_of;
use show::table::grouped;
use std::collections::{BTreeMap, BTreeSet};

/// Checks a function from a hash of a URL, an hour and the number of shards to a shard. It must
/// give a shard that exists, keep the 24 hours of a URL on one shard, and spread 1,000 URLs over 7
/// shards.
///
/// ```
/// use lambda_workbook::serving::tries::choose_shard;
/// assert!(!choose_shard(|_url, hour, shards| hour % shards).passed);
/// assert!(choose_shard(|url, _hour, shards| url % shards).passed);
/// ```
pub fn choose_shard(shard: impl Fn(u64, u64, u64) -> u64) -> CheckedStep {
    const SHARDS: u64 = 7;
    const HOURS: u64 = 24;
    let mut pages = BTreeMap::new();
    for page in 0..1_000 {
        let name = format!("mysite.com/{page}");
        let hash = u64::from(shard_of(&name, u32::MAX));
        let chosen: BTreeSet<u64> = (0..HOURS).map(|hour| shard(hash, hour, SHARDS)).collect();
        if let Some(missing) = chosen.iter().find(|shard| **shard >= SHARDS) {
            return CheckedStep::wrong(format!(
                "a row of {name} was sent to shard {missing}, but the shards are 0 to {}; take a \
                 remainder",
                SHARDS - 1
            ));
        }
        if chosen.len() > 1 {
            return CheckedStep::wrong(format!(
                "the {HOURS} hours of {name} are on {} shards, so a query for this page asks {} \
                 servers; on what may the shard depend?",
                chosen.len(),
                chosen.len()
            ));
        }
        *pages.entry(chosen.first().copied()).or_insert(0) += 1;
    }
    let fullest = pages.values().max().copied().unwrap_or(0);
    if fullest > 200 {
        return CheckedStep::wrong(format!(
            "the fullest of {SHARDS} shards holds {} of 1,000 pages, where 143 would be even; use \
             the hash",
            grouped(fullest)
        ));
    }
    CheckedStep::right(format!(
        "1,000 pages on {SHARDS} shards, {fullest} on the fullest, and each page on one"
    ))
}

/// Checks the key by which the rows of another view are sorted. Its rows have a reader and a day,
/// and it is asked for the list of all readers of one day: the 600 rows of a day must take one seek,
/// and within the day the readers must be in order.
///
/// ```
/// use lambda_workbook::serving::tries::sort_rows;
/// assert!(!sort_rows(|reader, day| (reader, day)).passed);
/// assert!(!sort_rows(|_reader, day| (day, 0)).passed);
/// assert!(sort_rows(|reader, day| (day, reader)).passed);
/// ```
pub fn sort_rows(key: impl Fn(u64, u64) -> (u64, u64)) -> CheckedStep {
    // The readers of a day come in no order: sorted by the day alone, they stay in none.
    let all = (0..300).flat_map(|day| (0..600).map(move |place| (place * 7 % 600, day)));
    judge_order(
        all.map(|(reader, day)| (key(reader, day), (reader, day)))
            .collect(),
    )
}

/// Judges rows of (key, (reader, day)). It is not generic, so a cell does not compile it.
fn judge_order(mut keyed: Vec<((u64, u64), (u64, u64))>) -> CheckedStep {
    keyed.sort_by_key(|(key, _)| *key);
    let rows: Vec<(u64, u64)> = keyed.into_iter().map(|(_, row)| row).collect();
    let of_day = (0..).zip(&rows).filter(|(_, row)| row.1 == 77);
    let (positions, readers): (Vec<u64>, Vec<u64>) =
        of_day.map(|(position, row)| (position, row.0)).unzip();
    let seeks = block_runs(&positions, super::ROWS_PER_BLOCK).len();
    if seeks > 1 {
        return CheckedStep::wrong(format!(
            "the 600 readers of day 77 take {seeks} seeks, where 1 is enough; which rows must be \
             neighbours?"
        ));
    }
    if !readers.is_sorted() {
        return CheckedStep::wrong(format!(
            "the rows of day 77 are together, but begin with the readers {}, {}, {}; the list must be in order",
            readers[0], readers[1], readers[2]
        ));
    }
    CheckedStep::right("the 600 readers of day 77 take 1 seek".to_owned())
}

/// Checks an order of the steps of a publication: "write files", "sync files" (the files and the
/// folder that has their names), "rename CURRENT".
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
        let by_hour = choose_shard(|_, hour, shards| hour % shards);
        assert!(by_hour.text.contains("on 7 shards"), "{by_hour:?}");
        let both = choose_shard(|url, hour, shards| (url + hour) % shards);
        assert!(both.text.contains("on 7 shards"), "{both:?}");
        let no_remainder = choose_shard(|url, _, _| url);
        assert!(no_remainder.text.contains("0 to 6"), "{no_remainder:?}");
        let one = choose_shard(|_, _, _| 3);
        assert!(one.text.contains("1,000 of 1,000"), "{one:?}");
        assert!(choose_shard(|url, _, shards| url % shards).passed);
    }

    #[test]
    fn rows_of_one_query_must_be_neighbours_and_in_order() {
        let by_reader = sort_rows(|reader, day| (reader, day));
        assert!(by_reader.text.contains("seeks, where 1"), "{by_reader:?}");
        let backwards = sort_rows(|reader, day| (day, 1_000 - reader));
        assert!(!backwards.passed, "{backwards:?}");
        let by_day_alone = sort_rows(|_, day| (day, 0));
        assert!(
            by_day_alone.text.contains("must be in order"),
            "{by_day_alone:?}"
        );
        assert!(sort_rows(|reader, day| (day, reader)).passed);
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
