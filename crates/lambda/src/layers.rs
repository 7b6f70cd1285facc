//! The three layers over one topic of a log: `query = function(serving views, realtime
//! views)`.
//!
//! 1. An answer holds every event that it claims to hold exactly once: those before the
//!    served batch's cut from the serving views, those after it from the realtime views.
//! 2. If events between the two are in neither, there is no answer but an error that
//!    names the missing batch.
//! 3. **Eventual accuracy**: what the speed layer only approximates (who is one person,
//!    duplicates that arrive late) is right after the next batch run.
//!
//! Source: *Big Data*, Marz and Warren (Manning), chapters 1 and 12.
use crate::batch::Precision;
use crate::batch::output::Manifest;
use crate::batch_run::BatchRun;
use crate::engine::{Engine, Job, Local};
use crate::error::{LambdaError, Result};
use crate::master::Master;
use crate::query::Query;
use crate::serving::{ServedViews, Serving};
use crate::speed::{
    self, Alternating, ByWatermark, EmbeddedLog, Expiring, Log, Offsets, Source, Step, StoreOptions,
};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The topic of the log in a folder of [`Lambda::open_home`].
pub const TOPIC: &str = "datums";
const PARTITIONS: u32 = 2;
/// Shards of each serving store.
const SHARDS: u32 = 2;
/// Batches kept for a way back.
const KEPT: usize = 3;

/// How realtime views expire.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Expiry {
    /// Two sets of views, cleared in turn.
    #[default]
    Alternating,
    /// One set, rows deleted by watermark.
    ByWatermark,
}

/// How the layers are made.
#[derive(Clone)]
pub struct Options {
    pub expiry: Expiry,
    /// Offsets of a partition that streaming dedupe reaches back.
    pub window: usize,
    /// Of the sketches of the serving views.
    pub precision: Precision,
    /// Of those of the realtime views. A lower one makes updates smaller and merged
    /// uniques worse, until the next batch run.
    pub realtime_precision: Precision,
    pub store: StoreOptions,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            expiry: Expiry::default(),
            window: 1 << 17,
            precision: Precision::DEFAULT,
            realtime_precision: Precision::DEFAULT,
            store: StoreOptions::default(),
        }
    }
}

/// The three layers over one topic of a log.
///
/// ```
/// use lambda_workbook::lambda::{Lambda, Options};
/// use lambda_workbook::speed::{EmbeddedLog, Log};
/// use std::sync::Arc;
///
/// let folder = tempfile::tempdir()?;
/// let log = Arc::new(EmbeddedLog::open(folder.path().join("log"))?);
/// log.create_topic("datums", 2)?;
/// let mut lambda = Lambda::open(folder.path(), log.clone(), "datums", Options::default())?;
/// let view = |user: i64, secs: i64| format!(
///     r#"{{"dataunit":{{"page_view":{{"nonce":1,"page":{{"url":"foo.com/"}},"person":{{"user_id":{user}}}}}}},"pedigree":{{"true_as_of_secs":{secs}}}}}"#
/// );
/// log.append_by_key("datums", &[(b"1", view(1, 60).as_bytes()), (b"2", view(2, 70).as_bytes())])?;
/// lambda.drain()?;
/// assert_eq!(lambda.query()?.page_views("foo.com/", 0..3600)?.value, 2); // from the speed layer
/// lambda.run_batch()?;
/// log.append_by_key("datums", &[(b"1", view(1, 80).as_bytes())])?;
/// lambda.drain()?;
/// let answer = lambda.query()?.page_views("foo.com/", 0..3600)?;
/// assert_eq!((answer.value, answer.serving, answer.realtime), (3, 2, 1));
/// assert_eq!(lambda.query()?.uniques("foo.com/", 0..3600)?.value, 2); // 2 + 1 would be wrong
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Lambda {
    folder: PathBuf,
    source: Source,
    partitions: usize,
    /// Precision of the sketches of the serving views.
    precision: Precision,
    master: Master,
    realtime: Box<dyn Expiring>,
    served: ServedViews,
}

