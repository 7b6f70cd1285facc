//! Rows of views that are too many for memory: sorted runs in a temporary file, merged when read.
//!
//! A run is sorted by URL, label and time. URLs are compared by their text, because the numbers of
//! URLs depend on which thread saw one first. At the end each URL has a rank by its text, so the
//! runs are merged by rank (an external merge sort; Knuth, *The Art of Computer Programming*,
//! volume 3, section 5.4).
//!
//! ```text
//! row    URL number (u32), label (u8), length of the sketch (u24), ts (i64), count (i64), sketch
//! ```

use super::positional::{read_at, write_all_at};
use super::scratch::Scratch;
use crate::batch::sketch::union_of_bytes;
use crate::engine::EngineError;
use serde::{Deserialize, Serialize};
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::collections::binary_heap::PeekMut;
use std::fs::File;
use std::path::Path;
use std::sync::Arc;

/// Bytes of a row before its sketch.
const HEAD: usize = 24;
/// Bytes of a run that are read at once.
const READ: usize = 1 << 18;
/// Bytes of a run that are written at once.
const WRITE: usize = 1 << 20;

/// A row of a view, or a part of it: rows with the same URL, label and time are added up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ViewRow {
    /// The number of the URL; in what [`Runs::merged`] returns, its rank.
    pub url: u32,
    /// What else tells rows apart: the position of a time zone, or 0.
    pub label: u8,
    /// The epoch second at which the bucket begins.
    pub ts: i64,
    /// Number of page views.
    pub count: i64,
    /// The sketch of the visitors, encoded; empty if visitors are not counted.
    pub sketch: Vec<u8>,
}

impl ViewRow {
    fn key(&self) -> (u32, u8, i64) {
        (self.url, self.label, self.ts)
    }

    /// Adds the other parts of the same row.
    fn add(&mut self, parts: &[Self]) {
        self.count += parts.iter().map(|part| part.count).sum::<i64>();
        let sketches = std::iter::once(&self.sketch).chain(parts.iter().map(|part| &part.sketch));
        let sketches: Vec<&[u8]> = sketches
            .filter(|sketch| !sketch.is_empty())
            .map(Vec::as_slice)
            .collect();
        if !sketches.is_empty() {
            self.sketch = union_of(&sketches);
        }
    }
}

/// Returns the union of sketches that this run has encoded, of which there is one at least, encoded.
pub fn union_of(sketches: &[&[u8]]) -> Vec<u8> {
    match sketches {
        [only] => only.to_vec(),
        all => {
            let union = union_of_bytes(all.iter().copied());
            union.expect("this run encoded the sketches").to_bytes()
        }
    }
}

/// The runs of a view.
#[derive(Default)]
pub struct Runs {
    /// Where the file is made, and its name there; without them nothing is spilled.
    place: Option<(Scratch, &'static str)>,
    file: Option<File>,
    /// Where the file ends.
    end: u64,
    /// Where each run begins and ends.
    runs: Vec<(u64, u64)>,
}

/// Where the runs of a view are.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct RunsState {
    pub end: u64,
    pub runs: Vec<(u64, u64)>,
}

impl Runs {
    /// Creates runs without any, which go into the file `name`.
    pub fn new(scratch: &Scratch, name: &'static str) -> Self {
        Self {
            place: Some((scratch.clone(), name)),
            ..Self::default()
        }
    }

    /// Returns where the runs are.
    pub fn save(&self) -> RunsState {
        RunsState {
            end: self.end,
            runs: self.runs.clone(),
        }
    }

    /// Takes up the runs that [`save`](Self::save) has told of.
    ///
    /// # Errors
    /// If the disk refuses.
    pub fn restore(&mut self, state: RunsState) -> Result<(), EngineError> {
        if let (Some((scratch, name)), true) = (&self.place, state.end > 0) {
            self.file = Some(scratch.file(name)?);
        }
        (self.end, self.runs) = (state.end, state.runs);
        Ok(())
    }

    /// Returns whether rows can be spilled.
    pub fn can_spill(&self) -> bool {
        self.place.is_some()
    }

