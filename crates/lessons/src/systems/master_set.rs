//! A master data set that is append-only by its type.
//!
//! | invariant | by |
//! |---|---|
//! | 1. a row that was appended is there for ever, unchanged | no method overwrites or deletes; parts are made with *create new* and are read-only; what was changed behind our back is refused |
//! | 2. an append is seen whole or not at all | its parts are read once its description has its name |
//! | 3. a table reads no other kind's files | one folder a kind, in it one a day |
//! | 4. what is wrong is taken out by adding | a [`Retraction`] is a fact about facts |
//!
//! ```compile_fail
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let set = lambda_workbook::systems::MasterSet::open("master")?;
//! set.delete(lambda_workbook::systems::FactKind::Location)?; // there is no such method
//! # Ok(())
//! # }
//! ```
//! ```compile_fail
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let mut set = lambda_workbook::systems::MasterSet::open("master")?;
//! set.overwrite(&[])?; // nor this one
//! # Ok(())
//! # }
//! ```
//! ```compile_fail
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let set = lambda_workbook::systems::MasterSet::open("master")?;
//! std::fs::remove_dir_all(&set.folder)?; // where it lies is its own affair
//! # Ok(())
//! # }
//! ```
//!
//! Somebody with a shell can still remove files, and a disk can fail: copies on other
//! machines are for that. The type keeps *our own programs* from doing it, and those
//! are what runs every day.
//!
//! Source: *Big Data*, Marz and Warren (Manning), chapters 2 to 5.
use super::error::{Result, SystemsError, io_at, polars_at};
use super::fact_kind::FactKind;
use super::numbered::{described, take, write_new};
use super::pedigree::{PEDIGREE, Recorded, Retraction};
use calendar::Granularity;
use lambda::datum::{DataUnit, Datum};
use notebook::time;
use polars::prelude::*;
use polars_io::SerReader;
use polars_io::parquet::read::ParquetReader;
use polars_io::parquet::write::{ParquetCompression, ParquetWriter};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs;
use std::io::Cursor;
use std::ops::Range;
use std::path::{Path, PathBuf};
use xxhash_rust::xxh3::xxh3_64;

/// All data, for ever: Parquet files by kind of fact and day.
///
/// ```
/// use lambda_workbook::dataset;
/// use lambda_workbook::systems::{FactKind, MasterSet, Recorded};
///
/// let folder = tempfile::tempdir()?;
/// let set = MasterSet::open(folder.path())?;
/// let golden = dataset::golden().into_iter().map(Recorded::on_time).collect::<Vec<_>>();
/// set.append("lesson 1", &golden)?;
/// assert_eq!(set.read(FactKind::PageView)?.height(), 8);
/// assert_eq!(set.read(FactKind::Equiv)?.height(), 2);
/// assert_eq!(set.datums(FactKind::Equiv)?.len(), 2);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct MasterSet {
    folder: PathBuf,
}

/// What one append added.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Append {
    /// The program and version that wrote it.
    pub writer: String,
    pub parts: Vec<Part>,
}

/// A file: facts of one kind and one day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    pub kind: FactKind,
    /// Start of the UTC day in which its facts became true: epoch seconds.
    pub day: i64,
    pub rows: u64,
    pub bytes: u64,
    /// XXH3 of its bytes: whether it is still what was appended.
    pub hash: u64,
}

impl Part {
    fn path(&self, number: u64) -> String {
        let day = time::format(self.day, chrono_tz::UTC, "%Y-%m-%d");
        format!("{}/{day}/{number:06}.parquet", self.kind.folder())
    }
}

impl MasterSet {
    /// Opens the set in a folder, or makes one.
    pub fn open(folder: impl AsRef<Path>) -> Result<Self> {
        let folder = folder.as_ref().to_owned();
        fs::create_dir_all(&folder).map_err(io_at("making", &folder))?;
        Ok(Self { folder })
    }

    /// Adds facts; what was added. They are on the disk when this returns, all of
    /// them or none. Several processes may append at a time. O(facts).
    ///
    /// # Errors
    /// A disk that refuses. Nothing of this append is read then.
    pub fn append(&self, writer: &str, facts: &[Recorded]) -> Result<Append> {
        let taken = take(&self.folder.join("appends"))?;
        let mut tables: BTreeMap<(FactKind, i64), Vec<&Recorded>> = BTreeMap::new();
        for fact in facts {
            let secs = fact.datum.pedigree.true_as_of_secs;
            let table = (
                FactKind::of(&fact.datum.dataunit),
                Granularity::Day.bucket(secs),
            );
            tables.entry(table).or_default().push(fact);
        }
        let mut parts = Vec::with_capacity(tables.len());
        for ((kind, day), facts) in tables {
            let mut part = Part {
                kind,
                day,
                rows: facts.len() as u64,
                bytes: 0,
                hash: 0,
            };
            let path = self.folder.join(part.path(taken.number));
            let bytes =
                parquet(table(kind, writer, &facts)?).map_err(polars_at("writing", &path))?;
            (part.bytes, part.hash) = (bytes.len() as u64, xxh3_64(&bytes));
            let home = path.parent().unwrap_or(&self.folder);
            fs::create_dir_all(home).map_err(io_at("making", home))?;
            write_new(&path, &bytes)?;
            parts.push(part);
        }
        let append = Append {
            writer: writer.to_owned(),
            parts,
        };
        taken.describe(&append)?;
        Ok(append)
    }

