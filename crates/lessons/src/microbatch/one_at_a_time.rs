//! Tuple by tuple: at least once, and exactly once by strong order.
//!
//! A worker takes a tuple, adds one to the count of its word, and then tells the
//! log that it is done. If it crashes between the two, the log delivers the tuple again.
//! So each is counted *at least* once.
//!
//! With *strong order* the tuples are numbered, and the count is stored together
//! with the number of the last tuple in it. A tuple that comes again has that
//! number, and is left out; any other is new, because tuples come in order.
//!
//! Source: *Big Data*, Marz and Warren (Manning), section 16.1.
use lambda::faults::{CrashPoint, Crashes, Faults};
use lambda::speed::{EmbeddedLog, EmbeddedStore, Family, Log, Mutation, RealtimeStore, Result};
use polars::prelude::{DataFrame, df};
use std::path::Path;

/// What is stored beside a count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Semantics {
    /// Nothing.
    AtLeastOnce,
    /// The id of the last tuple, in the same write.
    StronglyOrdered,
}

const FAMILIES: [Family; 1] = [Family::new("count")];
const TOPIC: &str = "words";
const GROUP: &str = "counter";

/// Counts words, each a record of a log in `folder`, one after the other. What the
/// worker did: `tuple`, `word`, the id that was `stored` with the count (-1: none),
/// the `case` that it was, and the `count` after it.
///
/// A step is the storing of a tuple's count, named by the tuple's number from 0. So a crash
/// after a step is one before the acknowledgement. At each point of `crashes` the worker
/// crashes once, and is started again.
///
/// ```
/// use lambda_workbook::faults::CrashPoint;
/// use lambda_workbook::microbatch::one_at_a_time::{Semantics, run};
/// let folder = tempfile::tempdir()?;
/// let crash = [CrashPoint::after(1)];
/// let steps = run(folder.path(), &["apple", "apple"], Semantics::AtLeastOnce, &crash)?;
/// let counts = steps.column("count")?.i64()?;
/// assert_eq!(counts.last(), Some(3)); // of two apples
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn run(
    folder: &Path,
    words: &[&str],
    semantics: Semantics,
    crashes: &[CrashPoint<u64>],
) -> Result<DataFrame> {
    let log = EmbeddedLog::open(folder.join("log"))?;
    log.create_topic(TOPIC, 1)?;
    let records: Vec<(&[u8], &[u8])> = words
        .iter()
        .map(|word| (&b""[..], word.as_bytes()))
        .collect();
    log.append(TOPIC, 0, &records)?;
    let mut steps = Steps::default();
    let crashes = Crashes::at(crashes.iter().copied());
    // Each process ends with a crash, and the last one with the end of the log.
    while !process(folder, &log, semantics, &crashes, &mut steps)? {
        crashes.restart();
    }
    steps.table()
}

/// Works until it crashes or the log ends; returns whether it came to the end.
fn process(
    folder: &Path,
    log: &EmbeddedLog,
    semantics: Semantics,
    crashes: &Crashes<u64>,
    steps: &mut Steps,
) -> Result<bool> {
    let store = EmbeddedStore::open(folder.join("counts"), &FAMILIES)?;
    loop {
        let next = log.committed(GROUP, TOPIC, 0)?.unwrap_or(0);
        let records = log.read(TOPIC, 0, next, 1)?;
        let Some(record) = records.iter().next() else {
            return Ok(true);
        };
        if crashes.reached(CrashPoint::before(next)).is_err() {
            steps.push(next, record.value, -1, "crashed before it stored", 0);
            return Ok(false);
        }
        let (count, stored) = counted(&store, record.value)?;
        let known = semantics == Semantics::StronglyOrdered && stored == Some(next);
        let after = if known { count } else { count + 1 };
        if !known {
            let mut row = Mutation::of(record.value).put("count", "n", 0, after.to_le_bytes());
            if semantics == Semantics::StronglyOrdered {
                row = row.put("count", "id", 0, next.to_le_bytes());
            }
            store.apply(&[row])?;
        }
        let case = if known {
            "the same id: nothing"
        } else {
            "another id: add one"
        };
        let case = match semantics {
            Semantics::AtLeastOnce => "add one",
            Semantics::StronglyOrdered => case,
        };
        steps.push(
            next,
            record.value,
            stored.map_or(-1, |id| id as i64),
            case,
            after,
        );
        if crashes.reached(CrashPoint::after(next)).is_err() {
            return Ok(false);
        }
        log.commit(GROUP, TOPIC, 0, next + 1)?;
    }
}

/// The count of a word, and the id that is stored with it.
fn counted(store: &EmbeddedStore, word: &[u8]) -> Result<(i64, Option<u64>)> {
    let reader = store.reader();
    let number = |qualifier: &[u8]| -> Result<Option<u64>> {
        let cell = reader.get(word, "count", qualifier)?;
        Ok(cell.and_then(|cell| Some(u64::from_le_bytes(cell.value.try_into().ok()?))))
    };
    Ok((number(b"n")?.unwrap_or(0) as i64, number(b"id")?))
}

#[derive(Default)]
struct Steps {
    tuples: Vec<i64>,
    words: Vec<String>,
    stored: Vec<i64>,
    cases: Vec<&'static str>,
    counts: Vec<i64>,
}

impl Steps {
    fn push(&mut self, tuple: u64, word: &[u8], stored: i64, case: &'static str, count: i64) {
        self.tuples.push(tuple as i64);
        self.words.push(String::from_utf8_lossy(word).into_owned());
        self.stored.push(stored);
        self.cases.push(case);
        self.counts.push(count);
    }

    fn table(self) -> Result<DataFrame> {
        Ok(df!(
            "tuple" => self.tuples,
            "word" => self.words,
            "stored" => self.stored,
            "case" => self.cases,
            "count" => self.counts,
        )?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WORDS: [&str; 4] = ["apple", "pear", "apple", "apple"];

    /// Counts apples, with a crash.
    fn apples(semantics: Semantics, crash: CrashPoint<u64>) -> i64 {
        let folder = tempfile::tempdir().unwrap();
        run(folder.path(), &WORDS, semantics, &[crash]).unwrap();
        let store = EmbeddedStore::open(folder.path().join("counts"), &FAMILIES).unwrap();
        counted(&store, b"apple").unwrap().0
    }

    #[test]
    fn a_tuple_that_comes_again_counts_twice_at_least_once_and_never_in_strong_order() {
        for tuple in 0..4 {
            for crash in [CrashPoint::before(tuple), CrashPoint::after(tuple)] {
                assert_eq!(apples(Semantics::StronglyOrdered, crash), 3, "{crash}");
                let twice = crash == CrashPoint::after(tuple) && tuple != 1;
                let counted = apples(Semantics::AtLeastOnce, crash);
                assert_eq!(counted, 3 + i64::from(twice), "{crash}");
            }
        }
    }
}
