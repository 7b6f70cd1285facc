//! Three small tasks of the chapter, each checked at once: choose a shard, choose the order of
//! rows, publish a version. A task is a closure or a list of a few words that the reader changes.
//!
//! A check reports the first thing that is wrong, with numbers, and what to think of next.
use super::index_layout::block_runs;
use super::simulated_folder::SimulatedFolder;
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

/// The steps of a publication, in no order.
const STEPS: [&str; 5] = [
    "write files",
    "sync files",
    "write CURRENT.new",
    "sync CURRENT.new",
    "rename CURRENT.new",
];

/// Checks an order of the five steps of a publication: "write files", "sync files", "write
/// CURRENT.new", "sync CURRENT.new" and "rename CURRENT.new" (to `CURRENT`, the small file that
/// names the version which is served).
///
/// The steps are done in a [`SimulatedFolder`] that serves version 1. After each of them a reader
/// reads, and a crash is tried, in which all that was not synced is lost. Both must find a complete
/// version, and after the last step it must be version 2.
///
/// ```
/// use lambda_workbook::serving::tries::order_steps;
/// let unsafe_name = ["write files", "sync files", "write CURRENT.new", "rename CURRENT.new", "sync CURRENT.new"];
/// assert!(!order_steps(unsafe_name).passed);
/// let safe = ["write files", "sync files", "write CURRENT.new", "sync CURRENT.new", "rename CURRENT.new"];
/// assert!(order_steps(safe).passed);
/// ```
pub fn order_steps(steps: [&str; 5]) -> CheckedStep {
    if let Some(missing) = STEPS.iter().find(|step| !steps.contains(step)) {
        return CheckedStep::wrong(format!(
            "step {missing:?} is missing; each of the five steps is done once"
        ));
    }
    let old = [("CURRENT", "1"), ("1/shard-0", "count 1")];
    let old = old.map(|(path, text)| (path.to_owned(), text.to_owned()));
    let mut folder = SimulatedFolder::holding(old.into());
    for (n, step) in (1..).zip(steps) {
        match step {
            "write files" => folder.write("2/shard-0", "count 2"),
            "sync files" => folder.sync("2/shard-0"),
            "write CURRENT.new" => folder.write("CURRENT.new", "2"),
            "sync CURRENT.new" => folder.sync("CURRENT.new"),
            _ => folder.rename("CURRENT.new", "CURRENT"),
        }
        if let Err(found) = served(&folder) {
            return CheckedStep::wrong(format!(
                "after step {n}, {step:?}, a reader finds that {found}"
            ));
        }
        if let Err(found) = served(&folder.after_crash()) {
            return CheckedStep::wrong(format!(
                "after step {n}, {step:?}, and then a crash, a reader finds that {found}"
            ));
        }
    }
    match served(&folder) {
        Ok("2") => CheckedStep::right(
            "after each step, and after a crash then, a complete version is served".to_owned(),
        ),
        _ => CheckedStep::wrong(
            "after the last step version 1 is still served: there was no CURRENT.new to rename"
                .to_owned(),
        ),
    }
}

/// Returns the version that `CURRENT` names, if its file is complete, or what is wrong.
fn served(folder: &SimulatedFolder) -> Result<&str, String> {
    let version = folder.read("CURRENT").unwrap_or_default();
    if version.is_empty() {
        return Err("CURRENT is empty".to_owned());
    }
    match folder.read(&format!("{version}/shard-0")) {
        None => Err(format!(
            "CURRENT names version {version}, which has no files"
        )),
        Some("") => Err(format!(
            "CURRENT names version {version}, whose files are empty"
        )),
        Some(_) => Ok(version),
    }
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

    /// All orders of some steps.
    fn orders(steps: &[&'static str]) -> Vec<Vec<&'static str>> {
        if steps.is_empty() {
            return vec![Vec::new()];
        }
        let with_first = |first: &&'static str| {
            let others = steps.iter().copied().filter(|step| step != first);
            let rest: Vec<_> = others.collect();
            orders(&rest).into_iter().map(|mut order| {
                order.insert(0, first);
                order
            })
        };
        steps.iter().flat_map(with_first).collect()
    }

    #[test]
    fn a_version_is_served_only_when_files_and_name_are_safe() {
        let place = |order: &[&str], step| order.iter().position(|other| *other == step).unwrap();
        let mut right = 0;
        for order in orders(&STEPS) {
            let [write, sync, name, sync_name, rename] = STEPS.map(|step| place(&order, step));
            let safe = write < sync && sync < rename && name < sync_name && sync_name < rename;
            let step = order_steps(order.try_into().unwrap());
            assert_eq!(step.passed, safe, "{step:?}");
            right += usize::from(safe);
        }
        assert_eq!(right, 6);
    }

    #[test]
    fn each_wrong_order_is_refused_for_its_own_reason() {
        let [write, sync, name, sync_name, rename] = STEPS;
        let wrong = [
            (
                [write, name, sync_name, rename, sync],
                "whose files are empty",
            ),
            ([name, sync_name, rename, write, sync], "which has no files"),
            ([write, sync, name, rename, sync_name], "CURRENT is empty"),
            ([write, sync, rename, name, sync_name], "to rename"),
            ([write, write, name, sync_name, rename], "is missing"),
        ];
        for (order, reason) in wrong {
            let step = order_steps(order);
            assert!(!step.passed && step.text.contains(reason), "{step:?}");
        }
    }
}
