//! `workbook batch`: a file of datums becomes a folder of views.

use crate::Outcome;
use indicatif::{HumanBytes, HumanCount, ProgressBar, ProgressStyle};
use lambda_workbook::batch::Precision;
use lambda_workbook::batch::output::SERVING;
use lambda_workbook::calendar;
use lambda_workbook::chrono_tz::Tz;
use lambda_workbook::engine::local::{Checkpoints, Room};
use lambda_workbook::engine::{
    BatchJob, Engine, Local, RunPhase, RunProgress, SCHEME, SparkConnect, Summary, Views, local,
};
use lambda_workbook::lambda::versions::{CURRENT, UNFINISHED};
use lambda_workbook::lambda::{BuiltBatch, Options};
use lambda_workbook::serving::{Header, ServingOptions};
use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Reads datums, normalises URLs, drops duplicates, counts page views and unique
/// persons by hour, day, week and month, and visits and bounces by domain, and publishes
/// the views as a version of a folder: all at once, with earlier versions for a way back.
#[derive(clap::Args)]
pub struct Args {
    /// Datums, as JSON lines or Parquet
    #[arg(
        long,
        value_name = "FILE",
        required_unless_present = "home",
        requires = "out"
    )]
    input: Option<PathBuf>,
    /// Folder of the views; `current` in it leads to the newest version
    #[arg(
        long,
        value_name = "DIR",
        required_unless_present = "home",
        requires = "input"
    )]
    out: Option<PathBuf>,
    /// Folder that `workbook append` made, in place of --input and --out: everything in its
    /// log becomes the next batch, and the realtime views forget it
    #[arg(long, value_name = "DIR", conflicts_with_all = ["input", "out", "zones", "views", "shards", "keep"])]
    home: Option<PathBuf>,
    #[command(flatten)]
    log: super::LogArgs,
    /// Also count by local day of this zone, such as America/Los_Angeles; may be repeated
    #[arg(long = "zone", value_name = "TZ", value_parser = calendar::parse_zone)]
    zones: Vec<Tz>,
    /// Which views to compute
    #[arg(long, value_enum, default_value = "all")]
    views: ViewsName,
    /// Precision of the sketches of uniques, 4 to 18: one more doubles their bytes
    /// and divides their error by 1.4
    #[arg(long, value_name = "BITS", default_value = "14", value_parser = precision)]
    precision: Precision,
    /// Parts of the views that queries read, each on a server of its own
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u32).range(1..=99))]
    shards: u32,
    /// Versions of those views kept for a way back, the new one among them
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=1000))]
    keep: u32,
    /// Where to run: `local` for the cores of this machine, or a Spark Connect server, such as
    /// `sc://127.0.0.1:15002`, which sees the input and the folder under the same paths
    #[arg(long, value_name = "local|sc://HOST:PORT", default_value = "local", value_parser = engine)]
    engine: EngineName,
    /// Megabytes of page views to hold in memory before some go to disk
    #[arg(long, value_name = "MB", default_value_t = 256, value_parser = clap::value_parser!(u32).range(1..=1_048_576))]
    memory: u32,
    /// Write down how far the run is after so many seconds, so that the same command goes on there
    /// if this one is killed; with --input and --engine local
    #[arg(long, value_name = "SECONDS", default_value_t = 30)]
    checkpoint_every: u32,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum ViewsName {
    /// Page views, uniques and bounces
    All,
    /// Page views only
    PageViews,
}

#[derive(Clone)]
enum EngineName {
    /// The cores of this machine.
    Local,
    /// The address of a Spark Connect server.
    Spark(String),
}

fn engine(name: &str) -> Result<EngineName, String> {
    match name {
        "local" => Ok(EngineName::Local),
        _ if name.starts_with(SCHEME) => Ok(EngineName::Spark(name.to_owned())),
        _ => Err("write local, or sc://HOST:PORT for a Spark Connect server".to_owned()),
    }
}

pub(super) fn precision(bits: &str) -> Result<Precision, String> {
    let bits = bits.parse().map_err(|_| "not a whole number".to_owned())?;
    Precision::new(bits).map_err(|error| error.to_string())
}

