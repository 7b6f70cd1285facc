//! `workbook batch`: a file of datums becomes a folder of views.

use crate::Outcome;
use anyhow::Context;
use indicatif::{HumanCount, ProgressBar, ProgressStyle};
use lambda_workbook::batch::Precision;
use lambda_workbook::batch::output::{self, FileRows, Manifest, Output, SERVING};
use lambda_workbook::calendar;
use lambda_workbook::chrono_tz::Tz;
use lambda_workbook::engine::{Engine, Job, Local, Progress, Step, Summary, Views, local};
use lambda_workbook::serving::{Header, Serving, publish};
use std::io::{IsTerminal, Write};
use std::path::PathBuf;
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// Reads datums, normalises URLs, drops duplicates, counts page views and unique
/// persons by hour, day, week and month, and visits and bounces by domain, and
/// replaces the folder of views as a whole.
#[derive(clap::Args)]
pub struct Args {
    /// Datums, as JSON lines or Parquet
    #[arg(long, value_name = "FILE")]
    input: PathBuf,
    /// Folder of the views; replaced as a whole
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
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
    /// Where to run
    #[arg(long, value_enum, default_value = "local")]
    engine: EngineName,
    /// Megabytes of page views to hold in memory before some go to disk
    #[arg(long, value_name = "MB", default_value_t = 256, value_parser = clap::value_parser!(u32).range(1..=1_048_576))]
    memory: u32,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum ViewsName {
    /// Page views, uniques and bounces
    All,
    /// Page views only
    PageViews,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum EngineName {
    /// The cores of this machine
    Local,
}

fn precision(bits: &str) -> Result<Precision, String> {
    let bits = bits.parse().map_err(|_| "not a whole number".to_owned())?;
    Precision::new(bits).map_err(|error| error.to_string())
}

pub fn run(mut args: Args) -> anyhow::Result<Outcome> {
    args.zones.sort_unstable_by_key(|zone| zone.name());
    args.zones.dedup();
    let engine: Box<dyn Engine> = match args.engine {
        EngineName::Local => Box::new(Local {
            memory: args.memory as usize * 1_000_000,
            ..Local::default()
        }),
    };
    let started = Instant::now();
    let output = Output::claim(&args.out, &args.input)?;
    let staging = output.staging()?;
    let job = Job {
        input: args.input,
        zones: args.zones,
        views: match args.views {
            ViewsName::All => Views::All,
            ViewsName::PageViews => Views::PageViews,
        },
        precision: args.precision,
    };
    let show = Show::new();
    let summary = engine.run(&job, staging.path(), &|progress| show.progress(progress));
    show.done();
    let summary = summary?;
    let how = Serving {
        shards: args.shards,
        keep: args.keep as usize,
        precision: job.precision.bits(),
    };
    let served = publish(staging.path(), output.folder(), how)?;
    let manifest = manifest(engine.name(), &job, &summary)?;
    output.swap_in(staging, &manifest)?;
    report(&output, &summary, &served, started.elapsed());
    Ok(Outcome::Done)
}

fn manifest(engine: &str, job: &Job, summary: &Summary) -> anyhow::Result<Manifest> {
    let name = job
        .input
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    let bytes = std::fs::metadata(&job.input)
        .context("looking at the input again")?
        .len();
    let counts = &summary.counts;
    Ok(Manifest {
        made_by: Manifest::MADE_BY.to_owned(),
        version: Manifest::VERSION,
        engine: engine.to_owned(),
        input: output::Input {
            name,
            format: summary.format.name().to_owned(),
            bytes,
        },
        precision: job.precision.bits(),
        counts: output::Counts {
            read: counts.read,
            rejected: counts.rejected,
            other_kinds: counts.other_kinds,
            duplicates: counts.duplicates,
            distinct: counts.distinct,
        },
        zones: job
            .zones
            .iter()
            .map(|zone| zone.name().to_owned())
            .collect(),
        files: summary
            .files
            .iter()
            .map(|(name, rows)| FileRows {
                name: name.clone(),
                rows: *rows,
            })
            .collect(),
    })
}

/// A store's name, and what its new version holds.
type Published = (&'static str, Header);

/// A reader that has gone (`| head -1`) is no fault: the views are in place.
fn report(output: &Output, summary: &Summary, served: &[Published], took: Duration) {
    let mut out = std::io::stdout().lock();
    let _ = write_report(&mut out, output, summary, served, took);
}

fn write_report(
    out: &mut impl Write,
    output: &Output,
    summary: &Summary,
    served: &[Published],
    took: Duration,
) -> std::io::Result<()> {
    let counts = &summary.counts;
    let secs = took.as_secs_f64();
    writeln!(
        out,
        "read {} datums in {secs:.2} s ({} a second)",
        HumanCount(counts.read),
        HumanCount((counts.read as f64 / secs) as u64)
    )?;
    writeln!(
        out,
        "page views: {} distinct, {} duplicates dropped; other kinds: {}",
        HumanCount(counts.distinct),
        HumanCount(counts.duplicates),
        HumanCount(counts.other_kinds)
    )?;
    for (name, rows) in &summary.files {
        let path = output.folder().join(name);
        if name != local::REJECTED {
            writeln!(out, "{}: {} rows", path.display(), HumanCount(*rows))?;
        } else if let Some(first) = &summary.first_rejected {
            writeln!(
                out,
                "rejected {} {}s, see {}; the first: {first}",
                HumanCount(counts.rejected),
                summary.format.unit(),
                path.display()
            )?;
        } else {
            writeln!(out, "rejected 0 {}s", summary.format.unit())?;
        }
    }
    for (name, header) in served {
        let path = output.folder().join(SERVING).join(name);
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

/// Progress: a bar on a terminal, else a plain line every few seconds.
struct Show {
    bar: Option<ProgressBar>,
    started: Instant,
    last: Mutex<Duration>,
}

const BETWEEN_LINES: Duration = Duration::from_secs(5);

impl Show {
    fn new() -> Self {
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
        }
    }

    fn progress(&self, progress: Progress) {
        let step = match progress.step {
            Step::Persons => "persons",
            Step::Read => "reading",
            Step::Dedupe => "dedupe",
            Step::Write => "writing",
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
        let rate = progress.rows as f64 / now.as_secs_f64();
        eprintln!(
            "{step}: {percent} %, {} datums, {} a second",
            HumanCount(progress.rows),
            HumanCount(rate as u64)
        );
    }

    fn done(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
