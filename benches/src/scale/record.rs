//! The record of all runs: a file of JSON lines.
use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};

/// A kind of data set.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, clap::ValueEnum, Serialize, Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum Shape {
    /// 100 pages and 10,000 accounts: many page views in each row of a view
    Few,
    /// 1 million pages and 100 million accounts: many rows of few page views
    Many,
}

impl Shape {
    pub const ALL: [Self; 2] = [Self::Few, Self::Many];

    pub fn pages(self) -> u32 {
        match self {
            Self::Few => 100,
            Self::Many => 1_000_000,
        }
    }

    pub fn users(self) -> u32 {
        match self {
            Self::Few => 10_000,
            Self::Many => 100_000_000,
        }
    }

    /// Returns the word by which it is asked for.
    pub fn word(self) -> &'static str {
        match self {
            Self::Few => "few",
            Self::Many => "many",
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::Few => "100 pages, 10,000 accounts",
            Self::Many => "1 M pages, 100 M accounts",
        }
    }
}

/// The format of the input.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, clap::ValueEnum, Serialize, Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum FormatName {
    /// A datum a line
    Jsonl,
    /// Columns, in row groups
    Parquet,
}

impl FormatName {
    pub const ALL: [Self; 2] = [Self::Jsonl, Self::Parquet];

    /// Returns what `workbook data --format` calls it.
    pub fn for_data(self) -> &'static str {
        match self {
            Self::Jsonl => "json",
            Self::Parquet => "parquet",
        }
    }

    /// Returns the name of the file in a data set.
    pub fn file(self) -> &'static str {
        match self {
            Self::Jsonl => "datums.jsonl",
            Self::Parquet => "datums.parquet",
        }
    }
}

impl fmt::Display for FormatName {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(match self {
            Self::Jsonl => "JSON lines",
            Self::Parquet => "Parquet",
        })
    }
}

/// Reads of one phase, in microseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Phase {
    pub reads: u64,
    pub median: f64,
    pub longest: f64,
}

/// What a reader of the served views has met while the next version was computed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Reads {
    /// Before the batch run begins, while it runs, and after its end.
    pub before: Phase,
    pub during: Phase,
    pub after: Phase,
    /// Reads that failed.
    pub errors: u64,
    /// Answers that are not those of the version that gave them, and versions that went backwards.
    pub wrong: u64,
    /// Questions whose answers differ between the two versions, of all questions.
    pub changed: u64,
    pub questions: u64,
    /// Microseconds in which the reader has opened the new version.
    pub switch: f64,
}

/// One run. Bytes, seconds and rows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Run {
    pub shape: Shape,
    pub format: FormatName,
    /// The size that was asked for.
    pub millions: u32,
    /// Page views of the input, duplicates among them.
    pub page_views: u64,
    /// Making the input, until it is on the disk.
    pub made_seconds: f64,
    pub made_memory: u64,
    pub input_bytes: u64,
    /// What the disk takes of a plain write, measured beside it.
    pub disk_bytes_per_second: f64,
    /// The batch run: seconds by the clock, and of all cores.
    pub seconds: f64,
    pub cpu_seconds: f64,
    pub memory: u64,
    /// The most of temporary files and the version being built.
    pub disk: u64,
    /// The version, as a whole, and the rows of its Parquet files.
    pub view_bytes: u64,
    pub view_rows: u64,
    /// The part of it that is served.
    pub serving_bytes: u64,
    pub serving_rows: u64,
    pub reads: Reads,
}

/// A size that did not fit on the disk.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Skipped {
    pub shape: Shape,
    pub format: FormatName,
    pub millions: u32,
    pub page_views: u64,
    /// Bytes: what it needs, and what was free.
    pub needed: u64,
    pub free: u64,
}

/// A line of the record.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Line {
    Run(Box<Run>),
    Skipped(Skipped),
}

/// All runs so far.
#[derive(Default)]
pub struct Record {
    path: Option<PathBuf>,
    lines: Vec<Line>,
}

impl Record {
    /// Reads the record of a file, which need not be there yet. Without a file, what is added is kept
    /// in memory.
    pub fn open(path: Option<&Path>) -> Result<Self> {
        let text = match path {
            Some(path) if path.exists() => {
                std::fs::read_to_string(path).with_context(|| path.display().to_string())?
            }
            _ => String::new(),
        };
        let name = path.map_or_else(String::new, |path| path.display().to_string());
        Ok(Self {
            path: path.map(Path::to_owned),
            lines: parse(&text, &name)?,
        })
    }

    pub fn add(&mut self, run: Run) -> Result<()> {
        self.push(Line::Run(Box::new(run)))
    }

    pub fn skip(&mut self, skipped: Skipped) -> Result<()> {
        self.push(Line::Skipped(skipped))
    }

    fn push(&mut self, line: Line) -> Result<()> {
        if let Some(path) = &self.path {
            let mut file = OpenOptions::new()
                .create(true)
                .append(true)
                .open(path)
                .with_context(|| path.display().to_string())?;
            let text = serde_json::to_string(&line)? + "\n";
            file.write_all(text.as_bytes())?;
            file.sync_all()?;
        }
        self.lines.push(line);
        Ok(())
    }

