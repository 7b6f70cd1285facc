//! Three ways to hand events to four applications, and what a crash does to each.
//!
//! | way | after a crash |
//! |---|---|
//! | [`fire_and_forget`]: nobody hears whether it worked (14.1) | events in memory are lost |
//! | [`shared_queue`]: one queue, items acknowledged when all four are done (14.2) | unacknowledged items are done twice |
//! | [`own_offsets`]: a log, each application with its offset beside its results (14.3) | neither |
//!
//! An application counts how often it saw each event, in a store on the disk. A crash
//! drops everything in memory and leaves the files as they are; then all is opened again.
//! Each way has its own numbered steps, and crashes once ([`Crashes`]).
use super::work_queue::WorkQueue;
use lambda::faults::{self, CrashPoint, Crashes, Faults};
use lambda::speed::{EmbeddedLog, EmbeddedStore, Log};
use lambda::speed::{Family, Mutation, RealtimeStore};
use lambda::speed::{Result, SpeedError};
use polars::prelude::{DataFrame, df};
use std::path::Path;
use std::time::{Duration, Instant};

/// The applications.
pub const APPLICATIONS: usize = 4;
/// Items that a consumer takes at once.
const TAKEN: usize = 10;
const FAMILIES: [Family; 2] = [Family::new("seen"), Family::new("offset")];

/// What one application counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    pub way: &'static str,
    pub application: usize,
    pub sent: u64,
    pub lost: u64,
    pub doubled: u64,
    /// Of the whole run, for all applications.
    pub took: Duration,
}

/// An application's counts, in a folder of its own.
fn application(folder: &Path, number: usize) -> Result<EmbeddedStore> {
    EmbeddedStore::open(folder.join(format!("application-{number}")), &FAMILIES)
}

/// Counts an event once more; with an offset, both in one atomic write.
fn count(store: &EmbeddedStore, events: &[u64], offset: Option<u64>) -> Result<()> {
    let reader = store.reader();
    let mut mutations = Vec::new();
    for event in events {
        let row = event.to_be_bytes();
        let before = reader
            .get(&row, "seen", b"n")?
            .map_or(0, |cell| cell.value[0]);
        mutations.push(Mutation::of(row).put("seen", "n", 0, [before + 1]));
    }
    if let Some(offset) = offset {
        mutations.push(Mutation::of("offset").put("offset", "o", 0, offset.to_be_bytes()));
    }
    drop(reader);
    store.apply(&mutations)
}

/// Runs a process, and after a crash the next one, until one comes to its end.
fn until_done(crashes: &Crashes<u64>, process: impl Fn() -> Result<()>) -> Result<()> {
    loop {
        match process() {
            Err(SpeedError::Crashed(_)) => crashes.restart(),
            ended => return ended,
        }
    }
}

fn seen(way: &'static str, folder: &Path, sent: u64, took: Duration) -> Result<Vec<Seen>> {
    (0..APPLICATIONS)
        .map(|number| {
            let store = application(folder, number)?;
            let counts: Vec<u8> = store
                .reader()
                .scan(b"", "seen")?
                .into_iter()
                .map(|(_, (_, cell))| cell.value[0])
                .collect();
            Ok(Seen {
                way,
                application: number,
                sent,
                lost: sent - counts.len() as u64,
                doubled: counts.iter().filter(|n| **n > 1).count() as u64,
                took,
            })
        })
        .collect()
}

/// Events are handed over in memory; each application writes what it has every
/// ten events. After `crash_after` events all of them crash and start again. A step is
/// an event.
pub fn fire_and_forget(folder: &Path, events: u64, crash_after: u64) -> Result<Vec<Seen>> {
    let started = Instant::now();
    let open = || -> Result<Vec<_>> { (0..APPLICATIONS).map(|n| application(folder, n)).collect() };
    let crashes = Crashes::at([CrashPoint::before(crash_after)]);
    let mut stores = open()?;
    let mut memory: Vec<Vec<u64>> = vec![Vec::new(); APPLICATIONS];
    for event in 0..events {
        if crashes.reached(CrashPoint::before(event)).is_err() {
            drop(stores);
            memory = vec![Vec::new(); APPLICATIONS];
            stores = open()?;
            crashes.restart();
        }
        for (store, memory) in stores.iter().zip(&mut memory) {
            memory.push(event);
            if memory.len() == TAKEN {
                count(store, memory, None)?;
                memory.clear();
            }
        }
    }
    for (store, memory) in stores.iter().zip(&memory) {
        count(store, memory, None)?;
    }
    drop(stores);
    seen("fire and forget", folder, events, started.elapsed())
}

