//! The incremental design under a fault: one store that each event changes, and its backups.
use super::scenario::{HOUR, Scenario, misread};
use super::system::{Arrived, Kept, Recovery, System, on_disk};
use crate::systems::deployment::copy;
use crate::systems::error::io_at;
use crate::systems::{Incremental, Result, SystemsError, Writes};
use lambda::datum::Datum;
use lambda::faults::{CrashPoint, Crashes, Faults};
use lambda::speed::ManualClock;
use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

/// One store, its backups, and what happens to them.
pub(super) struct OneStore {
    folder: PathBuf,
    writes: Writes,
    trial: Scenario,
    crashes: Crashes<u64>,
    clock: Arc<ManualClock>,
    /// None while it is closed.
    views: Option<Incremental>,
    seen: i64,
    recovery: Option<Recovery>,
}

impl OneStore {
    pub fn open(folder: &Path, writes: Writes, trial: &Scenario) -> Result<Self> {
        let mut single = Self {
            folder: folder.to_owned(),
            writes,
            trial: trial.clone(),
            crashes: trial.crashes(),
            clock: Arc::new(ManualClock::at(0)),
            views: None,
            seen: 0,
            recovery: None,
        };
        single.start()?;
        Ok(single)
    }

    fn store(&self) -> PathBuf {
        self.folder.join("store")
    }

    /// The process begins, or begins again, with what is on the disk.
    fn start(&mut self) -> Result<()> {
        self.views = None;
        let (clock, remembered) = (self.clock.clone(), self.trial.remembered);
        let views = Incremental::remembering(self.store(), self.writes, clock, remembered)?;
        self.views = Some(views);
        Ok(())
    }

    fn views(&self) -> &Incremental {
        self.views.as_ref().expect("it was started")
    }

    fn back_up(&mut self) -> Result<()> {
        self.views = None; // So that all of it is in its files.
        let backup = self.folder.join("backup");
        if backup.exists() {
            fs::remove_dir_all(&backup).map_err(io_at("removing", &backup))?;
        }
        copy(&self.store(), &backup)?;
        self.start()
    }

    /// Applies a part of an event and crashes: after one write, or before it where one write
    /// is the whole event.
    fn crash_within(&mut self, datum: &Datum) -> Result<()> {
        let write = u64::from(self.writes == Writes::OneByOne);
        let crashes = Crashes::at([CrashPoint::before(write)]);
        match self.views().take_with(datum, &crashes) {
            // An event of fewer writes: it is complete, and not acknowledged.
            Ok(_) | Err(SystemsError::Crashed(_)) => self.start(),
            Err(error) => Err(error),
        }
    }

    fn lose_and_restore(&mut self) -> Result<()> {
        self.views = None;
        let store = self.store();
        fs::remove_dir_all(&store).map_err(io_at("removing", &store))?;
        let started = Instant::now();
        copy(&self.folder.join("backup"), &store)?;
        self.start()?;
        self.recovery = Some(Recovery {
            how: "restore the backup",
            records: 0,
            bytes: 0,
            took: started.elapsed(),
        });
        Ok(())
    }
}

impl System for OneStore {
    fn take(&mut self, arrived: &Arrived<'_>) -> Result<()> {
        let (hour, first) = (arrived.hour, arrived.first);
        if hour > 0 && hour % self.trial.batch_every == 0 {
            self.back_up()?;
        }
        for (n, arrival) in (first..).zip(arrived.datums) {
            self.clock.set(arrival.at * 1000);
            if self.trial.loses(hour) && n == first + arrived.datums.len() / 2 {
                self.lose_and_restore()?;
            }
            let datum = match self.trial.buggy(hour) {
                true => misread(&arrival.datum),
                false => arrival.datum.clone(),
            };
            if self.crashes.reached(CrashPoint::after(n as u64)).is_err() {
                self.crash_within(&datum)?;
                self.crashes.restart();
            }
            self.views().take(&datum)?;
            self.seen += 1;
        }
        Ok(())
    }

    fn by_hour(&self, url: &str, hours: Range<i64>) -> Result<Vec<(i64, i64)>> {
        self.views()
            .by_hour(url, hours.start * HOUR..hours.end * HOUR)
    }

    fn bounces(&self, domain: &str) -> Result<(i64, i64)> {
        self.views().bounces(domain)
    }

    fn seen(&self) -> Result<i64> {
        Ok(self.seen)
    }

    fn rows_for(&self, url: &str, hours: Range<i64>) -> Result<i64> {
        Ok(self
            .views()
            .rows(url, hours.start * HOUR..hours.end * HOUR)? as i64)
    }

    fn kept(&self) -> Result<Kept> {
        Ok(Kept {
            raw_bytes: 0,
            all_bytes: on_disk(&self.folder)?,
        })
    }

    fn recovery(&self) -> Option<Recovery> {
        self.recovery
    }
}
