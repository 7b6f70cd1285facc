//! What a batch run leaves: the names of its files, and the manifest that describes them.
//!
//! A run writes into a version of a folder ([`crate::versions`]), which is published as a
//! whole. Whoever opens the folder finds all files of one run, never some of each.
use crate::engine::{Counts, Job, Summary};
use serde::{Deserialize, Serialize};
use std::fs;
use std::path::Path;

/// The file that describes all others. It is written last.
pub const MANIFEST: &str = "manifest.json";
/// Page views by URL, granularity and time.
pub const PAGE_VIEWS: &str = "page_views.parquet";
/// Page views by local day, of a run with zones.
pub const LOCAL_DAYS: &str = "page_views_by_local_day.parquet";
/// Uniques and their sketches, by URL, granularity and time.
pub const UNIQUES: &str = "uniques.parquet";
/// Visits and bounces by domain.
pub const BOUNCES: &str = "bounces.parquet";
/// Each person's visits by domain, of a run whose views are merged with realtime views.
pub const VISITS: &str = "visits.parquet";
/// The folder of the stores that serve the views.
pub const SERVING: &str = "serving";

/// What a version holds, and what it was made from. The same input gives the same bytes:
/// no clock, no machine and no path stands in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// Always [`Manifest::MADE_BY`].
    pub made_by: String,
    /// [`Manifest::VERSION`], which is raised when files or columns change.
    pub version: u32,
    /// The engine that computed the views.
    pub engine: String,
    /// The data that they were computed from.
    pub input: InputFile,
    /// Where every datum went.
    pub counts: Counts,
    /// Precision of the sketches of uniques.
    pub precision: u8,
    /// Zones of the view by local day.
    pub zones: Vec<String>,
    /// Every file of the version but the manifest and the stores, in order of name.
    pub files: Vec<FileRows>,
    /// The batch, counted from 1; 0 for a run that does not read a log.
    pub batch: u64,
    /// The batch's cut: for each partition of the log, the offset before which every
    /// record is in these views. Empty for a run that does not read a log.
    pub cut: Vec<u64>,
}

impl Manifest {
    /// The program that writes these files.
    pub const MADE_BY: &str = "workbook batch";
    /// The version of files and columns that this program writes and reads.
    pub const VERSION: u32 = 3;

    /// Describes what an engine computed for a job.
    pub fn of(engine: &str, job: &Job, bytes: u64, summary: &Summary) -> Self {
        let name = job.input.path().file_name().unwrap_or_default();
        let zones = job.zones.iter().map(|zone| zone.name().to_owned());
        let files = summary.files.iter().map(|(name, rows)| FileRows {
            name: name.clone(),
            rows: *rows,
        });
        Self {
            made_by: Self::MADE_BY.to_owned(),
            version: Self::VERSION,
            engine: engine.to_owned(),
            input: InputFile {
                name: name.to_string_lossy().into_owned(),
                format: summary.format.name().to_owned(),
                bytes,
            },
            counts: summary.counts,
            precision: job.precision.bits(),
            zones: zones.collect(),
            files: files.collect(),
            batch: 0,
            cut: Vec::new(),
        }
    }

    /// Returns the manifest of a folder, if it is a version of batch views.
    pub fn read(folder: impl AsRef<Path>) -> Option<Manifest> {
        let text = fs::read_to_string(folder.as_ref().join(MANIFEST)).ok()?;
        let manifest: Manifest = serde_json::from_str(&text).ok()?;
        let ours = manifest.made_by == Self::MADE_BY && manifest.version == Self::VERSION;
        ours.then_some(manifest)
    }
}

/// The input of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InputFile {
    /// File name, without the folders above it.
    pub name: String,
    /// "json lines" or "parquet".
    pub format: String,
    /// Bytes of all its files.
    pub bytes: u64,
}

/// A file of a version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileRows {
    /// Its name in the version's folder.
    pub name: String,
    /// Its rows or lines.
    pub rows: u64,
}
