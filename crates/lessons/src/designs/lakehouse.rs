//! A lakehouse under a fault: tables of Parquet files in a folder, with a transaction log that says
//! which files belong to which version, and a query engine over them.
//!
//! ```text
//! raw/      rows as they came, appended by each commit      (elsewhere called bronze)
//! clean/    rows by the rule, each once, with normal URLs   (elsewhere called silver)
//! ```
//!
//! The log is Delta's, in the program `lakehouse` (in `rivals/`); the engine is polars, as in the
//! chapters before, and reads the files that the log names. No answer is stored: each question is
//! computed from the clean rows. So an equiv changes all answers, however late it comes; and a copy
//! is found among all clean rows of its day, because it has the time of its original.
//!
//! Each step of the cleaning is committed under the number of the step. A step that was done is not
//! done again after a crash.
use super::program::Program;
use super::rows::rows_of;
use super::scenario::{HOUR, Scenario};
use super::system::{Arrived, Kept, Recovery, System, on_disk};
use crate::systems::Result;
use crate::systems::error::{io_at, polars_at};
use crate::systems::traffic::{DAY, ReceivedDatum};
use lambda::batch::{self, PersonIndex, persons};
use lambda::faults::{CrashPoint, Crashes, Faults};
use polars::prelude::*;
use polars_io::parquet::write::ParquetWriter;
use serde::{Deserialize, Serialize};
use std::cell::RefCell;
use std::fs::{self, File};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::time::Instant;

/// The name of the program.
pub(super) const PROGRAM: &str = "lakehouse";
/// The columns of a page view.
const VIEW: [&str; 5] = ["true_as_of_secs", "url", "cookie", "user_id", "nonce"];
/// The columns of an equiv.
const EQUIV: [&str; 6] = [
    "kind",
    "true_as_of_secs",
    "cookie",
    "user_id",
    "cookie2",
    "user_id2",
];
/// The columns of both tables, in which all facts are rows. A file leaves out what its rows have
/// not.
const COLUMNS: [&str; 8] = [
    "kind",
    "true_as_of_secs",
    "url",
    "cookie",
    "user_id",
    "nonce",
    "cookie2",
    "user_id2",
];
/// The partition column of the clean table: the day of a page view, or `equivs`.
const PART: &str = "part";
const EQUIVS: &str = "equivs";

/// What the program is asked.
#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum Question<'a> {
    Create {
        table: &'a Path,
        columns: Vec<(&'a str, &'a str)>,
        partition: Option<&'a str>,
    },
    Append {
        table: &'a Path,
        files: Vec<DataFile>,
        writer: &'a str,
        step: i64,
    },
    Files {
        table: &'a Path,
        version: Option<u64>,
    },
    Restore {
        table: &'a Path,
        version: u64,
    },
    Step {
        table: &'a Path,
        writer: &'a str,
    },
}

#[derive(Serialize)]
struct DataFile {
    path: String,
    bytes: i64,
    rows: i64,
    partition: Option<(&'static str, String)>,
}

/// A version of a table, and its files in its folder.
#[derive(Deserialize)]
struct Snapshot {
    version: u64,
    files: Vec<String>,
}

/// The tables, and what happens to them.
pub(super) struct Lakehouse {
    folder: PathBuf,
    trial: Scenario,
    crashes: Crashes<u64>,
    program: Program,
    /// Number of the last commit of raw rows.
    step: i64,
    /// The last step that was cleaned before the code with the bug ran, and the version of the
    /// clean table after it.
    before_bug: Option<(i64, u64)>,
    /// Arrivals that the clean table contains.
    seen: i64,
    /// All clean page views of a version with their persons, as [`views`](Self::views) returns
    /// them, for the next question about the same version.
    read: RefCell<Option<(u64, DataFrame)>>,
    recovery: Option<Recovery>,
}

impl Lakehouse {
    pub fn open(folder: &Path, trial: &Scenario) -> Result<Self> {
        let lakehouse = Self {
            folder: folder.to_owned(),
            trial: trial.clone(),
            crashes: trial.crashes(),
            program: Program::start(PROGRAM)?,
            step: 0,
            before_bug: None,
            seen: 0,
            read: RefCell::new(None),
            recovery: None,
        };
        lakehouse.create(&lakehouse.raw(), None)?;
        lakehouse.create(&lakehouse.clean(), Some(PART))?;
        Ok(lakehouse)
    }

    fn raw(&self) -> PathBuf {
        self.folder.join("raw")
    }

    fn clean(&self) -> PathBuf {
        self.folder.join("clean")
    }

