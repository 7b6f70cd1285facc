//! What a log and a realtime store promise, tried on whatever is behind the trait: the systems of
//! this machine, or Kafka and HBase by their addresses.
//!
//! Each promise is tried by a few calls and reported with what was seen. The tests try them much
//! harder, with drawn sequences of calls and with kills: `tests/log_promises.rs`,
//! `tests/store_promises.rs`, `crates/connect/tests/`.
use super::retry::retried;
use lambda::speed::log::partition_of;
use lambda::speed::{
    Atomicity, Conditional, Family, Log, Mutation, RealtimeStore, Result, SpeedError,
};
use polars::prelude::{Column, DataFrame};
use std::sync::atomic::{AtomicBool, Ordering};

/// A promise, and what was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Promise {
    /// What is promised.
    pub promise: &'static str,
    /// Whether it held.
    pub holds: bool,
    /// What was seen.
    pub seen: String,
}

impl Promise {
    fn new(promise: &'static str, holds: bool, seen: String) -> Self {
        Promise {
            promise,
            holds,
            seen,
        }
    }
}

/// What was seen of the same promises in a run on a real system.
pub struct PromiseSample {
    /// The system.
    pub system: &'static str,
    /// For each promise, in order: whether it held, and what was seen.
    pub seen: &'static [(bool, &'static str)],
}

/// A table of promises: `promise`, what was seen of it on the system that is named `name`, and a
/// column for each sample, which says `the same` where the same was seen.
///
/// ```
/// use lambda_workbook::speed::{EmbeddedLog, promises};
///
/// let folder = tempfile::tempdir()?;
/// let log = EmbeddedLog::open(folder.path())?;
/// let table = promises::frame("this log", &promises::of_log(&log, "tried")?, &[promises::KAFKA]);
/// let kafka = table.column("Kafka (sample)")?.str()?;
/// assert_eq!(kafka.get(0), Some("the same"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn frame(name: &str, promises: &[Promise], samples: &[PromiseSample]) -> DataFrame {
    let told = |holds: bool, seen: &str| format!("{}: {seen}", if holds { "yes" } else { "no" });
    let here: Vec<String> = promises
        .iter()
        .map(|row| told(row.holds, &row.seen))
        .collect();
    let mut columns = vec![
        Column::new(
            "promise".into(),
            promises.iter().map(|row| row.promise).collect::<Vec<_>>(),
        ),
        Column::new(name.into(), &here),
    ];
    for PromiseSample { system, seen } in samples {
        let rows = here
            .iter()
            .enumerate()
            .map(|(place, here)| match seen.get(place) {
                None => "not tried".to_owned(),
                Some((holds, seen)) if told(*holds, seen) == *here => "the same".to_owned(),
                Some((holds, seen)) => told(*holds, seen),
            });
        columns.push(Column::new((*system).into(), rows.collect::<Vec<_>>()));
    }
    DataFrame::new(promises.len(), columns).expect("columns of one length and of other names")
}

/// What [`of_log`] has seen on Kafka 4.4.0, one broker, on 2026-11-30.
pub const KAFKA: PromiseSample = PromiseSample {
    system: "Kafka (sample)",
    seen: &[
        (true, "0 to 2, two removed, then 3"),
        (true, "200 of 200"),
        (true, "10 of 10 keys"),
        (true, "3 records, read twice"),
        (true, "groups at 1 and 3"),
        (true, "0 refused, kept from 2"),
        (false, "stored 2 times"),
        (false, "26 of 100 keys, 4 partitions"),
    ],
};