impl Lambda {
    /// Opens the layers in a folder, or makes them, over a topic that is there.
    pub fn open(
        folder: impl AsRef<Path>,
        log: Arc<dyn Log>,
        topic: &str,
        options: Options,
    ) -> Result<Self> {
        let expiry = options.expiry;
        Self::open_with(folder, log, topic, options, |source, home, batch, cut| {
            Ok::<Box<dyn Expiring>, _>(match expiry {
                Expiry::Alternating => Box::new(Alternating::open(source, home, batch, cut)?),
                Expiry::ByWatermark => Box::new(ByWatermark::open(source, home, batch, cut)?),
            })
        })
    }

    /// Opens the layers in a folder that has the log too, in its subfolder `log`, or makes
    /// all of it. The log's topic is [`TOPIC`]; a new one gets two partitions.
    ///
    /// ```text
    /// log/        what arrives
    /// master/     all data, in parts
    /// views/      versions of the batch views
    /// realtime/   realtime views of what came after the batch
    /// ```
    ///
    /// # Errors
    /// If a part cannot be opened, for example because another process has it open.
    pub fn open_home(folder: impl AsRef<Path>, options: Options) -> Result<Self> {
        let folder = folder.as_ref();
        let log = EmbeddedLog::open(folder.join("log"))?;
        log.create_topic(TOPIC, PARTITIONS)?;
        Self::open(folder, Arc::new(log), TOPIC, options)
    }

    /// The log that the layers read.
    pub fn log(&self) -> &dyn Log {
        self.source.log.as_ref()
    }

    /// The topic that the layers read.
    pub fn topic(&self) -> &str {
        &self.source.topic
    }

    /// The same with other realtime views, which `realtime` opens in a folder; new
    /// ones begin at the cut of a batch.
    pub fn open_with(
        folder: impl AsRef<Path>,
        log: Arc<dyn Log>,
        topic: &str,
        options: Options,
        realtime: impl FnOnce(&Source, &Path, u64, &[u64]) -> speed::Result<Box<dyn Expiring>>,
    ) -> Result<Self> {
        let folder = folder.as_ref().to_owned();
        let partitions = log.partitions(topic)? as usize;
        let source = Source {
            log,
            topic: topic.to_owned(),
            window: options.window,
            precision: options.realtime_precision,
            store: options.store,
        };
        let master = Master::at(folder.join("master"));
        let views = folder.join("views");
        let mut served = ServedViews::open_or_none(&views)?;
        if served.batch() == 0
            && let Some((batch, cut)) = master.last()?
        {
            // The views were lost, or never published: they are a function of the master
            // data.
            let job = job_of(&master, batch, options.precision);
            served = run(&Local::default(), &job, &views, batch, &cut)?.publish()?;
        }
        let mut cut = served.cut();
        cut.resize(partitions, 0);
        let home = folder.join("realtime");
        let realtime = realtime(&source, &home, served.batch(), &cut)?;
        Ok(Self {
            master,
            folder,
            source,
            partitions,
            precision: options.precision,
            realtime,
            served,
        })
    }

    /// Applies up to `most` waiting records of each partition to the realtime
    /// views.
    pub fn step(&mut self, most: usize) -> Result<Step> {
        Ok(self.realtime.step(most)?)
    }

    /// Applies all that waits.
    pub fn drain(&mut self) -> Result<()> {
        while self.realtime.lag()? > 0 {
            self.step(1 << 16)?;
        }
        Ok(())
    }

    /// The realtime views.
    pub fn realtime(&self) -> &dyn Expiring {
        self.realtime.as_ref()
    }

    /// The views that are served.
    pub fn served(&self) -> &ServedViews {
        &self.served
    }

