//! The Lambda design under a fault.
use super::error::{Result, io_at};
use super::fault_store::misread;
use super::faults::{EVERY, Fault, HOUR, System};
use super::traffic::{ReceivedDatum, Traffic};
use crate::misreading::Misreading;
use lambda::datum::Datum;
use lambda::faults::{CrashPoint, Crashes, Faults};
use lambda::speed::{self, EmbeddedLog, Log, Records, feed};
use lambda::{Lambda, Options};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

const TOPIC: &str = "datums";
const PARTITIONS: u32 = 2;

/// The layers over a log, and what happens to them.
pub(super) struct Layers {
    folder: PathBuf,
    fault: Fault,
    crashes: Crashes<u64>,
    log: Arc<MisreadLog>,
    /// None while they are closed.
    lambda: Option<Lambda>,
    recovery: Option<(&'static str, Duration)>,
}

impl Layers {
    pub fn open(folder: &Path, fault: Fault) -> Result<Self> {
        let inner = EmbeddedLog::open(folder.join("log"))?;
        inner.create_topic(TOPIC, PARTITIONS)?;
        let mut layers = Self {
            folder: folder.to_owned(),
            fault,
            crashes: fault.crashes(),
            log: Arc::new(MisreadLog {
                inner,
                buggy: AtomicBool::new(false),
            }),
            lambda: None,
            recovery: None,
        };
        layers.start()?;
        Ok(layers)
    }

    /// The process begins, or begins again, with what is on the disk.
    fn start(&mut self) -> Result<()> {
        self.lambda = None;
        let options = Options {
            // An hour of a partition, as long as the incremental design remembers.
            window: (Traffic::SMALL.views / 24 / PARTITIONS) as usize,
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

    fn lose_and_recompute(&mut self) -> Result<()> {
        self.lambda = None;
        for views in ["views", "realtime"] {
            let path = self.folder.join(views);
            fs::remove_dir_all(&path).map_err(io_at("removing", &path))?;
        }
        let started = Instant::now();
        self.start()?;
        self.lambda().drain()?;
        self.recovery = Some(("compute the views again", started.elapsed()));
        Ok(())
    }

    fn take(&mut self, datums: &[Datum]) -> Result<()> {
        feed(&self.log.inner, TOPIC, datums)?;
        Ok(self.lambda().drain()?)
    }
}

impl System for Layers {
    fn hour(&mut self, hour: i64, first: usize, arrivals: &[ReceivedDatum]) -> Result<()> {
        if self.fault == Fault::Bug && !self.fault.buggy(hour) && self.fault.buggy(hour - 1) {
            // Found and mended: a batch run now, not at its next time.
            let started = Instant::now();
            self.run_batch(false)?;
            self.recovery = Some(("a batch run", started.elapsed()));
        }
        self.log
            .buggy
            .store(self.fault.buggy(hour), Ordering::SeqCst);
        let datums: Vec<Datum> = arrivals.iter().map(|a| a.datum.clone()).collect();
        let mut done = 0;
        for n in 0..datums.len() {
            let point = CrashPoint::after((first + n) as u64);
            if self.crashes.reached(point).is_err() {
                // It was appended and not acknowledged: it is sent again.
                self.take(&datums[done..n])?;
                feed(&self.log.inner, TOPIC, &datums[n..=n])?;
                self.start()?;
                self.crashes.restart();
                done = n;
            }
            if self.fault.loses(hour) && n == datums.len() / 2 {
                self.take(&datums[done..n])?;
                self.lose_and_recompute()?;
                done = n;
            }
        }
        self.take(&datums[done..])?;
        if (hour + 1) % EVERY == 0 {
            self.run_batch(self.fault.buggy(hour))?;
        }
        Ok(())
    }

    fn answer(&self, url: &str, ts: i64) -> Result<(i64, i64)> {
        let query = self.lambda.as_ref().expect("it was started").query()?;
        let views = query.page_views(url, ts..ts + HOUR)?.value;
        Ok((views, query.uniques(url, ts..ts + HOUR)?.value))
    }

    fn recovery(&self) -> Option<(&'static str, Duration)> {
        self.recovery
    }
}

/// A log whose reader has a bug while it is told so. What is stored is as it came.
struct MisreadLog {
    inner: EmbeddedLog,
    buggy: AtomicBool,
}

impl Log for MisreadLog {
    fn create_topic(&self, topic: &str, partitions: u32) -> speed::Result<()> {
        self.inner.create_topic(topic, partitions)
    }

    fn partitions(&self, topic: &str) -> speed::Result<u32> {
        self.inner.partitions(topic)
    }

    fn append(&self, topic: &str, to: u32, records: &[(&[u8], &[u8])]) -> speed::Result<u64> {
        self.inner.append(topic, to, records)
    }

    fn read(&self, topic: &str, partition: u32, from: u64, n: usize) -> speed::Result<Records> {
        let records = self.inner.read(topic, partition, from, n)?;
        if !self.buggy.load(Ordering::SeqCst) {
            return Ok(records);
        }
        let mut misread_all = Records::from(from);
        for record in records.iter() {
            let read = serde_json::from_slice(record.value).map(|datum| misread(&datum));
            let value = read.and_then(|datum| serde_json::to_vec(&datum));
            misread_all.push(record.key, &value.unwrap_or(record.value.to_vec()));
        }
        Ok(misread_all)
    }

    fn begin(&self, topic: &str, partition: u32) -> speed::Result<u64> {
        self.inner.begin(topic, partition)
    }

    fn end(&self, topic: &str, partition: u32) -> speed::Result<u64> {
        self.inner.end(topic, partition)
    }

    fn commit(&self, group: &str, topic: &str, partition: u32, offset: u64) -> speed::Result<()> {
        self.inner.commit(group, topic, partition, offset)
    }

    fn committed(&self, group: &str, topic: &str, partition: u32) -> speed::Result<Option<u64>> {
        self.inner.committed(group, topic, partition)
    }

    fn delete_before(&self, topic: &str, partition: u32, offset: u64) -> speed::Result<()> {
        self.inner.delete_before(topic, partition, offset)
    }
}
