//! Makes a data set: draws its blocks on all threads, writes them in order.
use super::error::{Result, io_error};
use super::folder::{
    Arguments, DatasetCounts, DatasetManifest, FileEntry, Folder, JSONL, PARQUET, VERSION, manifest,
};
use super::json::JsonLinesWriter;
use super::kinds::Kinds;
use super::others::Others;
use super::parquet::{ParquetRows, ROW_GROUP};
use super::plan::{Block, DatasetPlan};
use super::population::Population;
use super::site::Site;
use super::spec::Spec;
use super::views::{BlockGenerator, DatumRow};
use lambda::datum::DataUnit;
use rayon::prelude::*;
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

/// Rows held in memory at a time. More would not be faster, and a set of any
/// scale then takes some 220 MB, whether it is written as 7 million datums or as 56.
const WAVE: u64 = 2 * ROW_GROUP as u64;

/// Which files to write.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    Json,
    Parquet,
    #[default]
    Both,
}

impl Format {
    fn json(self) -> bool {
        self != Self::Parquet
    }

    fn parquet(self) -> bool {
        self != Self::Json
    }
}

/// A data set on the disk.
#[derive(Clone, Debug)]
pub struct Made {
    pub path: PathBuf,
    pub manifest: DatasetManifest,
    /// It was there already.
    pub reused: bool,
}

impl Made {
    /// The JSON lines, if they were asked for.
    pub fn jsonl(&self) -> PathBuf {
        self.path.join(JSONL)
    }

    /// The Parquet file, if it was asked for.
    pub fn parquet(&self) -> PathBuf {
        self.path.join(PARQUET)
    }
}

/// Makes the data set of `spec` in the folder `out`, unless it is there.
///
/// `progress` is told how many datums are written, and of how many in all.
///
/// ```
/// use lambda_workbook::dataset::{Format, Spec, generate, read_parquet};
///
/// let out = tempfile::tempdir()?;
/// let spec = Spec { hours: "2015-08-03".parse()?, ..Spec::lesson() };
/// let made = generate(&spec, &out.path().join("day"), Format::Parquet, &|_, _| ())?;
/// assert_eq!(made.manifest.counts.page_views, 1_409_422);
/// let views = read_parquet(made.parquet(), &["url", "user_id"])?;
/// assert_eq!(views.shape(), (1_409_422, 2));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn generate(
    spec: &Spec,
    out: &Path,
    format: Format,
    progress: &(dyn Fn(u64, u64) + Sync),
) -> Result<Made> {
    let plan = DatasetPlan::new(spec)?;
    if let Some(made) = find(spec, out, format) {
        return Ok(made);
    }
    let folder = Folder::claim(out)?;
    // Another process may have made it while this one waited for its turn.
    if let Some(made) = find(spec, out, format) {
        return Ok(made);
    }
    folder.refuse_foreign()?;
    let draft = folder.draft()?;
    let counts = write(spec, &plan, draft.path(), format, progress)?;
    let mut files = Vec::new();
    for name in [
        format.json().then_some(JSONL),
        format.parquet().then_some(PARQUET),
    ] {
        let Some(name) = name else { continue };
        let path = draft.path().join(name);
        let bytes = fs::metadata(&path)
            .map_err(io_error("look at", &path))?
            .len();
        files.push(FileEntry {
            name: name.to_owned(),
            bytes,
        });
    }
    let manifest = DatasetManifest {
        version: VERSION,
        arguments: spec.into(),
        counts,
        files,
    };
    folder.publish(draft, &manifest)?;
    Ok(Made {
        path: out.to_owned(),
        manifest,
        reused: false,
    })
}

/// The set, if it is there whole, with these arguments and these files.
fn find(spec: &Spec, out: &Path, format: Format) -> Option<Made> {
    let manifest = manifest(out)?;
    let has = |name| manifest.files.iter().any(|file| file.name == name);
    let fits = manifest.arguments == Arguments::from(spec)
        && (!format.json() || has(JSONL))
        && (!format.parquet() || has(PARQUET));
    fits.then(|| Made {
        path: out.to_owned(),
        manifest,
        reused: true,
    })
}