    /// Writes rows as a run. `rank` has the rank of each URL number among the URLs so far.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn spill(&mut self, mut rows: Vec<ViewRow>, rank: &[u32]) -> Result<(), EngineError> {
        let (Some((scratch, name)), false) = (&self.place, rows.is_empty()) else {
            return Ok(());
        };
        let io = || EngineError::io(scratch.folder(), "writing a temporary file");
        if self.file.is_none() {
            self.file = Some(scratch.file(name)?);
        }
        let file = self.file.as_ref().expect("made above");
        rows.sort_unstable_by_key(|row| (rank[row.url as usize], row.label, row.ts));
        let begin = self.end;
        let mut bytes = Vec::with_capacity(WRITE + (1 << 16));
        for row in &rows {
            let length = u32::try_from(row.sketch.len()).expect("a sketch is shorter than 16 MB");
            bytes.extend(row.url.to_le_bytes());
            bytes.extend((length << 8 | u32::from(row.label)).to_le_bytes());
            bytes.extend(row.ts.to_le_bytes());
            bytes.extend(row.count.to_le_bytes());
            bytes.extend(&row.sketch);
            if bytes.len() >= WRITE {
                write_all_at(file, &bytes, self.end).map_err(io())?;
                self.end += bytes.len() as u64;
                bytes.clear();
            }
        }
        write_all_at(file, &bytes, self.end).map_err(io())?;
        self.end += bytes.len() as u64;
        self.runs.push((begin, self.end));
        Ok(())
    }

    /// Returns all rows in the order of `rank`, label and time, those of the runs and `rows`, which
    /// were not spilled. Each key is there once. In memory is one buffer of each run.
    pub fn merged(self, mut rows: Vec<ViewRow>, rank: Arc<[u32]>) -> MergedRows {
        for row in &mut rows {
            row.url = rank[row.url as usize];
        }
        rows.sort_unstable_by_key(|row| Reverse(row.key())); // taken from the end
        let readers = self.runs.iter().map(|&(at, end)| RunReader {
            at,
            end,
            bytes: Vec::new(),
            used: 0,
        });
        MergedRows {
            readers: readers.collect(),
            runs: self,
            rows,
            rank,
            heap: None,
            failed: false,
        }
    }
}

/// An iterator over the rows of runs, see [`Runs::merged`].
pub struct MergedRows {
    runs: Runs,
    readers: Vec<RunReader>,
    /// The rows in memory, the last first.
    rows: Vec<ViewRow>,
    rank: Arc<[u32]>,
    /// The next row of each source; `None` before the first call.
    heap: Option<BinaryHeap<Reverse<Next>>>,
    failed: bool,
}

/// A row with the number of its source: the position of a reader, or one more for those in memory.
struct Next {
    row: ViewRow,
    source: usize,
}

impl Next {
    fn order(&self) -> ((u32, u8, i64), usize) {
        (self.row.key(), self.source)
    }
}

impl PartialEq for Next {
    fn eq(&self, other: &Self) -> bool {
        self.order() == other.order()
    }
}

impl Eq for Next {}

impl PartialOrd for Next {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Next {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.order().cmp(&other.order())
    }
}

impl MergedRows {
    /// Returns the next row of a source.
    fn pull(&mut self, source: usize) -> Result<Option<ViewRow>, EngineError> {
        match self.readers.get_mut(source) {
            Some(reader) => reader.next(&self.runs, &self.rank),
            None => Ok(self.rows.pop()),
        }
    }

    fn step(&mut self) -> Result<Option<ViewRow>, EngineError> {
        if self.heap.is_none() {
            let mut heap = BinaryHeap::new();
            for source in 0..=self.readers.len() {
                if let Some(row) = self.pull(source)? {
                    heap.push(Reverse(Next { row, source }));
                }
            }
            self.heap = Some(heap);
        }
        let mut heap = self.heap.take().expect("filled above");
        let next = self.take_first(&mut heap);
        self.heap = Some(heap);
        next
    }

    /// Takes the first row, with all of its parts.
    fn take_first(
        &mut self,
        heap: &mut BinaryHeap<Reverse<Next>>,
    ) -> Result<Option<ViewRow>, EngineError> {
        let mut first: Option<ViewRow> = None;
        let mut parts = Vec::new();
        while let Some(top) = heap.peek_mut() {
            if first
                .as_ref()
                .is_some_and(|row| row.key() != top.0.row.key())
            {
                break;
            }
            let mut top = top;
            let row = match self.pull(top.0.source)? {
                Some(after) => std::mem::replace(&mut top.0.row, after),
                None => PeekMut::pop(top).0.row,
            };
            match &first {
                None => first = Some(row),
                Some(_) => parts.push(row),
            }
        }
        if let (Some(row), false) = (&mut first, parts.is_empty()) {
            row.add(&parts);
        }
        Ok(first)
    }
}

impl Iterator for MergedRows {
    type Item = Result<ViewRow, EngineError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.failed {
            return None;
        }
        let next = self.step().transpose();
        self.failed = matches!(next, Some(Err(_)));
        next
    }
}