    /// The cut of the batch that is served: the offset in each partition before which the
    /// serving views hold every record.
    pub fn cut(&self) -> Offsets {
        let mut cut = self.served.cut();
        cut.resize(self.partitions, 0);
        cut
    }

    /// Takes the cut of the next batch, unless it was taken before: every record before it
    /// will be in the batch. Returns the batch's number and the cut.
    pub fn begin_batch(&mut self) -> Result<(u64, Offsets)> {
        let batch = self.served.batch() + 1;
        Ok((batch, self.realtime.begin_batch(batch)?))
    }

    /// All data, as batch runs read them.
    pub fn master(&self) -> &Master {
        &self.master
    }

    /// Computes the views of a batch on this machine. Nothing is served yet.
    pub fn build(&self, batch: u64, cut: &[u64]) -> Result<BatchRun> {
        self.build_by(&Local::default(), batch, cut)
    }

    /// Computes the views of a batch by another engine, such as a cluster, or one with a
    /// bug.
    pub fn build_by(&self, engine: &dyn Engine, batch: u64, cut: &[u64]) -> Result<BatchRun> {
        self.master.absorb(&self.source, batch, &self.cut(), cut)?;
        let job = job_of(&self.master, batch, self.precision);
        run(engine, &job, &self.folder.join("views"), batch, cut)
    }

    /// Serves a batch. The realtime views still hold what it holds; queries leave that
    /// out.
    pub fn publish(&mut self, run: BatchRun) -> Result<()> {
        self.served = run.publish()?;
        Ok(())
    }

    /// Removes what the serving views hold from the realtime views.
    pub fn expire(&mut self) -> Result<()> {
        Ok(self.realtime.expire(self.served.batch())?)
    }

    /// A batch run from its cut to the expiry; the batch's number.
    pub fn run_batch(&mut self) -> Result<u64> {
        let (batch, cut) = self.begin_batch()?;
        let built = self.build(batch, &cut)?;
        self.publish(built)?;
        self.expire()?;
        Ok(batch)
    }

    /// Serves an older batch again, also after a restart, until the next one is
    /// published.
    ///
    /// # Errors
    /// If the batch is not kept.
    pub fn roll_back(&mut self, batch: u64) -> Result<()> {
        // A batch that was run again has several versions; the newest is meant.
        let versions = self.served.versions().clone();
        let mut kept = Vec::new();
        for version in versions.kept()? {
            let manifest = Manifest::read(versions.folder(version));
            kept.extend(manifest.map(|manifest| (manifest.batch, version)));
        }
        let found = kept.iter().rev().find(|(kept, _)| *kept == batch);
        let Some((_, version)) = found else {
            let kept = kept.into_iter().map(|(batch, _)| batch).collect();
            return Err(LambdaError::NotKept { batch, kept });
        };
        versions.roll_back_to(*version)?;
        self.served = ServedViews::open(versions.root())?;
        Ok(())
    }

    /// A view of both layers as they are now.
    ///
    /// # Errors
    /// If a batch is missing between them.
    pub fn query(&self) -> Result<Query<'_>> {
        let ends = self.source.log.ends(&self.source.topic)?;
        Query::new(
            &self.served,
            self.realtime.since(self.served.batch())?,
            ends,
        )
    }
}

/// The job that computes all views of the first batches.
fn job_of(master: &Master, batch: u64, precision: Precision) -> Job {
    Job {
        precision,
        visits: true,
        nothing_is_an_error: false,
        ..Job::of(master.input(batch))
    }
}

/// Computes a batch as the next version of the views.
fn run(engine: &dyn Engine, job: &Job, views: &Path, batch: u64, cut: &[u64]) -> Result<BatchRun> {
    let how = Serving {
        shards: SHARDS,
        keep: KEPT,
        precision: job.precision.bits(),
    };
    let run = BatchRun::compute(engine, job, views, how, &|_| {})?;
    Ok(run.of_batch(batch, cut.to_vec()))
}