pub fn run(mut args: Args) -> anyhow::Result<Outcome> {
    args.zones.sort_unstable_by_key(|zone| zone.name());
    args.zones.dedup();
    let checkpoints = args.out.as_ref().map(|out| Checkpoints {
        folder: out.join(UNFINISHED),
        every: Duration::from_secs(args.checkpoint_every.into()),
    });
    let local = Local {
        memory: args.memory as usize * 1_000_000,
        checkpoints,
        ..Local::default()
    };
    let engine: Box<dyn Engine> = match &args.engine {
        EngineName::Spark(address) => Box::new(SparkConnect::open(address, None)?),
        EngineName::Local => Box::new(local.clone()),
    };
    let started = Instant::now();
    let report = match (&args.home, args.input, args.out) {
        (Some(home), _, _) => run_home(engine.as_ref(), home, &args.log, args.precision)?,
        (None, Some(input), Some(out)) => {
            let job = BatchJob {
                zones: args.zones,
                views: match args.views {
                    ViewsName::All => Views::All,
                    ViewsName::PageViews => Views::PageViews,
                },
                precision: args.precision,
                ..BatchJob::of(input)
            };
            let how = ServingOptions {
                shards: args.shards,
                keep: args.keep as usize,
                precision: job.precision.bits(),
            };
            if matches!(args.engine, EngineName::Local) {
                say_room(&local.room(&job, &out)?, &out);
            }
            run_file(engine.as_ref(), &job, &out, how, local.checkpoints.as_ref())?
        }
        // clap lets nothing else through.
        _ => crate::wrong_use("name --input and --out, or --home"),
    };
    // A reader that has gone (`| head -1`) is no fault: the views are in place.
    let _ = report.write(&mut std::io::stdout().lock(), started.elapsed());
    Ok(Outcome::Done)
}

/// Says how much room on disk a run may need, if it needs any besides its views.
fn say_room(room: &Room, out: &Path) {
    if room.temporary == 0 {
        return;
    }
    let needed = HumanBytes(room.temporary);
    let free = room
        .free
        .map_or("unknown".to_owned(), |free| HumanBytes(free).to_string());
    eprintln!(
        "temporary files: up to {needed} in {}; free: {free}",
        out.display()
    );
    if room.free.is_some_and(|free| free < room.temporary) {
        eprintln!(
            "this may not fit: make room, name a folder on a larger disk by --out, or raise --memory"
        );
    }
}

/// Computes the views of a file and publishes them.
fn run_file(
    engine: &dyn Engine,
    job: &BatchJob,
    out: &Path,
    how: ServingOptions,
    checkpoints: Option<&Checkpoints>,
) -> anyhow::Result<Report> {
    let show = Show::new();
    let run = BuiltBatch::compute(engine, job, out, how, &|progress| show.progress(progress));
    show.done();
    // Whether the folder was another's all the time, and so is what is left in it.
    let has_begun = show.has_begun.load(Ordering::Relaxed);
    if let (Err(_), Some(checkpoints), true) = (&run, checkpoints, has_begun)
        && let Some(rows) = checkpoints.rows_read()
    {
        eprintln!(
            "{} datums are read, and kept in {}: the same command goes on there; remove that folder \
             if you need the room",
            HumanCount(rows),
            checkpoints.folder.display()
        );
    }
    let run = run?;
    let report = Report {
        before: show.before.load(Ordering::Relaxed),
        ..Report::of(&run, None)
    };
    run.publish()?;
    Ok(report)
}

/// Runs the next batch of a home folder: everything in its log.
fn run_home(
    engine: &dyn Engine,
    home: &Path,
    log: &super::LogArgs,
    precision: Precision,
) -> anyhow::Result<Report> {
    super::must_be_home(home)?;
    let options = Options {
        precision,
        ..Options::default()
    };
    let mut lambda = log.open(home, options)?;
    let (batch, cut) = lambda.begin_batch()?;
    let run = lambda.build_by(engine, batch, &cut)?;
    let report = Report::of(&run, Some(batch));
    lambda.publish(run)?;
    lambda.expire()?;
    Ok(report)
}

/// What a run found and wrote, to be printed when its views are served.
pub(super) struct Report {
    batch: Option<u64>,
    /// Number of datums that a run before this one has read, which was cut off.
    before: u64,
    summary: Summary,
    folder: PathBuf,
    stores: Vec<(&'static str, Header)>,
}

impl Report {
    pub(super) fn of(run: &BuiltBatch, batch: Option<u64>) -> Self {
        Self {
            batch,
            before: 0,
            summary: run.summary().clone(),
            folder: run.folder().to_owned(),
            stores: run.stores().to_vec(),
        }
    }