/// Reads a run from its begin to its end.
struct RunReader {
    /// Where the next read begins.
    at: u64,
    end: u64,
    bytes: Vec<u8>,
    /// How many of `bytes` were taken.
    used: usize,
}

impl RunReader {
    fn next(&mut self, runs: &Runs, rank: &[u32]) -> Result<Option<ViewRow>, EngineError> {
        if self.fill(HEAD, runs)? < HEAD {
            return Ok(None);
        }
        let head = &self.bytes[self.used..];
        let word = |at: usize| u32::from_le_bytes(head[at..at + 4].try_into().expect("4 bytes"));
        let long = |at: usize| i64::from_le_bytes(head[at..at + 8].try_into().expect("8 bytes"));
        let (length, label) = ((word(4) >> 8) as usize, word(4) as u8);
        let mut row = ViewRow {
            url: rank[word(0) as usize],
            label,
            ts: long(8),
            count: long(16),
            sketch: Vec::new(),
        };
        self.fill(HEAD + length, runs)?;
        let sketch = self.used + HEAD..self.used + HEAD + length;
        row.sketch = self.bytes[sketch.clone()].to_vec();
        self.used = sketch.end;
        Ok(Some(row))
    }

    /// Reads until `wanted` bytes are there, or the run ends. Returns how many are.
    fn fill(&mut self, wanted: usize, runs: &Runs) -> Result<usize, EngineError> {
        if self.bytes.len() - self.used < wanted && self.at < self.end {
            self.bytes.drain(..self.used);
            self.used = 0;
            let had = self.bytes.len();
            let more = (READ.max(wanted) as u64).min(self.end - self.at) as usize;
            self.bytes.resize(had + more, 0);
            let place = runs.place.as_ref();
            let folder = place.map_or(Path::new(""), |(scratch, _)| scratch.folder());
            let io = EngineError::io(folder, "reading a temporary file");
            let file = runs.file.as_ref().expect("a run was written to it");
            let read = read_at(file, &mut self.bytes[had..], self.at).map_err(io)?;
            if read < more {
                let short = std::io::Error::from(std::io::ErrorKind::UnexpectedEof);
                return Err(EngineError::io(folder, "reading a temporary file")(short));
            }
            self.at += more as u64;
        }
        Ok(self.bytes.len() - self.used)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::batch::sketch::{Precision, Sketch, user_hash};
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    fn sketch(users: &[i64]) -> Sketch {
        let mut sketch = Sketch::new(Precision::DEFAULT);
        users
            .iter()
            .for_each(|user| sketch.add_hash(user_hash(*user)));
        sketch
    }

    proptest! {
        /// Rule: merging runs gives the rows that adding all parts up in memory gives, in order,
        /// however the parts were spread over runs.
        #[test]
        fn merged_runs_are_all_parts_added_up(
            parts in prop::collection::vec(
                (0..4u32, 0..2u8, -3..3i64, 1..9i64, prop::collection::vec(0..50i64, 0..4), 0..5usize),
                0..60,
            ),
            rank in Just((0..4u32).collect::<Vec<_>>()).prop_shuffle(),
        ) {
            let folder = tempfile::tempdir().unwrap();
            let mut runs = Runs::new(&Scratch::nameless(folder.path()), "rows");
            let mut by_run: Vec<Vec<ViewRow>> = vec![Vec::new(); 5];
            let mut wanted: BTreeMap<(u32, u8, i64), (i64, Sketch)> = BTreeMap::new();
            for (url, label, ts, count, users, run) in &parts {
                let part = sketch(users);
                let key = (rank[*url as usize], *label, *ts);
                let sum = wanted.entry(key).or_insert_with(|| (0, sketch(&[])));
                sum.0 += count;
                sum.1.merge(&part).unwrap();
                by_run[*run].push(ViewRow {
                    url: *url, label: *label, ts: *ts, count: *count, sketch: part.to_bytes(),
                });
            }
            // Parts of one key are in one run more than once too: a run may repeat a key.
            let in_memory = by_run.pop().unwrap();
            for rows in by_run {
                runs.spill(rows, &rank).unwrap();
            }
            let merged: Vec<_> = runs.merged(in_memory, rank.into()).map(Result::unwrap).collect();
            let found: Vec<_> = merged.iter().map(|row| (row.key(), row.count, row.sketch.clone())).collect();
            let wanted: Vec<_> = wanted.into_iter().map(|(key, (count, sketch))| (key, count, sketch.to_bytes())).collect();
            prop_assert_eq!(found, wanted);
        }
    }
}
