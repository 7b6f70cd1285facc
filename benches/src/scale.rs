//! `workbook bench scale`: `workbook data` and `workbook batch` at several sizes.
//!
//! A batch layer has to hold three promises while the data grow: its time grows in proportion, its
//! memory stays below a bound, and what is served is served on while the next version is computed.
//! Each size is made and computed by child processes, so that their memory is theirs alone. What
//! does not fit on the disk is skipped, and the report says so.
//!
//! Every run is appended to a record, so that sizes which were measured in several calls are drawn
//! and judged together.

use anyhow::{Context, Result};
use child::{Measured, run_child};
use kernel::place::Built;
use lambda_workbook::dataset::{self, Spec};
use lambda_workbook::engine::{BatchJob, Local};
use lambda_workbook::serving::ServedViews;
use reader::Reader;
use record::{FormatName, Record, Run, Shape, Skipped};
use room::Needed;
use std::path::{Path, PathBuf};
use std::process::Command;
use workbook::Outcome;

mod child;
mod picture;
mod reader;
mod record;
mod report;
pub mod room;

#[derive(clap::Args)]
pub struct Args {
    /// Sizes, in millions of page views, with commas
    #[arg(long, value_delimiter = ',', default_value = "14,140,1000", value_parser = clap::value_parser!(u32).range(1..=1400))]
    millions: Vec<u32>,
    /// Kinds of data set, with commas
    #[arg(long, value_enum, value_delimiter = ',', default_value = "few,many")]
    shapes: Vec<Shape>,
    /// Formats of the input, with commas
    #[arg(
        long,
        value_enum,
        value_delimiter = ',',
        default_value = "jsonl,parquet"
    )]
    formats: Vec<FormatName>,
    /// Folder for inputs and views, which are deleted after each size [default: in the data folder]
    #[arg(long, value_name = "DIR")]
    folder: Option<PathBuf>,
    /// File of all runs, one a line, to which the runs of this call are appended [default: none]
    #[arg(long, value_name = "FILE")]
    record: Option<PathBuf>,
    /// Picture to draw of all runs in the record
    #[arg(long, value_name = "FILE.svg")]
    plot: Option<PathBuf>,
    /// Page to write about all runs in the record, in Markdown
    #[arg(long, value_name = "FILE.md")]
    report: Option<PathBuf>,
    /// Keep inputs and views
    #[arg(long)]
    keep: bool,
}

/// The hours of all sets: one week.
const HOURS: &str = "2015-08-03..2015-08-10";
/// Bytes that are written to see what the disk takes, at most.
const PROBE: u64 = 1 << 30;

pub fn run(args: Args) -> Result<Outcome> {
    let folder = match &args.folder {
        Some(folder) => folder.clone(),
        None => dataset::home()?.join("generated/bench-scale"),
    };
    std::fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
    let mut record = Record::open(args.record.as_deref())?;
    let mut millions = args.millions.clone();
    millions.sort_unstable();
    millions.dedup();
    for &shape in &args.shapes {
        for &format in &args.formats {
            for &size in &millions {
                eprintln!("{} of {size} million page views, {format}", shape.name());
                let bench = Bench {
                    folder: &folder,
                    shape,
                    format,
                    millions: size,
                    keep: args.keep,
                };
                let measured = bench.measure(&mut record);
                if !args.keep {
                    bench.clear()?;
                }
                measured?;
            }
        }
    }
    if !args.keep {
        // Only if nothing else is there.
        let _ = std::fs::remove_dir(&folder);
    }

    let text = report::page(&record);
    println!("{text}");
    if let Some(path) = &args.report {
        super::all::write(path, &text)?;
    }
    if let Some(path) = &args.plot {
        super::all::write(path, picture::figure(&record).svg())?;
    }
    Ok(if report::is_met(&record) {
        Outcome::Done
    } else {
        Outcome::No
    })
}

/// One size of one shape, in one format.
struct Bench<'a> {
    folder: &'a Path,
    shape: Shape,
    format: FormatName,
    millions: u32,
    keep: bool,
}

