//! Opens an input and says what it is: by content, for names can lie.

use super::json::JsonLines;
use super::parquet::Parquet;
use super::parts::Parts;
use super::positional::read_at;
use super::source::Source;
use crate::engine::{EngineError, Input};
use std::fs::File;
use std::io;
use std::path::Path;

/// An opened input.
pub enum Opened {
    Json(JsonLines),
    Parquet(Box<Parquet>),
    Parts(Parts),
}

impl Opened {
    pub fn source(&self) -> &dyn Source {
        match self {
            Opened::Json(lines) => lines,
            Opened::Parquet(parquet) => parquet.as_ref(),
            Opened::Parts(parts) => parts,
        }
    }
}

/// Formats that are often given by mistake, by their first bytes.
const FOREIGN: [(&[u8], &str, &str); 7] = [
    (b"\x1f\x8b", "a gzip archive", "unpack it with gunzip first"),
    (
        b"\x28\xb5\x2f\xfd",
        "a zstd archive",
        "unpack it with unzstd first",
    ),
    (b"BZh", "a bzip2 archive", "unpack it with bunzip2 first"),
    (b"\xfd7zXZ", "an xz archive", "unpack it with unxz first"),
    (b"PK\x03\x04", "a zip archive", "unpack it with unzip first"),
    (b"\xff\xfe", "UTF-16 text", "save it as UTF-8 first"),
    (b"\xfe\xff", "UTF-16 text", "save it as UTF-8 first"),
];

pub fn open(input: &Input, json_chunk: Option<u64>) -> Result<Opened, EngineError> {
    match input {
        Input::File(path) => open_file(path, json_chunk),
        Input::Master { parts, .. } => {
            let mut lines = Vec::new();
            for path in parts {
                let failed = || EngineError::io(path, "opening");
                let file = File::open(path).map_err(failed())?;
                let bytes = file.metadata().map_err(failed())?.len();
                // A part of a time in which nothing came.
                if bytes > 0 {
                    lines.push(cut(JsonLines::new(path, file, bytes), json_chunk));
                }
            }
            Ok(Opened::Parts(Parts::new(lines)))
        }
    }
}

fn cut(lines: JsonLines, json_chunk: Option<u64>) -> JsonLines {
    match json_chunk {
        Some(bytes) => lines.with_chunk(bytes),
        None => lines,
    }
}

fn open_file(path: &Path, json_chunk: Option<u64>) -> Result<Opened, EngineError> {
    let io_error = || EngineError::io(path, "opening");
    // Looked at before it is opened: opening a pipe would wait for a writer.
    let found = std::fs::metadata(path).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => EngineError::Missing(path.to_owned()),
        _ => io_error()(error),
    })?;
    if found.is_dir() {
        return Err(EngineError::IsFolder(path.to_owned()));
    }
    if !found.is_file() {
        return Err(EngineError::NotAFile(path.to_owned()));
    }
    if found.len() == 0 {
        return Err(EngineError::Empty(path.to_owned()));
    }
    let file = File::open(path).map_err(io_error())?;
    let mut first = [0; 8];
    let read = read_at(&file, &mut first, 0).map_err(io_error())?;
    let first = &first[..read];
    if first.starts_with(b"PAR1") {
        return Ok(Opened::Parquet(Box::new(Parquet::open(path, file)?)));
    }
    for (magic, found, remedy) in FOREIGN {
        if first.starts_with(magic) {
            return Err(EngineError::Format {
                path: path.to_owned(),
                found,
                remedy,
            });
        }
    }
    let lines = JsonLines::new(path, file, found.len());
    Ok(Opened::Json(cut(lines, json_chunk)))
}
