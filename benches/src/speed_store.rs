//! `workbook bench speed --store hbase://HOST:PORT`: the realtime store of this machine beside one
//! elsewhere, operation by operation; and what a major compaction does to space and reads there.
use super::print_table;
use anyhow::Result;
use connect::local::LocalSystem;
use connect::local::hbase::{self, LocalHBase, Stage};
use kernel::place::Built;
use lambda_workbook::speed::{
    Change, Conditional, EmbeddedStore, Family, Mutation, RealtimeStore, RemoteStores,
};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;
use workbook::Outcome;

/// Rows of one batch, and how many batches are put.
const ROWS: u64 = 1_000;
const BATCHES: u64 = 20;
/// Single operations of each kind.
const SINGLE: u64 = 1_000;
/// Scans of all rows.
const SCANS: u64 = 10;
/// Generations of rows, of which all but the last expire before the compaction.
const GENERATIONS: u64 = 4;
/// Rows of a generation.
const OF_GENERATION: u64 = 50_000;

/// An operation, and how long each of its calls took, in milliseconds.
type Times = (&'static str, Vec<f64>);

/// Measures both stores, and prints a table. The table of the other store is removed at the end.
pub fn run(address: &str) -> Result<Outcome> {
    let families = [Family::new("f")];
    let folder = tempfile::tempdir()?;
    let here = EmbeddedStore::open(folder.path(), &families)?;
    let stores = RemoteStores::open(address, None)?;
    let table = format!("lambda_bench_{}", std::process::id());
    let there = stores.store(&table, &families)?;
    let ours = measured(&here);
    let theirs = measured(&there);
    stores.remove(&table)?;
    let words = |words: [&str; 6]| words.map(str::to_owned).to_vec();
    let mut rows = vec![words([
        "milliseconds a call",
        "here p50",
        "here p99",
        "there p50",
        "there p99",
        "times ours",
    ])];
    for ((name, ours), (_, theirs)) in ours?.into_iter().zip(theirs?) {
        let (ours, theirs) = (sorted(ours), sorted(theirs));
        let ratio = at(&theirs, 0.5) / at(&ours, 0.5);
        rows.push(vec![
            name.to_owned(),
            format!("{:.3}", at(&ours, 0.5)),
            format!("{:.3}", at(&ours, 0.99)),
            format!("{:.3}", at(&theirs, 0.5)),
            format!("{:.3}", at(&theirs, 0.99)),
            format!("{ratio:.0}x"),
        ]);
    }
    print_table(&rows);
    compaction(address, &stores)?;
    Ok(Outcome::Done)
}

/// Measures the third expiry, in the HBase that `workbook up hbase` has started: space and reads
/// before, during and after the major compaction that follows on deletions.
fn compaction(address: &str, stores: &RemoteStores) -> Result<()> {
    let system = LocalHBase::at(hbase::home(&Built::find()?.root.join(".systems")));
    let here = system
        .running()
        .map(|running| format!("hbase://{}", running.address));
    if here.as_deref() != Some(address.trim_end_matches('/')) {
        println!(
            "no compaction is measured: {address} was not started by `workbook up hbase` here"
        );
        return Ok(());
    }
    // Everything is in files, and all generations but the last are deleted.
    let table = format!("lambda_bench_compact_{}", std::process::id());
    let store = stores.store(&table, &[Family::new("f")])?;
    let row = |generation: u64, n: u64| format!("{generation}/{n:08}").into_bytes();
    for generation in 0..GENERATIONS {
        for first in (0..OF_GENERATION).step_by(ROWS as usize) {
            let rows = (first..first + ROWS).map(|n| row(generation, n));
            let puts: Vec<Mutation> = { rows }
                .map(|row| Mutation::of(row).put("f", "q", 0, [7u8; 100]))
                .collect();
            store.apply(&puts)?;
        }
    }
    system.compact(&table, &|_| ())?;
    for generation in 0..GENERATIONS - 1 {
        let emptied = (0..OF_GENERATION).map(|n| Mutation {
            row: row(generation, n),
            changes: vec![Change::DeleteFamily { family: "f" }],
        });
        store.apply(&emptied.collect::<Vec<_>>())?;
    }

    // Reads of what is left, on a connection of their own.
    let reading = RemoteStores::open(address, None)?.store(&table, &[Family::new("f")])?;
    let read = |n: u64| {
        let row = row(GENERATIONS - 1, n * 7_919 % OF_GENERATION);
        reading.reader().get(&row, "f", b"q").map(drop)
    };
    let before = timed(SINGLE, read)?;
    let (runs, ended) = (AtomicBool::new(false), AtomicBool::new(false));
    let (compacted, during) = std::thread::scope(|scope| {
        let reads = scope.spawn(|| -> Result<Vec<f64>> {
            let mut times = Vec::new();
            for n in 0.. {
                if ended.load(Ordering::SeqCst) {
                    break;
                }
                let counts = runs.load(Ordering::SeqCst);
                let time = timed(1, |_| read(n))?;
                times.extend(time.into_iter().filter(|_| counts));
            }
            Ok(times)
        });
        let compacted = system.compact(&table, &|stage| {
            runs.store(stage == Stage::Began, Ordering::SeqCst);
        });
        ended.store(true, Ordering::SeqCst);
        (compacted, reads.join().expect("a read returns its errors"))
    });
    let compacted = compacted?;
    let after = timed(SINGLE, read)?;
    stores.remove(&table)?;

    let words = |words: [&str; 5]| words.map(str::to_owned).to_vec();
    let line = |when: &str, bytes: u64, times: Vec<f64>| {
        let (reads, times) = (times.len(), sorted(times));
        vec![
            when.to_owned(),
            format!("{:.1} MB", bytes as f64 / 1e6),
            reads.to_string(),
            format!("{:.3}", at(&times, 0.5)),
            format!("{:.3}", at(&times, 0.99)),
        ]
    };
    print_table(&[
        words([
            "major compaction",
            "on the disk",
            "reads",
            "ms p50",
            "ms p99",
        ]),
        line(
            "before, three of four rows deleted",
            compacted.before,
            before,
        ),
        line("during, the most", compacted.most, during?),
        line("after", compacted.after, after),
    ]);
    println!("the compaction took {:.1} s", compacted.took.as_secs_f64());
    Ok(())
}

fn measured(store: &dyn RealtimeStore) -> Result<Vec<Times>> {
    let row = |n: u64| format!("row{n:08}").into_bytes();
    let value = [7u8; 100];
    let batch = |first: u64| -> Vec<Mutation> {
        let rows = first..first + ROWS;
        rows.map(|n| Mutation::of(row(n)).put("f", "q", 0, value))
            .collect()
    };
    let puts = timed(BATCHES, |n| store.apply(&batch(n * ROWS)))?;
    // As an update of the views changes rows: each on a condition of its own.
    let conditional = timed(BATCHES, |n| {
        let all = batch(n * ROWS).into_iter().map(|mutation| Conditional {
            family: "f",
            qualifier: b"applied".to_vec(),
            expected: None,
            mutation: mutation.put("f", "applied", 0, [1]),
        });
        store.apply_if(&all.collect::<Vec<_>>()).map(drop)
    })?;
    let single = timed(SINGLE, |n| {
        store.apply(&[Mutation::of(row(n)).put("f", "q", 0, value)])
    })?;
    let increments = timed(SINGLE, |n| {
        let row = row(n % 10);
        store.increment(&row, "f", b"sum", 1).map(drop)
    })?;
    let reads = timed(SINGLE, |n| {
        let row = row(n * 7 % (ROWS * BATCHES));
        store.reader().get(&row, "f", b"q").map(drop)
    })?;
    let scans = timed(SCANS, |_| store.reader().scan(b"row", "f").map(drop))?;
    Ok(vec![
        ("put 1,000 rows in one call", puts),
        ("put 1,000 rows, each on a condition", conditional),
        ("put one row", single),
        ("increment a cell", increments),
        ("read a cell", reads),
        ("scan 40,000 cells", scans),
    ])
}

/// Times some calls, in milliseconds each.
fn timed(
    calls: u64,
    mut call: impl FnMut(u64) -> lambda_workbook::speed::Result<()>,
) -> Result<Vec<f64>> {
    let mut times = Vec::new();
    for n in 0..calls {
        let began = Instant::now();
        call(n)?;
        times.push(began.elapsed().as_secs_f64() * 1_000.0);
    }
    Ok(times)
}

fn sorted(mut times: Vec<f64>) -> Vec<f64> {
    times.sort_by(f64::total_cmp);
    times
}

/// Returns the time that a part of the calls did not exceed.
fn at(sorted: &[f64], part: f64) -> f64 {
    let place = (sorted.len() as f64 * part) as usize;
    sorted
        .get(place.min(sorted.len().saturating_sub(1)))
        .copied()
        .unwrap_or(f64::NAN)
}
