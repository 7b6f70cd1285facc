//! The records that are not deduplicated yet, partitioned by hash.
//!
//! Equal records are in the same partition, so the partitions can be deduplicated
//! independently and in parallel. What is over the memory budget is spilled to a temporary file.

use super::positional::{read_exact_at, write_all_at};
use super::record::{self, PageViewRecord};
use super::scratch::{Scratch, Words};
use crate::engine::EngineError;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io::{self, Write};
use std::sync::atomic::{AtomicU64, Ordering};

/// A buffer of records by partition, which one thread fills.
pub struct Scattered {
    partitions: Vec<Vec<u64>>,
    /// How far a hash is shifted to the right to get its partition.
    shift: u32,
}

impl Scattered {
    /// Creates an empty buffer of 2^`partition_bits` partitions, with room for about `records`
    /// records.
    pub fn new(partition_bits: u32, records: usize) -> Self {
        let partitions = 1usize << partition_bits;
        // An eighth more than the mean, because growing a partition costs more than this room.
        let words = (records / partitions + records / partitions / 8 + 8) * record::HEAD;
        Scattered {
            partitions: (0..partitions).map(|_| Vec::with_capacity(words)).collect(),
            shift: 64 - partition_bits,
        }
    }

    /// Adds a record.
    #[inline]
    pub fn push(&mut self, record: PageViewRecord<'_>) {
        let partition = self.partition(record.hash());
        record.push_to(&mut self.partitions[partition]);
    }

    /// Adds words that have the layout of a record, to the partition of `hash`.
    #[inline]
    pub fn push_words(&mut self, hash: u64, words: &[u64]) {
        let partition = self.partition(hash);
        self.partitions[partition].extend_from_slice(words);
    }

    /// Returns the partition of a hash: its highest bits.
    #[inline]
    fn partition(&self, hash: u64) -> usize {
        // With one partition the shift is by 64 bits, which needs two steps.
        (hash >> 1 >> (self.shift - 1)) as usize
    }

    /// Returns the number of records, provided that none is longer than [`record::HEAD`] words.
    pub fn len(&self) -> usize {
        self.partitions.iter().map(Vec::len).sum::<usize>() / record::HEAD
    }

    /// Returns the size in memory, in words.
    pub fn words(&self) -> usize {
        self.partitions.iter().map(Vec::capacity).sum()
    }
}

/// One partition: pieces in memory and pieces on disk.
#[derive(Default)]
struct Partition {
    pieces: Vec<Vec<u64>>,
    /// The pieces on disk: (position in the spill file in bytes, number of words).
    spilled: Vec<(u64, usize)>,
}

/// The records of all threads, by partition.
pub struct RecordStore {
    partitions: Vec<Partition>,
    /// Where the spill file is made, and its name there.
    scratch: Scratch,
    name: &'static str,
    /// The spill file, once something was spilled.
    spill: Option<File>,
    /// The length of the spill file in bytes.
    spill_len: AtomicU64,
    /// Number of words that the last [`close`](RecordStore::close) kept.
    kept: usize,
}

/// What a store of records knows. The records in memory are in a file beside this.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct StoreState {
    pub spill_len: u64,
    pub kept: usize,
    /// For each partition the pieces on disk (position, words), and the number of words in memory.
    pub partitions: Vec<(Vec<(u64, usize)>, usize)>,
}

/// Number of words that are written to the spill file at once.
const SPILL_PIECE: usize = 1 << 17;

impl RecordStore {
    /// Creates an empty store of 2^`partition_bits` partitions, which spills into the file `name`.
    pub fn new(partition_bits: u32, scratch: &Scratch, name: &'static str) -> Self {
        RecordStore {
            partitions: (0..1usize << partition_bits)
                .map(|_| Partition::default())
                .collect(),
            scratch: scratch.clone(),
            name,
            spill: None,
            spill_len: AtomicU64::new(0),
            kept: 0,
        }
    }

    /// Adds the records of a buffer, which must have as many partitions. Nothing is copied.
    pub fn add(&mut self, scattered: Scattered) {
        for (partition, piece) in self.partitions.iter_mut().zip(scattered.partitions) {
            if !piece.is_empty() {
                partition.pieces.push(piece);
            }
        }
    }

    /// Returns the size of the records in memory, in words.
    pub fn words(&self) -> usize {
        self.partitions
            .iter()
            .flat_map(|p| &p.pieces)
            .map(Vec::capacity)
            .sum()
    }

    /// Returns true if a partial [`close`](RecordStore::close) is worth its cost.
    ///
    /// It is not once something was spilled, because the whole spill file would have to be read
    /// each time. Otherwise it is if the store is at least twice as large as what the last call
    /// kept, so that an input in no order of time is not scanned after every wave.
    pub fn may_close(&self) -> bool {
        self.spill.is_none() && self.words() >= 2 * self.kept
    }

    /// Writes the records in memory, and returns where those on disk are.
    ///
    /// # Errors
    /// If the disk refuses.
    pub fn save(&self, memory: &mut dyn Write) -> io::Result<StoreState> {
        let mut partitions = Vec::with_capacity(self.partitions.len());
        for partition in &self.partitions {
            let mut words = 0;
            for piece in &partition.pieces {
                words += piece.len();
                for word in piece {
                    memory.write_all(&word.to_le_bytes())?;
                }
            }
            partitions.push((partition.spilled.clone(), words));
        }
        Ok(StoreState {
            spill_len: self.spill_len.load(Ordering::Relaxed),
            kept: self.kept,
            partitions,
        })
    }

    /// Takes up what [`save`](RecordStore::save) has written.
    ///
    /// # Errors
    /// If the disk refuses.
    pub fn restore(&mut self, state: StoreState, memory: &mut Words) -> Result<(), EngineError> {
        if state.spill_len > 0 {
            self.spill = Some(self.scratch.file(self.name)?);
        }
        self.spill_len = AtomicU64::new(state.spill_len);
        self.kept = state.kept;
        for (partition, (spilled, words)) in self.partitions.iter_mut().zip(state.partitions) {
            partition.spilled = spilled;
            if words > 0 {
                partition.pieces.push(memory.next(words)?);
            }
        }
        Ok(())
    }

    /// Moves all records to the spill file.
    ///
    /// # Errors
    /// If the spill file cannot be created or written.
    pub fn spill(&mut self) -> Result<(), EngineError> {
        if self.spill.is_none() {
            self.spill = Some(self.scratch.file(self.name)?);
        }
        let file = self.spill.as_ref().expect("the file was created above");
        let spill_len = &self.spill_len;
        let folder = self.scratch.folder();
        self.partitions.par_iter_mut().try_for_each(|partition| {
            // The many small pieces of a partition are collected into long writes.
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
                    // Take whole records only, because each write is later read on its own.
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

    /// Removes the records from before `secs` (epoch seconds), and keeps the others. The
    /// partitions are processed on all threads.
    ///
    /// For each partition, `start` creates a state, given the largest number of records that the
    /// partition can have; `take` receives each removed record; and `end` receives the state
    /// after the last one.
    ///
    /// # Errors
    /// If the spill file cannot be read.
    pub fn close<S>(
        &mut self,
        secs: i64,
        start: impl Fn(usize) -> S + Sync,
        take: impl Fn(&mut S, &[u64]) + Sync,
        end: impl Fn(S) + Sync,
    ) -> Result<(), EngineError> {
        let (spill, folder) = (&self.spill, self.scratch.folder());
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
                // Splits words into records, and takes or keeps each.
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
                // First the pieces on disk, then those in memory.
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