/// Tries a log, in new topics whose names begin with `prefix`.
///
/// # Errors
/// If the log cannot be written or read.
pub fn of_log(log: &dyn Log, prefix: &str) -> Result<Vec<Promise>> {
    let topic = |name: &str| format!("{prefix}-{name}");
    let mut tried = Vec::new();

    // Offsets, also after a removal.
    let offsets = topic("offsets");
    log.create_topic(&offsets, 1)?;
    log.append(&offsets, 0, &[(b"", b"a"), (b"", b"b"), (b"", b"c")])?;
    log.delete_before(&offsets, 0, 2)?;
    let next = log.append(&offsets, 0, &[(b"", b"d")])?;
    tried.push(Promise::new(
        "an offset is given once",
        next == 3,
        format!("0 to 2, two removed, then {next}"),
    ));

    // Order.
    let order = topic("order");
    log.create_topic(&order, 1)?;
    let values: Vec<[u8; 8]> = (0..200u64).map(u64::to_be_bytes).collect();
    for some in values.chunks(7) {
        let records: Vec<(&[u8], &[u8])> = some.iter().map(|v| (&b""[..], &v[..])).collect();
        log.append(&order, 0, &records)?;
    }
    let read = log.read(&order, 0, 0, usize::MAX)?;
    let same = read
        .iter()
        .zip(&values)
        .filter(|(r, v)| r.value == &v[..])
        .count();
    tried.push(Promise::new(
        "records are read in order, once",
        same == 200 && read.len() == 200,
        format!("{same} of 200"),
    ));

    // Keys.
    let keys = topic("keys");
    log.create_topic(&keys, 4)?;
    let items: Vec<(String, String)> = (0..400)
        .map(|i| (format!("k{}", i % 10), format!("{i:03}")))
        .collect();
    let records: Vec<(&[u8], &[u8])> = items
        .iter()
        .map(|(k, v)| (k.as_bytes(), v.as_bytes()))
        .collect();
    log.append_by_key(&keys, &records)?;
    let (mut together, mut found) = (0, 0);
    for partition in 0..4 {
        let records = log.read(&keys, partition, 0, usize::MAX)?;
        for key in (0..10).map(|k| format!("k{k}")) {
            let of_key = records.iter().filter(|r| r.key == key.as_bytes());
            let of_key: Vec<&[u8]> = of_key.map(|r| r.value).collect();
            found += of_key.len();
            together += usize::from(of_key.len() == 40 && of_key.is_sorted());
        }
    }
    tried.push(Promise::new(
        "a key has one partition, in order",
        together == 10 && found == 400,
        format!("{together} of 10 keys"),
    ));

    // Readers.
    let readers = topic("readers");
    log.create_topic(&readers, 1)?;
    log.append(&readers, 0, &[(b"", b"a"), (b"", b"b"), (b"", b"c")])?;
    let [once, twice] = [log.read(&readers, 0, 0, 10)?, log.read(&readers, 0, 0, 10)?];
    tried.push(Promise::new(
        "reading removes nothing",
        once == twice && once.len() == 3,
        format!("{} records, read twice", twice.len()),
    ));
    let groups = [(topic("counts"), 1), (topic("search"), 3)];
    for (group, offset) in &groups {
        log.commit(group, &readers, 0, *offset)?;
    }
    let mut stand = Vec::new();
    for (group, _) in &groups {
        stand.push(log.committed(group, &readers, 0)?.unwrap_or(0));
    }
    tried.push(Promise::new(
        "a group has its own offset",
        stand == [1, 3],
        format!("groups at {} and {}", stand[0], stand[1]),
    ));
    let (refused, seen) = match log.read(&offsets, 0, 0, 1) {
        Err(SpeedError::OutOfRange { offset, begin, .. }) => {
            (true, format!("{offset} refused, kept from {begin}"))
        }
        Err(error) => return Err(error),
        Ok(_) => (false, "offset 0 was read".to_owned()),
    };
    tried.push(Promise::new("what is not kept is refused", refused, seen));

    // What is not promised, or differs.
    let stored = retried(log, &topic("again"), "", 2)?.stored;
    tried.push(Promise::new(
        "an event appended again is noticed",
        stored == 1,
        format!("stored {stored} times"),
    ));
    let places = topic("places");
    let same = hashed_alike(log, &places)?;
    tried.push(Promise::new(
        "keys are hashed by XXH3",
        same == KEYS,
        format!("{same} of {KEYS} keys, {PLACES} partitions"),
    ));
    Ok(tried)
}

/// Keys whose partitions are looked at.
const KEYS: usize = 100;
/// The partitions among which they are.
const PLACES: u32 = 4;

