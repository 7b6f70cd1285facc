//! Records that wait to be deduped, cut into partitions by hash.
//!
//! Equal records fall into one partition, so partitions can be deduped apart
//! from each other and at once. What is over the memory budget goes to a
//! nameless temporary file, which is gone with the process however it ends.

use super::positional::{read_exact_at, write_all_at};
use super::record::{self, Record};
use crate::engine::EngineError;
use rayon::prelude::*;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

/// Records of one chunk of input, by partition.
pub struct Scattered {
    partitions: Vec<Vec<u64>>,
    shift: u32,
}

impl Scattered {
    /// `records` is how many are expected.
    pub fn new(partition_bits: u32, records: usize) -> Self {
        let partitions = 1usize << partition_bits;
        // An eighth more than the mean: growing one costs more than this room.
        let words = (records / partitions + records / partitions / 8 + 8) * record::HEAD;
        Scattered {
            partitions: (0..partitions).map(|_| Vec::with_capacity(words)).collect(),
            shift: 64 - partition_bits,
        }
    }

    #[inline]
    pub fn push(&mut self, record: Record<'_>) {
        let place = self.place(record.hash());
        record.push_to(&mut self.partitions[place]);
    }

    /// Adds the words of something that has the form of a record.
    #[inline]
    pub fn push_words(&mut self, hash: u64, words: &[u64]) {
        let place = self.place(hash);
        self.partitions[place].extend_from_slice(words);
    }

    #[inline]
    fn place(&self, hash: u64) -> usize {
        // Shifted in two steps: with one partition, all 64 bits go.
        (hash >> 1 >> (self.shift - 1)) as usize
    }

    /// Records, if all have the length of a head.
    pub fn len(&self) -> usize {
        self.partitions.iter().map(Vec::len).sum::<usize>() / record::HEAD
    }

    /// Words in memory.
    pub fn words(&self) -> usize {
        self.partitions.iter().map(Vec::capacity).sum()
    }
}

/// One partition: pieces in memory and pieces on disk.
#[derive(Default)]
struct Partition {
    pieces: Vec<Vec<u64>>,
    /// Place in the spill file, and words there.
    spilled: Vec<(u64, usize)>,
}

/// All partitions.
pub struct Store {
    partitions: Vec<Partition>,
    folder: PathBuf,
    spill: Option<File>,
    spill_len: AtomicU64,
    /// Words that were kept by the last [`close`](Store::close).
    kept: usize,
}

/// Words written to or read from the spill file at once.
const SPILL_PIECE: usize = 1 << 17;

impl Store {
    /// Spills into `folder`.
    pub fn new(partition_bits: u32, folder: &Path) -> Self {
        Store {
            partitions: (0..1usize << partition_bits)
                .map(|_| Partition::default())
                .collect(),
            folder: folder.to_owned(),
            spill: None,
            spill_len: AtomicU64::new(0),
            kept: 0,
        }
    }

    pub fn add(&mut self, scattered: Scattered) {
        for (partition, piece) in self.partitions.iter_mut().zip(scattered.partitions) {
            if !piece.is_empty() {
                partition.pieces.push(piece);
            }
        }
    }

    /// Words in memory.
    pub fn words(&self) -> usize {
        self.partitions
            .iter()
            .flat_map(|p| &p.pieces)
            .map(Vec::capacity)
            .sum()
    }

    /// Whether a partial [`close`](Store::close) is sound and worth its pass.
    ///
    /// Not once something was spilled: a duplicate's twin may be on disk. And
    /// only when twice as much is there as the last one had to keep, so that a
    /// file in no order of time is not gone through again and again.
    pub fn may_close(&self) -> bool {
        self.spill.is_none() && self.words() >= 2 * self.kept
    }

