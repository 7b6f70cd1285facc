//! The three layers over one topic of a log: `query = function(batch views, realtime views)`,
//! where the serving layer answers from the batch views.
//!
//! A batch has a *cut*: for each partition of the log the offset before which every record is
//! in the batch.
//!
//! 1. An answer counts every record exactly once: records before the cut of the served batch
//!    from the serving views, and records after it from the realtime views.
//! 2. If there are records between the two that are in neither, a query returns an error that
//!    names the missing batch.
//! 3. **Eventual accuracy**: what the speed layer only approximates (which identifiers are one
//!    person by equivs after the cut, and duplicates that arrive late) is exact after the next batch
//!    run.
//! 4. A person who is known at the cut of the served batch is one person in both layers, under one
//!    name, unless [`Options::resolution`] says otherwise.
//!
//! Source: *Big Data*, Marz and Warren (Manning), chapters 1 and 12.
use crate::batch::Precision;
use crate::batch::output::Manifest;
use crate::built_batch::BuiltBatch;
use crate::engine::{BatchJob, Engine, Local};
use crate::error::{LambdaError, Result, io_at};
use crate::master::Master;
use crate::persons_at_cut::PersonsAtCut;
use crate::query::Query;
use crate::serving::{ServedViews, ServingOptions};
use crate::speed::{
    self, Alternating, Applied, ByCut, EmbeddedLog, IdentityResolution, Log, Offsets, Source,
    SpeedError, SpeedLayer, StorePlace, Tables,
};
use crate::versions::Versions;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

/// The name of the topic in the log of [`Lambda::open_home`].
pub const TOPIC: &str = "datums";
/// The file of a home folder that has its log elsewhere: the log's address.
const LOG_ADDRESS: &str = "log.address";
/// The file of a home folder that has its realtime views elsewhere: their address, with the text
/// with which the names of their tables begin.
const STORE_ADDRESS: &str = "store.address";
/// Partitions of a new topic of [`Lambda::open_home`].
const PARTITIONS: u32 = 2;
/// Shards of each serving store.
const SHARDS: u32 = 2;
/// Versions of the views that are kept for a roll-back.
const KEPT: usize = 3;

/// How realtime views are expired, once a batch contains their records.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Expiry {
    /// Keeps two sets of realtime views and applies every event to both. They are cleared in
    /// turn: a set begins at the cut of a batch, and is asked once that batch is served.
    #[default]
    Alternating,
    /// Keeps one set of realtime views, whose row keys say between which cuts an event came. Rows
    /// of before the cut of the served batch are deleted. Visitors are written twice while a run
    /// works, under the names of both cuts.
    ByCut,
}

/// The options of [`Lambda::open`].
#[derive(Clone)]
pub struct Options {
    /// How realtime views are expired.
    pub expiry: Expiry,
    /// Size of the deduplication window: the number of offsets of a partition over which the
    /// speed layer recognises duplicates.
    pub window: usize,
    /// Precision of the sketches in the serving views.
    pub precision: Precision,
    /// Precision of the sketches in the realtime views. A lower one makes updates smaller, and
    /// merged uniques less accurate until the next batch run.
    pub realtime_precision: Precision,
    /// Where the stores of the realtime views are; in the folder of the home unless said.
    pub store: StorePlace,
    /// Whether the realtime views join the identifiers of a person, by the equivs before the cut at
    /// which they begin. Views that were begun keep their way until they expire.
    pub resolution: IdentityResolution,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            expiry: Expiry::default(),
            window: 1 << 17,
            precision: Precision::DEFAULT,
            realtime_precision: Precision::DEFAULT,
            store: StorePlace::default(),
            resolution: IdentityResolution::default(),
        }
    }
}

