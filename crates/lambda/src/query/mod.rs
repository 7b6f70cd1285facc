//! The Lambda Architecture: `query = function(serving views, realtime views)`.
//!
//! | reading order | concept |
//! |---|---|
//! | [`master`] | all data, in files that are only ever added |
//! | [`batch_run`] | views of all data before a cut, swapped in as one |
//! | [`merged`] | both layers merged, or refused |
//! | [`Lambda`] | the whole: log, speed layer, batch runs, queries |
//! | [`timeline`](mod@timeline) | what is where while batches run |
//! | [`accuracy`] | what is only nearly right, and until when |
//! | [`live`] | all of it under load |
//!
//! 1. An answer holds every event that it claims to hold exactly once: those
//!    before the served batch's cut from the serving views, those after it from
//!    the realtime views.
//! 2. If events between the two are in neither, there is no answer but an error
//!    that names the missing batch.
//! 3. **Eventual accuracy**: what the speed layer only approximates (who is one
//!    person, copies that come late) is right after the next batch run.
//!
//! Source: *Big Data*, Marz and Warren (Manning), chapters 1 and 12.
pub mod batch_run;
pub mod master;
pub mod merged;

pub use batch_run::{Built, Served};
pub use master::Master;
pub use merged::{Answer, Freshness, Query};

use crate::batch::Precision;
use crate::speed::{
    Alternating, ByWatermark, Expiring, Log, Offsets, Result, Source, Step, StoreOptions,
};
use polars::prelude::DataFrame;
use std::path::{Path, PathBuf};
use std::sync::Arc;

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
    /// Of the serving views.
    precision: Precision,
    master: Master,
    realtime: Box<dyn Expiring>,
    served: Served,
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
            Ok(match expiry {
                Expiry::Alternating => Box::new(Alternating::open(source, home, batch, cut)?),
                Expiry::ByWatermark => Box::new(ByWatermark::open(source, home, batch, cut)?),
            })
        })
    }

    /// The same with other realtime views, which `realtime` opens in a folder; new
    /// ones begin at the cut of a batch.
    pub fn open_with(
        folder: impl AsRef<Path>,
        log: Arc<dyn Log>,
        topic: &str,
        options: Options,
        realtime: impl FnOnce(&Source, &Path, u64, &[u64]) -> Result<Box<dyn Expiring>>,
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
        let master = Master::open(&folder.join("master"))?;
        let mut served = Served::open(&folder.join("serving"), partitions)?;
        if served.batch == 0
            && let Some((batch, cut)) = master.last()?
        {
            // The serving views were lost, or never swapped in: they are a function
            // of the master data.
            let serving = folder.join("serving");
            served = Built::build(&serving, &master, batch, &cut, options.precision)?.swap()?;
        }
        let home = folder.join("realtime");
        let realtime = realtime(&source, &home, served.batch, &served.cut)?;
        Ok(Self {
            master,
            folder,
            source,
            precision: options.precision,
            realtime,
            served,
        })
    }

    /// Applies up to `most` waiting records of each partition to the realtime
    /// views.
    pub fn step(&mut self, most: usize) -> Result<Step> {
        self.realtime.step(most)
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

    /// What the serving layer serves.
    pub fn served(&self) -> &Served {
        &self.served
    }

    /// The next batch, and its cut: everything before is in it.
    pub fn begin_batch(&mut self) -> Result<(u64, Offsets)> {
        let batch = self.served.batch + 1;
        Ok((batch, self.realtime.begin_batch(batch)?))
    }

    /// All data, as batch runs read them.
    pub fn master(&self) -> &Master {
        &self.master
    }

    /// Computes the views of a batch. Nothing is served yet.
    pub fn build(&self, batch: u64, cut: &[u64]) -> Result<Built> {
        self.master
            .absorb(&self.source, batch, &self.served.cut, cut)?;
        Built::build(
            &self.folder.join("serving"),
            &self.master,
            batch,
            cut,
            self.precision,
        )
    }

    /// The same by other code, such as code with a bug: what it makes of the page
    /// views is served in their place.
    pub fn build_by(
        &self,
        batch: u64,
        cut: &[u64],
        code: impl FnOnce(DataFrame) -> Result<DataFrame>,
    ) -> Result<Built> {
        self.master
            .absorb(&self.source, batch, &self.served.cut, cut)?;
        let views = code(self.master.page_views(batch)?)?;
        let home = self.folder.join("serving");
        Built::of(&home, &views, batch, cut, self.precision)
    }

    /// Serves a batch. The realtime views still hold what it holds; queries
    /// leave that out.
    pub fn swap(&mut self, built: Built) -> Result<()> {
        self.served = built.swap()?;
        Ok(())
    }

    /// Removes what the serving views hold from the realtime views.
    pub fn expire(&mut self) -> Result<()> {
        self.realtime.expire(self.served.batch)
    }

    /// A batch run from its cut to the expiry; the batch's number.
    pub fn run_batch(&mut self) -> Result<u64> {
        let (batch, cut) = self.begin_batch()?;
        let built = self.build(batch, &cut)?;
        self.swap(built)?;
        self.expire()?;
        Ok(batch)
    }

    /// Serves an older batch again, also after a restart, until the next swap.
    pub fn roll_back(&mut self, batch: u64) -> Result<()> {
        self.served = Served::roll_back(&self.folder.join("serving"), batch)?;
        Ok(())
    }

    /// A view of both layers as they are now.
    ///
    /// # Errors
    /// If a batch is missing between them.
    pub fn query(&self) -> Result<Query<'_>> {
        let ends = self.source.log.ends(&self.source.topic)?;
        Query::new(&self.served, self.realtime.since(self.served.batch)?, ends)
    }
}
