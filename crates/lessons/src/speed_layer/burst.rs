//! Synchronous or asynchronous updates (figures 12.7 and 12.8).
//!
//! Synchronous: a client writes into the database and waits for it. Asynchronous:
//! it appends to the log, and a worker writes many events at once later on. The
//! client of the first learns whether its event is in the view, and waits as long
//! as the database is busy; that of the second never waits for the database, and
//! the queue takes up a burst.
//!
//! [`measured`] times both on real files. [`under_load`] sends a burst in real time
//! and watches how many events wait, and [`real_burst`] draws that; [`load`] is the arithmetic of
//! the same with given speeds, second by second, until nothing waits any more.
use super::samples;
use lambda::speed::Log;
use lambda::speed::Result;
use lambda::speed::{Durability, EmbeddedLog};
use lambda::speed::{EmbeddedStore, RealtimeStoreOptions};
use lambda::speed::{Family, Mutation, RealtimeStore};
use notebook::plot;
use polars::prelude::{Column, DataFrame, DataType, PolarsResult, df};
use show::measured::steady;
use show::picture::Figure;
use show::table::grouped;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

const FAMILY: [Family; 1] = [Family::new("n")];
/// Rows that are counted into.
const ROWS: u64 = 100;

/// One way's times for events from several clients.
#[derive(Clone, Debug)]
pub struct BurstTimes {
    /// Synchronous or asynchronous.
    pub way: &'static str,
    /// Which failure an event survives once its client is answered.
    pub durability: Durability,
    /// The number of events.
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

/// Events from eight clients in both ways: first with every write synced to the disk, the log's and
/// the store's alike, then with every write left to the operating system.
///
/// # Errors
/// If the folder cannot be written.
pub fn measured(folder: &Path, events: u64) -> Result<[BurstTimes; 4]> {
    let [one, two] = both_ways(&folder.join("power"), events, Durability::Power)?;
    let [three, four] = both_ways(&folder.join("process"), events, Durability::Process)?;
    Ok([one, two, three, four])
}

/// Measures both ways with one durability.
fn both_ways(folder: &Path, events: u64, durability: Durability) -> Result<[BurstTimes; 2]> {
    let open = |name: &str| {
        let options = RealtimeStoreOptions {
            durability,
            ..RealtimeStoreOptions::default()
        };
        EmbeddedStore::open_with(folder.join(name), &FAMILY, options)
    };
    let result = |way, waits: Vec<Duration>, answered, views, counted| BurstTimes {
        way,
        durability,
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

    let (store, log) = (
        open("async")?,
        EmbeddedLog::open_with(folder.join("log"), durability)?,
    );
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
/// that were sent and are not in the view. Ends when all are, or after 3 s. Every write is synced:
/// the appends to the log, each with the events of five milliseconds, and the updates of the view.
pub fn under_load(folder: &Path, base: u64, burst: u64) -> Result<DataFrame> {
    let options = RealtimeStoreOptions {
        durability: Durability::Power,
        ..RealtimeStoreOptions::default()
    };
    let (mut ms, mut way, mut waiting) = (vec![], vec![], vec![]);
    for name in ["synchronous", "asynchronous"] {
        let store = EmbeddedStore::open_with(folder.join(name), &FAMILY, options.clone())?;
        let log = EmbeddedLog::open_with(folder.join(format!("{name}-log")), Durability::Power)?;
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

/// Seconds after which [`load`] stops although events wait.
const LONGEST: u64 = 3_600;

/// What a load meets, second by second, until nothing waits any more or an hour is over: `second`,
/// the end of a second, `arrived`, `way`, `waiting`, the events that wait at its end, and `seconds to wait`, how long an
/// event that arrives then waits. `base` events a second arrive, and `burst` of them in the seconds
/// 10 to 19. The database takes `single` updates a second one by one, and `batched` when they come
/// together.
///
/// ```
/// use lambda_workbook::polars::prelude::*;
/// use lambda_workbook::speed::burst::load;
///
/// let table = load(500, 5_000, 1_000, 8_000);
/// let waiting = table.column("waiting").unwrap().i64().unwrap();
/// assert_eq!(waiting.max(), Some(40_000)); // ten seconds of 4,000 more than it takes
/// assert_eq!(waiting.get(table.height() / 2 - 1), Some(0)); // drained at the end
/// ```
pub fn load(base: u64, burst: u64, single: u64, batched: u64) -> DataFrame {
    let arrives = |t: u64| if (10..20).contains(&t) { burst } else { base };
    let queue = |speed: u64| {
        let mut waiting = 0u64;
        (0..LONGEST).map(move |t| {
            waiting = (waiting + arrives(t)).saturating_sub(speed.max(1));
            waiting
        })
    };
    let ways = [("synchronous", single), ("asynchronous", batched)];
    // Both are shown until the slower one has drained.
    let ends = ways.map(|(_, speed)| {
        let waits = (0..).zip(queue(speed)).skip(20);
        waits
            .take_while(|(_, waiting)| *waiting > 0)
            .last()
            .map_or(20, |(t, _)| t + 1)
    });
    let seconds = ends.into_iter().max().unwrap_or(20) + 10;
    let (mut second, mut arrived, mut way) = (vec![], vec![], vec![]);
    let (mut waiting, mut wait) = (vec![], vec![]);
    for (name, speed) in ways {
        for (t, queue) in (0..seconds).zip(queue(speed)) {
            second.push(t as i64 + 1);
            arrived.push(arrives(t) as i64);
            way.push(name);
            waiting.push(queue as i64);
            wait.push(queue as f64 / speed.max(1) as f64);
        }
    }
    df!("second" => second, "arrived" => arrived, "way" => way, "waiting" => waiting, "seconds to wait" => wait)
        .expect("columns of one length")
}

/// Returns after how many seconds the backlog of a burst of ten seconds has drained, counted from the
/// end of the burst: what is left beside the base load takes it up. `None` if the base load alone
/// needs all that the database takes.
///
/// ```
/// use lambda_workbook::speed::burst::seconds_to_drain;
/// assert_eq!(seconds_to_drain(500, 5_000, 1_000), Some(80));
/// assert_eq!(seconds_to_drain(500, 900, 1_000), Some(0));
/// assert_eq!(seconds_to_drain(1_000, 5_000, 1_000), None);
/// ```
pub fn seconds_to_drain(base: u64, burst: u64, speed: u64) -> Option<u64> {
    let left = speed.checked_sub(base).filter(|left| *left > 0)?;
    Some((burst.saturating_sub(speed) * 10).div_ceil(left))
}

/// Draws [`load`] as two charts, one below the other: how many events wait, and how long one that
/// arrives then waits.
///
/// # Errors
/// None that depends on the load.
pub fn load_charts(base: u64, burst: u64, single: u64, batched: u64) -> PolarsResult<Figure> {
    let mut table = load(base, burst, single, batched);
    // A line on the axis is hard to see, so each name says how high its line is.
    let most = |way: &str, column: &str| -> PolarsResult<i64> {
        let names = table.column("way")?.str()?;
        let values = table.column(column)?.cast(&DataType::Float64)?;
        let of = names.iter().zip(values.f64()?.iter());
        let of = of.filter_map(|(name, value)| value.filter(|_| name == Some(way)));
        Ok(of.fold(0.0, f64::max).round() as i64)
    };
    let named = |column: &str, unit: &str| -> PolarsResult<Column> {
        let single = grouped(most("synchronous", column)?);
        let batched = grouped(most("asynchronous", column)?);
        let name = |way: &str| match way == "synchronous" {
            true => format!("{way}: at most {single} {unit}"),
            false => format!("{way}: at most {batched} {unit}"),
        };
        let ways = table.column("way")?.str()?.iter();
        let names: Vec<String> = ways.flatten().map(name).collect();
        Ok(Column::new("way".into(), names))
    };
    let (waiting, late) = (named("waiting", "wait")?, named("seconds to wait", "s")?);
    let mut by_seconds = table.clone();
    by_seconds.with_column(late)?;
    table.with_column(waiting)?;
    let title = format!(
        "{} events a second, and {} from second 10 to 20: events that wait",
        grouped(base as i64),
        grouped(burst as i64)
    );
    let chart = |table: &DataFrame, y, title: &str| {
        plot::lines(table, "second", y)
            .by("way")
            .band(10.0, 20.0, "burst")
            .title(title)
            .figure()
    };
    let waits = chart(
        &by_seconds,
        "seconds to wait",
        "How long an event that arrives then waits",
    )?;
    Ok(chart(&table, "waiting", &title)?.above(&waits))
}

/// Sends a real burst ([`under_load`]) and draws how many events wait. Where outputs are stored, it
/// draws a dated run of the same on a named machine instead, because a stored notebook must be the
/// same after every run.
///
/// # Errors
/// If the folder cannot be written.
pub fn real_burst(
    folder: &Path,
    base: u64,
    burst: u64,
) -> std::result::Result<Figure, Box<dyn std::error::Error>> {
    let (table, whose) = match steady() {
        true => (samples::burst()?, samples::BURST_TAKEN),
        false => (under_load(folder, base, burst)?, "measured now"),
    };
    Ok(plot::lines(&table, "ms", "waiting")
        .by("way")
        .mark(200.0, "the burst begins")
        .mark(400.0, "ends")
        .title(format!("Events that wait ({whose})"))
        .figure()?)
}

impl BurstTimes {
    /// One row for each way: `way`, `write`, which is what the answer to a client means for its
    /// event, `in the view`, how many microseconds half of the clients waited at most (`median us`) and
    /// 99 of 100 (`99 % below, us`), and after how many milliseconds all events were in the view (`all ms`);
    /// then the same of a dated run as `sample ..`.
    pub fn beside_sample(ways: &[Self; 4]) -> DataFrame {
        let us = |of: fn(&Self) -> Duration| {
            ways.iter()
                .map(|way| of(way).as_micros() as i64)
                .collect::<Vec<_>>()
        };
        let all = ways.iter().map(|way| way.views.as_millis() as i64);
        let sample = samples::BURST;
        df!(
            "way" => ways.iter().map(|way| way.way).collect::<Vec<_>>(),
            "write" => ways.iter().map(|way| match way.durability {
                Durability::Power => "synced",
                Durability::Process => "left to the system",
            }).collect::<Vec<_>>(),
            "in the view" => ways.iter().map(|way| way.counted as i64).collect::<Vec<_>>(),
            "median us" => us(|way| way.median),
            "99 % below, us" => us(|way| way.slow),
            "all ms" => all.collect::<Vec<_>>(),
            "sample median us" => sample.map(|row| row[0]),
            "sample 99 % below, us" => sample.map(|row| row[1]),
            "sample all ms" => sample.map(|row| row[2]),
        )
        .expect("columns of one length")
    }

    /// The columns of [`beside_sample`](Self::beside_sample) that a stored notebook leaves out.
    pub const MEASURED: [&str; 3] = ["median us", "99 % below, us", "all ms"];
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
        let waits = |table: &DataFrame| -> [i64; 2] {
            let half = table.height() / 2;
            [0, half].map(|from| {
                let waiting = table.column("waiting").unwrap().i64().unwrap();
                waiting
                    .slice(from as i64, half)
                    .iter()
                    .flatten()
                    .max()
                    .unwrap()
            })
        };
        // Ten seconds of 4,000 more than it takes.
        assert_eq!(waits(&load(500, 5_000, 1_000, 8_000)), [40_000, 0]);
        assert_eq!(waits(&load(500, 9_000, 1_000, 8_000)), [80_000, 10_000]);
    }

    /// Rule: the chart ends after the backlog has drained, at the speed that is left beside the
    /// base load.
    #[test]
    fn a_backlog_is_shown_until_it_has_drained() {
        for burst in [500, 2_000, 5_000, 12_000] {
            let table = load(500, burst, 1_000, 8_000);
            let waiting = table.column("waiting").unwrap().i64().unwrap();
            let synchronous: Vec<i64> = waiting.iter().take(table.height() / 2).flatten().collect();
            let drains = (burst.saturating_sub(1_000) * 10 / 500) as usize;
            assert_eq!(synchronous.last(), Some(&0));
            assert_eq!(
                synchronous
                    .iter()
                    .rposition(|n| *n > 0)
                    .map_or(0, |last| last - 18),
                drains
            );
        }
    }
}
