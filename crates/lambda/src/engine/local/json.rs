//! JSON lines, cut at fixed places: a chunk has the lines that start in it.

use super::chunked_input::{ChunkedInput, Sink};
use super::positional::{read_at, read_exact_at};
use crate::datum::{self, Equiv, LONGEST_LINE, RawFact};
use crate::engine::{EngineError, InputFormat};
use memchr::{memchr, memchr_iter, memmem};
use std::fs::File;
use std::path::{Path, PathBuf};

/// Bytes of a chunk.
const CHUNK: u64 = 2 << 20;
/// Bytes of the lesson's lines, to guess the number of records by.
const USUAL_LINE: usize = 150;
/// Bytes read at once to find the end of a chunk's last line.
const STEP: usize = 64 << 10;

/// A file of JSON lines.
pub struct JsonLines {
    path: PathBuf,
    file: File,
    len: u64,
    chunk: u64,
}

impl JsonLines {
    pub fn new(path: &Path, file: File, len: u64) -> Self {
        JsonLines {
            path: path.to_owned(),
            file,
            len,
            chunk: CHUNK,
        }
    }

    /// Cuts the file into smaller chunks, for tests.
    #[must_use]
    pub fn with_chunk(mut self, bytes: u64) -> Self {
        self.chunk = bytes.max(1);
        self
    }

    fn io(&self) -> impl FnOnce(std::io::Error) -> EngineError {
        EngineError::io(&self.path, "reading")
    }

    /// The end of the line that goes on at `at`: appends what is left of it to
    /// `line`, as far as that stays within [`LONGEST_LINE`]. Returns the bytes
    /// appended or passed over.
    fn finish_line(
        &self,
        line: &mut Vec<u8>,
        start: usize,
        mut at: u64,
    ) -> Result<u64, EngineError> {
        let mut passed = 0;
        let mut step = vec![0; STEP];
        while at < self.len {
            let wanted = STEP.min((self.len - at) as usize);
            read_exact_at(&self.file, &mut step[..wanted], at).map_err(self.io())?;
            let end = memchr(b'\n', &step[..wanted]);
            let piece = &step[..end.unwrap_or(wanted)];
            passed += piece.len() as u64;
            if line.len() - start <= LONGEST_LINE {
                line.extend_from_slice(piece);
            }
            if end.is_some() {
                break;
            }
            at += wanted as u64;
        }
        Ok(passed)
    }

    /// Adds a line to `sink`; it takes `bytes` in the file.
    #[inline]
    fn line(&self, line: &[u8], bytes: u64, sink: &mut Sink<'_>) -> Result<(), EngineError> {
        // Nearly every line is a page view. It goes from the reader to the sink by itself,
        // because a larger type around it, of facts and reasons, would be copied for each line.
        let Some(view) = datum::plain_page_view(line) else {
            return self.other_line(line, bytes, sink);
        };
        let number = sink.lines;
        sink.lines += 1;
        sink.read += 1;
        let taken = sink.page_view(view.secs, view.url, view.viewer.into(), view.nonce)?;
        if let Err(reason) = taken {
            sink.rejects.add(number, &reason, line, bytes);
        }
        Ok(())
    }

    /// Adds a line that is not a page view in its usual form.
    #[cold]
    fn other_line(&self, line: &[u8], bytes: u64, sink: &mut Sink<'_>) -> Result<(), EngineError> {
        let number = sink.lines;
        sink.lines += 1;
        if line.iter().all(|b| b" \t\r".contains(b)) {
            return Ok(());
        }
        sink.read += 1;
        let taken = datum::read_raw(line, |fact| match fact {
            RawFact::View(view) => {
                sink.page_view(view.secs, view.url, view.viewer.into(), view.nonce)
            }
            RawFact::Equiv(_) | RawFact::Other(_) => {
                sink.other_kinds += 1;
                Ok(Ok(()))
            }
        });
        // The reader's reason, or that of the URL.
        let taken = match taken {
            Ok(taken) => taken?,
            Err(reason) => Err(reason),
        };
        if let Err(reason) = taken {
            sink.rejects.add(number, &reason, line, bytes);
        }
        Ok(())
    }
}

impl ChunkedInput for JsonLines {
    fn format(&self) -> InputFormat {
        InputFormat::JsonLines
    }