impl Options {
    /// Returns the usual options with the stores of the realtime views at an address, such as
    /// `hbase://127.0.0.1:9090`: the one line that a program changes to have its views there.
    ///
    /// The views are new ones, in tables whose names no other call has given. To open the same
    /// tables again, in another process, the address ends in the text with which their names
    /// begin: `hbase://127.0.0.1:9090/pages`. The tables stay until they are removed.
    ///
    /// ```
    /// use lambda_workbook::lambda::Options;
    /// // After `cargo workbook up hbase`:
    /// // let options = Options::with_store("hbase://127.0.0.1:9090")?;
    /// let nothing_there = Options::with_store("hbase://127.0.0.1:1").err().unwrap();
    /// assert!(nothing_there.to_string().contains("hbase://127.0.0.1:1"));
    /// ```
    ///
    /// # Errors
    /// If the address is none of a store, or the system there does not answer.
    pub fn with_store(address: &str) -> Result<Self> {
        let tables = Tables::at(&with_prefix(Path::new("views"), address))?;
        Ok(Self {
            store: StorePlace::Elsewhere(Arc::new(tables)),
            ..Self::default()
        })
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
    /// The folder of all layers.
    folder: PathBuf,
    /// The topic, and how it is read.
    source: Source,
    /// Partitions of the topic.
    partitions: usize,
    /// Precision of the sketches of the serving views.
    precision: Precision,
    /// All data, for the batch layer.
    master: Master,
    /// The speed layer's views, and how they expire.
    realtime: Box<dyn SpeedLayer>,
    /// The serving layer.
    served: ServedViews,
}

impl Lambda {
    /// Opens the layers in a folder, over a topic that exists. Layers that do not exist yet are
    /// made.
    ///
    /// # Errors
    /// If there is no such topic, or a layer cannot be opened or made.
    pub fn open(
        folder: impl AsRef<Path>,
        log: Arc<dyn Log>,
        topic: &str,
        options: Options,
    ) -> Result<Self> {
        let expiry = options.expiry;
        Self::open_with(folder, log, topic, options, |source, home, batch, cut| {
            Ok::<Box<dyn SpeedLayer>, _>(match expiry {
                Expiry::Alternating => Box::new(Alternating::open(source, home, batch, cut)?),
                Expiry::ByCut => Box::new(ByCut::open(source, home, batch, cut)?),
            })
        })
    }

    /// Opens the layers in a folder that contains the log too, or makes all of them. The topic
    /// is `TOPIC`; a new one gets two partitions.
    ///
    /// ```text
    /// log/        the log, with all records that arrived
    /// master/     the master data set, in parts
    /// views/      versions of the batch views
    /// realtime/   realtime views of the records after the cut of the batch
    /// ```
    ///
    /// # Errors
    /// If a layer cannot be opened, for example because another process has it open.
    pub fn open_home(folder: impl AsRef<Path>, options: Options) -> Result<Self> {
        Self::open_home_on(folder, None, None, options)
    }

    /// As [`open_home`](Self::open_home), with the log at an address such as
    /// `kafka://127.0.0.1:9092/datums`, whose last part is the topic, and the realtime views at an
    /// address such as `hbase://127.0.0.1:9090`. The folder then has the files `log.address` in
    /// place of `log/`, and `store.address` in place of `realtime/`, and is opened with those from
    /// then on.
    ///
    /// The tables of the views have names that begin with that of the folder and some letters
    /// that no other folder has, as the file `store.address` says.
    ///
    /// # Errors
    /// As [`open_home`](Self::open_home); [`LambdaError::OtherLog`] if the folder has another
    /// log, and [`LambdaError::OtherStore`] if it has its realtime views elsewhere.
    pub fn open_home_on(
        folder: impl AsRef<Path>,
        log: Option<&str>,
        store: Option<&str>,
        options: Options,
    ) -> Result<Self> {
        // Where both are, before anything is made.
        let folder = folder.as_ref();
        let had = noted(folder, LOG_ADDRESS)?;
        let log = decided(had, &folder.join("log"), log, |had, asked| had == asked);
        let log = log.map_err(|(has, asked)| {
            let folder = folder.to_owned();
            LambdaError::OtherLog { folder, has, asked }
        })?;
        let had = noted(folder, STORE_ADDRESS)?;
        let store = decided(had, &folder.join("realtime"), store, is_same_store);
        let store = store.map_err(|(has, asked)| {
            let folder = folder.to_owned();
            LambdaError::OtherStore { folder, has, asked }
        })?;

        // The store.
        let mut options = options;
        if let Some(address) = store {
            let address = with_prefix(folder, &address);
            options.store = StorePlace::Elsewhere(Arc::new(Tables::at(&address)?));
            remember(folder, STORE_ADDRESS, &address)?;
        }

        // The log. It is noted once it is there.
        let Some(address) = log else {
            let log = EmbeddedLog::open(folder.join("log"))?;
            log.create_topic(TOPIC, PARTITIONS)?;
            return Self::open(folder, Arc::new(log), TOPIC, options);
        };
        let (place, topic) = place_and_name(&address);
        let topic = topic.unwrap_or(TOPIC);
        let log = speed::open(place)?;
        match log.partitions(topic) {
            Err(SpeedError::NoTopic { .. }) => log.create_topic(topic, PARTITIONS)?,
            found => drop(found?),
        }
        remember(folder, LOG_ADDRESS, &address)?;
        Self::open(folder, log, topic, options)
    }

