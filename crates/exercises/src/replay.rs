//! Exercise 8.6: a wrong view, replaced from the log.
use super::draw::Draw;
use super::exercise::{Case, Exercise};
use super::value::{Inputs, Value};
use lessons::microbatch::by_hand::{LoggedView, ViewSnapshot, page_of};
use polars::prelude::{DataFrame, PolarsResult, df, polars_bail};
use std::collections::BTreeMap;

/// The reader's function.
pub type Function =
    fn(&[ViewSnapshot], &[LoggedView], i64) -> Result<BTreeMap<String, i64>, String>;

/// Feeds the reader's function.
pub fn answer(function: Function, inputs: &Inputs) -> PolarsResult<Value> {
    let (snapshots, log) = (snapshots(inputs)?, log(inputs)?);
    let rebuilt = function(&snapshots, &log, *inputs.int("wrong_from")?);
    Ok(Value::Frame(match rebuilt {
        Ok(counts) => df!(
            "page" => counts.keys().map(String::as_str).collect::<Vec<_>>(),
            "count" => counts.values().copied().collect::<Vec<_>>(),
        )?,
        Err(_) => Value::refusal()?,
    }))
}

/// The snapshots of the table, in the order in which they were stored.
fn snapshots(inputs: &Inputs) -> PolarsResult<Vec<ViewSnapshot>> {
    let rows = inputs.frame("snapshots")?;
    let (offsets, pages) = (rows.column("next")?.i64()?, rows.column("page")?.str()?);
    let counts = rows.column("count")?.i64()?;
    let mut found: BTreeMap<i64, BTreeMap<String, i64>> = BTreeMap::new();
    for row in 0..rows.height() {
        let (Some(next), Some(page), Some(count)) =
            (offsets.get(row), pages.get(row), counts.get(row))
        else {
            polars_bail!(ComputeError: "a row of a snapshot has an offset, a page and a count");
        };
        found
            .entry(next)
            .or_default()
            .insert(page.to_owned(), count);
    }
    let snapshot = |(next, counts)| ViewSnapshot { next, counts };
    Ok(found.into_iter().map(snapshot).collect())
}

/// The records of the table.
fn log(inputs: &Inputs) -> PolarsResult<Vec<LoggedView>> {
    let rows = inputs.frame("log")?;
    let (offsets, urls) = (rows.column("offset")?.i64()?, rows.column("url")?.str()?);
    let mut log: Vec<LoggedView> = Vec::new();
    for (offset, url) in offsets.iter().zip(urls.iter()) {
        let (Some(offset), Some(url)) = (offset, url) else {
            polars_bail!(ComputeError: "a record has an offset and a URL");
        };
        let url = url.to_owned();
        log.push(LoggedView { offset, url });
    }
    Ok(log)
}

/// Exercise 8.6.
pub static EXERCISE: Exercise = Exercise {
    id: "08_6_replay",
    name: "replay",
    title: "Exercise 8.6, a wrong view, replaced from the log",
    signature: "fn rebuild(snapshots: &[ViewSnapshot], log: &[LoggedView], wrong_from: i64) -> Result<BTreeMap<String, i64>, String>",
    hints: &[
        "Which snapshots have nothing of the wrong function in them? Of these, the latest one leaves the least to \
         replay. And does the log still have the first record that is not in it?",
        "`snapshots.iter().filter(|snapshot| snapshot.next <= wrong_from).max_by_key(|snapshot| snapshot.next)` is that \
         snapshot; without one, begin with an empty view at offset 0. The log's first offset is \
         `log.first().map(|record| record.offset)`.",
        "`if log.first().is_some_and(|record| record.offset > next) { return Err(..) }`; then for the records with \
         `record.offset >= next`: `if let Some(page) = page_of(&record.url) { *counts.entry(page).or_insert(0) += 1; }`.",
    ],
    vocabulary: &[
        "lessons::microbatch::by_hand::ViewSnapshot",
        "lessons::microbatch::by_hand::LoggedView",
        "lessons::microbatch::by_hand::page_of",
    ],
    cases,
    reference,
    idle: &[
        |inputs| answer(|_, _, _| Ok(BTreeMap::new()), inputs),
        |inputs| answer(|_, _, _| Err(String::new()), inputs),
        |inputs| {
            let newest = |snapshots: &[ViewSnapshot], _: &[LoggedView], _| {
                Ok(snapshots.last().cloned().unwrap_or_default().counts)
            };
            answer(newest, inputs)
        },
    ],
    trial: None,
};

fn reference(inputs: &Inputs) -> PolarsResult<Value> {
    let records = log(inputs)?;
    if records
        .windows(2)
        .any(|pair| pair[0].offset + 1 != pair[1].offset)
    {
        polars_bail!(ComputeError: "a log has no gaps");
    }
    answer(
        |snapshots, log, wrong_from| {
            let right = snapshots
                .iter()
                .filter(|snapshot| snapshot.next <= wrong_from);
            let newest = right.max_by_key(|snapshot| snapshot.next).cloned();
            let ViewSnapshot { next, mut counts } = newest.unwrap_or_default();
            if log.first().is_some_and(|record| record.offset > next) {
                return Err("records are gone".to_owned());
            }
            for record in log.iter().filter(|record| record.offset >= next) {
                if let Some(page) = page_of(&record.url) {
                    *counts.entry(page).or_insert(0) += 1;
                }
            }
            Ok(counts)
        },
        inputs,
    )
}

