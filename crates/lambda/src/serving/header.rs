//! The file `header` of a store: what a version holds, and in which format.
//!
//! It is one line of JSON, which a person can read, and one line with its XXH3 checksum
//! as 16 hexadecimal digits. The checksum matters: with one flipped digit in the number of
//! shards, a reader would look for most URLs in the wrong shard.
use super::error::{Result, ServingError, io_at};
use super::values::ValueKind;
use serde::{Deserialize, Serialize};
use std::fs;
use std::path::Path;
use xxhash_rust::xxh3::xxh3_64;

/// Number of the file format. It is raised whenever the files of a version change, and a
/// reader refuses every format but its own.
pub const FORMAT: u32 = 3;
/// Name of the file that holds the header of a version.
pub(super) const HEADER: &str = "header";
/// What a header names as the program that wrote it.
pub(super) const MADE_BY: &str = "lambda_workbook serving store";

/// The contents of a version's `header`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// Number of the version.
    pub version: u64,
    /// Kind of all its values.
    pub values: ValueKind,
    /// Number of shards, at least 1.
    pub shards: u32,
    /// Number of URLs in all shards.
    pub urls: u64,
    /// Number of rows in all shards.
    pub rows: u64,
    /// Bytes of the files of all shards.
    pub bytes: u64,
}

/// The line of JSON, field by field.
#[derive(Serialize, Deserialize)]
struct Line {
    made_by: String,
    format: u32,
    version: u64,
    values: String,
    shards: u32,
    urls: u64,
    rows: u64,
    bytes: u64,
}

impl Header {
    /// Returns the text of the file: the line and its checksum.
    pub(super) fn encode(&self) -> String {
        let line = Line {
            made_by: MADE_BY.to_owned(),
            format: FORMAT,
            version: self.version,
            values: self.values.to_string(),
            shards: self.shards,
            urls: self.urls,
            rows: self.rows,
            bytes: self.bytes,
        };
        with_checksum(&serde_json::to_string(&line).expect("a header is plain data"))
    }

    /// Reads the header of the version in `folder`.
    ///
    /// # Errors
    /// If the file is missing or damaged, or is that of another version, format or
    /// program.
    pub fn of(folder: &Path, version: u64) -> Result<Self> {
        Self::read(&folder.join(HEADER), version)
    }

    /// Reads the header at `path`, which must be that of `version`.
    ///
    /// # Errors
    /// As [`of`](Self::of).
    pub(super) fn read(path: &Path, version: u64) -> Result<Self> {
        // The checksum first, so that damage is not taken for another format.
        let text = read_verified(path)?;
        let foreign = |found: String| ServingError::Format {
            path: path.to_owned(),
            found,
            wanted: format!("format {FORMAT} of version {version}"),
        };

        // The program and the format next: the line of another format may have other fields.
        let any: serde_json::Value = serde_json::from_str(&text).unwrap_or_default();
        if any["made_by"] != MADE_BY || any["format"] != FORMAT {
            return Err(foreign(format!(
                "format {} of {}",
                any["format"], any["made_by"]
            )));
        }

        // The fields.
        let line: Line = serde_json::from_value(any).map_err(|error| foreign(error.to_string()))?;
        let values = ValueKind::parse(&line.values)
            .ok_or_else(|| foreign(format!("values {:?}", line.values)))?;
        if line.version != version || line.shards == 0 {
            return Err(foreign(format!(
                "version {} with {} shards",
                line.version, line.shards
            )));
        }
        Ok(Self {
            version: line.version,
            values,
            shards: line.shards,
            urls: line.urls,
            rows: line.rows,
            bytes: line.bytes,
        })
    }
}

/// Returns a line with its checksum in a second line.
fn with_checksum(line: &str) -> String {
    format!("{line}\n{:016x}\n", xxh3_64(line.as_bytes()))
}

/// Reads what [`with_checksum`] made, and returns the line.
fn read_verified(path: &Path) -> Result<String> {
    let bytes = fs::read(path).map_err(io_at("read", path))?;
    let corrupt = || ServingError::Corrupt {
        path: path.to_owned(),
        block: None,
    };
    let text = String::from_utf8(bytes).map_err(|_| corrupt())?;
    let line = text.lines().next().unwrap_or_default();
    if with_checksum(line) != text {
        return Err(corrupt());
    }
    Ok(line.to_owned())
}
