//! Opens an input and recognises its format by the first bytes, because a file name may be
//! wrong.

use super::chunked_input::ChunkedInput;
use super::json::JsonLines;
use super::parquet::Parquet;
use super::parts::Parts;
use super::positional::read_at;
use crate::engine::{EngineError, Input};
use std::fs::File;
use std::io;
use std::path::Path;

/// An opened input.
pub enum OpenedInput {
    /// A file of JSON lines.
    Json(JsonLines),
    /// A Parquet file.
    Parquet(Box<Parquet>),
    /// The parts of a master data set.
    Parts(Parts),
}

impl OpenedInput {
    /// Returns the input as a source of chunks.
    pub fn source(&self) -> &dyn ChunkedInput {
        match self {
            OpenedInput::Json(lines) => lines,
            OpenedInput::Parquet(parquet) => parquet.as_ref(),
            OpenedInput::Parts(parts) => parts,
        }
    }
}

/// Formats that users give by mistake: their first bytes, their name, and what to do.
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

/// Opens an input. `json_chunk` is the size of a chunk of JSON lines in bytes; `None` for the
/// default.
///
/// # Errors
/// If the input does not exist, is not a regular file, is empty, or has another format.
pub fn open(input: &Input, json_chunk: Option<u64>) -> Result<OpenedInput, EngineError> {
    match input {
        Input::File(path) => open_file(path, json_chunk),
        Input::Master { parts, .. } => {
            let mut lines = Vec::new();
            for path in parts {
                let failed = || EngineError::io(path, "opening");
                let file = File::open(path).map_err(failed())?;
                let bytes = file.metadata().map_err(failed())?.len();
                // A part is empty if no record arrived between two batches.
                if bytes > 0 {
                    lines.push(with_chunk_size(
                        JsonLines::new(path, file, bytes),
                        json_chunk,
                    ));
                }
            }
            Ok(OpenedInput::Parts(Parts::new(lines)))
        }
    }
}

/// Sets the size of chunks, unless it is the default.
fn with_chunk_size(lines: JsonLines, json_chunk: Option<u64>) -> JsonLines {
    match json_chunk {
        Some(bytes) => lines.with_chunk(bytes),
        None => lines,
    }
}

fn open_file(path: &Path, json_chunk: Option<u64>) -> Result<OpenedInput, EngineError> {
    let io_error = || EngineError::io(path, "opening");
    // Check what it is before opening it, because opening a pipe would wait for a writer.
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
    // Recognise the format. What is neither Parquet nor a known other format is JSON lines.
    let file = File::open(path).map_err(io_error())?;
    let mut first = [0; 8];
    let read = read_at(&file, &mut first, 0).map_err(io_error())?;
    let first = &first[..read];
    if first.starts_with(b"PAR1") {
        return Ok(OpenedInput::Parquet(Box::new(Parquet::open(path, file)?)));
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
    Ok(OpenedInput::Json(with_chunk_size(lines, json_chunk)))
}