fn write(
    spec: &Spec,
    plan: &DatasetPlan,
    draft: &Path,
    format: Format,
    progress: &(dyn Fn(u64, u64) + Sync),
) -> Result<DatasetCounts> {
    let site = Site::new(spec.pages as usize);
    let people = Population::new(spec.users, spec.seed);
    let others = Others::new(spec, &site, &people, plan);
    let source = BlockGenerator {
        spec,
        site: &site,
        people: &people,
        others: &others,
    };
    let total = others.total()
        + plan
            .hours(&site)
            .map(|hour| hour.distinct() + hour.duplicates + others.counters_of(&hour))
            .sum::<u64>();

    let json = format
        .json()
        .then(|| JsonFile::create(draft, &site))
        .transpose()?;
    let only_page_views = spec.kinds == Kinds::PAGE_VIEWS;
    let mut parquet = format
        .parquet()
        .then(|| ParquetRows::create(draft.join(PARQUET), &site, only_page_views))
        .transpose()?;

    let mut counts = DatasetCounts::default();
    let mut blocks = plan.blocks(&site).peekable();
    while blocks.peek().is_some() {
        let wave = wave(&mut blocks);
        let drawn: Vec<(Vec<DatumRow>, u64)> =
            wave.par_iter().map(|block| source.rows(block)).collect();
        drawn
            .iter()
            .for_each(|(rows, copies)| counts.add(rows, *copies));
        let (json_done, parquet_done) = rayon::join(
            || json.as_ref().map_or(Ok(()), |json| json.write(&drawn)),
            || match &mut parquet {
                Some(parquet) => {
                    parquet.write(drawn.iter().flat_map(|(rows, _)| rows.iter().cloned()))
                }
                None => Ok(()),
            },
        );
        json_done.and(parquet_done)?;
        progress(counts.datums, total);
    }
    if let Some(parquet) = parquet {
        parquet.finish()?;
    }
    Ok(counts)
}

/// Enough blocks to keep the threads busy, and no more.
fn wave(blocks: &mut impl Iterator<Item = Block>) -> Vec<Block> {
    let mut rows = 0;
    let mut wave = Vec::new();
    while rows < WAVE {
        let Some(block) = blocks.next() else { break };
        rows += block.rows.end - block.rows.start;
        wave.push(block);
    }
    wave
}

impl DatasetCounts {
    fn add(&mut self, rows: &[DatumRow], copies: u64) {
        self.datums += rows.len() as u64;
        self.duplicates += copies;
        for row in rows {
            match row {
                DatumRow::View(_) => self.page_views += 1,
                DatumRow::Other(datum) => match datum.dataunit {
                    DataUnit::PageView(_) => self.page_views += 1,
                    DataUnit::Equiv(_) => self.equivs += 1,
                    DataUnit::PersonProperty(_) => self.person_properties += 1,
                    DataUnit::PageProperty(_) => self.page_properties += 1,
                },
            }
        }
    }
}

struct JsonFile<'a> {
    lines: JsonLinesWriter<'a>,
    file: File,
    path: PathBuf,
}

impl<'a> JsonFile<'a> {
    fn create(draft: &Path, site: &'a Site) -> Result<Self> {
        let path = draft.join(JSONL);
        let file = File::create(&path).map_err(io_error("make", &path))?;
        Ok(Self {
            lines: JsonLinesWriter::new(site),
            file,
            path,
        })
    }

    /// Formats on all threads, a few blocks at a time, and writes in order.
    fn write(&self, drawn: &[(Vec<DatumRow>, u64)]) -> Result<()> {
        for blocks in drawn.chunks(8) {
            let texts: Vec<Vec<u8>> = blocks
                .par_iter()
                .map(|(rows, _)| self.lines.write(rows))
                .collect();
            for text in texts {
                (&self.file)
                    .write_all(&text)
                    .map_err(io_error("write", &self.path))?;
            }
        }
        Ok(())
    }
}
