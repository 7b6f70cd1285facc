//! The rejected lines on their way into `rejected.jsonl`.
//!
//! Chunks are read by many threads in any order, and a line's number is known
//! only when all chunks before it are. So what a chunk rejects is kept with
//! numbers from its own start, in memory or, when there is much of it, in a
//! temporary file, and put in order at the end.

use super::positional::{read_exact_at, write_all_at};
use super::scratch::Scratch;
use crate::datum::Reason;
use crate::engine::EngineError;
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::sync::Mutex;

/// Bytes of a rejected line that are written out; of a longer one, its length.
const SHOWN: usize = 2_000;

/// What one chunk rejected.
#[derive(Default)]
pub struct Rejects {
    /// Number from the start of the chunk (the first is 0), and the rest of the
    /// entry as JSON after the number, one a line.
    lines: Vec<u8>,
    pub count: u64,
}

#[derive(Serialize)]
struct Entry<'a> {
    reason: String,
    #[serde(flatten)]
    shown: Shown<'a>,
}

#[derive(Serialize)]
struct Shown<'a> {
    text: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    bytes: Option<u64>,
}

impl Rejects {
    /// Adds a line. `bytes` is its whole length, of which `line` may be the start.
    pub fn add(&mut self, number: u64, reason: &Reason, line: &[u8], bytes: u64) {
        let shown = &line[..line.len().min(SHOWN)];
        let text = match String::from_utf8_lossy(shown) {
            // A character cut in two at the end is no fault of the line's.
            text if shown.len() < line.len() => text.trim_end_matches('\u{fffd}').to_owned(),
            text => text.into_owned(),
        };
        let cut = bytes > shown.len() as u64;
        let shown = Shown {
            text: &text,
            bytes: cut.then_some(bytes),
        };
        let entry = Entry {
            reason: reason.to_string(),
            shown,
        };
        self.lines.extend(number.to_le_bytes());
        let start = self.lines.len();
        self.lines.extend([0; 4]);
        serde_json::to_writer(&mut self.lines, &entry).expect("texts and numbers are JSON");
        let len = u32::try_from(self.lines.len() - start - 4).expect("an entry is cut short");
        self.lines[start..start + 4].copy_from_slice(&len.to_le_bytes());
        self.count += 1;
    }
}

/// What all chunks rejected.
pub struct RejectSpool {
    scratch: Scratch,
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    /// Chunk, and where its entries are.
    chunks: Vec<(usize, Place)>,
    in_memory: usize,
    file: Option<File>,
    file_len: u64,
}

/// Where the rejected datums are: (chunk, position, bytes).
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct RejectsState {
    pub file_len: u64,
    pub chunks: Vec<(usize, u64, usize)>,
}

impl Inner {
    /// Appends entries to the file.
    fn put(&mut self, lines: &[u8], scratch: &Scratch) -> Result<Place, EngineError> {
        let file = match &mut self.file {
            Some(file) => file,
            none => none.insert(scratch.file(FILE)?),
        };
        let at = self.file_len;
        let io = EngineError::io(scratch.folder(), "writing a temporary file");
        write_all_at(file, lines, at).map_err(io)?;
        self.file_len += lines.len() as u64;
        Ok(Place::File {
            at,
            len: lines.len(),
        })
    }
}

/// The name of the file, where it has one.
const FILE: &str = "rejected";

enum Place {
    Memory(Vec<u8>),
    File { at: u64, len: usize },
}

/// Bytes of entries that are held in memory.
const MOST_IN_MEMORY: usize = 4 << 20;

impl RejectSpool {
    pub fn new(scratch: &Scratch) -> Self {
        RejectSpool {
            scratch: scratch.clone(),
            inner: Mutex::default(),
        }
    }

    pub fn add(&self, chunk: usize, rejects: Rejects) -> Result<(), EngineError> {
        if rejects.count == 0 {
            return Ok(());
        }
        let mut inner = self.inner.lock().expect("no thread panics");
        let len = rejects.lines.len();
        if inner.in_memory + len <= MOST_IN_MEMORY {
            inner.in_memory += len;
            inner.chunks.push((chunk, Place::Memory(rejects.lines)));
            return Ok(());
        }
        let place = inner.put(&rejects.lines, &self.scratch)?;
        inner.chunks.push((chunk, place));
        Ok(())
    }

    /// Moves the entries in memory to the file, and returns where all are.
    pub fn save(&self) -> Result<RejectsState, EngineError> {
        let mut inner = self.inner.lock().expect("no thread panics");
        let mut chunks = Vec::with_capacity(inner.chunks.len());
        for (chunk, place) in std::mem::take(&mut inner.chunks) {
            let place = match place {
                Place::Memory(lines) => inner.put(&lines, &self.scratch)?,
                in_file => in_file,
            };
            if let Place::File { at, len } = place {
                chunks.push((chunk, at, len));
            }
            inner.chunks.push((chunk, place));
        }
        inner.in_memory = 0;
        Ok(RejectsState {
            file_len: inner.file_len,
            chunks,
        })
    }

    /// Takes up the entries that [`save`](Self::save) has told of.
    pub fn restore(&mut self, state: RejectsState) -> Result<(), EngineError> {
        let inner = self.inner.get_mut().expect("no thread panics");
        if state.file_len > 0 {
            inner.file = Some(self.scratch.file(FILE)?);
        }
        inner.file_len = state.file_len;
        let chunks = state.chunks.into_iter();
        inner.chunks = chunks
            .map(|(chunk, at, len)| (chunk, Place::File { at, len }))
            .collect();
        Ok(())
    }

    /// Writes all entries in order, one JSON object a line: `{"line":7,"reason":...}`.
    /// `first` says the number of a chunk's first line. Returns how many, and
    /// the first as a sentence.
    pub fn write(
        self,
        path: &Path,
        unit: &str,
        first: impl Fn(usize) -> u64,
    ) -> Result<(u64, Option<String>), EngineError> {
        let io = || EngineError::io(path, "writing");
        let mut inner = self.inner.into_inner().expect("no thread panics");
        inner.chunks.sort_by_key(|(chunk, _)| *chunk);
        let mut out = BufWriter::new(File::create(path).map_err(io())?);
        let (mut count, mut first_entry) = (0, None);
        for (chunk, place) in inner.chunks {
            let lines = match place {
                Place::Memory(lines) => lines,
                Place::File { at, len } => {
                    let mut lines = vec![0; len];
                    let file = inner.file.as_ref().expect("entries were written to it");
                    read_exact_at(file, &mut lines, at).map_err(EngineError::io(
                        self.scratch.folder(),
                        "reading a temporary file",
                    ))?;
                    lines
                }
            };
            let mut rest = &lines[..];
            while let Some((number, after)) = rest.split_first_chunk::<8>() {
                let (len, after) = after.split_first_chunk::<4>().expect("as written");
                let (json, after) = after.split_at(u32::from_le_bytes(*len) as usize);
                let number = first(chunk) + u64::from_le_bytes(*number);
                write!(out, "{{\"{unit}\":{number},").map_err(io())?;
                out.write_all(&json[1..])
                    .and_then(|()| out.write_all(b"\n"))
                    .map_err(io())?;
                if first_entry.is_none() {
                    let entry: serde_json::Value =
                        serde_json::from_slice(json).expect("as written");
                    let reason = entry["reason"].as_str().unwrap_or_default();
                    first_entry = Some(format!("{unit} {number}: {reason}"));
                }
                count += 1;
                rest = after;
            }
        }
        let file = out.into_inner().map_err(|error| io()(error.into_error()))?;
        file.sync_all().map_err(io())?;
        Ok((count, first_entry))
    }
}