    fn chunks(&self) -> usize {
        self.len.div_ceil(self.chunk) as usize
    }

    fn bytes(&self, chunk: usize) -> u64 {
        (self.len - chunk as u64 * self.chunk).min(self.chunk)
    }

    fn records(&self, chunk: usize) -> usize {
        self.bytes(chunk) as usize / USUAL_LINE
    }

    fn earliest_from(&self, _chunk: usize) -> Option<i64> {
        None
    }

    fn most_waiting(&self) -> usize {
        self.len as usize / USUAL_LINE
    }

    fn place(&self, chunk: usize) -> usize {
        chunk
    }

    fn wave(&self, threads: usize) -> usize {
        threads * 32
    }

    fn read(&self, chunk: usize, sink: &mut Sink<'_>) -> Result<(), EngineError> {
        let mut text = std::mem::take(sink.text);
        if let Some((at, start)) = self.text(chunk, &mut text)? {
            self.each_line(&mut text, at, start, |line, bytes| {
                self.line(line, bytes, sink)
            })?;
        }
        *sink.text = text;
        Ok(())
    }

    fn equivs(&self, chunk: usize) -> Result<Vec<Equiv>, EngineError> {
        let mut equivs = Vec::new();
        let mut text = Vec::new();
        let Some((mut at, start)) = self.text(chunk, &mut text)? else {
            return Ok(equivs);
        };
        // The key can also be written with escapes.
        let ways = [&b"\"equiv\""[..], b"\\u"].map(memmem::Finder::new);
        let maybe = |text: &[u8]| ways.iter().any(|way| way.find(text).is_some());
        if !maybe(&text) {
            // Only the last line goes on beyond this text.
            at = memchr::memrchr(b'\n', &text[at..]).map_or(at, |end| at + end + 1);
        }
        self.each_line(&mut text, at, start, |line, _| {
            if maybe(line) {
                // What breaks the rule is reported when the chunk is read.
                let _ = datum::read_raw(line, |fact| {
                    if let RawFact::Equiv(equiv) = fact {
                        equivs.push(equiv);
                    }
                });
            }
            Ok(())
        })?;
        Ok(equivs)
    }
}

impl JsonLines {
    /// Replaces `text` by a chunk's text with up to one byte from before it. Returns where
    /// its first line starts in that, and where the text starts in the file; `None` if no
    /// line starts in it.
    fn text(&self, chunk: usize, text: &mut Vec<u8>) -> Result<Option<(usize, u64)>, EngineError> {
        let start = chunk as u64 * self.chunk;
        let len = self.bytes(chunk) as usize;
        // One byte from before: a line starts here if that byte ends one.
        let before = usize::from(chunk > 0);
        text.resize(before + len, 0);
        let read = read_at(&self.file, text, start - before as u64).map_err(self.io())?;
        if read < text.len() {
            let short = std::io::Error::from(std::io::ErrorKind::UnexpectedEof);
            return Err(self.io()(short));
        }
        let mut at = 0;
        if before == 1 {
            match memchr(b'\n', text) {
                Some(end) => at = end + 1,
                None => return Ok(None),
            }
        } else if text.starts_with(b"\xef\xbb\xbf") {
            at = 3;
        }
        if at >= text.len() {
            return Ok(None);
        }
        Ok(Some((at, start - before as u64)))
    }

    /// Calls `each` with every line that starts in a text and its length in the file,
    /// which is more than the line's own if it is longer than [`LONGEST_LINE`].
    fn each_line(
        &self,
        text: &mut Vec<u8>,
        at: usize,
        start: u64,
        mut each: impl FnMut(&[u8], u64) -> Result<(), EngineError>,
    ) -> Result<(), EngineError> {
        let cut = memchr::memrchr(b'\n', &text[at..]).map_or(at, |end| at + end + 1);
        let mut begin = at;
        for end in memchr_iter(b'\n', &text[at..cut]) {
            let line = &text[begin..at + end];
            each(line, line.len() as u64)?;
            begin = at + end + 1;
        }
        if begin < text.len() {
            let held = (text.len() - begin) as u64;
            let end = start + text.len() as u64;
            let bytes = held + self.finish_line(text, begin, end)?;
            each(&text[begin..], bytes)?;
        }
        Ok(())
    }
}