    /// Says that rows are not to be believed. They stay; [`believed`](Self::believed)
    /// leaves them out from now on.
    pub fn retract(&self, retraction: &Retraction) -> Result<()> {
        take(&self.folder.join("retractions"))?.describe(retraction)
    }

    /// What was retracted so far, in order.
    pub fn retractions(&self) -> Result<Vec<Retraction>> {
        let found = described(&self.folder.join("retractions"))?;
        Ok(found
            .into_iter()
            .map(|(_, retraction)| retraction)
            .collect())
    }

    /// What was appended so far, in order.
    pub fn appends(&self) -> Result<Vec<(u64, Append)>> {
        described(&self.folder.join("appends"))
    }

    /// All rows of a kind that were ever appended, in the order of appends.
    ///
    /// # Errors
    /// A part that is missing, or is not what was appended.
    pub fn read(&self, kind: FactKind) -> Result<DataFrame> {
        self.read_days(kind, i64::MIN..i64::MAX)
    }

    /// The rows of a kind that became true on days that begin in a range. Only
    /// their files are read.
    pub fn read_days(&self, kind: FactKind, days: Range<i64>) -> Result<DataFrame> {
        let mut all = table(kind, "", &[])?;
        for (number, append) in self.appends()? {
            let wanted = |part: &&Part| part.kind == kind && days.contains(&part.day);
            for part in append.parts.iter().filter(wanted) {
                all.vstack_mut_owned(self.part(number, part)?)?;
            }
        }
        // One chunk a column, as if it had been one file.
        all.align_chunks_par();
        Ok(all)
    }

    /// The rows of a kind that no retraction names: what views are made of.
    pub fn believed(&self, kind: FactKind) -> Result<DataFrame> {
        let mut rows = self.read(kind)?;
        for retraction in self.retractions()? {
            if retraction.kind == kind {
                rows = rows.filter(&!retraction.of_rows(&rows)?)?;
            }
        }
        Ok(rows)
    }

    /// The same as datums.
    pub fn datums(&self, kind: FactKind) -> Result<Vec<Datum>> {
        let mut rows = self.believed(kind)?;
        let kinds = StringChunked::full("kind".into(), kind.unit(), rows.height());
        rows.with_column(kinds.into_column())?;
        Ok(dataset::datums(&rows)?)
    }

    /// How much there is: `kind`, `files`, `rows`, `bytes`.
    pub fn table(&self) -> Result<DataFrame> {
        let mut sums: BTreeMap<FactKind, [i64; 3]> = BTreeMap::new();
        for (_, append) in self.appends()? {
            for part in append.parts {
                let sum = sums.entry(part.kind).or_default();
                let more = [1, part.rows as i64, part.bytes as i64];
                sum.iter_mut()
                    .zip(more)
                    .for_each(|(sum, more)| *sum += more);
            }
        }
        let column = |n: usize| sums.values().map(|sum| sum[n]).collect::<Vec<_>>();
        Ok(df!(
            "kind" => sums.keys().map(|kind| kind.folder()).collect::<Vec<_>>(),
            "files" => column(0), "rows" => column(1), "bytes" => column(2),
        )?)
    }

    fn part(&self, number: u64, part: &Part) -> Result<DataFrame> {
        let path = self.folder.join(part.path(number));
        let bytes = fs::read(&path).map_err(io_at("reading", &path))?;
        if xxh3_64(&bytes) != part.hash {
            let problem = match (bytes.len() as u64, part.bytes) {
                (now, then) if now != then => format!("it has {now} bytes and had {then}"),
                _ => "its checksum is another".to_owned(),
            };
            return Err(SystemsError::Changed { path, problem });
        }
        let rows = ParquetReader::new(Cursor::new(bytes)).finish();
        rows.map_err(polars_at("reading", &path))
    }
}

/// Facts of one kind as a table: the pedigree, then the fact.
fn table(kind: FactKind, writer: &str, facts: &[&Recorded]) -> PolarsResult<DataFrame> {
    let [secs, arrived, writers, said_by] = PEDIGREE.map(|(name, _)| PlSmallStr::from(name));
    let true_as_of = facts.iter().map(|fact| fact.datum.pedigree.true_as_of_secs);
    let mut columns = vec![
        Int64Chunked::from_iter_values(secs, true_as_of).into_column(),
        Int64Chunked::from_iter_values(arrived, facts.iter().map(|f| f.arrived_secs)).into_column(),
        StringChunked::full(writers, writer, facts.len()).into_column(),
        Int64Chunked::from_iter_options(said_by, facts.iter().map(|f| f.said_by)).into_column(),
    ];
    let units: Vec<&DataUnit> = facts.iter().map(|fact| &fact.datum.dataunit).collect();
    columns.extend(kind.table(&units));
    DataFrame::new(facts.len(), columns)
}

fn parquet(mut table: DataFrame) -> PolarsResult<Vec<u8>> {
    let mut bytes = Vec::new();
    ParquetWriter::new(&mut bytes)
        .with_compression(ParquetCompression::Snappy)
        .finish(&mut table)?;
    Ok(bytes)
}

#[cfg(test)]
#[path = "master_set_tests.rs"]
mod tests;
