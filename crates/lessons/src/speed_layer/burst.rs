//! Synchronous or asynchronous updates (figures 12.7 and 12.8).
//!
//! Synchronous: a client writes into the database and waits for it. Asynchronous:
//! it appends to the log, and a worker writes many events at once later on. The
//! client of the first learns whether its event is in the view, and waits as long
//! as the database is busy; that of the second never waits for the database, and
//! the queue takes up a burst.
//!
//! [`measured`] times both on real files. [`under_load`] sends a burst in real time
//! and watches how many events wait; [`load`] is the arithmetic of the same with
//! given speeds, second by second.
use lambda::speed::Log;
use lambda::speed::Result;
use lambda::speed::{Durability, EmbeddedLog};
use lambda::speed::{EmbeddedStore, RealtimeStoreOptions};
use lambda::speed::{Family, Mutation, RealtimeStore};
use polars::prelude::{DataFrame, df};
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

const FAMILY: [Family; 1] = [Family::new("n")];
/// Rows that are counted into.
const ROWS: u64 = 100;

/// One way's times for a burst of events from several clients.
#[derive(Clone, Debug)]
pub struct BurstTimes {
    pub way: &'static str,
    pub events: u64,
    /// Until all clients were answered.
    pub clients: Duration,
    /// Until all events were in the view.
    pub views: Duration,
    /// The time that a client waits: half, and 99 of 100, wait no longer.
    pub median: Duration,
    pub slow: Duration,
    /// The sum of all counts in the view.
    pub counted: u64,
}

fn count(store: &EmbeddedStore, events: &[u64]) -> Result<()> {
    let reader = store.reader();
    let mut rows = std::collections::BTreeMap::new();
    for event in events {
        *rows.entry(event % ROWS).or_insert(0u64) += 1;
    }
    let mut mutations = Vec::new();
    for (row, more) in rows {
        let row = row.to_be_bytes();
        let before = reader.get(&row, "n", b"n")?;
        let before = before.and_then(|cell| Some(u64::from_be_bytes(cell.value.try_into().ok()?)));
        let after = before.unwrap_or(0) + more;
        mutations.push(Mutation::of(row).put("n", "n", 0, after.to_be_bytes()));
    }
    drop(reader);
    store.apply(&mutations)
}

fn counted(store: &EmbeddedStore) -> Result<u64> {
    let cells = store.reader().scan(b"", "n")?;
    Ok(cells
        .into_iter()
        .filter_map(|(_, (_, cell))| Some(u64::from_be_bytes(cell.value.try_into().ok()?)))
        .sum())
}

/// Runs clients on threads, each with its share of the events; their sorted waits.
fn clients(
    clients: u64,
    events: u64,
    send: impl Fn(u64) -> Result<()> + Sync,
) -> Result<Vec<Duration>> {
    let send = &send;
    let waits: Result<Vec<Vec<Duration>>> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..clients)
            .map(|client| {
                scope.spawn(move || {
                    let mine = (client..events).step_by(clients as usize);
                    mine.map(|event| {
                        let started = Instant::now();
                        send(event).map(|()| started.elapsed())
                    })
                    .collect()
                })
            })
            .collect();
        threads
            .into_iter()
            .map(|thread| thread.join().expect("a client does not panic"))
            .collect()
    });
    let mut waits = waits?.concat();
    waits.sort_unstable();
    Ok(waits)
}

