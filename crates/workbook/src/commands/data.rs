//! `workbook data`: make a data set.
use crate::{Outcome, wrong_use};
use anyhow::{Context, Result};
use clap::ValueEnum;
use indicatif::{HumanBytes, HumanCount, ProgressBar, ProgressDrawTarget, ProgressStyle};
use lambda_workbook::dataset::{self, DatasetError, Format, Hours, Kinds, Made, Spec};
use lambda_workbook::datum::Datum;
use std::fs;
use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// Make a data set: same arguments, same bytes.
///
/// Without arguments it is the lesson's: 1,409,422 page views of two hours,
/// 6,646 of them duplicates. A set that is there already is left as it is.
#[derive(clap::Args)]
pub struct Args {
    /// How many times 1.4 million page views
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..=1000))]
    scale: u64,
    /// Hours covered, UTC: lesson, 2015-08-03, 2015-08-03T18,
    /// 2015-08-01..2015-08-29 (the end not included), or some of these with
    /// commas
    #[arg(long, value_name = "SPEC", default_value = "lesson")]
    hours: Hours,
    /// Chooses among data sets that are alike
    #[arg(long, value_name = "N", default_value_t = Spec::lesson().seed)]
    seed: u64,
    /// Kinds of datum: all, or some of
    /// page_view,equiv,person_property,page_property
    #[arg(long, value_name = "KINDS", default_value = "page_view")]
    kinds: Kinds,
    /// Accounts: user_id 0 to N - 1
    #[arg(long, value_name = "N", default_value_t = Spec::lesson().users, value_parser = clap::value_parser!(u32).range(1..=100_000_000))]
    users: u32,
    /// Pages viewed in hours other than the lesson's
    #[arg(long, value_name = "N", default_value_t = Spec::lesson().pages, value_parser = clap::value_parser!(u32).range(2..=1_000_000))]
    pages: u32,
    /// Duplicates as a share of the distinct page views, 0 to 1 [default: the lesson's, 0.0047]
    #[arg(long, value_name = "SHARE")]
    duplicates: Option<f64>,
    /// Folder of the set [default: data/generated/NAME]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Files to write
    #[arg(long, value_enum, default_value = "both")]
    format: Files,
    /// Write the small committed sets, sample.jsonl and golden.jsonl, into DIR instead
    #[arg(long, value_name = "DIR", hide = true)]
    samples: Option<PathBuf>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Files {
    Json,
    Parquet,
    Both,
}

pub fn run(args: Args) -> Result<Outcome> {
    if let Some(dir) = &args.samples {
        write_lines(&dir.join("sample.jsonl"), &dataset::sample()?)?;
        write_lines(&dir.join("golden.jsonl"), &dataset::golden())?;
        return Ok(Outcome::Done);
    }
    let spec = Spec {
        hours: args.hours,
        scale: args.scale,
        seed: args.seed,
        users: args.users,
        pages: args.pages,
        duplicates: args.duplicates.unwrap_or(Spec::lesson().duplicates),
        kinds: args.kinds,
    };
    let format = match args.format {
        Files::Json => Format::Json,
        Files::Parquet => Format::Parquet,
        Files::Both => Format::Both,
    };
    let made = spec.check().and_then(|()| make(&spec, args.out, format));
    match made {
        Ok(()) => Ok(Outcome::Done),
        Err(error) if error.is_wrong_use() => wrong_use(error),
        Err(error) => Err(error.into()),
    }
}

fn make(spec: &Spec, out: Option<PathBuf>, format: Format) -> Result<(), DatasetError> {
    let out = match out {
        Some(out) => out,
        None => dataset::home()?.join("generated").join(spec.name()),
    };
    refuse_files_too_large_with_an_error();
    let started = Instant::now();
    let progress = Progress::new(started);
    let made = dataset::generate(spec, &out, format, &|done, total| {
        progress.show(done, total)
    })?;
    progress.clear();
    // The set is made, whether or not someone reads on to the end.
    let _ = std::io::stdout().write_all(report(&made, started.elapsed()).as_bytes());
    Ok(())
}

/// With a limit on file sizes (`ulimit -f`) the system would end the process
/// without a word; ignored, the signal becomes an error of the write.
fn refuse_files_too_large_with_an_error() {
    // SAFETY: setting a signal to be ignored installs no handler.
    unsafe { libc::signal(libc::SIGXFSZ, libc::SIG_IGN) };
}

/// One line of what was done, and some of what is in it.
fn report(made: &Made, took: Duration) -> String {
    let (path, counts) = (made.path.display(), &made.manifest.counts);
    let datums = HumanCount(counts.datums);
    if made.reused {
        return format!("{path}: there already, {datums} datums; nothing to do\n");
    }
    let secs = took.as_secs_f64();
    let rate = HumanCount((counts.datums as f64 / secs) as u64);
    let mut text = format!("{path}: {datums} datums in {secs:.2} s, {rate} a second\n");
    for (count, what) in [
        (counts.page_views, "page views"),
        (counts.duplicates, "of them duplicates"),
        (counts.equivs, "equivs"),
        (counts.person_properties, "person properties"),
        (counts.page_properties, "page properties"),
    ] {
        if count > 0 {
            text += &format!("{:>14} {what}\n", HumanCount(count).to_string());
        }
    }
    for file in &made.manifest.files {
        text += &format!("{:>14} {}\n", HumanBytes(file.bytes).to_string(), file.name);
    }
    text
}

/// A bar on a terminal, a line every few seconds elsewhere.
struct Progress {
    bar: ProgressBar,
    lines: Option<Mutex<Instant>>,
    started: Instant,
}

impl Progress {
    const EVERY: Duration = Duration::from_secs(2);

    fn new(started: Instant) -> Self {
        let terminal = std::io::stderr().is_terminal();
        let style = "{wide_bar} {human_pos} of {human_len} datums, {per_sec}, {eta} left";
        let style = ProgressStyle::with_template(style).unwrap_or(ProgressStyle::default_bar());
        let target = if terminal {
            ProgressDrawTarget::stderr()
        } else {
            ProgressDrawTarget::hidden()
        };
        let bar = ProgressBar::with_draw_target(Some(0), target).with_style(style);
        Self {
            bar,
            lines: (!terminal).then(|| Mutex::new(started)),
            started,
        }
    }

    fn show(&self, done: u64, total: u64) {
        self.bar.set_length(total);
        self.bar.set_position(done);
        let Some(lines) = &self.lines else { return };
        let Ok(mut last) = lines.lock() else { return };
        if last.elapsed() < Self::EVERY {
            return;
        }
        *last = Instant::now();
        let rate = done as f64 / self.started.elapsed().as_secs_f64().max(1e-9);
        eprintln!(
            "{} of {} datums, {} a second, {:.0} s left",
            HumanCount(done),
            HumanCount(total),
            HumanCount(rate as u64),
            (total - done) as f64 / rate.max(1.0),
        );
    }

    fn clear(&self) {
        self.bar.finish_and_clear();
    }
}

fn write_lines(path: &Path, datums: &[Datum]) -> Result<()> {
    let mut text = String::new();
    for datum in datums {
        text += &serde_json::to_string(datum)?;
        text.push('\n');
    }
    fs::write(path, text).with_context(|| format!("could not write {}", path.display()))?;
    println!("{}: {} datums", path.display(), datums.len());
    Ok(())
}