    /// Returns the log that the layers read.
    pub fn log(&self) -> &dyn Log {
        self.source.log.as_ref()
    }

    /// Returns the name of the topic that the layers read.
    pub fn topic(&self) -> &str {
        &self.source.topic
    }

    /// Opens the layers with other realtime views. `realtime` is given the topic, the folder of
    /// the realtime views, and the number and the cut of the served batch, at which new realtime
    /// views begin.
    ///
    /// # Errors
    /// As [`open`](Self::open), and those of `realtime`.
    pub fn open_with(
        folder: impl AsRef<Path>,
        log: Arc<dyn Log>,
        topic: &str,
        options: Options,
        realtime: impl FnOnce(&Source, &Path, u64, &[u64]) -> speed::Result<Box<dyn SpeedLayer>>,
    ) -> Result<Self> {
        // The topic.
        let folder = folder.as_ref().to_owned();
        let partitions = log.partitions(topic)? as usize;
        let master = Master::at(folder.join("master"));
        let views = folder.join("views");
        let persons = PersonsAtCut {
            views: Versions::at(&views),
            master: master.clone(),
            log: log.clone(),
            topic: topic.to_owned(),
        };
        let source = Source {
            log,
            topic: topic.to_owned(),
            window: options.window,
            precision: options.realtime_precision,
            store: options.store,
            resolution: options.resolution,
            persons: Some(Arc::new(persons)),
        };

        // The batch and serving layers.
        let mut served = ServedViews::open_or_none(&views)?;
        if served.batch() == 0
            && let Some((batch, cut)) = master.last()?
        {
            // There is master data but no view: the views were lost, or never published.
            // They are a function of the master data, so compute them again.
            let job = job_of(&master, batch, options.precision);
            served = compute(&Local::default(), &job, &views, batch, &cut)?.publish()?;
        }

        // The speed layer, from the cut on. Before the first batch every partition begins at 0.
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

    /// Applies up to `most` waiting records of each partition to the realtime views. Returns
    /// what was applied.
    ///
    /// # Errors
    /// A log or a realtime view that cannot be read or written.
    pub fn step(&mut self, most: usize) -> Result<Applied> {
        Ok(self.realtime.step(most)?)
    }

    /// Applies all waiting records to the realtime views.
    ///
    /// # Errors
    /// As [`step`](Self::step).
    pub fn drain(&mut self) -> Result<()> {
        while self.realtime.lag()? > 0 {
            self.step(1 << 16)?;
        }
        Ok(())
    }

    /// Returns the realtime views.
    pub fn realtime(&self) -> &dyn SpeedLayer {
        self.realtime.as_ref()
    }

    /// Returns the serving views.
    pub fn served(&self) -> &ServedViews {
        &self.served
    }

    /// Returns the cut of the served batch: for each partition the offset before which the serving
    /// views contain every record. All are 0 before the first batch.
    pub fn cut(&self) -> Offsets {
        let mut cut = self.served.cut();
        cut.resize(self.partitions, 0);
        cut
    }

    /// Takes the cut of the next batch, unless it was taken before. Returns the number of the
    /// batch, and the cut.
    ///
    /// The next batch is the one after the last that has a part in the master data set. That
    /// last one comes again if it is not served, because its run failed or was rolled back, and
    /// the realtime views still begin at its cut.
    ///
    /// # Errors
    /// A log, a realtime view or a master data set that cannot be read or written.
    pub fn begin_batch(&mut self) -> Result<(u64, Offsets)> {
        let last = self.master.last()?.map_or(0, |(batch, _)| batch);
        let begun = self.realtime.held()?;
        let begun = begun.iter().any(|(batch, _)| *batch == last);
        let again = last > self.served.batch() && begun;
        let batch = match again {
            true => last,
            false => last.max(self.served.batch()) + 1,
        };
        Ok((batch, self.realtime.begin_batch(batch)?))
    }

    /// Returns the master data set, from which batch runs read.
    pub fn master(&self) -> &Master {
        &self.master
    }

    /// Computes the views of a batch on this machine. They are not served before
    /// [`publish`](Self::publish).
    ///
    /// # Errors
    /// As [`build_by`](Self::build_by).
    pub fn build(&self, batch: u64, cut: &[u64]) -> Result<BuiltBatch> {
        self.build_by(&Local::default(), batch, cut)
    }

    /// Computes the views of a batch with another engine, for example a cluster, or an engine
    /// with a bug. First it adds the records up to the cut to the master data set.
    ///
    /// # Errors
    /// A log or a master data set that cannot be read or written, or views that the engine
    /// cannot compute.
    pub fn build_by(&self, engine: &dyn Engine, batch: u64, cut: &[u64]) -> Result<BuiltBatch> {
        self.master.absorb(&self.source, batch, cut)?;
        let job = job_of(&self.master, batch, self.precision);
        compute(engine, &job, &self.folder.join("views"), batch, cut)
    }

    /// Publishes a batch. The realtime views still contain its records, until
    /// [`expire`](Self::expire); queries read them from the cut of the batch on only.
    ///
    /// # Errors
    /// If the disk refuses. What was served before is served on.
    pub fn publish(&mut self, built: BuiltBatch) -> Result<()> {
        self.served = built.publish()?;
        Ok(())
    }

    /// Removes the records that the serving views contain from the realtime views.
    ///
    /// # Errors
    /// A realtime view that cannot be read or written.
    pub fn expire(&mut self) -> Result<()> {
        Ok(self.realtime.expire(self.served.batch())?)
    }

    /// Executes a whole batch run: takes the cut, computes the views, publishes them, and expires
    /// realtime views. Returns the number of the batch.
    ///
    /// # Errors
    /// Those of the four steps.
    pub fn run_batch(&mut self) -> Result<u64> {
        let (batch, cut) = self.begin_batch()?;
        let built = self.build(batch, &cut)?;
        self.publish(built)?;
        self.expire()?;
        Ok(batch)
    }

    /// Returns the batches whose views are kept, each with the version of the folder of views, in
    /// the order of versions. A version that this program cannot read is left out.
    ///
    /// # Errors
    /// If the folder cannot be read.
    pub fn kept(&self) -> Result<Vec<(u64, u64)>> {
        let versions = self.served.versions();
        let batch = |version: u64| {
            Some((
                Manifest::read(versions.folder(version)).ok()?.batch,
                version,
            ))
        };
        Ok(versions.kept()?.into_iter().filter_map(batch).collect())
    }

    /// Rolls back to an older batch, which is then served until the next one is published, also
    /// after a restart. Nothing is forgotten: the next batch run computes its views from the
    /// whole master data set, in which the parts of later batches are.
    ///
    /// # Errors
    /// [`LambdaError::NotKept`] if no version of that batch is kept.
    pub fn roll_back(&mut self, batch: u64) -> Result<()> {
        // A batch that was computed several times has several versions. Take the newest.
        let versions = self.served.versions().clone();
        let kept = self.kept()?;
        let found = kept.iter().rev().find(|(kept, _)| *kept == batch);
        let Some((_, version)) = found else {
            let kept = kept.into_iter().map(|(batch, _)| batch).collect();
            return Err(LambdaError::NotKept { batch, kept });
        };
        versions.roll_back_to(*version)?;
        self.served = ServedViews::open(versions.root())?;
        Ok(())
    }

    /// Returns a query over both layers as they are now.
    ///
    /// # Errors
    /// If a batch is missing between them: the realtime views do not begin at the cut of the
    /// serving views. If the log or the realtime views cannot be read.
    pub fn query(&self) -> Result<Query<'_>> {
        let ends = self.source.log.ends(&self.source.topic)?;
        Query::new(
            &self.served,
            self.realtime.since(self.served.batch())?,
            ends,
        )
    }
}

/// Splits `kafka://host:port/topic` into the address of the system and the name after it, if there
/// is one.
fn place_and_name(address: &str) -> (&str, Option<&str>) {
    let after = address.find("://").map_or(0, |at| at + 3);
    match address[after..].split_once('/') {
        Some((place, name)) => (
            &address[..after + place.len()],
            Some(name).filter(|name| !name.is_empty()),
        ),
        None => (address, None),
    }
}

/// Returns the address that a home folder has noted in a file.
fn noted(folder: &Path, file: &str) -> Result<Option<String>> {
    let path = folder.join(file);
    match fs::read_to_string(&path) {
        Ok(address) => Ok(Some(address.trim().to_owned())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(io_at("read", &path)(error)),
    }
}

/// Decides between the address that a home folder has and the one that is asked for. `None` if what
/// it names is in the folder itself, at `embedded`.
///
/// # Errors
/// What the folder has and what is asked for, if they differ.
fn decided(
    had: Option<String>,
    embedded: &Path,
    asked: Option<&str>,
    is_same: impl Fn(&str, &str) -> bool,
) -> std::result::Result<Option<String>, (String, String)> {
    match (had, asked) {
        (Some(had), Some(asked)) if !is_same(&had, asked) => Err((had, asked.to_owned())),
        (None, Some(asked)) if embedded.exists() => {
            Err((embedded.display().to_string(), asked.to_owned()))
        }
        (had, asked) => Ok(had.or(asked.map(str::to_owned))),
    }
}

/// Returns whether the address of a store that a folder has is the one that is asked for. An address
/// without a beginning of names of tables means the beginning that the folder has.
fn is_same_store(had: &str, asked: &str) -> bool {
    let (had, asked) = (place_and_name(had), place_and_name(asked));
    had.0 == asked.0 && (asked.1.is_none() || had.1 == asked.1)
}

/// Notes an address in a file of a home folder.
fn remember(folder: &Path, file: &str, address: &str) -> Result<()> {
    let path = folder.join(file);
    if noted(folder, file)?.is_some_and(|had| had == address) {
        return Ok(());
    }
    fs::create_dir_all(folder).map_err(io_at("make", folder))?;
    fs::write(&path, address).map_err(io_at("write", &path))
}

/// Adds a beginning of names of tables to the address of a store that has none: the name of the
/// folder, and a number that no other folder has.
fn with_prefix(folder: &Path, address: &str) -> String {
    let (place, name) = place_and_name(address);
    if let Some(name) = name {
        return format!("{place}/{name}");
    }
    let path = fs::canonicalize(folder).unwrap_or_else(|_| folder.to_owned());
    let last = path.file_name().unwrap_or_default().to_string_lossy();
    let sound: String = last
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .take(30)
        .collect();
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let next = NEXT.fetch_add(1, Ordering::Relaxed);
    let one = format!("{}{now:?}{}.{next}", path.display(), std::process::id());
    let number = xxhash_rust::xxh3::xxh3_64(one.as_bytes()) as u32;
    format!("{place}/lambda_{sound}_{number:08x}")
}

/// Returns whether a folder is the home of a [`Lambda`]: it has a log, or names one.
pub fn is_home(folder: impl AsRef<Path>) -> bool {
    let folder = folder.as_ref();
    folder.join("log").is_dir() || folder.join(LOG_ADDRESS).is_file()
}

/// Returns the job that computes all views of the master data up to a batch.
fn job_of(master: &Master, batch: u64, precision: Precision) -> BatchJob {
    BatchJob {
        precision,
        visits: true,
        nothing_is_an_error: false,
        ..BatchJob::of(master.input(batch))
    }
}

/// Computes the views of a batch as the next version of the views, which is not published yet.
fn compute(
    engine: &dyn Engine,
    job: &BatchJob,
    views: &Path,
    batch: u64,
    cut: &[u64],
) -> Result<BuiltBatch> {
    let how = ServingOptions {
        shards: SHARDS,
        keep: KEPT,
        precision: job.precision.bits(),
    };
    let built = BuiltBatch::compute(engine, job, views, how, &|_| {})?;
    Ok(built.of_batch(batch, cut.to_vec()))
}
