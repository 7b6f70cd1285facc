//! The output of a batch run: the names of its files, and the manifest that describes them.
//!
//! A run writes into a version of a folder ([`crate::versions`]), which is published as a
//! whole. So a reader of the folder finds the files of a single run, never a mixture of two.
use crate::engine::{BatchJob, DatumCounts, Summary};
use serde::{Deserialize, Serialize};
use std::fs;
use std::path::{Path, PathBuf};

/// The file that describes all others. It is written last.
pub const MANIFEST: &str = "manifest.json";
/// Page views by URL, granularity and time.
pub const PAGE_VIEWS: &str = "page_views.parquet";
/// Page views by local day, if the job names time zones.
pub const LOCAL_DAYS: &str = "page_views_by_local_day.parquet";
/// Unique visitors and their sketches by URL, granularity and time.
pub const UNIQUES: &str = "uniques.parquet";
/// Visits and bounces by domain.
pub const BOUNCES: &str = "bounces.parquet";
/// The visits of each person by domain, for a run whose views are merged with realtime views.
pub const VISITS: &str = "visits.parquet";
/// The folder of the stores from which the views are served.
pub const SERVING: &str = "serving";

/// A description of a version of the batch views: what it holds, and what it was computed
/// from. The same input gives the same bytes, because the manifest contains no time of day, no
/// name of a machine and no path.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// Always [`Manifest::MADE_BY`].
    pub made_by: String,
    /// The version of the files and columns, see [`Manifest::VERSION`].
    pub version: u32,
    /// The name of the engine that computed the views.
    pub engine: String,
    /// The data that they were computed from.
    pub input: InputFile,
    /// The numbers of datums that were read, counted, dropped and rejected.
    pub counts: DatumCounts,
    /// Precision of the sketches in the view of uniques.
    pub precision: u8,
    /// IANA names of the time zones in the view by local day.
    pub zones: Vec<String>,
    /// Every file of the version except the manifest and the stores, sorted by name.
    pub files: Vec<FileRows>,
    /// The number of the batch, counted from 1; 0 for a run that does not read a log.
    pub batch: u64,
    /// The batch's cut: for each partition of the log, the offset before which every
    /// record is in these views. Empty for a run that does not read a log.
    pub cut: Vec<u64>,
    /// The number of entries in the table of persons; `None` if the run made no such table.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub persons: Option<u64>,
}

impl Manifest {
    /// The program that writes these files.
    pub const MADE_BY: &str = "workbook batch";
    /// The version of the files and columns that this program writes and reads. It is raised
    /// whenever they change.
    pub const VERSION: u32 = 3;

    /// Creates the manifest of what an engine computed for a job whose input has `bytes` bytes.
    /// The batch is 0 and the cut empty.
    pub fn of(engine: &str, job: &BatchJob, bytes: u64, summary: &Summary) -> Self {
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
            persons: None,
        }
    }

    /// Reads the manifest in a folder.
    ///
    /// # Errors
    /// If it is missing, cannot be read, or was written by another program or another version
    /// of this one.
    pub fn read(folder: impl AsRef<Path>) -> Result<Manifest, ManifestError> {
        let path = folder.as_ref().join(MANIFEST);
        let text = match fs::read(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Err(ManifestError::Missing { path });
            }
            Err(source) => return Err(ManifestError::Io { path, source }),
        };

        // Who wrote it comes first: other programs and versions have other fields.
        let garbled = |reason: serde_json::Error| ManifestError::Garbled {
            path: path.clone(),
            reason: reason.to_string(),
        };
        let writer: Writer = serde_json::from_slice(&text).map_err(garbled)?;
        if (writer.made_by.as_str(), writer.version) != (Self::MADE_BY, Self::VERSION) {
            return Err(ManifestError::Format {
                path,
                found: format!("{}, format {}", writer.made_by, writer.version),
            });
        }
        serde_json::from_slice(&text).map_err(garbled)
    }
}

/// The fields of a manifest that every format has.
#[derive(Deserialize)]
struct Writer {
    made_by: String,
    #[serde(default)]
    version: u32,
}

/// Why a manifest could not be read.
//
// A field named `r#source` is not returned by `source()`, because the message has it already.
#[derive(Debug, thiserror::Error)]
pub enum ManifestError {
    /// There is none.
    #[error("{}: this file is missing; name a folder that a batch run has written, or run the batch again", path.display())]
    Missing {
        /// The manifest.
        path: PathBuf,
    },
    /// The system refused.
    #[error("{}: cannot be read: {source}; check the rights of the folder", path.display())]
    Io {
        /// The manifest.
        path: PathBuf,
        /// What the system said.
        r#source: std::io::Error,
    },
    /// It is no manifest of any format.
    #[error("{}: is no manifest: {reason}; restore the folder from a copy, or run the batch again", path.display())]
    Garbled {
        /// The manifest.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// Another program wrote it, or another version of this one.
    #[error(
        "{}: was written by {found}, this program reads {}, format {}; run the batch again with this program",
        path.display(), Manifest::MADE_BY, Manifest::VERSION
    )]
    Format {
        /// The manifest.
        path: PathBuf,
        /// The program and format that it names.
        found: String,
    },
}

/// The input of a batch run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InputFile {
    /// File name, without the folders above it.
    pub name: String,
    /// Its format: "json lines" or "parquet".
    pub format: String,
    /// Size of all its files in bytes.
    pub bytes: u64,
}

/// A file of a version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileRows {
    /// Its name in the version's folder.
    pub name: String,
    /// Its number of rows or lines.
    pub rows: u64,
}