    fn create(&self, table: &Path, partition: Option<&str>) -> Result<()> {
        let kind = |name: &&'static str| match *name {
            "true_as_of_secs" | "user_id" | "nonce" | "user_id2" => (*name, "number"),
            _ => (*name, "text"),
        };
        let mut columns: Vec<(&str, &str)> = COLUMNS.iter().map(kind).collect();
        columns.extend(partition.map(|name| (name, "text")));
        self.program.ask::<u64>(&Question::Create {
            table,
            columns,
            partition,
        })?;
        Ok(())
    }

    fn files(&self, table: &Path) -> Result<Snapshot> {
        let version = None;
        self.program.ask(&Question::Files { table, version })
    }

    /// Writes rows as a file in a table's folder, which belongs to no version yet.
    fn write(
        &self,
        table: &Path,
        part: Option<&str>,
        name: &str,
        rows: &mut DataFrame,
    ) -> Result<DataFile> {
        let name = match part {
            Some(part) => format!("{PART}={part}/{name}.parquet"),
            None => format!("{name}.parquet"),
        };
        let path = table.join(&name);
        let folder = path.parent().unwrap_or(table);
        fs::create_dir_all(folder).map_err(io_at("making", folder))?;
        let file = File::create(&path).map_err(io_at("writing", &path))?;
        let written = ParquetWriter::new(file).finish(rows);
        Ok(DataFile {
            bytes: written.map_err(polars_at("writing", &path))? as i64,
            path: name,
            rows: rows.height() as i64,
            partition: part.map(|part| (PART, part.to_owned())),
        })
    }

    /// Reads some columns of some files of a table; an empty table if there are no files.
    fn read_files(&self, table: &Path, files: &[String], columns: &[&str]) -> Result<DataFrame> {
        let mut all = rows_of(&[])?.select(columns.iter().copied())?;
        for file in files {
            let rows = dataset::read_parquet(table.join(file), columns)?;
            all.vstack_mut(&rows.select(columns.iter().copied())?)?;
        }
        Ok(all)
    }

    /// Commits rows as they came.
    fn append(&mut self, arrivals: &[ReceivedDatum]) -> Result<()> {
        self.step += 1;
        let (raw, step) = (self.raw(), self.step);
        let file = self.write(
            &raw,
            None,
            &format!("{step:06}"),
            &mut rows_of(arrivals.iter().map(|arrival| &arrival.datum))?,
        )?;
        self.program.ask::<u64>(&Question::Append {
            table: &raw,
            files: vec![file],
            writer: "ingest",
            step,
        })?;
        Ok(())
    }

    /// Cleans the raw rows of each step that was not cleaned yet.
    fn clean_new(&self, buggy: bool) -> Result<()> {
        let clean = self.clean();
        let done: Option<i64> = self.program.ask(&Question::Step {
            table: &clean,
            writer: "clean",
        })?;
        for step in done.unwrap_or(0) + 1..=self.step {
            self.clean_steps(step..step + 1, "clean", buggy)?;
        }
        Ok(())
    }

    /// Cleans the raw rows of some steps in one commit, the last of them its number.
    fn clean_steps(&self, steps: Range<i64>, writer: &str, buggy: bool) -> Result<()> {
        let (raw, clean) = (self.raw(), self.clean());
        let names: Vec<String> = steps
            .clone()
            .map(|step| format!("{step:06}.parquet"))
            .collect();
        let rows = self.read_files(&raw, &names, &COLUMNS)?;
        let step = steps.end - 1;
        // A file of an older version must stay as it is, so no name is given twice.
        let name = format!("{}-{step:06}", writer.replace(' ', "-"));

        // Page views by the rule, each once, in parts by their day.
        let mut views = batch::distinct(&batch::normalised(&rows)?)?.select(VIEW)?;
        if buggy {
            let wrong = lit("mysite.com/page/0").alias("url");
            views = views.lazy().with_column(wrong).collect()?;
            views = batch::distinct(&views)?.select(VIEW)?;
        }
        let mut files = Vec::new();
        let before = self.files(&clean)?;
        let secs = views.column("true_as_of_secs")?.i64()?;
        let days = secs
            .min()
            .map(|first| first / DAY..secs.max().unwrap_or(first) / DAY + 1);
        for day in days.into_iter().flatten() {
            let part = format!("day-{day}");
            let of_day = col("true_as_of_secs").floor_div(lit(DAY)).eq(lit(day));
            let new = views.clone().lazy().filter(of_day).collect()?;
            let mut new = self.without_copies(&clean, &before, &part, &new)?;
            if new.height() > 0 {
                files.push(self.write(&clean, Some(&part), &name, &mut new)?);
            }
        }
        let is_equiv = col("kind").eq(lit("equiv"));
        let mut equivs = rows.lazy().filter(is_equiv).collect()?.select(EQUIV)?;
        if equivs.height() > 0 {
            files.push(self.write(&clean, Some(EQUIVS), &name, &mut equivs)?);
        }
        self.program.ask::<u64>(&Question::Append {
            table: &clean,
            files,
            writer,
            step,
        })?;
        Ok(())
    }