    pub fn runs(&self) -> impl Iterator<Item = &Run> {
        self.lines.iter().filter_map(|line| match line {
            Line::Run(run) => Some(&**run),
            Line::Skipped(_) => None,
        })
    }

    /// Returns the runs of a shape and format by size. Of a size that was measured several times, it is
    /// the one with the median time.
    pub fn series(&self, shape: Shape, format: FormatName) -> Vec<&Run> {
        let mut runs: Vec<&Run> = self
            .runs()
            .filter(|run| (run.shape, run.format) == (shape, format))
            .collect();
        runs.sort_by(|a, b| (a.millions.cmp(&b.millions)).then(a.seconds.total_cmp(&b.seconds)));
        let sizes = runs.chunk_by(|a, b| a.millions == b.millions);
        sizes.map(|size| size[(size.len() - 1) / 2]).collect()
    }

    /// Returns the sizes of a shape and format that did not fit, and were never measured.
    pub fn skipped(&self, shape: Shape, format: FormatName) -> Vec<&Skipped> {
        let measured = self.series(shape, format);
        let mut skipped: Vec<&Skipped> = Vec::new();
        // The last one says what is free now.
        for line in self.lines.iter().rev() {
            if let Line::Skipped(one) = line
                && (one.shape, one.format) == (shape, format)
                && measured.iter().all(|run| run.millions != one.millions)
                && skipped.iter().all(|known| known.millions != one.millions)
            {
                skipped.push(one);
            }
        }
        skipped.sort_by_key(|one| one.millions);
        skipped
    }
}

fn parse(text: &str, name: &str) -> Result<Vec<Line>> {
    let lines = (1..).zip(text.lines());
    lines
        .filter(|(_, line)| !line.trim().is_empty())
        .map(|(number, line)| {
            serde_json::from_str(line).with_context(|| {
                format!("{name}, line {number}: not a run of `bench scale`; remove the line or name another file")
            })
        })
        .collect()
}

#[cfg(test)]
pub mod tests {
    use super::*;

    /// Returns a run in which each million page views takes `seconds`, besides a fixed time.
    pub fn run(millions: u32, fixed: f64, seconds: f64) -> Run {
        Run {
            shape: Shape::Few,
            format: FormatName::Jsonl,
            millions,
            page_views: u64::from(millions) * 1_000_000,
            made_seconds: f64::from(millions),
            made_memory: 200_000_000,
            input_bytes: u64::from(millions) * 150_000_000,
            disk_bytes_per_second: 1e9,
            seconds: fixed + f64::from(millions) * seconds,
            cpu_seconds: 2.0 * (fixed + f64::from(millions) * seconds),
            memory: 400_000_000,
            disk: u64::from(millions) * 64_000_000,
            view_bytes: 9_000_000,
            view_rows: 1_000,
            serving_bytes: 5_000_000,
            serving_rows: 1_000,
            reads: Reads {
                changed: 1,
                questions: 1,
                ..Reads::default()
            },
        }
    }

    pub fn skipped(millions: u32) -> Skipped {
        Skipped {
            shape: Shape::Few,
            format: FormatName::Jsonl,
            millions,
            page_views: u64::from(millions) * 1_000_000,
            needed: 90_000_000_000,
            free: 15_000_000_000,
        }
    }

    #[test]
    fn runs_of_several_calls_add_up_in_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("scale.jsonl");
        let mut record = Record::open(Some(&path)).unwrap();
        record.add(run(14, 0.0, 1.0)).unwrap();
        record.skip(skipped(1000)).unwrap();
        let mut record = Record::open(Some(&path)).unwrap();
        record.add(run(1, 0.0, 1.0)).unwrap();
        let record = Record::open(Some(&path)).unwrap();
        let sizes = |record: &Record| -> Vec<u32> {
            let series = record.series(Shape::Few, FormatName::Jsonl);
            series.iter().map(|run| run.millions).collect()
        };
        assert_eq!(sizes(&record), [1, 14]);
        assert!(record.series(Shape::Many, FormatName::Jsonl).is_empty());
        assert_eq!(record.skipped(Shape::Few, FormatName::Jsonl).len(), 1);
    }

    #[test]
    fn of_a_size_measured_thrice_the_median_counts_and_a_measured_size_is_not_skipped() {
        let mut record = Record::open(None).unwrap();
        record.skip(skipped(14)).unwrap();
        for seconds in [3.0, 1.0, 2.0] {
            record.add(run(14, 0.0, seconds)).unwrap();
        }
        let series = record.series(Shape::Few, FormatName::Jsonl);
        assert_eq!(series.len(), 1);
        assert_eq!(series[0].seconds, 28.0);
        assert!(record.skipped(Shape::Few, FormatName::Jsonl).is_empty());
    }

    #[test]
    fn a_line_that_is_no_run_is_named() {
        let error = parse("\n{\"run\": 1}\n", "scale.jsonl").unwrap_err();
        assert!(format!("{error:#}").starts_with("scale.jsonl, line 2: not a run"));
    }
}
