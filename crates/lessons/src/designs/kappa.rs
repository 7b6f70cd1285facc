//! The Kappa design under a fault: one stream program over a log that keeps everything. When its
//! code was wrong, or its views are lost, the program reads the whole log again into new views,
//! which then take the place of the old ones.
//!
//! The stream program is [`Incremental`], the same as in the design with one store; what is added
//! is the log. Its clock is the time in the records (the newest that was read), so that a replay
//! remembers and forgets exactly what the first run did. The offset is committed some time after
//! the views are written, so a crash makes the program read a few records again; it recognises
//! those as it recognises copies.
use super::misread_log::MisreadLog;
use super::over_log::{Measured, OverLog, hand_over};
use super::scenario::{HOUR, Scenario};
use super::system::{Arrived, Kept, Recovery, System, on_disk};
use crate::systems::error::io_at;
use crate::systems::{Incremental, Result, SystemsError, Writes};
use lambda::datum::Datum;
use lambda::faults::Crashes;
use lambda::speed::{EmbeddedLog, Log, ManualClock, feed};
use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;

const TOPIC: &str = "datums";
/// One, so that a replay reads records in the order in which they came.
const PARTITION: u32 = 0;
/// Records that are read in one call.
const READ: usize = 4_096;

/// A stream program over a log, and what happens to it.
pub(super) struct Kappa {
    folder: PathBuf,
    trial: Scenario,
    crashes: Crashes<u64>,
    log: MisreadLog,
    clock: Arc<ManualClock>,
    /// The number of the views that are asked: 0 at first, and one more after each replay.
    version: u32,
    /// None while they are closed.
    views: Option<Incremental>,
    /// The offset of the next record that the program reads.
    next: u64,
    recovery: Option<Recovery>,
}

impl Kappa {
    pub fn open(folder: &Path, trial: &Scenario) -> Result<Self> {
        let inner = EmbeddedLog::open(folder.join("log"))?;
        inner.create_topic(TOPIC, PARTITION + 1)?;
        let mut kappa = Self {
            folder: folder.to_owned(),
            trial: trial.clone(),
            crashes: trial.crashes(),
            log: MisreadLog::new(inner),
            clock: Arc::new(ManualClock::at(0)),
            version: 0,
            views: None,
            next: 0,
            recovery: None,
        };
        kappa.start()?;
        Ok(kappa)
    }

    fn place(&self, version: u32) -> PathBuf {
        self.folder.join(format!("views-{version}"))
    }

    fn open_views(&self, version: u32) -> Result<Incremental> {
        let (clock, remembered) = (self.clock.clone(), self.trial.remembered);
        Incremental::remembering(self.place(version), Writes::Together, clock, remembered)
    }

    /// The process begins, or begins again, at the committed offset.
    fn start(&mut self) -> Result<()> {
        self.views = None;
        self.views = Some(self.open_views(self.version)?);
        let committed = self.log.committed(&self.group(), TOPIC, PARTITION)?;
        self.next = committed.unwrap_or(0);
        Ok(())
    }

    /// The name under which the offset of the views is committed.
    fn group(&self) -> String {
        format!("views-{}", self.version)
    }

    fn views(&self) -> &Incremental {
        self.views.as_ref().expect("it was started")
    }

    /// Applies all records from `next` on. Returns the offset after them.
    fn consume(&self, views: &Incremental, mut next: u64) -> Result<u64> {
        let end = self.log.end(TOPIC, PARTITION)?;
        while next < end {
            let records = self.log.read(TOPIC, PARTITION, next, READ)?;
            for record in records.iter() {
                let Ok(datum) = serde_json::from_slice::<Datum>(record.value) else {
                    continue; // Not a datum: the rule rejects it everywhere.
                };
                let ms = datum.pedigree.true_as_of_secs * 1000;
                if ms > lambda::speed::Clock::now(&*self.clock) {
                    self.clock.set(ms);
                }
                match views.take(&datum) {
                    Ok(_) | Err(SystemsError::Rejected(_)) => {}
                    Err(error) => return Err(error),
                }
            }
            next = records.next();
        }
        Ok(next)
    }

    /// Reads the whole log into new views, and then asks those. The old ones, if they are there,
    /// answer meanwhile, and are removed in the end.
    fn replay(&mut self) -> Result<()> {
        let measured = Measured::begin(&self.log, "replay the log");
        self.clock.set(0);
        let new = self.open_views(self.version + 1)?;
        self.next = self.consume(&new, 0)?;
        self.views = Some(new);
        let old = self.place(self.version);
        self.version += 1;
        self.commit()?;
        self.recovery = Some(measured.end(&self.log));
        if old.exists() {
            fs::remove_dir_all(&old).map_err(io_at("removing", &old))?;
        }
        Ok(())
    }
}

impl OverLog for Kappa {
    fn trial(&self) -> &Scenario {
        &self.trial
    }

    fn crashes(&mut self) -> &mut Crashes<u64> {
        &mut self.crashes
    }

    fn append(&mut self, datums: &[Datum]) -> Result<()> {
        feed(&self.log.inner, TOPIC, datums)?;
        self.next = self.consume(self.views(), self.next)?;
        Ok(())
    }

    /// What was applied since the last commit is read again.
    fn crash_after(&mut self, datum: &Datum) -> Result<()> {
        feed(&self.log.inner, TOPIC, std::slice::from_ref(datum))?;
        self.start()
    }

    fn lose(&mut self) -> Result<()> {
        self.views = None;
        let place = self.place(self.version);
        fs::remove_dir_all(&place).map_err(io_at("removing", &place))?;
        self.replay()
    }

    fn is_commit_due(&self, before: i64, at: i64) -> bool {
        let every = self.trial.commit_every;
        at / every != before / every
    }

    fn commit(&mut self) -> Result<()> {
        let committed = self.log.commit(&self.group(), TOPIC, PARTITION, self.next);
        Ok(committed?)
    }
}

impl System for Kappa {
    fn take(&mut self, arrived: &Arrived<'_>) -> Result<()> {
        let hour = arrived.hour;
        self.log
            .buggy
            .store(self.trial.buggy(hour), Ordering::SeqCst);
        if self.trial.finds_bug(hour) {
            self.replay()?;
        }
        hand_over(self, arrived)?;
        self.commit()
    }

    fn by_hour(&self, url: &str, hours: Range<i64>) -> Result<Vec<(i64, i64)>> {
        self.views()
            .by_hour(url, hours.start * HOUR..hours.end * HOUR)
    }

    fn bounces(&self, domain: &str) -> Result<(i64, i64)> {
        self.views().bounces(domain)
    }

    fn seen(&self) -> Result<i64> {
        Ok(self.next as i64)
    }

    fn rows_for(&self, url: &str, hours: Range<i64>) -> Result<i64> {
        Ok(self
            .views()
            .rows(url, hours.start * HOUR..hours.end * HOUR)? as i64)
    }

    fn kept(&self) -> Result<Kept> {
        Ok(Kept {
            raw_bytes: self.log.stored(TOPIC)?,
            all_bytes: on_disk(&self.folder)?,
        })
    }

    fn recovery(&self) -> Option<Recovery> {
        self.recovery
    }
}
