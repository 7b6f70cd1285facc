//! The Lambda design under a fault: batch, serving and speed layer over a log.
use super::misread_log::MisreadLog;
use super::over_log::{Measured, OverLog, hand_over};
use super::scenario::{HOUR, Scenario, misread};
use super::system::{Arrived, Kept, Recovery, System, on_disk};
use crate::misreading::Misreading;
use crate::systems::Result;
use crate::systems::error::io_at;
use lambda::datum::Datum;
use lambda::engine::Input;
use lambda::faults::Crashes;
use lambda::speed::{EmbeddedLog, Log, feed};
use lambda::{Lambda, Options};
use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;

const TOPIC: &str = "datums";
const PARTITIONS: u32 = 2;

/// The layers over a log, and what happens to them.
pub(super) struct Layers {
    folder: PathBuf,
    trial: Scenario,
    crashes: Crashes<u64>,
    log: Arc<MisreadLog>,
    /// None while they are closed.
    lambda: Option<Lambda>,
    recovery: Option<Recovery>,
}

impl Layers {
    pub fn open(folder: &Path, trial: &Scenario) -> Result<Self> {
        let inner = EmbeddedLog::open(folder.join("log"))?;
        inner.create_topic(TOPIC, PARTITIONS)?;
        let mut layers = Self {
            folder: folder.to_owned(),
            trial: trial.clone(),
            crashes: trial.crashes(),
            log: Arc::new(MisreadLog::new(inner)),
            lambda: None,
            recovery: None,
        };
        layers.start()?;
        Ok(layers)
    }

    /// The process begins, or begins again, with what is on the disk.
    fn start(&mut self) -> Result<()> {
        self.lambda = None;
        let traffic = &self.trial.traffic;
        let an_hour = i64::from(traffic.views) * HOUR / traffic.secs();
        let options = Options {
            // As long as the stream programs remember, in records of a partition.
            window: (an_hour * self.trial.remembered / HOUR / i64::from(PARTITIONS)) as usize,
            ..Options::default()
        };
        self.lambda = Some(Lambda::open(
            &self.folder,
            self.log.clone(),
            TOPIC,
            options,
        )?);
        Ok(())
    }

    fn layers(&self) -> &Lambda {
        self.lambda.as_ref().expect("it was started")
    }

    fn lambda(&mut self) -> &mut Lambda {
        self.lambda.as_mut().expect("it was started")
    }

    /// The bug is in the code of both layers, never in the data: the batch run
    /// copies records as they are, and misreads them when it computes.
    fn run_batch(&mut self, buggy: bool) -> Result<()> {
        self.log.buggy.store(false, Ordering::SeqCst);
        let lambda = self.lambda();
        let (batch, cut) = lambda.begin_batch()?;
        let built = match buggy {
            true => {
                lambda.build_by(&Misreading::new(|datum| Some(misread(&datum))), batch, &cut)?
            }
            false => lambda.build(batch, &cut)?,
        };
        lambda.publish(built)?;
        Ok(lambda.expire()?)
    }

    /// Number of datums in the master data set, and their bytes.
    fn master(&self) -> Result<(i64, i64)> {
        let master = self.layers().master();
        let Some((last, _)) = master.last()? else {
            return Ok((0, 0));
        };
        let Input::Master { parts, .. } = master.input(last) else {
            return Ok((0, 0));
        };
        let (mut records, mut bytes) = (0, 0);
        for part in parts {
            let lines = fs::read(&part).map_err(io_at("reading", &part))?;
            records += lines.iter().filter(|byte| **byte == b'\n').count() as i64;
            bytes += lines.len() as i64;
        }
        Ok((records, bytes))
    }

    /// Notes what was read for a repair: of the log, and all of the master data set.
    fn repaired(&mut self, measured: Measured) -> Result<()> {
        let of_log = measured.end(&self.log);
        let (records, bytes) = self.master()?;
        self.recovery = Some(Recovery {
            records: of_log.records + records,
            bytes: of_log.bytes + bytes,
            ..of_log
        });
        Ok(())
    }