/// A burst of events from eight clients, written durably, in both ways.
pub fn measured(folder: &Path, events: u64) -> Result<[BurstTimes; 2]> {
    let open = |name: &str| {
        let options = RealtimeStoreOptions {
            durability: Durability::Power,
            ..RealtimeStoreOptions::default()
        };
        EmbeddedStore::open_with(folder.join(name), &FAMILY, options)
    };
    let result = |way, waits: Vec<Duration>, answered, views, counted| BurstTimes {
        way,
        events,
        clients: answered,
        views,
        median: waits[waits.len() / 2],
        slow: waits[waits.len() * 99 / 100],
        counted,
    };
    // A client must have read what it adds to: one at a time.
    let (store, turn) = (open("sync")?, std::sync::Mutex::new(()));
    let started = Instant::now();
    let waits = clients(8, events, |event| {
        let _turn = turn
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        count(&store, &[event])
    })?;
    let took = started.elapsed();
    let synchronous = result("synchronous", waits, took, took, counted(&store)?);

    let (store, log) = (open("async")?, EmbeddedLog::open(folder.join("log"))?);
    log.create_topic("events", 1)?;
    let (started, done) = (Instant::now(), AtomicBool::new(false));
    let (waits, answered) = std::thread::scope(|scope| -> Result<_> {
        let worker = scope.spawn(|| -> Result<()> {
            let mut offset = 0;
            loop {
                // Read before the records: what comes after that is seen next time.
                let last = done.load(Ordering::SeqCst);
                let records = log.read("events", 0, offset, 10_000)?;
                if records.is_empty() && last {
                    return Ok(());
                }
                let numbers = records
                    .iter()
                    .map(|r| r.value.try_into().map_or(0, u64::from_be_bytes));
                count(&store, &numbers.collect::<Vec<_>>())?;
                offset = records.next();
            }
        });
        let waits = clients(8, events, |event| {
            log.append("events", 0, &[(b"", &event.to_be_bytes())])
                .map(|_| ())
        });
        let answered = started.elapsed();
        done.store(true, Ordering::SeqCst);
        worker.join().expect("the worker does not panic")?;
        Ok((waits?, answered))
    })?;
    let asynchronous = result(
        "asynchronous",
        waits,
        answered,
        started.elapsed(),
        counted(&store)?,
    );
    Ok([synchronous, asynchronous])
}

/// A load in real time, for both ways: `base` events a second, and `burst` of them
/// from 200 to 400 ms, then `base` again until 600 ms. `ms`, `way`, `waiting`: events
/// that were sent and are not in the view. Ends when all are, or after 3 s; each
/// event is written durably.
pub fn under_load(folder: &Path, base: u64, burst: u64) -> Result<DataFrame> {
    let options = RealtimeStoreOptions {
        durability: Durability::Power,
        ..RealtimeStoreOptions::default()
    };
    let (mut ms, mut way, mut waiting) = (vec![], vec![], vec![]);
    for name in ["synchronous", "asynchronous"] {
        let store = EmbeddedStore::open_with(folder.join(name), &FAMILY, options.clone())?;
        let log = EmbeddedLog::open(folder.join(format!("{name}-log")))?;
        log.create_topic("events", 1)?;
        let most = if name == "synchronous" { 1 } else { 10_000 };
        let (sent, over) = (AtomicU64::new(0), AtomicBool::new(false));
        let in_view = AtomicU64::new(0);
        std::thread::scope(|scope| -> Result<()> {
            let worker = scope.spawn(|| -> Result<()> {
                while !over.load(Ordering::SeqCst) {
                    let at = in_view.load(Ordering::SeqCst);
                    let waits = (sent.load(Ordering::SeqCst) - at).min(most);
                    if waits == 0 {
                        std::thread::yield_now();
                        continue;
                    }
                    count(&store, &(at..at + waits).collect::<Vec<_>>())?;
                    in_view.store(at + waits, Ordering::SeqCst);
                }
                Ok(())
            });
            let (started, mut due) = (Instant::now(), 0.0);
            for tick in 0i64.. {
                let now = tick * TICK;
                let rate = match now {
                    200..400 => burst,
                    0..600 => base,
                    _ => 0,
                };
                due += rate as f64 * TICK as f64 / 1e3;
                let before = sent.load(Ordering::SeqCst);
                let events: Vec<[u8; 8]> = (before..due as u64).map(u64::to_be_bytes).collect();
                if name == "asynchronous" && !events.is_empty() {
                    let records = events.iter().map(|event| (&b""[..], &event[..]));
                    log.append("events", 0, &records.collect::<Vec<_>>())?;
                }
                sent.fetch_max(due as u64, Ordering::SeqCst);
                let waits = sent.load(Ordering::SeqCst) - in_view.load(Ordering::SeqCst);
                ms.push(now);
                way.push(name);
                waiting.push(waits as i64);
                if worker.is_finished() || now >= 3_000 || (now >= 600 && waits == 0) {
                    break;
                }
                let next = Duration::from_millis((now + TICK) as u64);
                std::thread::sleep(next.saturating_sub(started.elapsed()));
            }
            over.store(true, Ordering::SeqCst);
            worker.join().expect("the worker does not panic")
        })?;
    }
    Ok(df!("ms" => ms, "way" => way, "waiting" => waiting)?)
}