/// Appends records with different keys to a topic of four partitions, and returns how many are in the
/// partition that [`partition_of`] names.
fn hashed_alike(log: &dyn Log, topic: &str) -> Result<usize> {
    log.create_topic(topic, PLACES)?;
    let keys: Vec<String> = (0..KEYS).map(|n| format!("user {n}")).collect();
    let records: Vec<(&[u8], &[u8])> = keys.iter().map(|key| (key.as_bytes(), &b""[..])).collect();
    log.append_by_key(topic, &records)?;
    let mut same = 0;
    for partition in 0..PLACES {
        let records = log.read(topic, partition, 0, usize::MAX)?;
        same += records
            .iter()
            .filter(|r| partition_of(r.key, PLACES) == partition)
            .count();
    }
    Ok(same)
}

/// The column families with which a store is opened for [`of_store`].
pub const FAMILIES: [Family; 2] = [
    Family::new("n"),
    Family {
        name: "old",
        versions: 3,
        ttl: None,
    },
];

/// What [`of_store`] has seen on HBase 2.6.1 in one process, on 2026-11-30.
pub const HBASE: PromiseSample = PromiseSample {
    system: "HBase (sample)",
    seen: &[
        (true, "a, b, c"),
        (true, "by the next reader"),
        (true, "100 changes, 0 halves seen"),
        (true, "4 writers, 1 succeeded"),
        (true, "4 writers, 25 each: 100"),
        (true, "5 written, 3 kept"),
        (false, "only those of one row"),
        (false, "hidden, its timestamp is older"),
    ],
};

/// Writers at a time.
const WRITERS: i64 = 4;
/// Increments of each writer.
const EACH: i64 = 25;
/// Writes of a row while another thread reads it.
const WRITES: u64 = 100;