/// One consumer takes items for all applications and acknowledges them when the
/// last is done. It crashes after `crash_after` events, when half of the
/// applications have counted the next. A step is the count of one event by one
/// application.
pub fn shared_queue(folder: &Path, events: u64, crash_after: u64) -> Result<Vec<Seen>> {
    let started = Instant::now();
    let path = folder.join("queue");
    let items: Vec<[u8; 8]> = (0..events).map(u64::to_be_bytes).collect();
    let mut queue = WorkQueue::open(&path, 30_000)?;
    for some in items.chunks(100) {
        queue.push(&some.iter().map(|item| &item[..]).collect::<Vec<_>>())?;
    }
    drop(queue);
    let step = |event: u64, application: usize| event * APPLICATIONS as u64 + application as u64;
    let crashes = Crashes::at([CrashPoint::before(step(crash_after, APPLICATIONS / 2))]);
    let consume = || -> Result<()> {
        let mut queue = WorkQueue::open(&path, 30_000)?;
        let stores = (0..APPLICATIONS).map(|n| application(folder, n));
        let stores: Vec<EmbeddedStore> = stores.collect::<Result<_>>()?;
        loop {
            let taken = queue.take(TAKEN, 0)?;
            if taken.is_empty() {
                return Ok(());
            }
            for (_, item) in &taken {
                let event = item[..].try_into().map_or(0, u64::from_be_bytes);
                for (number, store) in stores.iter().enumerate() {
                    faults::step(&crashes, step(event, number), || {
                        count(store, &[event], None)
                    })?;
                }
            }
            queue.acknowledge(&taken.iter().map(|(id, _)| *id).collect::<Vec<_>>())?;
        }
    };
    until_done(&crashes, consume)?;
    seen("one queue for four", folder, events, started.elapsed())
}

/// Each application reads the log at its own pace and keeps its offset with its
/// results. Each of them crashes after `crash_after` events, when it has read a batch and
/// not yet written its counts. A step is the write of a batch, named by its first offset.
pub fn own_offsets(folder: &Path, events: u64, crash_after: u64) -> Result<Vec<Seen>> {
    let started = Instant::now();
    let items: Vec<[u8; 8]> = (0..events).map(u64::to_be_bytes).collect();
    let log = EmbeddedLog::open(folder.join("log"))?;
    log.create_topic("events", 1)?;
    for some in items.chunks(100) {
        let records: Vec<(&[u8], &[u8])> = some.iter().map(|item| (&item[..], &item[..])).collect();
        log.append("events", 0, &records)?;
    }
    drop(log);
    let crash = CrashPoint::before(crash_after / TAKEN as u64 * TAKEN as u64);
    for number in 0..APPLICATIONS {
        let crashes = Crashes::at([crash]);
        until_done(&crashes, || {
            let log = EmbeddedLog::open(folder.join("log"))?;
            let store = application(folder, number)?;
            let cell = store.reader().get(b"offset", "offset", b"o")?;
            let mut offset = cell
                .and_then(|cell| Some(u64::from_be_bytes(cell.value.try_into().ok()?)))
                .unwrap_or(0);
            while offset < events {
                let records = log.read("events", 0, offset, TAKEN)?;
                let read = records
                    .iter()
                    .map(|r| r.value.try_into().map_or(0, u64::from_be_bytes));
                let read: Vec<u64> = read.collect();
                faults::step(&crashes, offset, || {
                    count(&store, &read, Some(records.next()))
                })?;
                offset = records.next();
            }
            Ok(())
        })?;
    }
    seen("a log with offsets", folder, events, started.elapsed())
}

/// All three, in folders of their own.
pub fn compared(folder: &Path, events: u64, crash_after: u64) -> Result<Vec<Seen>> {
    let mut all = fire_and_forget(&folder.join("forget"), events, crash_after)?;
    all.extend(shared_queue(&folder.join("shared"), events, crash_after)?);
    all.extend(own_offsets(&folder.join("offsets"), events, crash_after)?);
    Ok(all)
}

impl Seen {
    /// Returns the number of the application as it is shown, from 1.
    pub fn application_number(&self) -> String {
        (self.application + 1).to_string()
    }

    /// One row for each: `way`, `application`, `sent`, `lost`, `doubled`.
    pub fn frame(rows: &[Self]) -> DataFrame {
        df!(
            "way" => rows.iter().map(|row| row.way).collect::<Vec<_>>(),
            "application" => rows.iter().map(|row| row.application as i64 + 1).collect::<Vec<_>>(),
            "sent" => rows.iter().map(|row| row.sent as i64).collect::<Vec<_>>(),
            "lost" => rows.iter().map(|row| row.lost as i64).collect::<Vec<_>>(),
            "doubled" => rows.iter().map(|row| row.doubled as i64).collect::<Vec<_>>(),
        )
        .expect("columns of one length")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crash_loses_doubles_or_neither() {
        let folder = tempfile::tempdir().unwrap();
        for crash_after in [0, 5, 20, 37, 60] {
            let home = folder.path().join(crash_after.to_string());
            let all = compared(&home, 60, crash_after).unwrap();
            for seen in &all {
                let expected = match seen.way {
                    "fire and forget" => (crash_after % 10, 0),
                    // What was taken with the item that was being done, and done before it.
                    "one queue for four" if crash_after == 60 => (0, 0),
                    "one queue for four" => {
                        let first = seen.application < APPLICATIONS / 2;
                        (0, crash_after % 10 + u64::from(first))
                    }
                    _ => (0, 0),
                };
                assert_eq!(
                    (seen.lost, seen.doubled),
                    expected,
                    "{crash_after}: {seen:?}"
                );
            }
            assert_eq!(Seen::frame(&all).shape(), (12, 5));
        }
    }
}
