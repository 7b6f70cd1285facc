//! A view that is maintained incrementally, under a fault. The program `dataflow` (in `rivals/`)
//! holds the views in memory, and a log keeps the facts.
//!
//! After a crash of the process, a loss of its machine or a change of its code there is one way:
//! start it again, and give it the whole log. (Materialize and Feldera write checkpoints, so that
//! they read less after a crash; they are not a part of the library.)
use super::misread_log::MisreadLog;
use super::over_log::{Measured, OverLog, hand_over};
use super::program::Program;
use super::scenario::{HOUR, Scenario};
use super::system::{Arrived, Kept, Recovery, System, on_disk};
use crate::systems::Result;
use lambda::batch::bounces::domain;
use lambda::datum::{Datum, Fact, PersonId};
use lambda::faults::Crashes;
use lambda::speed::{EmbeddedLog, Log, feed};
use serde::Serialize;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;

/// The name of the program.
pub(super) const PROGRAM: &str = "dataflow";
const TOPIC: &str = "datums";
const PARTITION: u32 = 0;
/// Records that are read in one call.
const READ: usize = 4_096;

/// What the program is asked.
#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum Question<'a> {
    Take {
        views: Vec<(i64, String, String, String, i64)>,
        equivs: Vec<(String, String)>,
    },
    ByHour {
        url: &'a str,
        hours: Vec<i64>,
    },
    Bounces {
        domain: &'a str,
    },
}

/// The program over a log, and what happens to it.
pub(super) struct Maintained {
    folder: PathBuf,
    trial: Scenario,
    crashes: Crashes<u64>,
    log: MisreadLog,
    program: Program,
    /// The offset of the next record that the program is given.
    next: u64,
    recovery: Option<Recovery>,
}

impl Maintained {
    pub fn open(folder: &Path, trial: &Scenario) -> Result<Self> {
        let program = Program::start(PROGRAM)?;
        let inner = EmbeddedLog::open(folder.join("log"))?;
        inner.create_topic(TOPIC, PARTITION + 1)?;
        Ok(Self {
            folder: folder.to_owned(),
            trial: trial.clone(),
            crashes: trial.crashes(),
            log: MisreadLog::new(inner),
            program,
            next: 0,
            recovery: None,
        })
    }

    /// Gives the program all records from the next one on.
    fn consume(&mut self) -> Result<()> {
        let end = self.log.end(TOPIC, PARTITION)?;
        while self.next < end {
            let records = self.log.read(TOPIC, PARTITION, self.next, READ)?;
            let (mut views, mut equivs) = (Vec::new(), Vec::new());
            let id = |person: &PersonId| serde_json::to_string(person).expect("plain data");
            for record in records.iter() {
                let Ok(datum) = serde_json::from_slice::<Datum>(record.value) else {
                    continue; // Not a datum: the rule rejects it everywhere.
                };
                match datum.fact() {
                    Ok(Fact::View(view)) => {
                        let (url, site) = (view.url.to_string(), domain(&view.url).to_owned());
                        let who = id(&view.who.into_person());
                        views.push((view.secs, url, site, who, view.nonce));
                    }
                    Ok(Fact::Equiv(equiv)) => equivs.push((id(&equiv.id1), id(&equiv.id2))),
                    _ => {}
                }
            }
            self.program
                .ask::<bool>(&Question::Take { views, equivs })?;
            self.next = records.next();
        }
        Ok(())
    }

    /// Starts the program anew and gives it the whole log.
    fn replay(&mut self) -> Result<()> {
        let measured = Measured::begin(&self.log, "replay the log");
        self.program = Program::start(PROGRAM)?;
        self.next = 0;
        self.consume()?;
        self.recovery = Some(measured.end(&self.log));
        Ok(())
    }
}

impl OverLog for Maintained {
    fn trial(&self) -> &Scenario {
        &self.trial
    }

    fn crashes(&mut self) -> &mut Crashes<u64> {
        &mut self.crashes
    }

    fn append(&mut self, datums: &[Datum]) -> Result<()> {
        feed(&self.log.inner, TOPIC, datums)?;
        self.consume()
    }

    fn crash_after(&mut self, datum: &Datum) -> Result<()> {
        feed(&self.log.inner, TOPIC, std::slice::from_ref(datum))?;
        self.replay()
    }

    fn lose(&mut self) -> Result<()> {
        self.replay()
    }
}

impl System for Maintained {
    fn take(&mut self, arrived: &Arrived<'_>) -> Result<()> {
        let hour = arrived.hour;
        self.log
            .buggy
            .store(self.trial.buggy(hour), Ordering::SeqCst);
        if self.trial.finds_bug(hour) {
            self.replay()?;
        }
        hand_over(self, arrived)
    }

    fn by_hour(&self, url: &str, hours: Range<i64>) -> Result<Vec<(i64, i64)>> {
        let hours = hours.map(|hour| hour * HOUR).collect();
        self.program.ask(&Question::ByHour { url, hours })
    }

    fn bounces(&self, domain: &str) -> Result<(i64, i64)> {
        self.program.ask(&Question::Bounces { domain })
    }

    fn seen(&self) -> Result<i64> {
        Ok(self.next as i64)
    }

    fn rows_for(&self, _: &str, hours: Range<i64>) -> Result<i64> {
        Ok(hours.end - hours.start) // One row of the view for each hour.
    }

    fn kept(&self) -> Result<Kept> {
        Ok(Kept {
            raw_bytes: self.log.stored(TOPIC)?,
            all_bytes: on_disk(&self.folder)? + self.program.memory(),
        })
    }

    fn recovery(&self) -> Option<Recovery> {
        self.recovery
    }
}