/// Milliseconds between two looks at what waits.
const TICK: i64 = 5;

/// What a second's load meets: `second`, `arrived`, `way`, `waiting`, the requests
/// or events that wait at its end. `base` events a second, `burst` of them for ten
/// seconds; the database takes `single` updates a second one by one, `batched`
/// when they come together.
pub fn load(base: u64, burst: u64, single: u64, batched: u64) -> DataFrame {
    let (mut second, mut arrived, mut way, mut waiting) = (vec![], vec![], vec![], vec![]);
    for (name, speed) in [("synchronous", single), ("asynchronous", batched)] {
        let mut queue = 0u64;
        for t in 0..60u64 {
            let comes = if (10..20).contains(&t) { burst } else { base };
            queue = (queue + comes).saturating_sub(speed);
            second.push(t as i64);
            arrived.push(comes as i64);
            way.push(name);
            waiting.push(queue as i64);
        }
    }
    df!("second" => second, "arrived" => arrived, "way" => way, "waiting" => waiting)
        .expect("columns of one length")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_count_all_events_and_the_log_answers_sooner_than_all_is_written() {
        let folder = tempfile::tempdir().unwrap();
        for way in measured(folder.path(), 400).unwrap() {
            assert_eq!(way.counted, 400, "{way:?}");
            assert!(
                way.median <= way.slow && way.clients <= way.views,
                "{way:?}"
            );
        }
    }

    #[test]
    fn what_waits_after_a_real_burst_is_in_the_view_at_the_end() {
        let folder = tempfile::tempdir().unwrap();
        let table = under_load(folder.path(), 100, 2_000).unwrap();
        let ways = table.column("way").unwrap().str().unwrap();
        let waiting = table.column("waiting").unwrap().i64().unwrap();
        let of = |way: &str| -> Vec<i64> {
            let rows = ways.iter().zip(waiting.iter());
            rows.filter(|row| row.0 == Some(way))
                .map(|row| row.1.unwrap())
                .collect()
        };
        for (way, sent) in [("synchronous", 440), ("asynchronous", 440)] {
            let waits = of(way);
            let store = EmbeddedStore::open(folder.path().join(way), &FAMILY).unwrap();
            let left = *waits.last().unwrap();
            assert!(waits.iter().max() <= Some(&sent), "{waits:?}");
            assert!(
                (counted(&store).unwrap() as i64) >= sent - left,
                "{way}: {left} wait"
            );
        }
    }

    #[test]
    fn a_burst_within_the_batched_speed_never_waits() {
        let waits = |table: &DataFrame, from: usize| -> i64 {
            table
                .column("waiting")
                .unwrap()
                .i64()
                .unwrap()
                .slice(from as i64, 60)
                .iter()
                .flatten()
                .max()
                .unwrap()
        };
        let table = load(500, 5_000, 1_000, 8_000);
        // Ten seconds of 4,000 more than it takes, the last second not yet over.
        assert_eq!((waits(&table, 0), waits(&table, 60)), (40_000, 0));
    }
}
