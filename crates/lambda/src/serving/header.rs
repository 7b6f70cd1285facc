//! The small file that says what a store's version is: its `header`.
//!
//! It is a line of text for people, and a checksum: one flipped digit in the number of
//! shards would lose URLs.
use super::error::{Result, StoreError, io_at};
use super::values::ValueKind;
use serde::{Deserialize, Serialize};
use std::fs;
use std::path::Path;
use xxhash_rust::xxh3::xxh3_64;

/// Raised when the files of a version change: a reader takes only its own.
pub const FORMAT: u32 = 2;
pub(super) const MADE_BY: &str = "lambda_workbook serving store";

/// What the `header` of a version says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    pub version: u64,
    pub values: ValueKind,
    pub shards: u32,
    pub urls: u64,
    pub rows: u64,
    /// Bytes of all shards.
    pub bytes: u64,
}

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
        sealed(&serde_json::to_string(&line).expect("a header is plain data"))
    }

    /// Reads the header of the version in `folder`.
    ///
    /// # Errors
    /// If it is missing, damaged, or of another version or format.
    pub fn of(folder: &Path, version: u64) -> Result<Self> {
        Self::read(&folder.join(super::folder::HEADER), version)
    }

    /// Reads the header at `path`, which must be that of `version`.
    pub(super) fn read(path: &Path, version: u64) -> Result<Self> {
        let text = unsealed(path)?;
        let foreign = |found: String| StoreError::Format {
            path: path.to_owned(),
            found,
            wanted: format!("format {FORMAT} of version {version}"),
        };
        let any: serde_json::Value = serde_json::from_str(&text).unwrap_or_default();
        if any["made_by"] != MADE_BY || any["format"] != FORMAT {
            return Err(foreign(format!(
                "format {} of {}",
                any["format"], any["made_by"]
            )));
        }
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

fn sealed(line: &str) -> String {
    format!("{line}\n{:016x}\n", xxh3_64(line.as_bytes()))
}

fn unsealed(path: &Path) -> Result<String> {
    let bytes = fs::read(path).map_err(io_at("read", path))?;
    let corrupt = || StoreError::Corrupt {
        path: path.to_owned(),
        block: None,
    };
    let text = String::from_utf8(bytes).map_err(|_| corrupt())?;
    let line = text.lines().next().unwrap_or_default();
    if sealed(line) != text {
        return Err(corrupt());
    }
    Ok(line.to_owned())
}