/// Tries a store that was opened with [`FAMILIES`], in rows that begin with `prefix`.
///
/// # Errors
/// If the store cannot be written or read.
pub fn of_store(store: &dyn RealtimeStore, prefix: &str) -> Result<Vec<Promise>> {
    let row = |name: &str| format!("{prefix}/{name}");
    let mut tried = Vec::new();

    // Order, and what the next reader sees.
    for name in ["b", "c", "a"] {
        store.apply(&[Mutation::of(row(&format!("order/{name}"))).put("n", "q", 1, name)])?;
    }
    let found = store.reader().scan(row("order/").as_bytes(), "n")?;
    let names: Vec<String> = found
        .iter()
        .map(|(_, (_, cell))| String::from_utf8_lossy(&cell.value).into_owned())
        .collect();
    tried.push(Promise::new(
        "rows are sorted by key",
        names == ["a", "b", "c"],
        names.join(", "),
    ));
    let seen = store.reader().get(row("order/a").as_bytes(), "n", b"q")?;
    tried.push(Promise::new(
        "an acknowledged write is seen",
        seen.is_some(),
        if seen.is_some() {
            "by the next reader"
        } else {
            "not by the next reader"
        }
        .to_owned(),
    ));

    // A row is seen whole, while another thread writes it.
    let whole = row("whole");
    let done = AtomicBool::new(false);
    let halves = std::thread::scope(|scope| -> Result<u64> {
        let reader = scope.spawn(|| -> Result<u64> {
            let mut halves = 0;
            while !done.load(Ordering::SeqCst) {
                let cells = store.reader().row(whole.as_bytes(), "n", b"a"..b"z")?;
                let values: Vec<&[u8]> = cells.iter().map(|(_, cell)| &cell.value[..]).collect();
                halves +=
                    u64::from(values.len() == 1 || values.windows(2).any(|two| two[0] != two[1]));
            }
            Ok(halves)
        });
        let mut written = Ok(());
        for n in 1..=WRITES {
            let put = Mutation::of(whole.as_str()).put("n", "left", n as i64, n.to_be_bytes());
            written = store.apply(&[put.put("n", "right", n as i64, n.to_be_bytes())]);
            if written.is_err() {
                break;
            }
        }
        done.store(true, Ordering::SeqCst);
        let halves = reader.join().expect("the reader does not panic");
        written.and(halves)
    })?;
    tried.push(Promise::new(
        "a change of a row is seen whole",
        halves == 0,
        format!("{WRITES} changes, {halves} halves seen"),
    ));

    // Conditions and increments of several writers.
    let (one, sum) = (row("one"), row("sum"));
    let writers = |work: &(dyn Fn(i64) -> Result<i64> + Sync)| -> Result<Vec<i64>> {
        std::thread::scope(|scope| {
            let threads: Vec<_> = (0..WRITERS).map(|n| scope.spawn(move || work(n))).collect();
            let ended = threads
                .into_iter()
                .map(|thread| thread.join().expect("a writer does not panic"));
            ended.collect()
        })
    };
    let succeeded = writers(&|n| {
        let conditional = Conditional {
            family: "n",
            qualifier: b"owner".to_vec(),
            expected: None,
            mutation: Mutation::of(one.as_str()).put("n", "owner", 1, [n as u8 + 1]),
        };
        Ok(store
            .apply_if(&[conditional])?
            .iter()
            .filter(|held| **held)
            .count() as i64)
    })?;
    let succeeded: i64 = succeeded.iter().sum();
    tried.push(Promise::new(
        "of writers with one condition, one succeeds",
        succeeded == 1,
        format!("{WRITERS} writers, {succeeded} succeeded"),
    ));
    writers(&|_| {
        let mut last = 0;
        for _ in 0..EACH {
            last = store.increment(sum.as_bytes(), "n", b"sum", 1)?;
        }
        Ok(last)
    })?;
    let total = store.increment(sum.as_bytes(), "n", b"sum", 0)?;
    tried.push(Promise::new(
        "no acknowledged increment is lost",
        total == WRITERS * EACH,
        format!("{WRITERS} writers, {EACH} each: {total}"),
    ));

    // Versions, and the differences.
    for version in 1..=5i64 {
        store.apply(&[Mutation::of(row("old")).put("old", "q", version, [version as u8])])?;
    }
    let kept = store
        .reader()
        .versions(row("old").as_bytes(), "old", b"q")?;
    let kept: Vec<i64> = kept.iter().map(|cell| cell.timestamp).collect();
    tried.push(Promise::new(
        "a family keeps its number of versions",
        kept == [5, 4, 3],
        format!("5 written, {} kept", kept.len()),
    ));
    let (all, seen) = match store.atomicity() {
        Atomicity::Call => (true, "all of one call"),
        Atomicity::Row => (false, "only those of one row"),
    };
    tried.push(Promise::new(
        "changes of several rows are atomic",
        all,
        seen.to_owned(),
    ));
    let again = row("again");
    let put = |timestamp| Mutation::of(again.as_str()).put("n", "q", timestamp, "value");
    store.apply(&[put(1)])?;
    store.apply(&[Mutation::of(again.as_str()).delete("n", "q")])?;
    store.apply(&[put(2)])?;
    let seen = store.reader().get(again.as_bytes(), "n", b"q")?.is_some();
    tried.push(Promise::new(
        "an older timestamp after a deletion is seen",
        seen,
        if seen {
            "seen"
        } else {
            "hidden, its timestamp is older"
        }
        .to_owned(),
    ));
    Ok(tried)
}

#[cfg(test)]
mod tests {
    use super::*;
    use lambda::speed::{EmbeddedLog, EmbeddedStore};

    #[test]
    fn this_machines_log_and_store_hold_what_they_promise() {
        let folder = tempfile::tempdir().unwrap();
        let log = EmbeddedLog::open(folder.path().join("log")).unwrap();
        let of_log = of_log(&log, "tried").unwrap();
        // The last but one is not promised by any log.
        let holds: Vec<bool> = of_log.iter().map(|promise| promise.holds).collect();
        assert_eq!(holds, [true, true, true, true, true, true, false, true]);
        assert_eq!(of_log.len(), KAFKA.seen.len());
        let store = EmbeddedStore::open(folder.path().join("store"), &FAMILIES).unwrap();
        let of_store = of_store(&store, "tried").unwrap();
        assert!(of_store.iter().all(|promise| promise.holds), "{of_store:?}");
        assert_eq!(of_store.len(), HBASE.seen.len());
    }
}