    /// Moves all records to disk.
    pub fn spill(&mut self) -> Result<(), EngineError> {
        let io = || EngineError::io(&self.folder, "writing a temporary file");
        if self.spill.is_none() {
            self.spill = Some(tempfile::tempfile_in(&self.folder).map_err(io())?);
        }
        let file = self.spill.as_ref().expect("made above");
        let spill_len = &self.spill_len;
        let folder = &self.folder;
        self.partitions.par_iter_mut().try_for_each(|partition| {
            // One long write for the many small pieces of a partition.
            let words = partition.pieces.iter().map(Vec::len).sum::<usize>();
            let mut bytes = Vec::with_capacity(words.min(SPILL_PIECE) * 8);
            let mut put = |bytes: &mut Vec<u8>| {
                if bytes.is_empty() {
                    return Ok(());
                }
                let at = spill_len.fetch_add(bytes.len() as u64, Ordering::Relaxed);
                write_all_at(file, bytes, at)
                    .map_err(EngineError::io(folder, "writing a temporary file"))?;
                partition.spilled.push((at, bytes.len() / 8));
                bytes.clear();
                Ok(())
            };
            for piece in std::mem::take(&mut partition.pieces) {
                let mut rest = &piece[..];
                while !rest.is_empty() {
                    // Whole records only, so that each extent can be read alone.
                    let mut end = 0;
                    while end < rest.len() && end < SPILL_PIECE {
                        end += record::len(&rest[end..]);
                    }
                    bytes.extend(rest[..end].iter().flat_map(|word| word.to_le_bytes()));
                    rest = &rest[end..];
                    if bytes.len() >= SPILL_PIECE * 8 {
                        put(&mut bytes)?;
                    }
                }
            }
            put(&mut bytes)
        })
    }

    /// Hands every record from before `secs` to `take`, partition by partition,
    /// on all threads; keeps the others.
    ///
    /// `start` makes the state in which one partition is taken, from how many
    /// records at most it has.
    pub fn close<S>(
        &mut self,
        secs: i64,
        start: impl Fn(usize) -> S + Sync,
        take: impl Fn(&mut S, &[u64]) + Sync,
        end: impl Fn(S) + Sync,
    ) -> Result<(), EngineError> {
        let (spill, folder) = (&self.spill, &self.folder);
        let kept = self
            .partitions
            .par_iter_mut()
            .with_max_len(1)
            .map(|partition| -> Result<usize, EngineError> {
                let words = partition.pieces.iter().map(Vec::len).sum::<usize>()
                    + partition
                        .spilled
                        .iter()
                        .map(|(_, words)| words)
                        .sum::<usize>();
                if words == 0 {
                    return Ok(0);
                }
                let mut state = start(words / record::HEAD);
                let mut later = Vec::new();
                let mut each = |words: &[u64]| {
                    let mut rest = words;
                    while !rest.is_empty() {
                        let (record, after) = rest.split_at(record::len(rest));
                        if record::secs(record) < secs {
                            take(&mut state, record);
                        } else {
                            later.extend_from_slice(record);
                        }
                        rest = after;
                    }
                };
                if let Some(file) = spill {
                    let (mut bytes, mut words) = (Vec::new(), Vec::new());
                    for (at, len) in std::mem::take(&mut partition.spilled) {
                        bytes.resize(len * 8, 0);
                        read_exact_at(file, &mut bytes, at)
                            .map_err(EngineError::io(folder, "reading a temporary file"))?;
                        words.clear();
                        let (chunks, _) = bytes.as_chunks::<8>();
                        words.extend(chunks.iter().map(|word| u64::from_le_bytes(*word)));
                        each(&words);
                    }
                }
                for piece in std::mem::take(&mut partition.pieces) {
                    each(&piece);
                }
                end(state);
                let kept = later.len();
                if kept > 0 {
                    partition.pieces.push(later);
                }
                Ok(kept)
            })
            .sum::<Result<usize, EngineError>>()?;
        self.kept = kept;
        Ok(())
    }
}
