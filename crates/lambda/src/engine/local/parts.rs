//! Several files of JSON lines as one input: the parts of a master data set.
//!
//! Chunks and lines are numbered continuously through all parts.
use super::chunked_input::{ChunkedInput, Sink};
use super::json::JsonLines;
use crate::datum::Equiv;
use crate::engine::{EngineError, InputFormat};

/// The parts of a master data set, as one source.
pub struct Parts {
    parts: Vec<JsonLines>,
    /// For each part, the number of chunks in the parts before it.
    before: Vec<usize>,
}

impl Parts {
    /// Combines the parts, in this order. Each must have at least one chunk.
    pub fn new(parts: Vec<JsonLines>) -> Self {
        let mut chunks = 0;
        let before = parts
            .iter()
            .map(|part| {
                let before = chunks;
                chunks += part.chunks();
                before
            })
            .collect();
        Self { parts, before }
    }

    /// Returns the part that contains a chunk, and the chunk's number in that part.
    fn part(&self, chunk: usize) -> (&JsonLines, usize) {
        let part = self.before.partition_point(|before| *before <= chunk) - 1;
        (&self.parts[part], chunk - self.before[part])
    }
}

impl ChunkedInput for Parts {
    fn format(&self) -> InputFormat {
        InputFormat::JsonLines
    }

    fn chunks(&self) -> usize {
        self.parts.iter().map(ChunkedInput::chunks).sum()
    }

    fn bytes(&self, chunk: usize) -> u64 {
        let (part, chunk) = self.part(chunk);
        part.bytes(chunk)
    }

    fn records(&self, chunk: usize) -> usize {
        let (part, chunk) = self.part(chunk);
        part.records(chunk)
    }

    fn read(&self, chunk: usize, sink: &mut Sink<'_>) -> Result<(), EngineError> {
        let (part, chunk) = self.part(chunk);
        part.read(chunk, sink)
    }

    fn equivs(&self, chunk: usize) -> Result<Vec<Equiv>, EngineError> {
        let (part, chunk) = self.part(chunk);
        part.equivs(chunk)
    }

    fn earliest_from(&self, _chunk: usize) -> Option<i64> {
        None
    }

    fn most_waiting(&self) -> usize {
        self.parts.iter().map(ChunkedInput::most_waiting).sum()
    }

    fn place(&self, chunk: usize) -> usize {
        chunk
    }

    fn wave(&self, threads: usize) -> usize {
        threads * 32
    }
}
