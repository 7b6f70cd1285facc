//! The incremental design under a fault.
use super::deployment::copy;
use super::error::{Result, SystemsError, io_at};
use super::faults::{EVERY, Fault, HOUR, System};
use super::incremental::{Incremental, Writes};
use super::traffic::ReceivedDatum;
use lambda::datum::{DataUnit, Datum};
use lambda::faults::{CrashPoint, Crashes, Faults};
use lambda::speed::ManualClock;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// One store, its backups, and what happens to them.
pub(super) struct Single {
    folder: PathBuf,
    writes: Writes,
    fault: Fault,
    crashes: Crashes<u64>,
    clock: Arc<ManualClock>,
    /// None while it is closed.
    views: Option<Incremental>,
    recovery: Option<(&'static str, Duration)>,
}

impl Single {
    pub fn open(folder: &Path, writes: Writes, fault: Fault) -> Result<Self> {
        let mut single = Self {
            folder: folder.to_owned(),
            writes,
            fault,
            crashes: fault.crashes(),
            clock: Arc::new(ManualClock::at(0)),
            views: None,
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
        let clock = self.clock.clone();
        self.views = Some(Incremental::open(self.store(), self.writes, clock)?);
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
        self.recovery = Some(("restore the backup", started.elapsed()));
        Ok(())
    }
}

/// What the code with the bug makes of a page view: it is of page 0.
pub(super) fn misread(datum: &Datum) -> Datum {
    let mut datum = datum.clone();
    if let DataUnit::PageView(view) = &mut datum.dataunit {
        view.page.url = "http://mysite.com/page/0".to_owned();
    }
    datum
}

impl System for Single {
    fn hour(&mut self, hour: i64, first: usize, arrivals: &[ReceivedDatum]) -> Result<()> {
        if hour > 0 && hour % EVERY == 0 {
            self.back_up()?;
        }
        for (n, arrival) in (first..).zip(arrivals) {
            self.clock.set(arrival.at * 1000);
            if self.fault.loses(hour) && n == first + arrivals.len() / 2 {
                self.lose_and_restore()?;
            }
            let datum = match self.fault.buggy(hour) {
                true => misread(&arrival.datum),
                false => arrival.datum.clone(),
            };
            if self.crashes.reached(CrashPoint::after(n as u64)).is_err() {
                self.crash_within(&datum)?;
                self.crashes.restart();
            }
            self.views().take(&datum)?;
        }
        Ok(())
    }

    fn answer(&self, url: &str, ts: i64) -> Result<(i64, i64)> {
        let views = self.views();
        Ok((
            views.page_views(url, ts..ts + HOUR)?,
            views.uniques(url, ts..ts + HOUR)?,
        ))
    }

    fn recovery(&self) -> Option<(&'static str, Duration)> {
        self.recovery
    }
}