    /// Returns the rows that are not in a part of the clean table yet.
    fn without_copies(
        &self,
        clean: &Path,
        before: &Snapshot,
        part: &str,
        new: &DataFrame,
    ) -> Result<DataFrame> {
        let old = self.read_files(clean, &within(&before.files, part), &VIEW)?;
        // The old rows are distinct, and the first of equal rows stays.
        let all = batch::distinct(&old.vstack(new)?)?;
        Ok(all.slice(old.height() as i64, all.height() - old.height()))
    }

    /// The bug was found: goes back to the clean table of before it, and cleans the raw rows since
    /// by the fixed code.
    fn restore_and_clean(&mut self) -> Result<()> {
        let Some((step, version)) = self.before_bug else {
            return Ok(());
        };
        let clean = self.clean();
        let started = Instant::now();
        self.program.ask::<u64>(&Question::Restore {
            table: &clean,
            version,
        })?;
        let (records, bytes) = self.raw_since(step)?;
        // The steps were committed before, so this is another writer.
        self.clean_again(step + 1)?;
        self.recovery = Some(Recovery {
            how: "restore a version, clean again",
            records,
            bytes,
            took: started.elapsed(),
        });
        Ok(())
    }

    /// Cleans all steps from one on again, in one commit.
    fn clean_again(&self, first: i64) -> Result<()> {
        if first > self.step {
            return Ok(());
        }
        // Another writer, because the steps of this one were committed before.
        self.clean_steps(first..self.step + 1, &format!("again from {first}"), false)
    }

    /// The clean table is lost: makes it again from all raw rows.
    fn lose_and_clean(&mut self) -> Result<()> {
        let clean = self.clean();
        fs::remove_dir_all(&clean).map_err(io_at("removing", &clean))?;
        let started = Instant::now();
        self.program = Program::start(PROGRAM)?;
        self.create(&clean, Some(PART))?;
        let (records, bytes) = self.raw_since(0)?;
        self.clean_steps(1..self.step + 1, "clean", false)?;
        self.recovery = Some(Recovery {
            how: "clean all raw rows again",
            records,
            bytes,
            took: started.elapsed(),
        });
        Ok(())
    }

    /// Number of raw rows that were committed after a step, and the bytes of their files.
    fn raw_since(&self, step: i64) -> Result<(i64, i64)> {
        let (raw, first) = (self.raw(), format!("{:06}.parquet", step + 1));
        let files: Vec<String> = self
            .files(&raw)?
            .files
            .into_iter()
            .filter(|file| *file >= first)
            .collect();
        let mut bytes = 0;
        for file in &files {
            let path = raw.join(file);
            bytes += fs::metadata(&path).map_err(io_at("reading", &path))?.len() as i64;
        }
        Ok((
            self.read_files(&raw, &files, &["kind"])?.height() as i64,
            bytes,
        ))
    }

    /// Returns the clean page views of some days with the person of each, as the equivs that are
    /// known now say.
    fn views(&self, days: Option<Range<i64>>) -> Result<DataFrame> {
        let clean = self.clean();
        let Snapshot {
            version,
            files: all,
        } = self.files(&clean)?;
        match &*self.read.borrow() {
            Some((read, views)) if *read == version && days.is_none() => return Ok(views.clone()),
            _ => {}
        }
        let is_all = days.is_none();
        let equivs = self.read_files(&clean, &within(&all, EQUIVS), &EQUIV)?;
        let index = PersonIndex::of(&persons::equivs(&equivs)?);
        let views = match days {
            Some(days) => days
                .flat_map(|day| within(&all, &format!("day-{day}")))
                .collect(),
            None => all
                .iter()
                .filter(|file| !is_within(file, EQUIVS))
                .cloned()
                .collect::<Vec<_>>(),
        };
        let views = index.apply(&self.read_files(&clean, &views, &VIEW)?)?;
        if is_all {
            *self.read.borrow_mut() = Some((version, views.clone()));
        }
        Ok(views)
    }

    /// Ends a commit interval: commits what came in it, and cleans it.
    fn commit(&mut self, arrivals: &[ReceivedDatum], buggy: bool) -> Result<()> {
        self.append(arrivals)?;
        self.clean_new(buggy)?;
        self.seen += arrivals.len() as i64;
        Ok(())
    }
}

/// Whether a file is in a part of a table.
fn is_within(file: &str, part: &str) -> bool {
    file.starts_with(&format!("{PART}={part}/"))
}