/// Snapshots: the offset of each, and its rows.
type Snapshots<'a> = &'a [(i64, &'a [(&'a str, i64)])];

fn case(
    name: &'static str,
    about: &'static str,
    why: &'static str,
    snapshots: Snapshots,
    (first, urls): (i64, &[&str]),
    wrong_from: i64,
) -> Case {
    let (mut next, mut pages, mut counts) = (Vec::new(), Vec::new(), Vec::new());
    for (offset, rows) in snapshots {
        for (page, count) in *rows {
            next.push(*offset);
            pages.push(*page);
            counts.push(*count);
        }
    }
    let offsets: Vec<i64> = (first..).take(urls.len()).collect();
    let table =
        |frame: PolarsResult<DataFrame>| Value::Frame(frame.expect("columns of one length"));
    Case {
        name,
        about,
        why,
        inputs: Inputs::new()
            .with(
                "snapshots",
                table(df!("next" => next, "page" => pages, "count" => counts)),
            )
            .with(
                "log",
                table(df!("offset" => offsets, "url" => urls.to_vec())),
            )
            .with("wrong_from", Value::Int(wrong_from)),
    }
}

fn cases(seed: u64) -> Vec<Case> {
    let mut draw = Draw::of(seed);
    let (home, blog) = (draw.page("foo.com/"), draw.page("foo.com/blog"));
    let n = draw.number(10, 5..1_000);
    let at = draw.number(4, 4..1_000);
    // The same page, as it was sent.
    let upper = |page: &str| {
        let (host, path) = page.split_once('/').unwrap_or((page, ""));
        format!("http://{}:80/{path}?from=mail", host.to_uppercase())
    };
    let (home_url, blog_url) = (upper(&home), upper(&blog));
    let (home, blog) = (home.as_str(), blog.as_str());
    let (home_url, blog_url) = (home_url.as_str(), blog_url.as_str());
    let wrong = home.to_uppercase();
    let wrong = wrong.as_str();

    // A log that was kept for long, two snapshots that are right, and one that is not.
    let most = 12 + draw.below(6);
    let mut urls: Vec<&str> = (0..most)
        .map(|_| [home_url, blog_url, "http://bad url/"][draw.below(3) as usize])
        .collect();
    let (older, newer) = (at + 2, at + 4 + draw.below(2));
    let wrong_from = newer + 1 + draw.below(2);
    // The first records after the right snapshot, and the last in it, are well formed.
    let after = (newer - (at - 2)) as usize;
    urls[after - 1..=after + 1].copy_from_slice(&[home_url, blog_url, home_url]);
    let old_rows = [(home, n + draw.below(9)), (blog, 2 * n)];
    let new_rows = [(home, n + 9 + draw.below(9)), (blog, 2 * n + draw.below(2))];
    let wrong_rows = [(home, 3 * n), (wrong, n)];
    vec![
        case(
            "replaced",
            "the function was wrong from the offset of the snapshot on",
            "the view is rebuilt from what is right, by the function that is right",
            &[(at, &[(home, n)])],
            (at, &[home_url, blog_url, home_url]),
            at,
        ),
        case(
            "kept_longer",
            "the log still has records that are in the snapshot",
            "a record that is in the snapshot and is replayed counts twice",
            &[(at, &[(home, n)])],
            (at - 2, &[home_url, home_url, home_url, blog_url]),
            at,
        ),
        case(
            "after_the_mistake",
            "a second snapshot was stored after the function became wrong",
            "what is replayed onto a wrong view is a wrong view",
            &[(at, &[(home, n)]), (at + 3, &[(home, n + 1), (wrong, 2)])],
            (at - 1, &[home_url, home_url, home_url, blog_url, blog_url]),
            at + 2,
        ),
        case(
            "gone",
            "the log no longer has the first record after the snapshot",
            "a view without these records would be too small, and nothing in it would say so",
            &[(at, &[(home, n)])],
            (at + 1, &[home_url, blog_url]),
            at,
        ),
        case(
            "no_snapshot",
            "no snapshot is right, and the log has everything",
            "then all is replayed: the log is the truth, and a snapshot only saves time",
            &[(3, &[(wrong, n)])],
            (0, &[home_url, blog_url, home_url, home_url]),
            1,
        ),
        case(
            "malformed",
            "one of the records has a malformed URL",
            "what every layer rejects is in no view",
            &[(at, &[(home, n)])],
            (at, &["http://bad url/", blog_url]),
            at + 1,
        ),
        case(
            "random",
            "three snapshots and a long log",
            "what holds for chosen logs must hold for all",
            &[
                (older, &old_rows),
                (newer, &new_rows),
                (newer + 3, &wrong_rows),
            ],
            (at - 2, &urls),
            wrong_from,
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    crate::mutants::tests! {
        replay::rebuild, stub: |_, _, _| todo!(), mutants:
        begins_at_the_mistake, counts_urls, everything_again, needs_a_snapshot, never_refuses,
        newest_snapshot, one_too_far, panics_at_malformed,
    }
}