    /// The bug was found and fixed: a batch run now, not at its next time.
    fn run_fixed_batch(&mut self) -> Result<()> {
        let measured = Measured::begin(&self.log, "a batch run");
        self.run_batch(false)?;
        self.repaired(measured)
    }
}

impl OverLog for Layers {
    fn trial(&self) -> &Scenario {
        &self.trial
    }

    fn crashes(&mut self) -> &mut Crashes<u64> {
        &mut self.crashes
    }

    fn append(&mut self, datums: &[Datum]) -> Result<()> {
        feed(&self.log.inner, TOPIC, datums)?;
        Ok(self.lambda().drain()?)
    }

    fn crash_after(&mut self, datum: &Datum) -> Result<()> {
        feed(&self.log.inner, TOPIC, std::slice::from_ref(datum))?;
        self.start()
    }

    fn lose(&mut self) -> Result<()> {
        self.lambda = None;
        for views in ["views", "realtime"] {
            let path = self.folder.join(views);
            fs::remove_dir_all(&path).map_err(io_at("removing", &path))?;
        }
        let measured = Measured::begin(&self.log, "compute the views again");
        self.start()?;
        self.lambda().drain()?;
        self.repaired(measured)
    }
}

impl System for Layers {
    fn take(&mut self, arrived: &Arrived<'_>) -> Result<()> {
        let hour = arrived.hour;
        if self.trial.finds_bug(hour) {
            self.run_fixed_batch()?;
        }
        self.log
            .buggy
            .store(self.trial.buggy(hour), Ordering::SeqCst);
        hand_over(self, arrived)?;
        if arrived.is_whole_hour() && (hour + 1) % self.trial.batch_every == 0 {
            self.run_batch(self.trial.buggy(hour))?;
        }
        Ok(())
    }

    fn by_hour(&self, url: &str, hours: Range<i64>) -> Result<Vec<(i64, i64)>> {
        let query = self.layers().query()?;
        let counts = query.page_views_by_hour(url, hours.start * HOUR..hours.end * HOUR)?;
        let mut answers = Vec::new();
        for ts in hours.map(|hour| hour * HOUR) {
            let uniques = query.uniques(url, ts..ts + HOUR)?.value;
            answers.push((counts.get(&ts).copied().unwrap_or(0), uniques));
        }
        Ok(answers)
    }

    fn bounces(&self, domain: &str) -> Result<(i64, i64)> {
        let found = self.layers().query()?.bounces(domain)?.value;
        Ok((found.visits, found.bounces))
    }

    fn seen(&self) -> Result<i64> {
        Ok(self.layers().query()?.seen().iter().sum::<u64>() as i64)
    }

    fn rows_for(&self, url: &str, hours: Range<i64>) -> Result<i64> {
        let query = self.layers().query()?;
        let secs = hours.start * HOUR..hours.end * HOUR;
        let (_, served) = query.page_views_explained(url, secs.clone())?;
        let cut =
            query
                .served()
                .page_views_by_bucket(url, calendar::Granularity::Hour, secs.clone())?;
        let all = query.page_views_by_hour(url, secs)?;
        // Buckets of the serving views, and the hours that are in the realtime views.
        let served_alike = |(hour, count): &(&i64, &i64)| cut.contains(&(**hour, **count));
        let realtime = all.iter().filter(|row| !served_alike(row)).count();
        Ok((served.map_or(0, |served| served.parts.len()) + realtime) as i64)
    }

    fn kept(&self) -> Result<Kept> {
        Ok(Kept {
            raw_bytes: self.log.stored(TOPIC)? + self.master()?.1,
            all_bytes: on_disk(&self.folder)?,
        })
    }

    fn recovery(&self) -> Option<Recovery> {
        self.recovery
    }
}