/// Returns the files of a part.
fn within(files: &[String], part: &str) -> Vec<String> {
    files
        .iter()
        .filter(|file| is_within(file, part))
        .cloned()
        .collect()
}

impl System for Lakehouse {
    fn take(&mut self, arrived: &Arrived<'_>) -> Result<()> {
        let hour = arrived.hour;
        if self.trial.finds_bug(hour) {
            self.restore_and_clean()?;
        }
        if self.trial.buggy(hour) && self.before_bug.is_none() {
            let version = self.files(&self.clean())?.version;
            self.before_bug = Some((self.step, version));
        }
        let buggy = self.trial.buggy(hour);
        let every = self.trial.lake_every;
        let datums = arrived.datums;
        let mut from = 0;
        // Each interval that is over. What came after it waits in the memory of the writer.
        for end in (hour * HOUR + every..=arrived.until).step_by(every as usize) {
            let count = datums[from..].partition_point(|arrival| arrival.at < end);
            let batch = &datums[from..from + count];
            for n in from..from + count {
                let point = CrashPoint::after((arrived.first + n) as u64);
                if self.crashes.reached(point).is_err() {
                    // The raw rows are committed, and not acknowledged: they are sent again, and
                    // are in the raw table twice. The process begins again.
                    self.append(batch)?;
                    self.program = Program::start(PROGRAM)?;
                    self.crashes.restart();
                }
            }
            self.commit(batch, buggy)?;
            from += count;
            if self.trial.loses(hour)
                && end - every < hour * HOUR + HOUR / 2
                && end >= hour * HOUR + HOUR / 2
            {
                self.lose_and_clean()?;
            }
        }
        Ok(())
    }

    fn by_hour(&self, url: &str, hours: Range<i64>) -> Result<Vec<(i64, i64)>> {
        let mut all = self.all(&[url.to_owned()], hours)?;
        Ok(all.pop().unwrap_or_default())
    }

    fn all(&self, urls: &[String], hours: Range<i64>) -> Result<Vec<Vec<(i64, i64)>>> {
        let days = hours.start * HOUR / DAY..(hours.end * HOUR - 1) / DAY + 1;
        let views = self.views(Some(days).filter(|days| days.start > 0))?;
        let hour = col("true_as_of_secs").floor_div(lit(HOUR)).alias("hour");
        let count = || len().cast(DataType::Int64);
        let table = views
            .lazy()
            .group_by([col("url"), hour, col("cookie"), col("user_id")])
            .agg([count().alias("views")])
            .group_by([col("url"), col("hour")])
            .agg([col("views").sum(), count().alias("uniques")])
            .collect()?;
        let (url, hour) = (table.column("url")?.str()?, table.column("hour")?.i64()?);
        let (views, uniques) = (
            table.column("views")?.i64()?,
            table.column("uniques")?.i64()?,
        );
        let count = (hours.end - hours.start) as usize;
        let mut answers = vec![vec![(0, 0); count]; urls.len()];
        for row in 0..table.height() {
            let (Some(of), Some(at)) = (url.get(row), hour.get(row)) else {
                continue;
            };
            let page = urls.iter().position(|url| url == of);
            if let (Some(page), true) = (page, hours.contains(&at)) {
                let answer = (views.get(row).unwrap_or(0), uniques.get(row).unwrap_or(0));
                answers[page][(at - hours.start) as usize] = answer;
            }
        }
        Ok(answers)
    }

    fn bounces(&self, domain: &str) -> Result<(i64, i64)> {
        let table = batch::bounces(&self.views(None)?)?;
        let domains = table.column("domain")?.str()?;
        let row = (0..table.height()).find(|row| domains.get(*row) == Some(domain));
        let of = |name: &str| -> Result<i64> {
            let counts = table.column(name)?.i64()?;
            Ok(row.and_then(|row| counts.get(row)).unwrap_or(0))
        };
        Ok((of("visits")?, of("bounces")?))
    }

    fn seen(&self) -> Result<i64> {
        Ok(self.seen)
    }

    fn rows_for(&self, _: &str, hours: Range<i64>) -> Result<i64> {
        let days = hours.start * HOUR / DAY..(hours.end * HOUR - 1) / DAY + 1;
        let clean = self.clean();
        let all = self.files(&clean)?.files;
        let files: Vec<String> = days
            .flat_map(|day| within(&all, &format!("day-{day}")))
            .collect();
        Ok(self.read_files(&clean, &files, &["nonce"])?.height() as i64)
    }

    fn kept(&self) -> Result<Kept> {
        Ok(Kept {
            raw_bytes: self.raw_since(0)?.1,
            all_bytes: on_disk(&self.folder)?,
        })
    }

    fn recovery(&self) -> Option<Recovery> {
        self.recovery
    }
}