impl Bench<'_> {
    fn input(&self) -> PathBuf {
        self.folder.join(format!(
            "{}-{}-{}",
            self.shape.word(),
            self.format.for_data(),
            self.millions
        ))
    }

    fn out(&self) -> PathBuf {
        self.folder.join("views")
    }

    /// Removes what this size has written.
    fn clear(&self) -> Result<()> {
        for path in [self.input(), self.earlier(), self.out()] {
            if path.exists() {
                std::fs::remove_dir_all(&path).with_context(|| path.display().to_string())?;
            }
            // The lock by which only one process makes a set.
            if let Some(name) = path.file_name() {
                let lock = format!(".{}.lock", name.to_string_lossy());
                let _ = std::fs::remove_file(path.with_file_name(lock));
            }
        }
        Ok(())
    }

    /// The set of the version that is served while the batch runs.
    fn earlier(&self) -> PathBuf {
        self.folder.join("earlier")
    }

    /// Measures this size, or finds that it does not fit; either goes to the record.
    fn measure(&self, record: &mut Record) -> Result<()> {
        self.clear()?;
        let scale = u64::from(self.millions) * 10 / 14;
        let spec = Spec {
            scale: scale.max(1),
            hours: HOURS.parse()?,
            pages: self.shape.pages(),
            users: self.shape.users(),
            ..Spec::lesson()
        };
        let page_views = spec.scale * (dataset::PAGE_VIEWS + dataset::DUPLICATES);

        // Is there room? Asked before anything is written.
        let smaller = record
            .series(self.shape, self.format)
            .into_iter()
            .rfind(|run| run.page_views < page_views);
        let needed = Needed::of(page_views, self.shape, self.format, PROBE, smaller).total();
        if self.skips(record, page_views, needed)? {
            return Ok(());
        }

        // The version that is served meanwhile: other views of the same pages.
        let before = Spec {
            scale: 1,
            seed: spec.seed + 1,
            ..spec.clone()
        };
        self.make(&before, &self.earlier())?;
        let input = self.earlier().join(self.format.file());
        run_child(&mut self.batch(&input)?, &self.out())?;
        std::fs::remove_dir_all(self.earlier())?;

        // The input, next to what the disk takes.
        let made = self.make(&spec, &self.input())?;
        let input = self.input().join(self.format.file());
        let input_bytes = std::fs::metadata(&input)?.len();
        let made_seconds = made.seconds + room::sync(&input)?;
        let disk = room::write_rate(self.folder, PROBE.min(input_bytes))?;
        let job = BatchJob::of(input.as_path());
        let room = Local::default().room(&job, &self.out())?;
        if self.skips(record, page_views, room.temporary)? {
            return Ok(());
        }

        // The batch run, with a reader of what is served.
        let served = ServedViews::open(self.out())?;
        let reader = Reader::start(served, reader::questions(&self.out())?)?;
        let batch = run_child(&mut self.batch(&input)?, &self.out());
        let reads = reader.finish();
        let (batch, reads) = (batch?, reads?);
        let version = std::fs::canonicalize(self.out().join("current"))?;
        let run = Run {
            shape: self.shape,
            format: self.format,
            millions: self.millions,
            page_views,
            made_seconds,
            made_memory: made.memory,
            input_bytes,
            disk_bytes_per_second: disk,
            seconds: batch.seconds,
            cpu_seconds: batch.cpu_seconds,
            memory: batch.memory,
            disk: batch.disk,
            view_bytes: room::bytes_below(&version)?,
            view_rows: room::rows_of(&version)?,
            serving_bytes: room::bytes_below(&version.join("serving"))?,
            serving_rows: room::serving_rows(&version)?,
            reads,
        };
        println!("{}", report::line(&run));
        record.add(run)
    }

    /// Whether this size does not fit on the disk, which then goes to the record.
    fn skips(&self, record: &mut Record, page_views: u64, needed: u64) -> Result<bool> {
        let free = room::free_bytes(self.folder)?;
        if needed <= free {
            return Ok(false);
        }
        println!(
            "skipped: {} of {} million page views, {}: needs about {:.1} GB, {:.1} GB are free",
            self.shape.name(),
            self.millions,
            self.format,
            needed as f64 / 1e9,
            free as f64 / 1e9
        );
        record.skip(Skipped {
            shape: self.shape,
            format: self.format,
            millions: self.millions,
            page_views,
            needed,
            free,
        })?;
        Ok(true)
    }

    fn make(&self, spec: &Spec, out: &Path) -> Result<Measured> {
        let mut command = Command::new(Built::find()?.exe);
        command
            .arg("data")
            .args(["--hours", HOURS, "--format", self.format.for_data()])
            .args(["--scale", &spec.scale.to_string()])
            .args(["--seed", &spec.seed.to_string()])
            .args(["--users", &spec.users.to_string()])
            .args(["--pages", &spec.pages.to_string()])
            .arg("--out")
            .arg(out);
        run_child(&mut command, out)
    }

    fn batch(&self, input: &Path) -> Result<Command> {
        let mut command = Command::new(Built::find()?.exe);
        command
            .arg("batch")
            .arg("--input")
            .arg(input)
            .arg("--out")
            .arg(self.out());
        if !self.keep {
            // One version for a way back is enough: the one that readers may still have open.
            command.args(["--keep", "2"]);
        }
        Ok(command)
    }
}