    fn write(&self, out: &mut impl Write, took: Duration) -> std::io::Result<()> {
        // What was read.
        let (counts, secs) = (&self.summary.counts, took.as_secs_f64());
        if let Some(batch) = self.batch {
            write!(out, "batch {batch}: ")?;
        }
        let read = counts.read - self.before.min(counts.read);
        writeln!(
            out,
            "read {} datums in {secs:.2} s ({} a second)",
            HumanCount(read),
            HumanCount((read as f64 / secs) as u64)
        )?;
        if self.before > 0 {
            writeln!(
                out,
                "and {} before, by a run that was cut off",
                HumanCount(self.before)
            )?;
        }
        self.write_views(out)
    }

    /// Returns the number of page views, and where they are served, in a few words.
    pub(super) fn headline(&self) -> String {
        let distinct = HumanCount(self.summary.counts.distinct);
        format!("{distinct} page views in {}", self.folder.display())
    }

    /// Writes what there is to say besides the number of datums and the time.
    pub(super) fn write_views(&self, out: &mut impl Write) -> std::io::Result<()> {
        let counts = &self.summary.counts;
        writeln!(
            out,
            "page views: {} distinct, {} duplicates dropped; other kinds: {}",
            HumanCount(counts.distinct),
            HumanCount(counts.duplicates),
            HumanCount(counts.other_kinds)
        )?;

        // The files, and what could not be read.
        for (name, rows) in &self.summary.files {
            let path = self.folder.join(name);
            if name != local::REJECTED {
                writeln!(out, "{}: {} rows", path.display(), HumanCount(*rows))?;
            } else if let Some(first) = &self.summary.first_rejected {
                writeln!(
                    out,
                    "rejected {} {}s, see {}; the first: {first}",
                    HumanCount(counts.rejected),
                    self.summary.format.unit(),
                    path.display()
                )?;
            } else {
                writeln!(out, "rejected 0 {}s", self.summary.format.unit())?;
            }
        }

        // The stores that queries read.
        for (name, header) in &self.stores {
            let path = self.folder.join(CURRENT).join(SERVING).join(name);
            writeln!(
                out,
                "{}: version {}, {} of {} URLs in {} shards",
                path.display(),
                header.version,
                header.values,
                HumanCount(header.urls),
                header.shards
            )?;
        }
        Ok(())
    }
}

/// Shows the progress: a bar on a terminal, else a plain line every few seconds.
pub(super) struct Show {
    bar: Option<ProgressBar>,
    started: Instant,
    last: Mutex<Duration>,
    /// Whether there was any progress.
    has_begun: AtomicBool,
    /// Number of datums that were read by a run before this one.
    before: AtomicU64,
}

const BETWEEN_LINES: Duration = Duration::from_secs(5);

impl Show {
    pub(super) fn new() -> Self {
        let bar = std::io::stderr().is_terminal().then(|| {
            let style = "{msg:7} {wide_bar} {bytes}/{total_bytes} {binary_bytes_per_sec} {eta}";
            let bar = ProgressBar::new(0);
            bar.set_style(ProgressStyle::with_template(style).expect("a sound template"));
            bar
        });
        Show {
            bar,
            started: Instant::now(),
            last: Mutex::new(Duration::ZERO),
            has_begun: AtomicBool::new(false),
            before: AtomicU64::new(0),
        }
    }

    pub(super) fn progress(&self, progress: RunProgress) {
        self.has_begun.store(true, Ordering::Relaxed);
        if progress.step == RunPhase::Resume {
            self.before.store(progress.rows, Ordering::Relaxed);
            eprintln!(
                "going on with a run that was cut off: {} datums are read",
                HumanCount(progress.rows)
            );
        }
        let step = match progress.step {
            RunPhase::Resume => "resume",
            RunPhase::Persons => "persons",
            RunPhase::Read => "reading",
            RunPhase::Dedupe => "dedupe",
            RunPhase::Write => "writing",
        };
        if let Some(bar) = &self.bar {
            bar.set_length(progress.bytes_total);
            bar.set_position(progress.bytes);
            bar.set_message(step);
            return;
        }
        let now = self.started.elapsed();
        // Another thread that is printing prints for this one too.
        let Ok(mut last) = self.last.try_lock() else {
            return;
        };
        if now - *last < BETWEEN_LINES {
            return;
        }
        *last = now;
        let percent = progress.bytes * 100 / progress.bytes_total.max(1);
        let rate = progress
            .rows
            .saturating_sub(self.before.load(Ordering::Relaxed)) as f64
            / now.as_secs_f64();
        eprintln!(
            "{step}: {percent} %, {} datums, {} a second",
            HumanCount(progress.rows),
            HumanCount(rate as u64)
        );
    }

    pub(super) fn done(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
